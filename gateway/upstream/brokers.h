/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The brokers of a pool, of which one is in use (MAP-LOST-06).
 *
 * All accepted sessions are with that one: sensors that talk to each other must meet.  So another
 * one comes into use only when none is connected any more; who is accepted first decides.
 */
#ifndef UPSTREAM_BROKERS_H
#define UPSTREAM_BROKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/upstream/resolve.h"
#include "gateway/upstream/upstream.h"

struct pool_broker {
	char *host;
	char *name; /* "host:port" */
	uint16_t port;
	struct resolver *resolver;
};

struct brokers {
	struct pool_broker *list; /* in the order of preference */
	uint8_t count;
	uint8_t current; /* index of the one in use */
};

/* False when out of memory; brokers_free() is due in any case.  @done: see resolver_new(). */
bool brokers_init(struct brokers *brokers, struct event_base *base,
    const struct upstream_config *config, resolver_done_fn *done, void *ctx);
void brokers_free(struct brokers *brokers);

/* The one after @index, after the last the first. */
static inline uint8_t brokers_next(const struct brokers *brokers, uint8_t index)
{
	return (uint8_t)((index + 1u) % brokers->count);
}

/* Broker @index could not be used: if it is the one in use, the next one is to be tried first. */
static inline void brokers_failed(struct brokers *brokers, uint8_t index)
{
	if (brokers->current == index)
		brokers->current = brokers_next(brokers, index);
}

#endif
