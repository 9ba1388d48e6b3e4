/* SPDX-License-Identifier: BSD-3-Clause */
/* What all sessions share.  Private to gateway/upstream. */
#ifndef UPSTREAM_POOL_H
#define UPSTREAM_POOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>

#include "gateway/upstream/brokers.h"
#include "gateway/upstream/upstream.h"

#define POOL_TICK_MS 500 /* the one timer of all sessions */
/* So many sessions are on their way from TCP to CONNACK at once, the others wait for their turn.
 * Brokers let about as many connections queue up (mosquitto: 100); the SYN of one more is dropped,
 * and repeated after 1, 3, 7 seconds. */
#define POOL_DIALS_MAX 64

#define POOL_FAREWELL_S 2 /* how long a closed session may take to say DISCONNECT and be heard */

TAILQ_HEAD(session_queue, session);
LIST_HEAD(session_list, session);

struct upstream {
	struct event_base *base;
	upstream_event_fn *on_event;
	void *ctx;
	char *user;
	char *password;
	char *id_prefix;
	char *id_suffix;
	uint16_t keep_alive; /* seconds; 0: off */
	struct tls *tls;     /* NULL: plain TCP */
	struct brokers brokers;
	struct lingers *lingers;
	struct shared_pool *shared; /* NULL: no connection is shared */

	size_t alive;           /* sessions, the closed ones included */
	size_t connected;       /* without the closed ones */
	size_t being_connected; /* from TCP to CONNACK */

	SLIST_HEAD(, qos0_block) spares; /* of qos0.c */
	unsigned n_spares;

	struct session_queue dirty;     /* to be written, or freed, by the next flush */
	struct session_queue resolving; /* wait for the addresses of the broker */
	struct session_queue waiting;   /* for others to be connected; see POOL_DIALS_MAX */
	struct session_queue ended;     /* their connection's end is still to be reported */
	struct session_queue leaving;   /* closed, with DISCONNECT still to be said; oldest first */
	struct event *report;           /* pending while @ended is not empty */

	/* Every session is in one slot and each tick visits one: a session is visited once in
	 * @n_slots ticks, and no tick has more than its share. */
	struct session_list *slots;
	unsigned n_slots;
	unsigned next_slot; /* for the next new session */
	uint32_t turn;      /* flushes since start: each ends a turn of the loop */
	uint32_t tick;      /* ticks since start: the clock of keep alive and farewells */
	struct alarm *ticker;
};

static inline uint32_t pool_ticks(unsigned seconds)
{
	return seconds * 1000u / POOL_TICK_MS;
}

#endif
