/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core as an operator sees it.  Nothing here changes anything.
 *
 * What the views point to is the core's, and lives until something else of gw.h is called.
 */
#ifndef CORE_INSPECT_H
#define CORE_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "gateway/core/client_state.h"
#include "gateway/core/peer.h"
#include "gateway/core/ports.h"
#include "sn_codec/sn_codec.h"

struct gw;

struct client_view {
	const char *id;
	const struct peer *peer; /* NULL: it has no connection */
	enum client_state state;
	bool clean;      /* the session ends with the connection */
	bool supervised; /* its state ends at @until unless something is heard of it */
	monotime_t until;
	bool heard; /* since the gateway started, last at @heard_at */
	monotime_t heard_at;
	uint16_t keep_alive;     /* seconds; 0: none */
	uint16_t sleep_duration; /* seconds */
	const char *link;       /* its way to the broker: "up", "connecting", "waiting", "closed" */
	bool shares_link;       /* with other clients */
	uint32_t queued;        /* messages that wait for it */
	uint32_t queued_octets; /* the memory that they take */
	uint32_t spooled;       /* its publishes that wait for the broker, */
	uint32_t spooled_octets; /* and their memory */
	size_t subscriptions;
	size_t topics;      /* normal topic ids that are bound */
	uint32_t published; /* messages taken from it, */
	uint32_t delivered; /* and given to it, since the gateway started; both go round */
};

/* As configured now. */
uint8_t inspect_gateway_id(const struct gw *gw);

/* How many clients are in this state. */
size_t inspect_count(const struct gw *gw, enum client_state state);

/* A place in the list of all clients; 0: its beginning. */
typedef uint32_t inspect_place;

/* Shows the few clients at *@place to @client and moves *@place on.  False at the end of the list;
 * then *@place is 0.  However clients come and go between the calls, one that is there all the
 * while is shown once in a walk from the beginning to the end.  The order means nothing. */
bool inspect_clients(const struct gw *gw, inspect_place *place,
    void (*client)(void *ctx, const struct client_view *view), void *ctx);

/* The client of this id, or NULL. */
const struct client *inspect_find(const struct gw *gw, struct sn_bytes id);

struct subscription_view {
	const char *filter;
	int qos; /* as requested */
};

struct topic_view {
	uint16_t id;
	const char *name;
	bool told; /* the client knows it */
};

struct message_view {
	const char *topic;
	size_t octets; /* of the payload */
	int qos;
	monotime_t since;
};

struct unanswered_view {
	uint8_t type; /* of the packet that the client has still to answer */
	uint16_t msg_id;
	int repeats; /* how often it was sent again */
};

void inspect_client(const struct client *client, struct client_view *out);

/* Number @i from 0.  False: there are no more. */
bool inspect_subscription(const struct client *client, size_t i, struct subscription_view *out);
bool inspect_topic(const struct client *client, size_t i, struct topic_view *out);

/* False: it has none. */
bool inspect_will(const struct client *client, struct up_will *out);
bool inspect_unanswered(const struct client *client, struct unanswered_view *out);

/* Its QoS 1 and 2 publishes that the broker has not acknowledged yet. */
size_t inspect_in_flight(const struct client *client);

/* The first messages that wait for it, at most @room; returns how many. */
size_t inspect_queue(const struct client *client, struct message_view *out, size_t room);

/* It answered "congestion": nothing is sent to it for a while. */
bool inspect_is_congested(const struct client *client);

#endif
