/* SPDX-License-Identifier: BSD-3-Clause */
/* Publishers that talk MQTT-SN.  The receiver of publisher N, if there are receivers, is the sensor
 * with the number N + count. */
#include "tools/bench/publishers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "common/monotime.h"
#include "tools/bench/sensors.h"

#define SETUP_MAX 50 /* sensors that connect at once: a burst could fill the gateway's socket */

struct publisher {
	struct sn_client_publication publication;
	bool ready; /* its topic has an id, or its subscription is granted */
	uint8_t data[PUBLISHERS_PAYLOAD_MAX];
};

struct publishers {
	const struct publishers_config *config;
	const struct publishers_events *events;
	void *ctx;
	struct sensors *sensors;
	uint32_t total; /* with the receivers */
	uint32_t started;
	uint32_t ready;
	uint64_t due;  /* datagrams that were sent, had none been lost */
	uint64_t sent; /* before they were ready */
	struct publisher publisher[];
};

static void fail(struct publishers *all, const char *why)
{
	all->events->failed(all->ctx, why);
}

static bool is_receiver(const struct publishers *all, uint32_t who)
{
	return who >= all->config->count;
}

static struct sn_client_topic topic_of(const struct publishers *all, uint32_t who)
{
	if (all->config->qos == -1)
		return (struct sn_client_topic){ .type = SN_TOPIC_SHORT,
			.id = sn_short_topic_id((const uint8_t *)PUBLISHERS_SHORT) };
	return (struct sn_client_topic){ .type = SN_TOPIC_NORMAL,
		.name = sensors_topic(all->sensors, who % all->config->count) };
}

static void publish(struct publishers *all, uint32_t who, const void *payload, size_t len)
{
	struct publisher *publisher = &all->publisher[who];
	int rc;

	memcpy(publisher->data, payload, len);
	publisher->publication = (struct sn_client_publication){
		.topic = topic_of(all, who),
		.data = { publisher->data, len },
		.qos = all->config->qos,
	};
	rc = sn_client_publish(
	    sensors_client(all->sensors, who), monotime_now(), &publisher->publication);
	if (rc < 0)
		fail(all, err_text(rc));
}

static void connected(struct publishers *all, uint32_t who)
{
	struct sn_client_topic topic = topic_of(all, who);

	if (is_receiver(all, who))
		sn_client_subscribe(sensors_client(all->sensors, who), monotime_now(), &topic, 1);
	else
		publish(all, who, "", 0); /* has its topic registered */
}

static void start_next(struct publishers *all)
{
	if (all->started < all->total)
		sn_client_connect(sensors_client(all->sensors, all->started++), monotime_now());
}

static void become_ready(struct publishers *all, uint32_t who)
{
	all->publisher[who].ready = true;
	start_next(all);
	if (++all->ready < all->total)
		return;
	all->sent = sensors_sent(all->sensors);
	all->events->ready(all->ctx);
}

static void on_event(void *ctx, uint32_t who, struct sn_client_event event)
{
	struct publishers *all = ctx;

	switch (event.kind) {
	case SN_CLIENT_CONNECTED:
		connected(all, who);
		break;
	case SN_CLIENT_PUBLISHED:
	case SN_CLIENT_SUBSCRIBED:
		if (all->publisher[who].ready)
			all->events->acknowledged(all->ctx, who);
		else
			become_ready(all, who);
		break;
	case SN_CLIENT_CONGESTED: /* the client tries again */
		break;
	case SN_CLIENT_CLOSED:
		fail(all, "the gateway does not answer, or ends the connection");
		break;
	default:
		fail(all, "the gateway refuses");
		break;
	}
}

static void on_message(void *ctx, uint32_t who, const void *payload, size_t len)
{
	struct publishers *all = ctx;

	(void)who;
	all->due++; /* its PUBACK */
	all->events->message(all->ctx, payload, len);
}

static void on_failed(void *ctx, const char *why)
{
	fail(ctx, why);
}

static const struct sensors_events sensors_events = {
	.event = on_event,
	.message = on_message,
	.failed = on_failed,
};

static void publishers_close(void *publishers)
{
	struct publishers *all = publishers;

	if (all == NULL)
		return;
	sensors_close(all->sensors);
	free(all);
}

static void *publishers_open(struct event_base *base, const struct publishers_config *config,
    const struct publishers_events *events, void *ctx)
{
	uint32_t total = config->receivers ? 2 * config->count : config->count;
	const struct sensors_config sensors = { .gateway = config->server,
		.count = total,
		.forwarders = config->forwarders,
		.clean = true };
	struct publishers *all = calloc(1, sizeof *all + total * sizeof all->publisher[0]);

	if (all == NULL) {
		events->failed(ctx, "out of memory");
		return NULL;
	}
	all->config = config;
	all->events = events;
	all->ctx = ctx;
	all->total = total;
	all->sensors = sensors_open(base, &sensors, &sensors_events, all);
	if (all->sensors == NULL) {
		publishers_close(all);
		return NULL;
	}
	for (unsigned i = 0; i < SETUP_MAX && config->qos >= 0; i++)
		start_next(all);
	return all;
}

static void publishers_publish(void *publishers, uint32_t who, const void *payload, size_t len)
{
	struct publishers *all = publishers;

	all->due += all->config->qos == 2 ? 2 : 1; /* with PUBREL */
	publish(all, who, payload, len);
}

static uint64_t publishers_resent(const void *publishers)
{
	const struct publishers *all = publishers;
	uint64_t sent = sensors_sent(all->sensors) - all->sent;

	return sent > all->due ? sent - all->due : 0;
}

const struct publishers_ops publishers_sensors = {
	.name = "gateway",
	.open = publishers_open,
	.publish = publishers_publish,
	.resent = publishers_resent,
	.close = publishers_close,
};
