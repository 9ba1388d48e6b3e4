/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the trace has to show: a packet, a call that the core made to the broker's side, or an event
 * from there.
 */
#ifndef TRACE_SEEN_H
#define TRACE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/ports.h"

enum up_call_kind {
	UP_CALL_CONNECT,
	UP_CALL_RECONNECT,
	UP_CALL_CLOSE,
	UP_CALL_PUBLISH,
	UP_CALL_SUBSCRIBE,
	UP_CALL_UNSUBSCRIBE,
	UP_CALL_PAUSE,
};

/* A call of struct gw_ports; which members are in use depends on @kind. */
struct up_call {
	enum up_call_kind kind;
	int rc; /* 0 or -ERR_*, what it returned */
	const struct up_spec *spec;
	const char *user; /* NULL: that of all sessions, or none */
	enum up_farewell farewell;
	const char *topic; /* or the filter */
	struct sn_bytes payload;
	int qos;
	bool retain;
	bool paused;
	uint16_t token; /* 0: none */
};

struct seen {
	int64_t wall_us;       /* microseconds since 1970 */
	const char *client_id; /* NULL: not known */
	bool payloads;         /* false: they are not to be shown */

	/* One of the three, the others are NULL. */
	const struct gw_packet *packet;
	const struct up_call *call;
	const struct up_event *event;

	/* With a packet: the two ends of its way. */
	struct netaddr from, to;
};

/* How many octets at the end of a packet are payload, which may have to be hidden: the data of
 * PUBLISH, a will's message.  Of what is no packet, all behind the header. */
static inline size_t seen_payload(const struct gw_packet *packet)
{
	size_t header = packet->len > 0 && packet->data[0] == 1 ? 4 : 2;

	if (packet->packet == NULL)
		return packet->len > header ? packet->len - header : 0;
	switch (packet->packet->type) {
	case SN_PUBLISH:
		return packet->packet->publish.data.len;
	case SN_WILLMSG:
	case SN_WILLMSGUPD:
		return packet->packet->will_msg.message.len;
	}
	return 0;
}

#endif
