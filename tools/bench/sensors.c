/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/sensors.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/monotime.h"
#include "tools/bench/field.h"
#include "tools/bench/publishers.h"

#define PACKET_MAX   (SENSORS_PAYLOAD_MAX + 32)
#define KEEP_ALIVE_S 3600 /* longer than any measurement */
#define RETRY_MS     1000
#define RETRIES      30
#define TICK_MS      50

struct sensor {
	struct sensors *all;
	uint32_t number;
	struct sn_client *client;
	char id[20];
	char topic[20];
};

struct sensors {
	const struct sensors_events *events;
	void *ctx;
	struct field *field;
	struct event *tick;
	bool closing;
	bool stay;
	uint32_t count;
	struct sensor sensor[];
};

static void port_send(void *ctx, const uint8_t *data, size_t len)
{
	struct sensor *sensor = ctx;
	struct sensors *all = sensor->all;

	if (!field_send(all->field, sensor->number, data, len) && !all->closing)
		all->events->failed(all->ctx, strerror(errno));
}

static bool port_message(void *ctx, const struct sn_client_message *message)
{
	struct sensor *sensor = ctx;
	struct sensors *all = sensor->all;

	all->events->message(all->ctx, sensor->number, message->data.data, message->data.len);
	return true;
}

static void on_datagram(void *ctx, uint32_t who, const uint8_t *data, size_t len)
{
	struct sensors *all = ctx;
	struct sn_client_event event =
	    sn_client_rx(all->sensor[who].client, monotime_now(), data, len);

	if (event.kind != SN_CLIENT_QUIET)
		all->events->event(all->ctx, who, event);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct sensors *all = arg;
	monotime_t now = monotime_now();

	(void)fd;
	(void)what;
	for (uint32_t who = 0; who < all->count; who++) {
		struct sn_client_event event;

		while ((event = sn_client_advance(all->sensor[who].client, now)).kind !=
		       SN_CLIENT_QUIET)
			all->events->event(all->ctx, who, event);
	}
}

static bool open_client(struct sensor *sensor, bool clean)
{
	const struct sn_client_config config = {
		.client_id = sensor->id,
		.clean = clean,
		.keep_alive = KEEP_ALIVE_S,
		.retry_ms = RETRY_MS,
		.retries = RETRIES,
		.wait_ms = RETRY_MS,
		.waits = RETRIES,
		.max_packet = PACKET_MAX,
		.first_msg_id = 1,
	};
	const struct sn_client_ports ports = {
		.ctx = sensor, .send = port_send, .message = port_message
	};

	snprintf(sensor->id, sizeof sensor->id, "bench-%u", sensor->number);
	snprintf(sensor->topic, sizeof sensor->topic, PUBLISHERS_TOPIC "%u", sensor->number);
	sensor->client = sn_client_new(&config, &ports);
	return sensor->client != NULL;
}

struct sensors *sensors_open(struct event_base *base, const struct sensors_config *config,
    const struct sensors_events *events, void *ctx)
{
	const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
	struct sensors *all = calloc(1, sizeof *all + config->count * sizeof all->sensor[0]);

	if (all == NULL)
		goto fail;
	all->events = events;
	all->ctx = ctx;
	all->stay = config->stay;
	all->tick = event_new(base, -1, EV_PERSIST, on_tick, all);
	if (all->tick == NULL || event_add(all->tick, &tick) != 0)
		goto fail;
	for (; all->count < config->count; all->count++) {
		struct sensor *sensor = &all->sensor[all->count];

		sensor->all = all;
		sensor->number = all->count;
		if (!open_client(sensor, config->clean))
			goto fail;
	}
	all->field =
	    field_open(base, &config->gateway, config->count, config->forwarders, on_datagram, all);
	if (all->field == NULL)
		goto fail;
	return all;
fail:
	events->failed(ctx, strerror(errno));
	return sensors_close(all);
}

struct sensors *sensors_close(struct sensors *all)
{
	if (all == NULL)
		return NULL;
	all->closing = true;
	for (uint32_t who = 0; who < all->count; who++) {
		if (all->field != NULL && !all->stay)
			sn_client_disconnect(all->sensor[who].client, monotime_now());
		sn_client_free(all->sensor[who].client);
	}
	field_close(all->field);
	if (all->tick != NULL)
		event_free(all->tick);
	free(all);
	return NULL;
}

struct sn_client *sensors_client(struct sensors *all, uint32_t who)
{
	return all->sensor[who].client;
}

const char *sensors_topic(const struct sensors *all, uint32_t who)
{
	return all->sensor[who].topic;
}

uint64_t sensors_sent(const struct sensors *all)
{
	return field_sent(all->field);
}
