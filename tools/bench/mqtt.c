/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/mqtt.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_OCTETS 16384
#define HEADER_MAX   5 /* of a packet: its type and its length */

/* The types of MQTT 3.1.1 (section 2.2.1), with their flags. */
enum packet_type {
	CONNECT = 0x10,
	CONNACK = 0x20,
	PUBLISH = 0x30,
	PUBACK = 0x40,
	PUBREC = 0x50,
	PUBREL = 0x62,
	PUBCOMP = 0x70,
	SUBSCRIBE = 0x82,
	SUBACK = 0x90,
	DISCONNECT = 0xE0,
};

struct mqtt {
	int fd;
	struct event *readable;
	struct event *writable;
	struct evbuffer *out;
	bool reading; /* what is said meanwhile goes out behind it, at once */
	uint16_t last_id;
	const struct mqtt_events *events;
	void *ctx;
	size_t len; /* of @in */
	uint8_t in[INPUT_OCTETS];
};

/* --- Output --- */

/* NULL, or what went wrong. */
static const char *flush(struct mqtt *mqtt)
{
	while (evbuffer_get_length(mqtt->out) > 0) {
		if (evbuffer_write(mqtt->out, mqtt->fd) >= 0)
			continue;
		if (errno != EAGAIN)
			return strerror(errno);
		event_add(mqtt->writable, NULL);
		break;
	}
	return NULL;
}

static size_t put_header(uint8_t *at, uint8_t type, size_t remaining)
{
	size_t n = 0;

	at[n++] = type;
	for (; remaining > 127; remaining >>= 7)
		at[n++] = (uint8_t)(0x80 | (remaining & 127));
	at[n++] = (uint8_t)remaining;
	return n;
}

static void add_u16(struct evbuffer *out, size_t value)
{
	const uint8_t octets[] = { (uint8_t)(value >> 8), (uint8_t)value };

	evbuffer_add(out, octets, sizeof octets);
}

static void add_text(struct evbuffer *out, const char *text)
{
	add_u16(out, strlen(text));
	evbuffer_add(out, text, strlen(text));
}

static void add_header(struct mqtt *mqtt, uint8_t type, size_t remaining)
{
	uint8_t header[HEADER_MAX];

	evbuffer_add(mqtt->out, header, put_header(header, type, remaining));
}

static uint16_t next_id(struct mqtt *mqtt)
{
	if (++mqtt->last_id == 0)
		mqtt->last_id = 1;
	return mqtt->last_id;
}

static const char *sent(struct mqtt *mqtt)
{
	return mqtt->reading ? NULL : flush(mqtt);
}

/* Section 3.1: no client id, a clean session, no keep alive. */
static void connect_mqtt(struct mqtt *mqtt)
{
	static const uint8_t packet[] = { CONNECT, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 0 };

	evbuffer_add(mqtt->out, packet, sizeof packet);
}

const char *mqtt_publish(
    struct mqtt *mqtt, const char *topic, const void *payload, size_t len, int qos)
{
	size_t remaining = 2 + strlen(topic) + (qos > 0 ? 2 : 0) + len;

	add_header(mqtt, (uint8_t)(PUBLISH | qos << 1), remaining);
	add_text(mqtt->out, topic);
	if (qos > 0)
		add_u16(mqtt->out, next_id(mqtt));
	evbuffer_add(mqtt->out, payload, len);
	return sent(mqtt);
}

const char *mqtt_subscribe(struct mqtt *mqtt, const char *filter, int qos)
{
	uint8_t options = (uint8_t)qos;

	add_header(mqtt, SUBSCRIBE, 2 + 2 + strlen(filter) + 1);
	add_u16(mqtt->out, next_id(mqtt));
	add_text(mqtt->out, filter);
	evbuffer_add(mqtt->out, &options, 1);
	return sent(mqtt);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct mqtt *mqtt = arg;
	const char *why = flush(mqtt);

	(void)fd, (void)what;
	if (why != NULL)
		mqtt->events->failed(mqtt->ctx, why);
}

/* --- Input --- */

struct packet {
	uint8_t type; /* with its flags */
	const uint8_t *body;
	size_t len;
};

static void report(struct mqtt *mqtt, void (*event)(void *ctx))
{
	if (event != NULL)
		event(mqtt->ctx);
}

static void answer(struct mqtt *mqtt, uint8_t type, const uint8_t *id)
{
	add_header(mqtt, type, 2);
	evbuffer_add(mqtt->out, id, 2);
}

static void on_connack(struct mqtt *mqtt, const struct packet *packet)
{
	if (packet->len < 2 || packet->body[1] != 0)
		mqtt->events->failed(mqtt->ctx, "the broker refuses the connection");
	else
		report(mqtt, mqtt->events->connected);
}

static void on_publish(struct mqtt *mqtt, const struct packet *packet)
{
	size_t id = packet->len < 2 ? 0 : 2 + ((size_t)packet->body[0] << 8 | packet->body[1]);
	int qos = packet->type >> 1 & 3;
	size_t payload = qos > 0 ? id + 2 : id;

	if (packet->len < 2 || payload > packet->len || qos > 1) {
		mqtt->events->failed(mqtt->ctx, "the broker sends a PUBLISH that cannot be");
		return;
	}
	if (qos == 1)
		answer(mqtt, PUBACK, packet->body + id);
	if (mqtt->events->message != NULL)
		mqtt->events->message(mqtt->ctx, packet->body + payload, packet->len - payload);
}

static void on_acknowledged(struct mqtt *mqtt, const struct packet *packet)
{
	(void)packet;
	report(mqtt, mqtt->events->acknowledged);
}

static void on_pubrec(struct mqtt *mqtt, const struct packet *packet)
{
	if (packet->len >= 2)
		answer(mqtt, PUBREL, packet->body);
}

static void on_suback(struct mqtt *mqtt, const struct packet *packet)
{
	(void)packet;
	report(mqtt, mqtt->events->subscribed);
}

static void heard(struct mqtt *mqtt, const struct packet *packet)
{
	static void (*const by_type[16])(struct mqtt *, const struct packet *) = {
		[CONNACK >> 4] = on_connack,
		[PUBLISH >> 4] = on_publish,
		[PUBACK >> 4] = on_acknowledged,
		[PUBREC >> 4] = on_pubrec,
		[PUBCOMP >> 4] = on_acknowledged,
		[SUBACK >> 4] = on_suback,
	};

	if (by_type[packet->type >> 4] != NULL)
		by_type[packet->type >> 4](mqtt, packet);
}

/* The octets that the packet at @data takes, or 0 if it is not whole. */
static size_t next_packet(const uint8_t *data, size_t len, struct packet *packet)
{
	size_t remaining = 0, at = 1;

	do {
		if (at >= len || at >= HEADER_MAX)
			return 0;
		remaining |= (size_t)(data[at] & 127) << 7 * (at - 1);
	} while (data[at++] & 0x80);
	if (len - at < remaining)
		return 0;
	*packet = (struct packet){ data[0], data + at, remaining };
	return at + remaining;
}

static void parse(struct mqtt *mqtt)
{
	struct packet packet;
	size_t at = 0, n;

	while ((n = next_packet(mqtt->in + at, mqtt->len - at, &packet)) > 0) {
		heard(mqtt, &packet);
		at += n;
	}
	mqtt->len -= at;
	memmove(mqtt->in, mqtt->in + at, mqtt->len);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct mqtt *mqtt = arg;
	ssize_t n = recv(fd, mqtt->in + mqtt->len, sizeof mqtt->in - mqtt->len, MSG_DONTWAIT);
	const char *why = NULL;

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* or a packet that is too long for us */
		event_del(mqtt->readable);
		mqtt->events->failed(mqtt->ctx, n < 0 ? strerror(errno) : "the broker hangs up");
		return;
	}
	mqtt->len += (size_t)n;
	mqtt->reading = true;
	parse(mqtt);
	mqtt->reading = false;
	if ((why = flush(mqtt)) != NULL)
		mqtt->events->failed(mqtt->ctx, why);
}

/* --- Opening and closing --- */

/* False with errno set. */
static bool connect_tcp(struct mqtt *mqtt, const struct netaddr *broker)
{
	struct sockaddr_storage address;
	socklen_t len = netaddr_to_sockaddr(broker, &address);
	int on = 1;

	mqtt->fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (mqtt->fd < 0 || connect(mqtt->fd, (struct sockaddr *)&address, len) != 0)
		return false;
	setsockopt(mqtt->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return evutil_make_socket_nonblocking(mqtt->fd) == 0;
}

struct mqtt *mqtt_open(struct event_base *base, const struct netaddr *broker,
    const struct mqtt_events *events, void *ctx, const char **why)
{
	struct mqtt *mqtt = calloc(1, sizeof *mqtt);

	errno = ENOMEM;
	if (mqtt == NULL)
		goto fail;
	mqtt->events = events;
	mqtt->ctx = ctx;
	if (!connect_tcp(mqtt, broker))
		goto fail;
	mqtt->out = evbuffer_new();
	mqtt->readable = event_new(base, mqtt->fd, EV_READ | EV_PERSIST, on_readable, mqtt);
	mqtt->writable = event_new(base, mqtt->fd, EV_WRITE, on_writable, mqtt);
	errno = ENOMEM;
	if (mqtt->out == NULL || mqtt->readable == NULL || mqtt->writable == NULL ||
	    event_add(mqtt->readable, NULL) != 0)
		goto fail;
	connect_mqtt(mqtt);
	*why = flush(mqtt);
	return *why == NULL ? mqtt : mqtt_close(mqtt);
fail:
	*why = strerror(errno);
	return mqtt_close(mqtt);
}

struct mqtt *mqtt_close(struct mqtt *mqtt)
{
	static const uint8_t disconnect[] = { DISCONNECT, 0 };

	if (mqtt == NULL)
		return NULL;
	if (mqtt->out != NULL) {
		evbuffer_add(mqtt->out, disconnect, sizeof disconnect);
		evbuffer_write(mqtt->out, mqtt->fd);
		evbuffer_free(mqtt->out);
	}
	if (mqtt->readable != NULL)
		event_free(mqtt->readable);
	if (mqtt->writable != NULL)
		event_free(mqtt->writable);
	if (mqtt->fd >= 0)
		close(mqtt->fd);
	free(mqtt);
	return NULL;
}
