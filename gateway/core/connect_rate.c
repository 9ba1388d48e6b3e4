/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/connect_rate.h"

#include "gateway/core/core.h"

bool connect_rate_take(struct gw *gw, const struct peer *from)
{
	uint32_t per_second = gw->config.limits.connects;
	struct sn_bytes identity = peer_identity(from);
	uint64_t peer = siphash(&gw->clients.key, identity.data, identity.len);
	size_t place = peer % CONNECT_RATE_PLACES;

	if (gw->connect_rate.places[place].peer != peer) {
		gw->connect_rate.places[place].peer = peer;
		gw->connect_rate.places[place].rate = (struct rate){ 0 };
	}
	return rate_take(&gw->connect_rate.places[place].rate, gw->now, per_second, per_second);
}
