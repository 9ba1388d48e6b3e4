/* SPDX-License-Identifier: BSD-3-Clause */
/* Publishers that talk MQTT-SN over UDP: each has a port of its own, connects, registers its topic,
 * and sends again what is not answered. */
#include "tools/bench/publishers.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/monotime.h"
#include "sn_codec/sn_codec.h"

#define PACKET_MAX   (PUBLISHERS_PAYLOAD_MAX + 32)
#define KEEP_ALIVE_S 3600 /* longer than any measurement */
#define RETRY_MS     1000
#define TICK_MS      100
#define SETUP_MAX    50 /* sensors that connect at once: a burst could fill the gateway's socket */

struct sensor {
	struct sensors *all;
	int fd;
	struct event *readable;
	uint16_t topic_id;
	uint16_t msg_id;
	bool waiting; /* for the answer to @request */
	monotime_t sent_at;
	struct sn_packet request;
	uint8_t data[PUBLISHERS_PAYLOAD_MAX]; /* what @request points to */
};

struct sensors {
	const struct publishers_config *config;
	const struct publishers_events *events;
	void *ctx;
	struct event *tick;
	unsigned started;
	unsigned ready;
	uint64_t resent;
	struct sensor sensor[];
};

static void fail(struct sensor *sensor, const char *what, const char *why)
{
	char text[128];

	snprintf(text, sizeof text, "sensor %u: %s: %s", (unsigned)(sensor - sensor->all->sensor),
	    what, why);
	sensor->all->events->failed(sensor->all->ctx, text);
}

static void transmit(struct sensor *sensor, const struct sn_packet *packet)
{
	uint8_t buf[PACKET_MAX];
	size_t len;
	enum sn_status status = sn_encode(buf, sizeof buf, packet, &len);

	if (status != SN_OK)
		fail(sensor, sn_type_name(packet->type), sn_status_name(status));
	else if (send(sensor->fd, buf, len, 0) < 0)
		fail(sensor, "send", strerror(errno));
}

/* Puts text where it lives as long as the request does. */
static struct sn_bytes keep(struct sensor *sensor, const char *prefix)
{
	unsigned who = (unsigned)(sensor - sensor->all->sensor);
	int len = snprintf((char *)sensor->data, sizeof sensor->data, "%s%u", prefix, who);

	return (struct sn_bytes){ sensor->data, (size_t)len };
}

/* Sends sensor->request and waits for the answer. */
static void request(struct sensor *sensor)
{
	sensor->waiting = true;
	sensor->sent_at = monotime_now();
	transmit(sensor, &sensor->request);
}

static void start(struct sensor *sensor)
{
	sensor->request = (struct sn_packet){
		.type = SN_CONNECT,
		.connect = {
			.flags.clean = true,
			.protocol_id = 1,
			.keep_alive = KEEP_ALIVE_S,
			.client_id = keep(sensor, "bench-"),
		},
	};
	request(sensor);
}

static void start_next(struct sensors *all)
{
	if (all->started < all->config->count)
		start(&all->sensor[all->started++]);
}

static void on_connack(struct sensor *sensor)
{
	sensor->request = (struct sn_packet){
		.type = SN_REGISTER,
		.reg = { .msg_id = ++sensor->msg_id, .topic = keep(sensor, PUBLISHERS_TOPIC) },
	};
	request(sensor);
}

static void on_regack(struct sensor *sensor, const struct sn_topic_ack *ack)
{
	struct sensors *all = sensor->all;

	sensor->topic_id = ack->topic_id;
	start_next(all);
	if (++all->ready == all->config->count)
		all->events->ready(all->ctx);
}

/* The return code of an answer that has one, else "accepted". */
static uint8_t code_of(const struct sn_packet *packet)
{
	switch (packet->type) {
	case SN_CONNACK:
		return packet->result.code;
	case SN_REGACK:
	case SN_PUBACK:
		return packet->topic_ack.code;
	default:
		return SN_ACCEPTED;
	}
}

static bool answers(const struct sn_packet *packet, const struct sensor *sensor)
{
	switch (packet->type) {
	case SN_CONNACK:
		return sensor->request.type == SN_CONNECT;
	case SN_REGACK:
		return sensor->request.type == SN_REGISTER &&
		       packet->topic_ack.msg_id == sensor->msg_id;
	case SN_PUBACK:
		return sensor->request.type == SN_PUBLISH &&
		       packet->topic_ack.msg_id == sensor->msg_id;
	default:
		return false;
	}
}

static void receive(struct sensor *sensor, const struct sn_packet *packet)
{
	struct sensors *all = sensor->all;

	if (code_of(packet) != SN_ACCEPTED || packet->type == SN_DISCONNECT) {
		fail(sensor, sn_type_name(packet->type), "the gateway refuses");
		return;
	}
	if (!sensor->waiting || !answers(packet, sensor))
		return; /* late: the answer to what was sent again */
	sensor->waiting = false;
	if (packet->type == SN_CONNACK)
		on_connack(sensor);
	else if (packet->type == SN_REGACK)
		on_regack(sensor, &packet->topic_ack);
	else
		all->events->acknowledged(all->ctx, (unsigned)(sensor - all->sensor));
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct sensor *sensor = arg;
	struct sn_packet packet;
	uint8_t buf[PACKET_MAX];
	ssize_t len = recv(fd, buf, sizeof buf, MSG_DONTWAIT);

	(void)what;
	if (len < 0) {
		if (errno != EAGAIN && errno != EINTR)
			fail(sensor, "recv", strerror(errno));
		return;
	}
	if (sn_decode(buf, (size_t)len, &packet) == SN_OK)
		receive(sensor, &packet);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct sensors *all = arg;
	monotime_t now = monotime_now();

	(void)fd, (void)what;
	for (unsigned i = 0; i < all->started; i++) {
		struct sensor *sensor = &all->sensor[i];

		if (!sensor->waiting || monotime_ms_between(sensor->sent_at, now) < RETRY_MS)
			continue;
		if (sensor->request.type == SN_PUBLISH)
			sensor->request.publish.flags.dup = true;
		all->resent++;
		request(sensor);
	}
}

static void sensors_close(void *publishers)
{
	struct sensors *all = publishers;

	if (all == NULL)
		return;
	for (unsigned i = 0; i < all->config->count; i++) {
		struct sensor *sensor = &all->sensor[i];

		if (i < all->started)
			transmit(sensor, &(struct sn_packet){ .type = SN_DISCONNECT });
		if (sensor->readable != NULL)
			event_free(sensor->readable);
		if (sensor->fd >= 0)
			close(sensor->fd);
	}
	if (all->tick != NULL)
		event_free(all->tick);
	free(all);
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
	sensor->readable = event_new(base, sensor->fd, EV_READ | EV_PERSIST, on_readable, sensor);
	return sensor->readable != NULL && event_add(sensor->readable, NULL) == 0;
}

static void *sensors_open(struct event_base *base, const struct publishers_config *config,
    const struct publishers_events *events, void *ctx)
{
	struct sensors *all = calloc(1, sizeof *all + config->count * sizeof all->sensor[0]);
	const struct timeval tick = { .tv_usec = TICK_MS * 1000 };

	if (all == NULL)
		goto fail;
	all->config = config;
	all->events = events;
	all->ctx = ctx;
	for (unsigned i = 0; i < config->count; i++) {
		all->sensor[i].all = all;
		all->sensor[i].fd = -1;
	}
	all->tick = event_new(base, -1, EV_PERSIST, on_tick, all);
	if (all->tick == NULL || event_add(all->tick, &tick) != 0)
		goto fail;
	for (unsigned i = 0; i < config->count; i++) {
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
	struct sensor *sensor = &all->sensor[who];
	struct sn_packet publish = {
		.type = SN_PUBLISH,
		.publish = {
			.flags.qos = (int8_t)all->config->qos,
			.topic_id = sensor->topic_id,
			.data = { payload, len },
		},
	};

	if (all->config->qos == 0) {
		transmit(sensor, &publish);
		return;
	}
	if (++sensor->msg_id == 0)
		sensor->msg_id = 1;
	publish.publish.msg_id = sensor->msg_id;
	publish.publish.data.data = memcpy(sensor->data, payload, len);
	sensor->request = publish;
	request(sensor);
}

static uint64_t sensors_resent(const void *publishers)
{
	return ((const struct sensors *)publishers)->resent;
}

const struct publishers_ops publishers_sensors = {
	.name = "gateway",
	.open = sensors_open,
	.publish = sensors_publish,
	.resent = sensors_resent,
	.close = sensors_close,
};
