/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP listeners on the event loop: datagrams come and go in batches (recvmmsg, sendmmsg).
 * Nothing is sent outside udp_flush().
 *
 * A listener reads a bounded number of datagrams in one turn of the loop, so that one under a flood
 * leaves the others their share.  Nothing that the network does ends a listener.
 *
 * One on all addresses (0.0.0.0, [::]) tells of each datagram at which of them it came, and sends
 * from the one it is told to: the far end may listen to nobody else.  Who keeps the addresses of
 * far ends keeps that one beside them (struct peer, which outlives a restart in the store).  Should
 * the machine have lost it meanwhile, the datagram leaves from another one, by the route.  A
 * listener on one address does nothing of this, and pays nothing for it.
 */
#ifndef IO_UDP_H
#define IO_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"

struct event_base;
struct udp_listener;

struct udp_config {
	struct netaddr bind;     /* port 0: the kernel chooses; see udp_address() */
	int socket;              /* bound there already, to be taken over; 0, -1: none */
	bool shared;             /* also if the port belongs to another, see udp_share_port() */
	uint32_t receive_buffer; /* SO_RCVBUF in octets; 0: the system's default */
	uint32_t send_datagrams; /* that may wait to be sent, */
	uint32_t send_octets;    /* and their octets; both count what one turn of the loop queues */
};

struct udp_counters {
	uint64_t received;
	uint64_t sent;
	uint64_t send_dropped;   /* queue full, or the system refused the datagram */
	uint64_t kernel_dropped; /* SO_RXQ_OVFL: the receive buffer overflowed */
};

/* @local: at which address it came, if the listener has all; else, and if it came to a group, none.
 * @data lives until the call returns.  It must not close a listener. */
typedef void udp_datagram_fn(void *ctx, struct udp_listener *listener, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len);

/* Opens and binds.  0; -ERR_NOMEM; -ERR_SYSTEM with errno. */
int udp_listener_open(struct udp_listener **out, struct event_base *base,
    const struct udp_config *config, udp_datagram_fn *on_datagram, void *ctx);

/* Closes; what is queued is lost.  NULL is fine; returns NULL. */
struct udp_listener *udp_listener_close(struct udp_listener *listener);

/* Queues a datagram; copied.  @local: what udp_datagram_fn told; none: by the route. */
void udp_send(struct udp_listener *listener, const struct netaddr *to, const struct netaddr *local,
    const uint8_t *data, size_t len);

/* Sends what is queued.  If the socket is full the rest stays queued, and a turn of the loop comes
 * for another udp_flush() as soon as the socket is writable again; a call before that does nothing.
 */
void udp_flush(struct udp_listener *listener);

/* The address really bound. */
const struct netaddr *udp_address(const struct udp_listener *listener);

/* The receive buffer really got, in octets as in struct udp_config: less than asked for where the
 * system's limit (net.core.rmem_max) cuts it. */
uint32_t udp_receive_buffer(const struct udp_listener *listener);

/* While shared, the port can be opened once more: by the listener that takes this one's place. */
void udp_share_port(struct udp_listener *listener, bool shared);

/* The socket, for options and for what is not a datagram to one peer (multicast). */
int udp_socket(const struct udp_listener *listener);

const struct udp_counters *udp_counters(const struct udp_listener *listener);

#endif
