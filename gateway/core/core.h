/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the core share: struct gw, and the few services that all of them need.
 * Not for use outside gateway/core.
 */
#ifndef CORE_CORE_H
#define CORE_CORE_H

#include "common/rate.h"
#include "common/siphash.h"
#include "gateway/core/client.h"
#include "gateway/core/clients.h"
#include "gateway/core/connect_rate.h"
#include "gateway/core/deadline.h"
#include "gateway/core/discovery.h"
#include "gateway/core/gw.h"
#include "gateway/core/hold_off.h"
#include "gateway/core/own.h"
#include "gateway/core/restore.h"

/* The packet that is being handled. */
struct heard {
	const struct peer *peer;
	const char *client_id;
	const uint8_t *data;
	size_t len;
	const struct sn_packet *packet;
	const char *verdict;
	bool shown; /* to the trace */
};

enum {
	GW_DEADLINES = 2, /* of the gateway itself */
	STRANGER_BUCKETS = 256,
};

struct gw {
	struct gw_config config;
	struct gw_ports ports;
	struct gw_metrics metrics;
	struct clients clients;
	struct client *changed; /* for keep_changed_clients() */
	struct restored restored;
	uint64_t last_sequence; /* of a message that the store was told */
	struct deadlines *deadlines;
	monotime_t now; /* of the entry point that is running */
	bool stopping;

	uint64_t random; /* state of gw_random() */
	struct own own;
	struct discovery discovery;
	struct hold_off hold_off;
	struct connect_rate connect_rate;
	struct rate reconnects; /* upstream reconnects of all clients */
	struct rate strangers;  /* answers to peers without a session: to all of them, and to those
	                           whose addresses share a bucket */
	struct rate strangers_by_address[STRANGER_BUCKETS];
	struct rate qos_minus_one;
	uint8_t broker;                                  /* that was reached last, of several */
	bool broker_away;                                /* the last try to reach it failed */
	size_t spooled;                                  /* octets, of all clients */
	struct heard *heard;                             /* NULL: no packet is being handled */
	uint8_t out[3 + SN_NODE_ID_MAX + SN_PACKET_MAX]; /* the datagram being written */
};

/* UP_CONNECTED came, of whichever session. */
void gw_broker_reached(struct gw *gw, const struct up_event *event);

/* 32 bits, from the seed of gw_new(). */
uint32_t gw_random(struct gw *gw);

/* Tells the outside what happened.  @client and @detail may be NULL. */
void gw_note(
    struct gw *gw, enum gw_note_kind kind, const struct client *client, const char *detail);
void gw_note_value(struct gw *gw, enum gw_note_kind kind, const struct client *client,
    const char *detail, long value);

/* Marks the packet being handled as refused or dropped, for the trace and the notes; @why is a
 * constant. */
void gw_refuse(struct gw *gw, const struct client *client, const char *why);

/* As gw_refuse(), for a limit: counted, and noted under its name. */
void gw_refuse_limit(struct gw *gw, const struct client *client, const char *limit);

/* Shows the packet being handled to the trace, once: before its answer and before what it makes us
 * ask of the broker, so that the trace reads in order. */
void gw_trace_heard(struct gw *gw);

#endif
