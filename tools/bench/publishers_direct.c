/* SPDX-License-Identifier: BSD-3-Clause */
/* Publishers that talk MQTT to the broker: what the same messages cost without a gateway.  The
 * receiver of publisher N, if there are receivers, is the client with the number N + count. */
#include "tools/bench/publishers.h"

#include <stdio.h>
#include <stdlib.h>

#include "tools/bench/mqtt.h"

struct direct_client {
	struct direct *all;
	struct mqtt *mqtt;
	char topic[32];
};

struct direct {
	const struct publishers_config *config;
	const struct publishers_events *events;
	void *ctx;
	uint32_t total; /* with the receivers */
	uint32_t ready;
	struct direct_client client[];
};

static uint32_t number_of(const struct direct_client *client)
{
	return (uint32_t)(client - client->all->client);
}

static void become_ready(struct direct *all)
{
	if (++all->ready == all->total)
		all->events->ready(all->ctx);
}

static void on_connected(void *ctx)
{
	struct direct_client *client = ctx;
	struct direct *all = client->all;
	const char *why;

	if (number_of(client) < all->config->count) {
		become_ready(all);
		return;
	}
	why = mqtt_subscribe(client->mqtt, client->topic, 1);
	if (why != NULL)
		all->events->failed(all->ctx, why);
}

static void on_subscribed(void *ctx)
{
	const struct direct_client *client = ctx;

	become_ready(client->all);
}

static void on_acknowledged(void *ctx)
{
	const struct direct_client *client = ctx;

	client->all->events->acknowledged(client->all->ctx, number_of(client));
}

static void on_message(void *ctx, const void *payload, size_t len)
{
	const struct direct_client *client = ctx;

	client->all->events->message(client->all->ctx, payload, len);
}

static void on_failed(void *ctx, const char *why)
{
	const struct direct_client *client = ctx;

	client->all->events->failed(client->all->ctx, why);
}

static const struct mqtt_events events = {
	.connected = on_connected,
	.subscribed = on_subscribed,
	.acknowledged = on_acknowledged,
	.message = on_message,
	.failed = on_failed,
};

static void direct_close(void *publishers)
{
	struct direct *all = publishers;

	if (all == NULL)
		return;
	for (uint32_t i = 0; i < all->total; i++)
		mqtt_close(all->client[i].mqtt);
	free(all);
}

static void *direct_open(struct event_base *base, const struct publishers_config *config,
    const struct publishers_events *report, void *ctx)
{
	uint32_t total = config->receivers ? 2 * config->count : config->count;
	struct direct *all = calloc(1, sizeof *all + total * sizeof all->client[0]);
	const char *why = "out of memory";

	if (all == NULL)
		goto fail;
	all->config = config;
	all->events = report;
	all->ctx = ctx;
	all->total = total;
	for (uint32_t i = 0; i < total; i++) {
		struct direct_client *client = &all->client[i];

		client->all = all;
		snprintf(
		    client->topic, sizeof client->topic, PUBLISHERS_TOPIC "%u", i % config->count);
		client->mqtt = mqtt_open(base, &config->server, &events, client, &why);
		if (client->mqtt == NULL)
			goto fail;
	}
	return all;
fail:
	report->failed(ctx, why);
	direct_close(all);
	return NULL;
}

static void direct_publish(void *publishers, uint32_t who, const void *payload, size_t len)
{
	struct direct *all = publishers;
	struct direct_client *client = &all->client[who];
	int qos = all->config->qos > 0 ? all->config->qos : 0;
	const char *why = mqtt_publish(client->mqtt, client->topic, payload, len, qos);

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
