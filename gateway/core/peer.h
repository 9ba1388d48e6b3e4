/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who sent a packet: the listener it came to, the address it came from and, behind a forwarder, the
 * wireless node id (SN12-FWD-07).  These are the identity: octets that are hashed and compared as
 * they are.
 *
 * Besides it tells which address of ours the packet came to, where the listener has several: what
 * is said to the peer has to leave from there.  A peer that speaks to another one is still the
 * same.
 */
#ifndef CORE_PEER_H
#define CORE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"
#include "sn_codec/sn_codec.h"

struct peer {
	struct netaddr local; /* none: not known, or the listener has only one */
	struct netaddr addr;  /* from here on: the identity */
	uint16_t listener;    /* index of the listener */
	uint8_t encapsulated;
	uint8_t node_len;
	uint8_t node[SN_NODE_ID_MAX];
};
_Static_assert(
    offsetof(struct peer, node) == 2 * sizeof(struct netaddr) + 4, "peer must have no padding");

/* Octets of it that are in use: what a copy needs. */
static inline size_t peer_size(const struct peer *peer)
{
	return offsetof(struct peer, node) + peer->node_len;
}

static inline struct sn_bytes peer_identity(const struct peer *peer)
{
	return (struct sn_bytes){ (const uint8_t *)&peer->addr,
		peer_size(peer) - offsetof(struct peer, addr) };
}

bool peer_equal(const struct peer *a, const struct peer *b);

#define PEER_TEXT_MAX (NETADDR_TEXT_MAX + 2 * SN_NODE_ID_MAX + 2)

/* "127.0.0.1:4711", behind a forwarder "127.0.0.1:4711/aabb".  Returns @buf, of PEER_TEXT_MAX
 * octets. */
const char *peer_print(const struct peer *peer, char *buf);

#endif
