/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/hold_off.h"

#include "gateway/core/core.h"

static uint64_t hash(const struct gw *gw, struct sn_bytes client_id)
{
	return siphash(&gw->clients.key, client_id.data, client_id.len);
}

void hold_off_begin(struct gw *gw, struct sn_bytes client_id)
{
	uint64_t client = hash(gw, client_id);
	size_t place = client % HOLD_OFF_PLACES;

	gw->hold_off.places[place].client = client;
	gw->hold_off.places[place].until =
	    monotime_add_ms(gw->now, gw->config.timers.reconnect_least);
}

bool hold_off_is_on(const struct gw *gw, struct sn_bytes client_id)
{
	uint64_t client = hash(gw, client_id);
	size_t place = client % HOLD_OFF_PLACES;

	return gw->hold_off.places[place].client == client &&
	       monotime_before(gw->now, gw->hold_off.places[place].until);
}
