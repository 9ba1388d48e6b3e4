/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The spool of a client: publishes that the gateway has acknowledged, or will at the end of this
 * turn, and that wait for the broker (MAP-PUB-04).  In order, bounded, and no part of the session:
 * it ends only when the broker has taken everything, whatever becomes of the client meanwhile.
 */
#ifndef CORE_SPOOL_H
#define CORE_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "sn_codec/sn_codec.h"

struct gw;
struct gw_store;
struct client;
struct spooled;
struct stored_message;

struct spool {
	struct spooled *first;
	struct spooled *last;
	struct spooled *next; /* the first that is not with the broker; NULL: all are */
	uint32_t count;
	uint32_t bytes;
	uint32_t open; /* of these, with the broker, which has not answered */
};

/* What is put into it; copied. */
struct spool_publish {
	const char *topic;
	struct sn_bytes payload;
	int qos;
	bool retain;
	uint16_t token; /* of up_publish(), if it is with the broker already; else 0 */
};

static inline bool spool_is_empty(const struct spool *spool)
{
	return spool->first == NULL;
}

/* Whether a new publish of the client has to wait for the broker here: there is no way to it now,
 * or its answers are not read because the client's own queue is full (up_pause()), or others wait
 * already. */
bool spool_is_used(const struct gw *gw, const struct client *client);

/* Appends a publish, and has it stored.  0; -ERR_LIMIT: counted and noted here; -ERR_NOMEM;
 * -ERR_INVALID: no broker would take it. */
int spool_add(struct gw *gw, struct client *client, const struct spool_publish *publish);

/* Hands to the broker what may go now.  To be called when the link is up, and up for good. */
void spool_pump(struct gw *gw, struct client *client);

/* The broker took responsibility for the publish of @token.  False if it is not of the spool. */
bool spool_published(struct gw *gw, struct client *client, uint16_t token);

/* The upstream session is gone: what it had not finished is to be sent again. */
void spool_link_closed(struct client *client);

/* The gateway ends, and nothing outlives it: counts and notes what the broker will not get. */
void spool_abandon(struct gw *gw, struct client *client);

/* Forgets everything. */
void spool_clear(struct gw *gw, struct client *client);

/* Takes back a publish that the store has kept.  False when out of memory. */
bool spool_restore(struct gw *gw, struct client *client, const struct stored_message *stored);

/* Tells @sink everything. */
void spool_save(const struct client *client, const struct gw_store *sink);

#endif
