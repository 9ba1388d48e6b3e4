/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/field.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sn_codec/sn_codec.h"

#define READS_MAX      64        /* of one socket, before others have their turn */
#define RECEIVE_BUFFER (4 << 20) /* of a forwarder: the answers for all of its sensors */

struct place {
	struct field *field;
	struct event *readable;
	int fd;
	uint32_t number;
};

struct field {
	field_datagram_fn *on_datagram;
	void *ctx;
	uint32_t sensors;
	bool wrapped;
	uint64_t sent;
	uint32_t n;
	struct place place[];
};

static uint32_t load_node(struct sn_bytes id)
{
	return (uint32_t)id.data[0] << 24 | (uint32_t)id.data[1] << 16 | (uint32_t)id.data[2] << 8 |
	       id.data[3];
}

static void heard(struct place *place, const uint8_t *data, size_t len)
{
	struct field *field = place->field;
	struct sn_packet frame;
	uint32_t who = place->number;

	if (!field->wrapped) {
		field->on_datagram(field->ctx, who, data, len);
		return;
	}
	if (sn_decode(data, len, &frame) != SN_OK || frame.type != SN_ENCAPSULATED ||
	    frame.encapsulated.node_id.len != 4)
		return;
	who = load_node(frame.encapsulated.node_id);
	if (who < field->sensors)
		field->on_datagram(
		    field->ctx, who, frame.encapsulated.inner.data, frame.encapsulated.inner.len);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct place *place = arg;
	uint8_t buf[FIELD_PACKET_MAX];
	int reads = place->field->wrapped ? READS_MAX : 1;

	(void)what;
	while (reads-- > 0) {
		ssize_t len = recv(fd, buf, sizeof buf, MSG_DONTWAIT);

		if (len < 0)
			return; /* nothing more, or an ICMP error: the clients send again */
		heard(place, buf, (size_t)len);
	}
}

/* False with errno set. */
static bool open_place(
    struct place *place, struct event_base *base, const struct sockaddr *gateway, socklen_t len)
{
	int room = RECEIVE_BUFFER;

	place->fd = socket(gateway->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (place->fd < 0 || connect(place->fd, gateway, len) != 0)
		return false;
	if (place->field->wrapped)
		setsockopt(place->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
	place->readable = event_new(base, place->fd, EV_READ | EV_PERSIST, on_readable, place);
	return place->readable != NULL && event_add(place->readable, NULL) == 0;
}

struct field *field_open(struct event_base *base, const struct netaddr *gateway, uint32_t sensors,
    uint32_t forwarders, field_datagram_fn *on_datagram, void *ctx)
{
	uint32_t n = forwarders > 0 ? forwarders : sensors;
	struct field *field = calloc(1, sizeof *field + n * sizeof field->place[0]);
	struct sockaddr_storage address;
	socklen_t len = netaddr_to_sockaddr(gateway, &address);

	if (field == NULL)
		return NULL;
	field->on_datagram = on_datagram;
	field->ctx = ctx;
	field->sensors = sensors;
	field->wrapped = forwarders > 0;
	for (field->n = 0; field->n < n;) {
		struct place *place = &field->place[field->n];

		*place = (struct place){ .field = field, .fd = -1, .number = field->n++ };
		if (!open_place(place, base, (struct sockaddr *)&address, len))
			return field_close(field);
	}
	return field;
}

struct field *field_close(struct field *field)
{
	int saved = errno;

	if (field == NULL)
		return NULL;
	for (uint32_t i = 0; i < field->n; i++) {
		if (field->place[i].readable != NULL)
			event_free(field->place[i].readable);
		if (field->place[i].fd >= 0)
			close(field->place[i].fd);
	}
	free(field);
	errno = saved;
	return NULL;
}

static size_t wrap(uint8_t *buf, size_t size, uint32_t who, const uint8_t *data, size_t len)
{
	const uint8_t node[] = { (uint8_t)(who >> 24), (uint8_t)(who >> 16), (uint8_t)(who >> 8),
		(uint8_t)who };
	const struct sn_packet frame = { .type = SN_ENCAPSULATED,
		.encapsulated = { .node_id = { node, sizeof node }, .inner = { data, len } } };
	size_t n = 0;

	return sn_encode(buf, size, &frame, &n) == SN_OK ? n : 0;
}

bool field_send(struct field *field, uint32_t who, const uint8_t *data, size_t len)
{
	struct place *place = &field->place[who % field->n];
	uint8_t frame[FIELD_PACKET_MAX + 16];

	field->sent++;
	if (field->wrapped) {
		len = wrap(frame, sizeof frame, who, data, len);
		data = frame;
	}
	return send(place->fd, data, len, 0) >= 0;
}

uint64_t field_sent(const struct field *field)
{
	return field->sent;
}
