/* SPDX-License-Identifier: BSD-3-Clause */
/* Publishers that talk MQTT to the broker: what the same messages cost without a gateway. */
#include "tools/bench/publishers.h"

#include <stdio.h>
#include <stdlib.h>

#include "tools/bench/mqtt.h"

struct direct_publisher {
	struct direct *all;
	struct mqtt *mqtt;
	char topic[32];
};

struct direct {
	const struct publishers_config *config;
	const struct publishers_events *events;
	void *ctx;
	unsigned connected;
	struct direct_publisher publisher[];
};

static void on_connected(void *ctx)
{
	struct direct_publisher *publisher = ctx;
	struct direct *all = publisher->all;

	if (++all->connected == all->config->count)
		all->events->ready(all->ctx);
}

static void on_acknowledged(void *ctx)
{
	struct direct_publisher *publisher = ctx;
	struct direct *all = publisher->all;

	if (all->config->qos > 0) /* the library reports QoS 0 too, when it is written */
		all->events->acknowledged(all->ctx, (unsigned)(publisher - all->publisher));
}

static void on_failed(void *ctx, const char *why)
{
	struct direct_publisher *publisher = ctx;

	publisher->all->events->failed(publisher->all->ctx, why);
}

static const struct mqtt_events events = {
	.connected = on_connected,
	.acknowledged = on_acknowledged,
	.failed = on_failed,
};

static void direct_close(void *publishers)
{
	struct direct *all = publishers;

	if (all == NULL)
		return;
	for (unsigned i = 0; i < all->config->count; i++)
		mqtt_close(all->publisher[i].mqtt);
	free(all);
}

static void *direct_open(struct event_base *base, const struct publishers_config *config,
    const struct publishers_events *report, void *ctx)
{
	struct direct *all = calloc(1, sizeof *all + config->count * sizeof all->publisher[0]);
	const char *why = "out of memory";

	if (all == NULL)
		goto fail;
	all->config = config;
	all->events = report;
	all->ctx = ctx;
	for (unsigned i = 0; i < config->count; i++) {
		struct direct_publisher *publisher = &all->publisher[i];

		publisher->all = all;
		snprintf(publisher->topic, sizeof publisher->topic, PUBLISHERS_TOPIC "%u", i);
		publisher->mqtt = mqtt_open(base, &config->server, &events, publisher, &why);
		if (publisher->mqtt == NULL)
			goto fail;
	}
	return all;
fail:
	report->failed(ctx, why);
	direct_close(all);
	return NULL;
}

static void direct_publish(void *publishers, unsigned who, const void *payload, size_t len)
{
	struct direct *all = publishers;
	struct direct_publisher *publisher = &all->publisher[who];
	const char *why =
	    mqtt_publish(publisher->mqtt, publisher->topic, payload, len, (int)all->config->qos);

	if (why != NULL)
		all->events->failed(all->ctx, why);
}

static uint64_t direct_resent(const void *publishers)
{
	(void)publishers;
	return 0; /* TCP does it, out of our sight */
}

const struct publishers_ops publishers_direct = {
	.name = "direct",
	.open = direct_open,
	.publish = direct_publish,
	.resent = direct_resent,
	.close = direct_close,
};
