/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP listeners on the event loop: datagrams come and go in batches (recvmmsg, sendmmsg).
 * Nothing is sent outside udp_flush().
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
	uint32_t receive_buffer; /* SO_RCVBUF in octets; 0: the system's default */
	uint32_t send_queue;     /* datagrams that may wait while the socket is full */
};

struct udp_counters {
	uint64_t received;
	uint64_t sent;
	uint64_t send_dropped; /* queue full, or the system refused the datagram */
	uint64_t kernel_dropped; /* SO_RXQ_OVFL: the receive buffer overflowed */
};

/* @data lives until the call returns. */
typedef void udp_datagram_fn(void *ctx, struct udp_listener *listener, const struct netaddr *from, const uint8_t *data,
    size_t len);

/* Opens and binds.  0; -ERR_NOMEM; -ERR_SYSTEM with errno. */
int udp_listener_open(struct udp_listener **out, struct event_base *base, const struct udp_config *config,
    udp_datagram_fn *on_datagram, void *ctx);

/* Closes; what is queued is lost.  NULL is fine; returns NULL. */
struct udp_listener *udp_listener_close(struct udp_listener *listener);

/* Queues a datagram; copied. */
void udp_send(struct udp_listener *listener, const struct netaddr *to, const uint8_t *data, size_t len);

/* Sends what is queued.  What the socket does not take now goes when it is writable again. */
void udp_flush(struct udp_listener *listener);

/* The address really bound. */
const struct netaddr *udp_address(const struct udp_listener *listener);
const struct udp_counters *udp_counters(const struct udp_listener *listener);

#endif
