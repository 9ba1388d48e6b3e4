/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * WILLTOPICUPD and WILLMSGUPD (section 6.4; SN12-WILL-03 to -11).  MQTT cannot change a will within
 * a connection, so the link is made anew with the new one (MAP-WILL-03); the client is answered
 * when the broker has it.
 */
#ifndef CORE_WILL_UPDATE_H
#define CORE_WILL_UPDATE_H

#include "sn_codec/sn_codec.h"

struct gw;
struct client;

void will_update_topic(struct gw *gw, struct client *client, const struct sn_packet *packet);
void will_update_message(struct gw *gw, struct client *client, const struct sn_packet *packet);

/* The broker has the client's will as it is now: answers the updates that wait for that. */
void will_update_armed(struct gw *gw, struct client *client);

#endif
