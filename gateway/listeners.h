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
struct listen_fds;
struct listeners;
struct listeners_change;

/* A datagram that came to listener @index, or to its group; @local as in udp.h. */
typedef void listeners_datagram_fn(void *ctx, uint16_t index, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len);

/* Opens all that @conf lists, with the sockets in @inherited where they have the address; those
 * must outlive the listeners.  NULL on failure, logged with the listener's name. */
struct listeners *listeners_open(struct event_base *base, struct listen_fds *inherited,
    const struct conf *conf, listeners_datagram_fn *on_datagram, void *ctx);

/* NULL is fine; returns NULL. */
struct listeners *listeners_close(struct listeners *listeners);

/*
 * Another list, in two steps.  The first opens what @next lists and @old, which is in force, does
 * not; one that stays at its address but has changed otherwise is opened beside the old one.  NULL
 * on failure, logged: nothing has changed.
 *
 * The second puts the new list in place.  What is queued at listeners that go still leaves with the
 * next listeners_flush(), which then closes them.  It cannot fail.
 *
 * In between, listeners_moved() tells the new number of each old listener: that of the one with its
 * address, or GW_LISTENER_GONE.
 */
struct listeners_change *listeners_prepare(
    struct listeners *listeners, const struct conf *old, const struct conf *next);
const uint16_t *listeners_moved(const struct listeners_change *change);
void listeners_commit(struct listeners *listeners, struct listeners_change *change);

/* Closes what was not committed.  NULL is fine; returns NULL. */
struct listeners_change *listeners_change_free(struct listeners_change *change);

/* Queue a datagram; copied.  @hops 0: the configured hop limit.  Without a group nothing is sent.
 */
void listeners_send(struct listeners *listeners, uint16_t index, const struct netaddr *to,
    const struct netaddr *local, const uint8_t *data, size_t len);
void listeners_broadcast(
    struct listeners *listeners, uint16_t index, uint8_t hops, const uint8_t *data, size_t len);

/* Sends what is queued. */
void listeners_flush(struct listeners *listeners);

size_t listeners_count(const struct listeners *listeners);
const struct udp_listener *listeners_udp(const struct listeners *listeners, size_t index);

#endif
