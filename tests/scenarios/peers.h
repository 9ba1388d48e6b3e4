/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peers of a scenario: names for addresses that are made up when a name is first met.
 */
#ifndef SCENARIOS_PEERS_H
#define SCENARIOS_PEERS_H

#include "gateway/core/peer.h"

#define PEERS_MAX 2000

/* Longest name of a peer: its own, listener, and node id in hex. */
#define PEER_NAME_MAX (64 + 2 * SN_NODE_ID_MAX)

struct peers {
	char *names[PEERS_MAX]; /* number i has the address 10.0.x.y with x.y = i + 1 */
	size_t n;
};

void peers_free(struct peers *peers);

/* The peer "a", "a:1", "f/aabb", without its node id. */
struct peer peers_find(struct peers *peers, const char *name);

/* The name of whom a datagram to @to goes to; @frame NULL: not encapsulated.  False if no such
 * address was made up. */
bool peers_name(const struct peers *peers, unsigned listener, const struct netaddr *to,
    const struct sn_encapsulated *frame, char name[PEER_NAME_MAX]);

#endif
