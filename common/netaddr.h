/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An IPv4 or IPv6 address with a port, compact and without padding, so that it can be hashed and
 * compared as octets.  All zero means "none".
 */
#ifndef COMMON_NETADDR_H
#define COMMON_NETADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct netaddr {
	uint8_t ip[16]; /* network order; IPv4 uses the first four, the rest is 0 */
	uint32_t scope; /* IPv6 scope id, else 0 */
	uint16_t port;  /* host order */
	uint8_t family; /* 4, 6, or 0 for none */
	uint8_t zero;
};
_Static_assert(sizeof(struct netaddr) == 24, "netaddr must have no padding");

#define NETADDR_TEXT_MAX 64 /* "[ipv6%scope]:port" with its terminator */

/* From a sockaddr_in or sockaddr_in6 (a mapped IPv4 address becomes IPv4).
 * 0, or -ERR_INVALID for another family. */
int netaddr_from_sockaddr(struct netaddr *out, const struct sockaddr *sa);

/* Into @out; returns its length, 0 for "none". */
socklen_t netaddr_to_sockaddr(const struct netaddr *addr, struct sockaddr_storage *out);

/* Reads "127.0.0.1:1884", "[::1]:1884", "[fe80::1%eth0]:1884"; also without a port, then
 * @default_port is taken (an IPv6 address without a port may stand without brackets).  Numbers
 * only, no names, but a scope may be an interface's name or its index.  A mapped IPv4 address
 * becomes IPv4.
 * 0, or -ERR_INVALID. */
int netaddr_parse(struct netaddr *out, const char *text, uint16_t default_port);

/* Writes "127.0.0.1:1884", "[fe80::1%2]:1884" or "none" and returns @buf, of NETADDR_TEXT_MAX
 * octets. */
const char *netaddr_print(const struct netaddr *addr, char *buf);

bool netaddr_equal(const struct netaddr *a, const struct netaddr *b);

bool netaddr_is_loopback(const struct netaddr *addr);
bool netaddr_is_multicast(const struct netaddr *addr);

/* 0.0.0.0 or [::], whatever the port. */
bool netaddr_is_any(const struct netaddr *addr);

#endif
