/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages from the broker to the client (section 6.10; SN12-GPUB-*): in order, one QoS 1/2 message
 * in flight, REGISTER before the first message on a topic id that the client was not told.
 */
#ifndef CORE_PUB_OUT_H
#define CORE_PUB_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/ports.h"
#include "sn_codec/sn_codec.h"

struct gw;
struct client;

/* A message of the broker. */
void pub_out_message(struct gw *gw, struct client *client, const struct up_event *event);

/* Sends what may be sent now.  To be called when something that held messages back has ended. */
void pub_out_pump(struct gw *gw, struct client *client);

/* The client's answers. */
void pub_out_puback(struct gw *gw, struct client *client, const struct sn_packet *packet);
void pub_out_pubrec(struct gw *gw, struct client *client, const struct sn_packet *packet);
void pub_out_pubcomp(struct gw *gw, struct client *client, const struct sn_packet *packet);
void pub_out_regack(struct gw *gw, struct client *client, const struct sn_packet *packet);

/* Sends the packet that was in flight again: REGISTER, PUBLISH (DUP) or PUBREL, whose id was
 * @msg_id. */
void pub_out_repeat(struct gw *gw, struct client *client, uint8_t type, uint16_t msg_id);

/* True if @msg_id belongs to a message in flight. */
bool pub_out_uses_msg_id(const struct client *client, uint16_t msg_id);

/* Goes on after a restart: waits for the answer to what was in flight, or sends. */
void pub_out_go_on(struct gw *gw, struct client *client);

#endif
