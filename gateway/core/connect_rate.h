/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How often one peer begins a session (limits.connects).  Each asks the broker for a connection,
 * and without CleanSession each client id leaves something behind: a sensor that connects again and
 * again under new ids must not use up what is there for others.  A table of fixed size: where two
 * peers meet, the later one counts, from the beginning.
 *
 * It is no defence against someone who speaks from many addresses.
 */
#ifndef CORE_CONNECT_RATE_H
#define CORE_CONNECT_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/rate.h"
#include "gateway/core/peer.h"

struct gw;

enum {
	CONNECT_RATE_PLACES = 1024
};

struct connect_rate {
	struct {
		uint64_t peer; /* a keyed hash of it */
		struct rate rate;
	} places[CONNECT_RATE_PLACES];
};

/* Counts one.  False: too many; the peer has to wait. */
bool connect_rate_take(struct gw *gw, const struct peer *peer);

#endif
