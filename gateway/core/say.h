/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the gateway says to a peer: packets are encoded, encapsulated where the peer is behind a
 * forwarder (SN12-FWD-07), traced and queued.
 */
#ifndef CORE_SAY_H
#define CORE_SAY_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/peer.h"
#include "sn_codec/sn_codec.h"

struct gw;
struct client;

/* False, and nothing sent, if the packet is longer than the listener allows (SN12-FRAME-08). */
bool say(struct gw *gw, const struct peer *to, const struct sn_packet *packet);

/* As say(), with a broadcast radius of 0..3 for the forwarder, if the peer is behind one
 * (SN12-FWD-06). */
bool say_radius(
    struct gw *gw, const struct peer *to, uint8_t radius, const struct sn_packet *packet);

/* A packet that is a header alone: WILLTOPICREQ, WILLMSGREQ, PINGRESP, DISCONNECT. */
void say_plain(struct gw *gw, const struct peer *to, enum sn_type type);

/* CONNACK, WILLTOPICRESP, WILLMSGRESP. */
void say_result(struct gw *gw, const struct peer *to, enum sn_type type, enum sn_return_code code);

/* REGACK, PUBACK. */
void say_topic_ack(struct gw *gw, const struct peer *to, enum sn_type type, uint16_t topic_id,
    uint16_t msg_id, enum sn_return_code code);

/* PUBREC, PUBREL, PUBCOMP, UNSUBACK. */
void say_msg_ack(struct gw *gw, const struct peer *to, enum sn_type type, uint16_t msg_id);

void say_suback(struct gw *gw, const struct peer *to, uint16_t topic_id, uint16_t msg_id,
    int granted_qos, enum sn_return_code code);

#endif
