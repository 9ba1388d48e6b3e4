/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The nodes that were heard, by their wireless node ids, and where each is (SN12-FWD-11).  Bounded:
 * when the table is full, or its time is up, the node goes that has been silent the longest.
 */
#ifndef FORWARDER_NODES_H
#define FORWARDER_NODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "common/monotime.h"
#include "common/netaddr.h"
#include "common/siphash.h"
#include "sn_codec/sn_codec.h"

/* Where a node is on a side of datagrams. */
struct node_place {
	struct netaddr addr;
	struct netaddr local; /* which address of ours it speaks to; none: see gateway/io/udp.h */
};

struct node {
	UT_hash_handle hh; /* in the order in which they were heard last */
	monotime_t heard;
	struct node_place place; /* on a side of datagrams */
	uint16_t side;
	uint8_t id_len;
	uint8_t id[];
};

struct nodes;

/* What nodes_heard() came to. */
enum node_news {
	NODE_NEW,
	NODE_KNOWN,
	NODE_MOVED,   /* it was known at another side or address */
	NODE_INSTEAD, /* new, and another one had to go for it */
	NODE_NOMEM,
};

/* NULL when out of memory. */
struct nodes *nodes_new(struct siphash_key key);

/* NULL is fine; returns NULL. */
struct nodes *nodes_free(struct nodes *nodes);

/* At most @limit nodes, each kept for @age_ms after it was heard; what is beyond goes. */
void nodes_configure(struct nodes *nodes, uint32_t limit, uint32_t age_ms);

/* The node @id, at most SN_NODE_ID_MAX octets, was heard at @side; @place NULL: of a line. */
enum node_news nodes_heard(struct nodes *nodes, monotime_t now, uint16_t side,
    const struct node_place *place, struct sn_bytes id);

/* The node, or NULL.  Valid until the next call that is not const. */
const struct node *nodes_find(const struct nodes *nodes, struct sn_bytes id);

/* Forgets those whose time is up at @now. */
void nodes_expire(struct nodes *nodes, monotime_t now);

/* When nodes_expire() should be called.  False: there is no node. */
bool nodes_next_deadline(const struct nodes *nodes, monotime_t *when);

/* The one silent the longest, or NULL; and the one heard next after @node, or NULL. */
const struct node *nodes_first(const struct nodes *nodes);
const struct node *nodes_after(const struct node *node);

size_t nodes_count(const struct nodes *nodes);

#endif
