/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One client: its identity, its state (section 6.14, figure 4), and what its session holds.
 * The parts belong to the files they are named after.
 */
#ifndef CORE_CLIENT_H
#define CORE_CLIENT_H

#include <string.h>

#include <uthash.h>

#include "common/rate.h"
#include "gateway/core/client_state.h"
#include "gateway/core/deadline.h"
#include "gateway/core/link.h"
#include "gateway/core/outbox.h"
#include "gateway/core/peer.h"
#include "gateway/core/pending.h"
#include "gateway/core/pub_in.h"
#include "gateway/core/pub_out.h"
#include "gateway/core/replies.h"
#include "gateway/core/spool.h"
#include "gateway/core/subscribe.h"
#include "gateway/core/topic_reg.h"
#include "gateway/core/will.h"

struct gw;
struct setup;

struct client {
	UT_hash_handle by_id;
	UT_hash_handle by_peer;
	uint64_t key;      /* for the store
	                    */
	char *id;          /* terminated; valid UTF-8 without U+0000 */
	struct peer *peer; /* bound while connecting, active, asleep or awake; else NULL */
	enum client_state state;
	bool clean;   /* the session ends with the connection */
	bool kept;    /* the store has it */
	bool changed; /* the store is to be told at the end of the entry point */
	bool removed;
	uint16_t keep_alive;     /* seconds; 0: none */
	uint16_t sleep_duration; /* seconds, of the last DISCONNECT with a duration */
	uint16_t last_msg_id;

	monotime_t heard;   /* last; 0: not since the gateway started */
	uint32_t published; /* messages taken from it, */
	uint32_t delivered; /* and given to it; both go round */

	struct setup *setup;  /* while connecting */
	struct will *will;    /* NULL: none */
	uint8_t will_answers; /* of will_update.c */
	struct topic_reg *topics;
	struct subscriptions subs;
	struct subscribing subscribing;
	struct inbound_list inbound;
	struct spool spool;
	struct outbox outbox;
	struct pending pending;
	struct rate packets; /* that it sends */
	struct replies replies;
	struct link link;
	struct deadline
	    supervision; /* of the setup, keep alive, sleep, or the age of a stored session */
	struct client *next_removed;
	struct client *next_changed; /* while `changed` */
};

/* How many deadlines a client has. */
enum {
	CLIENT_DEADLINES = 3
};

/* True if nobody is there: the session, or what is left of it, waits. */
static inline bool client_is_absent(const struct client *client)
{
	return client->state == CLIENT_DISCONNECTED || client->state == CLIENT_LOST;
}

static inline struct sn_bytes client_id_bytes(const struct client *client)
{
	return (struct sn_bytes){ (const uint8_t *)client->id, strlen(client->id) };
}

/* Sets up the parts of a new client. */
void client_init(struct client *client);

/* The only way to change the state.  Entering DISCONNECTED or LOST unbinds the address, stops all
 * that waits for the client, and removes it where its session ends with the connection: after that
 * only the current entry point of the core may still look at it. */
void client_set_state(struct gw *gw, struct client *client, enum client_state state);

/* Anything heard from the client, at the address that it has, renews its supervision
 * (SN12-PING-02). To which address of ours it was said is where answers and messages leave from. */
void client_heard(struct gw *gw, struct client *client, const struct peer *from);

/* The client went away by DISCONNECT, or is sent away with one: no will. @why: NULL if it was its
 * own wish. */
void client_leave(struct gw *gw, struct client *client, const char *why);

/* The client is lost: its will fires (SN12-WILL-02). */
void client_lose(struct gw *gw, struct client *client, const char *why);

/* Forgets what CleanSession forgets: subscriptions, will, topic ids, messages (SN12-CLEAN-01, -07).
 */
void client_clear_session(struct gw *gw, struct client *client);

/* The session goes on, but its client may have lost what it knew: it is told topic ids anew
 * (SN12-CLEAN-08), and its SUBSCRIBE is no repeat of an earlier one. */
void client_resume_session(struct gw *gw, struct client *client);

/* A message id that is not in use towards this client: 1..65535 (SN12-MSGID-03). */
uint16_t client_next_msg_id(struct client *client);

/* Puts a new client in the @state that it had before a restart, whose supervision was to end at
 * @deadline if @has_deadline.  A peer must be bound where the state needs one. */
void client_restore(struct gw *gw, struct client *client, enum client_state state,
    bool has_deadline, monotime_t deadline);

/* The keep alive or sleep duration of @seconds with the tolerance of section 7.2, in ms
 * (SN12-PING-04). */
uint32_t client_patience_ms(uint16_t seconds);

#endif
