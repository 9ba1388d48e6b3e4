/* SPDX-License-Identifier: BSD-3-Clause */
/* Publishers that talk MQTT-SN over UDP, each from a port of its own. */
#include "tools/bench/publishers.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "common/monotime.h"
#include "tools/sn_client.h"

#define PACKET_MAX   (PUBLISHERS_PAYLOAD_MAX + 32)
#define KEEP_ALIVE_S 3600 /* longer than any measurement */
#define RETRY_MS     1000
#define RETRIES      10
#define TICK_MS      100
#define SETUP_MAX    50 /* sensors that connect at once: a burst could fill the gateway's socket */

struct sensor {
	struct sensors *all;
	int fd;
	struct event *readable;
	struct sn_client *client;
	struct sn_client_publication publication;
	bool ready; /* its topic has an id */
	char id[24];
	char topic[24];
	uint8_t data[PUBLISHERS_PAYLOAD_MAX];
};

struct sensors {
	const struct publishers_config *config;
	const struct publishers_events *events;
	void *ctx;
	struct event *tick;
	uint32_t started;
	uint32_t ready;
	uint64_t published;
	uint64_t sent; /* datagrams */
	struct sensor sensor[];
};

static void fail(struct sensor *sensor, const char *why)
{
	char text[128];

	snprintf(text, sizeof text, "%s: %s", sensor->id, why);
	sensor->all->events->failed(sensor->all->ctx, text);
}

static void port_send(void *ctx, const uint8_t *data, size_t len)
{
	struct sensor *sensor = ctx;

	sensor->all->sent++;
	if (send(sensor->fd, data, len, 0) < 0)
		fail(sensor, strerror(errno));
}

static void publish(struct sensor *sensor, const void *payload, size_t len)
{
	int rc;

	memcpy(sensor->data, payload, len);
	sensor->publication = (struct sn_client_publication){
		.topic = { .type = SN_TOPIC_NORMAL, .name = sensor->topic },
		.data = { sensor->data, len },
		.qos = (int)sensor->all->config->qos,
	};
	rc = sn_client_publish(sensor->client, monotime_now(), &sensor->publication);
	if (rc < 0)
		fail(sensor, err_text(rc));
}

static void start_next(struct sensors *all)
{
	struct sensor *sensor;

	if (all->started == all->config->count)
		return;
	sensor = &all->sensor[all->started++];
	sn_client_connect(sensor->client, monotime_now());
}

/* The message that made the client register its topic is gone: from now on messages count. */
static void become_ready(struct sensor *sensor)
{
	struct sensors *all = sensor->all;

	sensor->ready = true;
	start_next(all);
	if (++all->ready < all->config->count)
		return;
	all->sent = 0;
	all->events->ready(all->ctx);
}

/* False if there was nothing to do. */
static bool handle(struct sensor *sensor, struct sn_client_event event)
{
	struct sensors *all = sensor->all;

	switch (event.kind) {
	case SN_CLIENT_QUIET:
		return false;
	case SN_CLIENT_CONNECTED:
		publish(sensor, "", 0);
		break;
	case SN_CLIENT_PUBLISHED:
		if (sensor->ready)
			all->events->acknowledged(all->ctx, (unsigned)(sensor - all->sensor));
		else
			become_ready(sensor);
		break;
	case SN_CLIENT_CONGESTED: /* the client tries again */
		break;
	case SN_CLIENT_CLOSED:
		fail(sensor, "the gateway does not answer, or ends the connection");
		break;
	default:
		fail(sensor, "the gateway refuses");
		break;
	}
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct sensor *sensor = arg;
	uint8_t buf[PACKET_MAX];
	ssize_t len = recv(fd, buf, sizeof buf, MSG_DONTWAIT);

	(void)what;
	if (len >= 0)
		handle(sensor, sn_client_rx(sensor->client, monotime_now(), buf, (size_t)len));
	else if (errno != EAGAIN && errno != EINTR)
		fail(sensor, strerror(errno));
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct sensors *all = arg;
	monotime_t now = monotime_now();

	(void)fd;
	(void)what;
	for (uint32_t i = 0; i < all->started; i++) {
		struct sensor *sensor = &all->sensor[i];

		while (handle(sensor, sn_client_advance(sensor->client, now)))
			;
	}
}

static void sensors_close(void *publishers)
{
	struct sensors *all = publishers;

	if (all == NULL)
		return;
	for (uint32_t i = 0; i < all->config->count; i++) {
		struct sensor *sensor = &all->sensor[i];

		if (i < all->started)
			sn_client_disconnect(sensor->client, monotime_now());
		sn_client_free(sensor->client);
		if (sensor->readable != NULL)
			event_free(sensor->readable);
		if (sensor->fd >= 0)
			close(sensor->fd);
	}
	if (all->tick != NULL)
		event_free(all->tick);
	free(all);
}

static struct sn_client *client_new(struct sensor *sensor)
{
	const struct sn_client_config config = {
		.client_id = sensor->id,
		.clean = true,
		.keep_alive = KEEP_ALIVE_S,
		.retry_ms = RETRY_MS,
		.retries = RETRIES,
		.wait_ms = RETRY_MS,
		.waits = RETRIES,
		.max_packet = PACKET_MAX,
		.first_msg_id = 1,
	};
	const struct sn_client_ports ports = { .ctx = sensor, .send = port_send };

	return sn_client_new(&config, &ports);
}

/* False with errno set. */
static bool open_sensor(
    struct sensor *sensor, struct event_base *base, const struct netaddr *gateway)
{
	struct sockaddr_storage addr;
	socklen_t len = netaddr_to_sockaddr(gateway, &addr);

	sensor->fd = socket(addr.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sensor->fd < 0 || connect(sensor->fd, (struct sockaddr *)&addr, len) != 0)
		return false;
	sensor->client = client_new(sensor);
	sensor->readable = event_new(base, sensor->fd, EV_READ | EV_PERSIST, on_readable, sensor);
	return sensor->client != NULL && sensor->readable != NULL &&
	       event_add(sensor->readable, NULL) == 0;
}

static struct sensors *sensors_new(
    const struct publishers_config *config, const struct publishers_events *events, void *ctx)
{
	struct sensors *all = calloc(1, sizeof *all + config->count * sizeof all->sensor[0]);

	if (all == NULL)
		return NULL;
	all->config = config;
	all->events = events;
	all->ctx = ctx;
	for (uint32_t i = 0; i < config->count; i++) {
		struct sensor *sensor = &all->sensor[i];

		sensor->all = all;
		sensor->fd = -1;
		snprintf(sensor->id, sizeof sensor->id, "bench-%u", i);
		snprintf(sensor->topic, sizeof sensor->topic, PUBLISHERS_TOPIC "%u", i);
	}
	return all;
}

static void *sensors_open(struct event_base *base, const struct publishers_config *config,
    const struct publishers_events *events, void *ctx)
{
	const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
	struct sensors *all = sensors_new(config, events, ctx);

	if (all == NULL)
		goto fail;
	all->tick = event_new(base, -1, EV_PERSIST, on_tick, all);
	if (all->tick == NULL || event_add(all->tick, &tick) != 0)
		goto fail;
	for (uint32_t i = 0; i < config->count; i++) {
		if (!open_sensor(&all->sensor[i], base, &config->server))
			goto fail;
	}
	for (unsigned i = 0; i < SETUP_MAX; i++)
		start_next(all);
	return all;
fail:
	events->failed(ctx, strerror(errno));
	sensors_close(all);
	return NULL;
}

static void sensors_publish(void *publishers, unsigned who, const void *payload, size_t len)
{
	struct sensors *all = publishers;

	all->published++;
	publish(&all->sensor[who], payload, len);
}

static uint64_t sensors_resent(const void *publishers)
{
	const struct sensors *all = publishers;

	return all->sent - all->published;
}

const struct publishers_ops publishers_sensors = {
	.name = "gateway",
	.open = sensors_open,
	.publish = sensors_publish,
	.resent = sensors_resent,
	.close = sensors_close,
};
