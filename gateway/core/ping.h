/* SPDX-License-Identifier: BSD-3-Clause */
/* PINGREQ and PINGRESP (section 6.11; SN12-PING-*). */
#ifndef CORE_PING_H
#define CORE_PING_H

#include "sn_codec/sn_codec.h"

struct gw;
struct client;

void ping_pingreq(struct gw *gw, struct client *client, const struct sn_packet *packet);
void ping_pingresp(struct gw *gw, struct client *client, const struct sn_packet *packet);

#endif
