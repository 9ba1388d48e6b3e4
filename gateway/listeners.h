/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The listeners of the configuration, numbered as the core numbers them: UDP sockets, each perhaps
 * with a multicast group.
 */
#ifndef GATEWAY_LISTENERS_H
#define GATEWAY_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"
#include "gateway/conf/conf.h"
#include "gateway/io/udp.h"

struct event_base;
struct listeners;

/* A datagram that came to listener @index, or to its group. */
typedef void listeners_datagram_fn(
    void *ctx, uint16_t index, const struct netaddr *from, const uint8_t *data, size_t len);

/* Opens all that @conf lists.  NULL on failure, logged with the listener's name. */
struct listeners *listeners_open(struct event_base *base, const struct conf *conf,
    listeners_datagram_fn *on_datagram, void *ctx);

/* NULL is fine; returns NULL. */
struct listeners *listeners_close(struct listeners *listeners);

/* Queue a datagram; copied.  @hops 0: the configured hop limit.  Without a group nothing is sent.
 */
void listeners_send(struct listeners *listeners, uint16_t index, const struct netaddr *to,
    const uint8_t *data, size_t len);
void listeners_broadcast(
    struct listeners *listeners, uint16_t index, uint8_t hops, const uint8_t *data, size_t len);

/* Sends what is queued. */
void listeners_flush(struct listeners *listeners);

size_t listeners_count(const struct listeners *listeners);
const struct udp_listener *listeners_udp(const struct listeners *listeners, size_t index);

#endif
