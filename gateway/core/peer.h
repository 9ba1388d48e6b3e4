/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who sent a packet: the listener it came to, the address it came from and, behind a forwarder, the
 * wireless node id (SN12-FWD-07).  The octets up to peer_size() are the identity: hashed and
 * compared as they are.
 */
#ifndef CORE_PEER_H
#define CORE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"
#include "sn_codec/sn_codec.h"

struct peer {
	struct netaddr addr;
	uint16_t listener; /* index of the listener */
	uint8_t encapsulated;
	uint8_t node_len;
	uint8_t node[SN_NODE_ID_MAX];
};
_Static_assert(
    offsetof(struct peer, node) == sizeof(struct netaddr) + 4, "peer must have no padding");

static inline size_t peer_size(const struct peer *peer)
{
	return offsetof(struct peer, node) + peer->node_len;
}

bool peer_equal(const struct peer *a, const struct peer *b);

#define PEER_TEXT_MAX (NETADDR_TEXT_MAX + 2 * SN_NODE_ID_MAX + 2)

/* "127.0.0.1:4711", behind a forwarder "127.0.0.1:4711/aabb".  Returns @buf, of PEER_TEXT_MAX
 * octets. */
const char *peer_print(const struct peer *peer, char *buf);

#endif
