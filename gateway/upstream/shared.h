/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Connections that clients share (SN12-ARCH-05).  A client that wants nothing but to publish leaves
 * nothing at the broker that would need a connection of its own: it becomes a *sharer* of one of a
 * few connections, chosen by its client id, so that what it publishes stays in order over its
 * sessions.  Private to gateway/upstream.
 *
 * What happens to a connection is told to each sharer in the next turn of the loop, as it is then:
 * one that was lost and is back before that was never lost.
 */
#ifndef UPSTREAM_SHARED_H
#define UPSTREAM_SHARED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/upstream/session.h"

struct sharer;

/* The connections that upstream_config.shared asks for; each is there from its first sharer on,
 * until there was none for a while.  NULL when out of memory. */
struct shared_pool *shared_pool_new(struct upstream *up, const struct upstream_config *config);

/* Frees the sharers; the sessions are the upstream's.  NULL is fine; returns NULL. */
struct shared_pool *shared_pool_free(struct shared_pool *pool);

/* Connections that are up, and sharers that know it. */
size_t shared_connected(const struct shared_pool *pool);
size_t shared_sharing(const struct shared_pool *pool);

/* An event of the connection, or the answer to a request of @sharer; NULL: of one that is gone. */
void shared_event(struct shared *shared, struct sharer *sharer, const struct up_event *event);

/* Tells the sharers their news.  From the loop, not from within a call. */
void shared_report(struct shared_pool *pool);

/* With each tick: closes what nobody has come to share, goes on with attempts after a pause. */
void shared_tick(struct shared_pool *pool);

/* From now on a connection is closed with its last sharer.  NULL is fine. */
void shared_finish(struct shared_pool *pool);

/* The calls of upstream.h for a client that shares. */
struct sharer *sharer_open(
    struct shared_pool *pool, struct client *owner, const struct up_spec *spec);
void sharer_reconnect(struct sharer *sharer);
void sharer_close(struct sharer *sharer);
int sharer_publish(struct sharer *sharer, const struct request *request, uint16_t *token);
struct client *sharer_owner(const struct sharer *sharer);

static inline struct up_session *sharer_handle(struct sharer *sharer)
{
	return (struct up_session *)sharer;
}

/* @handle must be a sharer's. */
static inline struct sharer *sharer_of(const struct up_session *handle)
{
	return (struct sharer *)handle;
}

#endif
