/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Advertisement and discovery (section 6.1; SN12-DISCO-*): ADVERTISE while the broker can be
 * reached, GWINFO for SEARCHGW, and the stand-by gateway that takes over when the active one falls
 * silent.
 */
#ifndef CORE_DISCOVERY_H
#define CORE_DISCOVERY_H

#include "common/monotime.h"
#include "common/rate.h"
#include "gateway/core/deadline.h"
#include "gateway/core/peer.h"
#include "sn_codec/sn_codec.h"

struct gw;

struct discovery {
	struct deadline advertise;
	monotime_t other_until; /* stand-by: the active gateway counts as alive so long */
	struct rate answers;
};

void discovery_init(struct discovery *discovery);

/* Begins to listen for the active gateway, as a stand-by. */
void discovery_start(struct gw *gw);

/* The broker can be reached from now on: advertises. */
void discovery_broker_reached(struct gw *gw);

/* The configuration has changed: tells it to the network. */
void discovery_configure(struct gw *gw);

void discovery_searchgw(struct gw *gw, const struct peer *from, const struct sn_packet *packet);

/* ADVERTISE of another gateway. */
void discovery_advertise(struct gw *gw, const struct peer *from, const struct sn_packet *packet);

/* GWINFO of a client or another gateway (SN12-DISCO-10). */
void discovery_gwinfo(struct gw *gw, const struct peer *from, const struct sn_packet *packet);

#endif
