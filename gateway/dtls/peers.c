/* SPDX-License-Identifier: BSD-3-Clause */
/* A table that cannot grow must not end the process: the element is just not added. */
#define HASH_NONFATAL_OOM 1
#include "gateway/dtls/peers.h"

#include <stdlib.h>
#include <utlist.h>

#include "gateway/dtls/association.h"

/* To be kept in a variable: uthash's macros use their argument more than once. */
static unsigned hash(const struct dtls_peers *peers, const struct netaddr *address)
{
	return (unsigned)siphash(&peers->key, address, sizeof *address);
}

static struct dtls_peer *find(
    const struct dtls_peers *peers, struct dtls_peer *table, const struct netaddr *address)
{
	unsigned value;
	struct dtls_peer *found = NULL;

	if (table == NULL)
		return NULL;
	value = hash(peers, address);
	HASH_FIND_BYHASHVALUE(by_address, table, address, sizeof *address, value, found);
	return found;
}

struct dtls_peer *peers_find_shaking(const struct dtls_peers *peers, const struct netaddr *address)
{
	return find(peers, peers->shaking, address);
}

struct dtls_peer *peers_find_open(const struct dtls_peers *peers, const struct netaddr *address)
{
	return find(peers, peers->open, address);
}

static bool add(struct dtls_peers *peers, struct dtls_peer **table, struct dtls_peer *peer)
{
	unsigned value = hash(peers, &peer->address);

	HASH_ADD_BYHASHVALUE(by_address, *table, address, sizeof peer->address, value, peer);
	return peer->by_address.tbl != NULL;
}

struct dtls_peer *peers_add(
    struct dtls_peers *peers, const struct netaddr *address, struct association *association)
{
	struct dtls_peer *peer = calloc(1, sizeof *peer);

	if (peer == NULL)
		return NULL;
	peer->address = *address;
	if (!add(peers, &peers->shaking, peer)) {
		free(peer);
		return NULL;
	}
	peer->association = association;
	return peer;
}

static void free_peer(struct dtls_peer *peer)
{
	association_free(peer->association);
	free(peer);
}

bool peers_open(struct dtls_peers *peers, struct dtls_peer *peer, monotime_t now)
{
	HASH_DELETE(by_address, peers->shaking, peer);
	if (!add(peers, &peers->open, peer)) {
		free_peer(peer);
		return false;
	}
	peer->heard = now;
	DL_APPEND(peers->oldest, peer);
	return true;
}

void peers_heard(struct dtls_peers *peers, struct dtls_peer *peer, monotime_t now)
{
	peer->heard = now;
	if (peer->next == NULL)
		return;
	DL_DELETE(peers->oldest, peer);
	DL_APPEND(peers->oldest, peer);
}

void peers_drop_shaking(struct dtls_peers *peers, struct dtls_peer *peer)
{
	HASH_DELETE(by_address, peers->shaking, peer);
	free_peer(peer);
}

void peers_drop_open(struct dtls_peers *peers, struct dtls_peer *peer)
{
	HASH_DELETE(by_address, peers->open, peer);
	DL_DELETE(peers->oldest, peer);
	free_peer(peer);
}

size_t peers_count_shaking(const struct dtls_peers *peers)
{
	return HASH_CNT(by_address, peers->shaking);
}

size_t peers_count_open(const struct dtls_peers *peers)
{
	return HASH_CNT(by_address, peers->open);
}
