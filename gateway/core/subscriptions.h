/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The subscriptions of one client (section 6.9).  One entry per filter (SN12-SUB-07); the entry
 * remembers in which forms the client subscribed - name, predefined id, short name - because
 * messages come back in that form (SN12-TOPIC-06).
 */
#ifndef CORE_SUBSCRIPTIONS_H
#define CORE_SUBSCRIPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "sn_codec/sn_codec.h"

struct subscription {
	bool by_short;
	uint16_t predefined_id; /* 0: not by predefined id */
	uint8_t qos;            /* as requested, to restore it */
	uint16_t len;
	char filter[]; /* terminated */
};

/* All zero: none. */
struct subscriptions {
	struct subscription **items;
	uint16_t count;
	uint16_t other_forms; /* how many have a form other than the name */
};

/* The one with exactly this filter, or NULL. */
struct subscription *subscriptions_find(const struct subscriptions *subs, struct sn_bytes filter);

/* The one with this filter, new if there is none; it is by name until subscriptions_add_form().
 * NULL when out of memory. */
struct subscription *subscriptions_add(struct subscriptions *subs, struct sn_bytes filter);

/* The client subscribed in these forms too. */
void subscriptions_add_form(
    struct subscriptions *subs, struct subscription *sub, bool by_short, uint16_t predefined_id);

/* Takes out and frees @sub. */
void subscriptions_remove(struct subscriptions *subs, struct subscription *sub);

/* Frees all of them. */
void subscriptions_clear(struct subscriptions *subs);

/* True if one at @qos matches the topic @name. */
bool subscriptions_match(const struct subscriptions *subs, struct sn_bytes name, int qos);

static inline struct sn_bytes subscription_filter(const struct subscription *sub)
{
	return (struct sn_bytes){ (const uint8_t *)sub->filter, sub->len };
}

#endif
