/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clients that were told congestion just now: the broker is not asked again for a while, however
 * soon they come back (SN12-OPEN-29).  A table of fixed size: where two clients meet, the later one
 * counts.
 */
#ifndef CORE_HOLD_OFF_H
#define CORE_HOLD_OFF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"
#include "sn_codec/sn_codec.h"

struct gw;

enum {
	HOLD_OFF_PLACES = 256
};

struct hold_off {
	struct {
		uint64_t client; /* a keyed hash of its id */
		monotime_t until;
	} places[HOLD_OFF_PLACES];
};

/* The broker did not take this client: for timers.reconnect_least it is not asked again. */
void hold_off_begin(struct gw *gw, struct sn_bytes client_id);

bool hold_off_is_on(const struct gw *gw, struct sn_bytes client_id);

#endif
