/* SPDX-License-Identifier: BSD-3-Clause */
/* PUBLISH QoS -1 (section 6.8; SN12-QM1-*): no session, no answer. */
#ifndef CORE_QOS_MINUS_ONE_H
#define CORE_QOS_MINUS_ONE_H

#include "gateway/core/peer.h"
#include "sn_codec/sn_codec.h"

struct gw;
struct client;

/* @client: who has a session at @from, or NULL. */
void qos_minus_one_publish(struct gw *gw, const struct peer *from, struct client *client,
    const struct sn_publish *publish);

#endif
