/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/peer.h"

#include <stdio.h>
#include <string.h>

bool peer_equal(const struct peer *a, const struct peer *b)
{
	struct sn_bytes id = peer_identity(a);

	return a->node_len == b->node_len && memcmp(id.data, peer_identity(b).data, id.len) == 0;
}

const char *peer_print(const struct peer *peer, char *buf)
{
	char *p;

	netaddr_print(&peer->addr, buf);
	if (!peer->encapsulated)
		return buf;
	p = buf + strlen(buf);
	*p++ = '/';
	*p = '\0';
	for (size_t i = 0; i < peer->node_len; i++)
		p += snprintf(p, 3, "%02x", peer->node[i]);
	return buf;
}
