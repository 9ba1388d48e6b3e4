/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core of the forwarder (section 5.5; SN12-FWD-*): wraps what nodes send, unwraps what the
 * gateway sends, and knows which gateway that is.  Frames, datagrams and the time go in; calls of
 * struct fwd_ports and the next deadline come out.  No socket, no clock, no log.
 *
 * It keeps no protocol state: a node is known by its wireless node id, and by where it was heard
 * last.  Of the messages it reads the length and the type; only ADVERTISE and GWINFO mean anything
 * to it.
 */
#ifndef FORWARDER_FWD_CORE_H
#define FORWARDER_FWD_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/netaddr.h"
#include "common/siphash.h"
#include "forwarder/choice.h"
#include "forwarder/nodes.h"
#include "sn_codec/sn_codec.h"

/* How nodes are reached on a wireless side, and what their ids are. */
enum fwd_medium {
	/* Datagrams of bare messages; the id is IP address and port, 6 or 18 octets. */
	FWD_DATAGRAMS,
	/* A line to a radio; its frames are encapsulated messages (5.5), those to all nodes with an
	 * empty id and the radius. */
	FWD_FRAMES,
	/* A line of bare messages to a single node. */
	FWD_MESSAGES,
};

struct fwd_side {
	enum fwd_medium medium;
	uint32_t max_packet; /* octets of the longest MQTT-SN message, both ways */
	bool group;          /* FWD_DATAGRAMS: broadcast reaches all nodes of it */
	/* Put before the ids heard here; of FWD_MESSAGES it is the id. */
	uint8_t prefix_len;
	uint8_t prefix[SN_NODE_ID_MAX];
};

struct fwd_config {
	const struct fwd_side *sides;
	size_t n_sides;
	uint32_t nodes;       /* known at once, at most */
	uint32_t node_age_ms; /* a node is forgotten after this silence */
	struct choice_config gateways;
};

#define FWD_COUNTERS(X)                                                                            \
	X(to_gateway, "messages to the gateway")                                                   \
	X(to_nodes, "messages to nodes")                                                           \
	X(broadcasts, "messages to all nodes")                                                     \
	X(malformed, "malformed frames")                                                           \
	X(nested, "frames encapsulated twice")                                                     \
	X(oversize, "messages longer than max_packet")                                             \
	X(unknown_nodes, "messages to unknown nodes")                                              \
	X(no_gateway, "messages without a gateway")                                                \
	X(strangers, "datagrams of no gateway of ours")                                            \
	X(nodes_moved, "nodes heard elsewhere")                                                    \
	X(nodes_replaced, "nodes forgotten for others")                                            \
	X(gateway_changes, "changes of the gateway")                                               \
	X(no_memory, "nodes not known for lack of memory")

struct fwd_counters {
#define X(member, name) uint64_t member;
	FWD_COUNTERS(X)
#undef X
};

/* The side of the gateway, in struct fwd_packet. */
#define FWD_GATEWAY UINT16_MAX

/* A message as it was heard or said on one side, for the trace. */
struct fwd_packet {
	bool out;
	uint16_t side;              /* or FWD_GATEWAY */
	const struct netaddr *addr; /* NULL: a line, or all */
	struct sn_bytes node_id;
	bool encapsulated; /* node_id is part of what was heard or said */
	uint8_t radius;
	const uint8_t *data; /* the message */
	size_t len;
	const char *verdict; /* why it was dropped, a constant; NULL: taken or sent */
};

/* Every call returns at once, copies what it needs, and does not call back into the core. */
struct fwd_ports {
	void *ctx;
	/* A datagram to a gateway, and to the multicast group of gateways. */
	void (*to_gateway)(
	    void *ctx, const struct netaddr *gateway, const uint8_t *data, size_t len);
	void (*search)(void *ctx, const uint8_t *data, size_t len);
	/* A datagram (@place) or a frame (@place NULL) to a node. */
	void (*to_node)(void *ctx, uint16_t side, const struct node_place *place,
	    const uint8_t *data, size_t len);
	/* A datagram to the multicast group of a side, hop limit @radius (0: the configured one).
	 */
	void (*broadcast)(
	    void *ctx, uint16_t side, uint8_t radius, const uint8_t *data, size_t len);
	/* Another gateway is in use. */
	void (*gateway_changed)(void *ctx, const struct netaddr *gateway);
	/* A message was longer than max_packet of @side. */
	void (*oversize)(void *ctx, uint16_t side, size_t len);
	/* NULL: no trace. */
	void (*packet)(void *ctx, const struct fwd_packet *packet);
};

struct fwd;

/* NULL when out of memory.  fwd_configure() is to be called before anything else. */
struct fwd *fwd_new(const struct fwd_ports *ports, struct siphash_key key);

/* NULL is fine; returns NULL. */
struct fwd *fwd_free(struct fwd *fwd);

/* @config is copied, but not its sides, which must live as long; they must be the same ones each
 * time.  Known nodes stay known. */
void fwd_configure(struct fwd *fwd, const struct fwd_config *config, monotime_t now);

/* Traces from now on, or no more (NULL). */
void fwd_trace_to(struct fwd *fwd, void (*packet)(void *ctx, const struct fwd_packet *packet));

/* A datagram from @place, or a frame (@place NULL), of a wireless side. */
void fwd_from_node(struct fwd *fwd, monotime_t now, uint16_t side, const struct node_place *place,
    const uint8_t *data, size_t len);

/* A datagram of the gateways' side. */
void fwd_from_gateway(
    struct fwd *fwd, monotime_t now, const struct netaddr *addr, const uint8_t *data, size_t len);

/* Does what is due; and when that is to be called next. */
void fwd_advance(struct fwd *fwd, monotime_t now);
monotime_t fwd_next_deadline(const struct fwd *fwd);

/* The gateway in use, or NULL; nodes known. */
const struct netaddr *fwd_gateway(const struct fwd *fwd);
size_t fwd_node_count(const struct fwd *fwd);

/* Live as long as @fwd. */
const struct fwd_counters *fwd_counters(const struct fwd *fwd);

#endif
