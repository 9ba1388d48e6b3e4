/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/identity.h"

#include <string.h>

#include "gateway/core/core.h"

bool identity_allows(const struct gw *gw, const struct peer *peer, struct sn_bytes client_id)
{
	const char *identity;

	if (!gw->config.listeners[peer->listener].identity_is_client_id)
		return true;
	if (peer->encapsulated)
		return false;
	identity = gw->ports.identity(gw->ports.ctx, peer->listener, &peer->addr);
	return identity != NULL && strlen(identity) == client_id.len &&
	       memcmp(identity, client_id.data, client_id.len) == 0;
}
