/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Client ids that peers must have proved, at listeners where the identity is the client id
 * (MAP-CONN-15).
 */
#ifndef CORE_IDENTITY_H
#define CORE_IDENTITY_H

#include <stdbool.h>

#include "gateway/core/peer.h"
#include "sn_codec/sn_codec.h"

struct gw;

/* Whether @peer may speak for the client of this id.  Behind a forwarder nobody may where an
 * identity is asked for: it is the forwarder that has one. */
bool identity_allows(const struct gw *gw, const struct peer *peer, struct sn_bytes client_id);

#endif
