/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a gateway must never say, whatever the scenario: checked on every datagram.
 */
#ifndef SCENARIOS_WATCH_H
#define SCENARIOS_WATCH_H

#include <stdint.h>

#include "sn_codec/sn_codec.h"

/* The QoS 1/2 PUBLISH or REGISTER that a peer has not answered, by the name of the peer. */
struct watch;

struct watch *watch_new(void);

/* NULL is fine; returns NULL. */
struct watch *watch_free(struct watch *watch);

/* A datagram to @peer (NULL: to all).  NULL, or the rule it breaks (a constant).
 * @data: @len octets without encapsulation, of which @packet was decoded. */
const char *watch_out(struct watch *watch, const char *peer, const struct sn_packet *packet,
    const uint8_t *data, size_t len);

/* A datagram from @peer, before the core hears it. */
void watch_in(struct watch *watch, const char *peer, const struct sn_packet *packet);

#endif
