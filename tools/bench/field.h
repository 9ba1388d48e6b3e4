/* SPDX-License-Identifier: BSD-3-Clause */
/* The way of many sensors to one gateway: a socket for each, or few sockets that stand for
 * forwarders and wrap what their sensors say. */
#ifndef BENCH_FIELD_H
#define BENCH_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"

#define FIELD_PACKET_MAX 1200

struct event_base;
struct field;

/* Sensor @who was sent this. */
typedef void field_datagram_fn(void *ctx, uint32_t who, const uint8_t *data, size_t len);

/* @forwarders 0: a socket for each sensor.  NULL with errno set on failure. */
struct field *field_open(struct event_base *base, const struct netaddr *gateway, uint32_t sensors,
    uint32_t forwarders, field_datagram_fn *on_datagram, void *ctx);

/* NULL is fine; returns NULL. */
struct field *field_close(struct field *field);

/* At most FIELD_PACKET_MAX octets.  False with errno set if the system did not take it. */
bool field_send(struct field *field, uint32_t who, const uint8_t *data, size_t len);

/* How many datagrams were sent. */
uint64_t field_sent(const struct field *field);

#endif
