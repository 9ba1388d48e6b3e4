/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The listeners of the configuration, numbered as the core numbers them: UDP sockets, each perhaps
 * with a multicast group, or with DTLS around its messages.
 */
#ifndef GATEWAY_LISTENERS_H
#define GATEWAY_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/netaddr.h"
#include "gateway/conf/conf.h"
#include "gateway/io/udp.h"

struct dtls;
struct event_base;
struct listen_fds;
struct listeners;
struct listeners_change;

/* What happens at listener @index; what is pointed to lives until the call returns. */
struct listeners_hooks {
	void *ctx;
	/* A message came to it, or to its group; @local as in udp.h. */
	void (*message)(void *ctx, uint16_t index, const struct netaddr *from,
	    const struct netaddr *local, const uint8_t *data, size_t len);
	/* Keys have been agreed with @peer, which may not be who had the address before. */
	void (*peer_proven)(void *ctx, uint16_t index, const struct netaddr *peer);
	/* They have not. */
	void (*peer_failed)(void *ctx, uint16_t index, const struct netaddr *peer, const char *why);
};

/* Opens all that @conf lists, with the sockets in @inherited where they have the address; those
 * must outlive the listeners.  @hooks is copied.  NULL on failure, logged with the listener's name.
 */
struct listeners *listeners_open(struct event_base *base, struct listen_fds *inherited,
    const struct conf *conf, const struct listeners_hooks *hooks);

/* NULL is fine; returns NULL. */
struct listeners *listeners_close(struct listeners *listeners);

/*
 * Another list, in two steps.  The first opens what @next lists and @old, which is in force, does
 * not; one that stays at its address but has changed otherwise is opened beside the old one.  It
 * reads the certificates and keys of all.  NULL on failure, logged: nothing has changed.
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
void listeners_commit(struct listeners *listeners, monotime_t now, struct listeners_change *change);

/* Closes what was not committed.  NULL is fine; returns NULL. */
struct listeners_change *listeners_change_free(struct listeners_change *change);

/* Queue a datagram; copied.  @hops 0: the configured hop limit.  Without a group nothing is sent.
 */
void listeners_send(struct listeners *listeners, uint16_t index, const struct netaddr *to,
    const struct netaddr *local, const uint8_t *data, size_t len);
void listeners_broadcast(
    struct listeners *listeners, uint16_t index, uint8_t hops, const uint8_t *data, size_t len);

/* Who the peer has proved to be; NULL: nobody in particular.  Lives until the next message comes or
 * goes. */
const char *listeners_identity(
    const struct listeners *listeners, uint16_t index, const struct netaddr *peer);

/* Does what is due at @now; and when that is next.  False: not before something arrives. */
void listeners_advance(struct listeners *listeners, monotime_t now);
bool listeners_next_deadline(const struct listeners *listeners, monotime_t *when);

/* Queues what ends the agreements about keys, before the listeners are closed for good. */
void listeners_farewell(struct listeners *listeners);

/* Sends what is queued. */
void listeners_flush(struct listeners *listeners);

size_t listeners_count(const struct listeners *listeners);
const struct udp_listener *listeners_udp(const struct listeners *listeners, size_t index);
/* NULL: without DTLS. */
const struct dtls *listeners_dtls(const struct listeners *listeners, size_t index);

#endif
