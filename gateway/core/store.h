/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store port: what must outlive the process, told piece by piece as it changes.
 *
 * The interface serves three ways.  The core calls it to keep what changed; a store that starts
 * calls it, on gw_restorer(), with everything that it has kept; and gw_save_all() calls it with
 * everything that the core knows, for a store that must begin again.
 *
 * The calls only note down.  The loop commits them, all or none, at the end of the turn and before
 * anything is said (doc/architecture.md).  A store that fails says so there: the core goes on.
 *
 * Pieces are named by the client's key and, within it, by topic id, filter, message id or sequence
 * number; a piece may come before its client.  A `put` of a piece that exists replaces it, a `drop`
 * of one that does not is fine. Pointers live until the call returns.
 *
 * A store that tells what it has kept calls only `put`: the clients first, in the order of their
 * keys; then the rest in any order, but topics in the order of their ids, and messages in the order
 * of their sequence.
 */
#ifndef CORE_STORE_H
#define CORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"
#include "gateway/core/client_state.h"
#include "gateway/core/peer.h"
#include "gateway/core/ports.h"
#include "sn_codec/sn_codec.h"

/* A client with a session: its setup is over. */
struct stored_client {
	uint64_t key; /* never 0, never that of another client */
	const char *id;
	enum client_state state;
	const struct peer *peer; /* NULL: none is bound (disconnected, lost) */
	bool clean;
	bool has_deadline;
	uint16_t keep_alive;     /* seconds */
	uint16_t sleep_duration; /* seconds */
	monotime_t deadline; /* of supervision when it was last told: of a sleeper, of the age of a
	                        stored session; that of an active client is older than the truth */
	const struct up_will *will; /* NULL: none */
};

/* A normal topic id. */
struct stored_topic {
	uint16_t id;
	struct sn_bytes name;
	bool told; /* the client knows it */
	bool used; /* not to be given away */
};

struct stored_subscription {
	const char *filter;
	uint8_t qos; /* requested: 0..2 */
	bool by_short;
	uint16_t predefined_id; /* 0: not by predefined id */
};

/* The id of a QoS 2 publish of the client, from PUBREC to PUBREL (SN12-PUB-10). */
struct stored_received {
	uint16_t msg_id;
	uint16_t topic_id;
	uint32_t digest;
};

enum stored_way {
	STORED_OUT, /* from the broker, waits for the client */
	STORED_IN,  /* from the client, acknowledged to it, waits for the broker */
	STORED_WAYS,
};

struct stored_message {
	enum stored_way way;
	/* The order.  Rises with each message that is kept, over all clients and both ways; after a
	 * restart it goes on above those that were kept. */
	uint64_t sequence;
	const char *topic;
	struct sn_bytes payload;
	uint8_t qos;
	uint8_t stage; /* enum message_stage */
	bool retain;
	uint16_t msg_id; /* towards the client; 0: none yet */
	monotime_t queued;
};

struct gw_store {
	void *ctx; /* handed to each call */

	void (*put_client)(void *ctx, const struct stored_client *client);
	/* With all that is kept under its key; only its messages have to be dropped before, one by
	 * one. */
	void (*drop_client)(void *ctx, uint64_t key);

	void (*put_topic)(void *ctx, uint64_t key, const struct stored_topic *topic);

	void (*put_subscription)(
	    void *ctx, uint64_t key, const struct stored_subscription *subscription);
	void (*drop_subscription)(void *ctx, uint64_t key, const char *filter);

	void (*put_received)(void *ctx, uint64_t key, const struct stored_received *received);
	void (*drop_received)(void *ctx, uint64_t key, uint16_t msg_id);

	void (*put_message)(void *ctx, uint64_t key, const struct stored_message *message);
	/* The message went out under @msg_id, or its stage changed. */
	void (*mark_message)(void *ctx, uint64_t key, enum stored_way way, uint64_t sequence,
	    uint16_t msg_id, uint8_t stage);
	void (*drop_message)(void *ctx, uint64_t key, enum stored_way way, uint64_t sequence);

	/* Whether more may be taken on: false when the store is at its limit of size, or fails.
	 * Then messages stay with the broker, and publishes are refused that only the store would
	 * hold. */
	bool (*has_room)(void *ctx);
};

#endif
