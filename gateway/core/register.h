/* SPDX-License-Identifier: BSD-3-Clause */
/* REGISTER from the client (section 6.5; SN12-REG-*).  REGISTER to the client is part of pub_out.
 */
#ifndef CORE_REGISTER_H
#define CORE_REGISTER_H

#include "sn_codec/sn_codec.h"

struct gw;
struct client;

void register_register(struct gw *gw, struct client *client, const struct sn_packet *packet);

#endif
