/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/peer.h"

#include <stdio.h>
#include <string.h>

bool peer_equal(const struct peer *a, const struct peer *b)
{
	return a->node_len == b->node_len && memcmp(a, b, peer_size(a)) == 0;
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
