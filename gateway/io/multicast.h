/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The multicast group of a UDP listener: what clients say to the group reaches the gateway as if it
 * had come to the listener, and what the gateway says to the group leaves from the listener's port,
 * which is where clients will answer.  Nothing is sent outside multicast_flush().
 */
#ifndef IO_MULTICAST_H
#define IO_MULTICAST_H

#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"
#include "gateway/io/udp.h"

struct event_base;
struct multicast;

struct multicast_config {
	struct netaddr group;  /* address and port; of the listener's family */
	const char *interface; /* name; NULL: the system's choice */
	uint8_t hops;          /* hop limit when none is asked for, 1..255 */
};

enum {
	MULTICAST_MAX = 64
}; /* octets of the longest message to a group */

/* Joins the group.  @on_datagram is called as for the listener, which must outlive this; the
 * gateway's own messages are left out.  0; -ERR_NOMEM; -ERR_INVALID: not a multicast address of the
 * listener's family, or no such interface; -ERR_SYSTEM with errno. */
int multicast_open(struct multicast **out, struct event_base *base, struct udp_listener *listener,
    const struct multicast_config *config, udp_datagram_fn *on_datagram, void *ctx);

/* Leaves the group.  NULL is fine; returns NULL. */
struct multicast *multicast_close(struct multicast *multicast);

/* Queues a message of at most MULTICAST_MAX octets; copied.  @hops 0: the configured limit.  When
 * too many wait it is dropped: all of them are repeated sooner or later. */
void multicast_send(struct multicast *multicast, uint8_t hops, const uint8_t *data, size_t len);

/* Sends what is queued. */
void multicast_flush(struct multicast *multicast);

#endif
