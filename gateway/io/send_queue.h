/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Datagrams that wait to be sent, oldest first, their octets in one block of memory that is used
 * again and again. Bounded in number and in octets.
 */
#ifndef IO_SEND_QUEUE_H
#define IO_SEND_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"

struct send_queue;

/* One datagram; @data lives until the next push or drop. */
struct queued {
	const struct netaddr *to;
	const struct netaddr *local; /* where it leaves from; none: by the route */
	const uint8_t *data;
	size_t len;
};

/* Room for @datagrams with @octets in all, taken from the system as it is needed.  NULL when out of
 * memory. */
struct send_queue *send_queue_new(size_t datagrams, size_t octets);

/* NULL is fine; returns NULL. */
struct send_queue *send_queue_free(struct send_queue *queue);

/* Copies a datagram to the end.  0; -ERR_LIMIT when it does not fit; -ERR_NOMEM. */
int send_queue_push(struct send_queue *queue, const struct netaddr *to, const struct netaddr *local,
    const uint8_t *data, size_t len);

/* How many wait. */
size_t send_queue_count(const struct send_queue *queue);

/* The one at @index, 0 being the oldest; @index < send_queue_count(). */
struct queued send_queue_at(const struct send_queue *queue, size_t index);

/* Has the oldest one leave by the route. */
void send_queue_by_route(struct send_queue *queue);

/* Drops the @n oldest; @n <= send_queue_count(). */
void send_queue_drop(struct send_queue *queue, size_t n);

#endif
