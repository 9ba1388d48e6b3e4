/* SPDX-License-Identifier: BSD-3-Clause */
/* A table that cannot grow must not end the process: the node is just not added. */
#define HASH_NONFATAL_OOM 1
#include "forwarder/nodes.h"

#include <stdlib.h>
#include <string.h>

struct nodes {
	struct node *table; /* its first one has been silent the longest */
	struct siphash_key key;
	uint32_t limit;
	uint32_t age_ms;
};

struct nodes *nodes_new(struct siphash_key key)
{
	struct nodes *nodes = calloc(1, sizeof *nodes);

	if (nodes == NULL)
		return NULL;
	nodes->key = key;
	nodes->limit = 1;
	return nodes;
}

static void forget(struct nodes *nodes, struct node *node)
{
	HASH_DEL(nodes->table, node);
	free(node);
}

static void shrink(struct nodes *nodes, uint32_t limit)
{
	while (nodes_count(nodes) > limit)
		forget(nodes, nodes->table);
}

struct nodes *nodes_free(struct nodes *nodes)
{
	if (nodes == NULL)
		return NULL;
	shrink(nodes, 0);
	free(nodes);
	return NULL;
}

void nodes_configure(struct nodes *nodes, uint32_t limit, uint32_t age_ms)
{
	nodes->limit = limit;
	nodes->age_ms = age_ms;
	shrink(nodes, limit);
}

static unsigned hash(const struct nodes *nodes, struct sn_bytes id)
{
	return (unsigned)siphash(&nodes->key, id.data, id.len);
}

static struct node *find(const struct nodes *nodes, struct sn_bytes id, unsigned hashed)
{
	const void *key = id.len > 0 ? (const void *)id.data : ""; /* it is handed to memcmp() */
	struct node *node = NULL;

	HASH_FIND_BYHASHVALUE(hh, nodes->table, key, id.len, hashed, node);
	return node;
}

/* False when out of memory; then the node is in no table. */
static bool append(struct nodes *nodes, struct node *node, unsigned hashed)
{
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, nodes->table, node->id, node->id_len, hashed, node);
	return node->hh.tbl != NULL;
}

static struct node *node_new(struct sn_bytes id)
{
	struct node *node = calloc(1, sizeof *node + id.len);

	if (node == NULL)
		return NULL;
	node->id_len = (uint8_t)id.len;
	if (id.len > 0)
		memcpy(node->id, id.data, id.len);
	return node;
}

static void put(struct node *node, monotime_t now, uint16_t side, const struct node_place *place)
{
	node->heard = now;
	node->side = side;
	node->place = place != NULL ? *place : (struct node_place){ 0 };
}

static bool is_elsewhere(const struct node *node, uint16_t side, const struct node_place *place)
{
	return node->side != side ||
	       (place != NULL && !netaddr_equal(&node->place.addr, &place->addr));
}

static enum node_news add(struct nodes *nodes, monotime_t now, uint16_t side,
    const struct node_place *place, struct sn_bytes id, unsigned hashed)
{
	bool full = nodes_count(nodes) >= nodes->limit;
	struct node *node = node_new(id);

	if (node == NULL)
		return NODE_NOMEM;
	put(node, now, side, place);
	if (full)
		shrink(nodes, nodes->limit - 1);
	if (!append(nodes, node, hashed)) {
		free(node);
		return NODE_NOMEM;
	}
	return full ? NODE_INSTEAD : NODE_NEW;
}

enum node_news nodes_heard(struct nodes *nodes, monotime_t now, uint16_t side,
    const struct node_place *place, struct sn_bytes id)
{
	unsigned hashed = hash(nodes, id);
	struct node *node = find(nodes, id, hashed);
	struct netaddr local;
	bool moved;

	if (node == NULL)
		return add(nodes, now, side, place, id, hashed);
	moved = is_elsewhere(node, side, place);
	local = node->place.local;
	put(node, now, side, place);
	if (!moved && node->place.local.family == 0) /* what came to a group does not tell */
		node->place.local = local;
	HASH_DEL(nodes->table, node); /* to be the last one again */
	if (!append(nodes, node, hashed)) {
		free(node);
		return NODE_NOMEM;
	}
	return moved ? NODE_MOVED : NODE_KNOWN;
}

const struct node *nodes_find(const struct nodes *nodes, struct sn_bytes id)
{
	return find(nodes, id, hash(nodes, id));
}

void nodes_expire(struct nodes *nodes, monotime_t now)
{
	monotime_t when;

	while (nodes_next_deadline(nodes, &when) && !monotime_before(now, when))
		forget(nodes, nodes->table);
}

bool nodes_next_deadline(const struct nodes *nodes, monotime_t *when)
{
	if (nodes->table == NULL)
		return false;
	*when = monotime_add_ms(nodes->table->heard, nodes->age_ms);
	return true;
}

const struct node *nodes_first(const struct nodes *nodes)
{
	return nodes->table;
}

const struct node *nodes_after(const struct node *node)
{
	return node->hh.next;
}

size_t nodes_count(const struct nodes *nodes)
{
	return HASH_COUNT(nodes->table);
}
