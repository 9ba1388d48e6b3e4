/* SPDX-License-Identifier: BSD-3-Clause */
/* The UDP socket of a tool, connected to one gateway. */
#ifndef TOOLS_SN_SOCKET_H
#define TOOLS_SN_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sn_socket;

/* Looks @host up and opens a socket to its first address.  May block while the name is resolved.
 * NULL, or what went wrong (text that lives until the next call of the C library). */
const char *sn_socket_open(struct sn_socket **out, const char *host, const char *port);

/* NULL is fine; returns NULL. */
struct sn_socket *sn_socket_close(struct sn_socket *socket);

/* Turns to the next address of the host.  False if there is none. */
bool sn_socket_next(struct sn_socket *socket);

/* Changes with sn_socket_next(). */
int sn_socket_fd(const struct sn_socket *socket);

/* 0, or -ERR_SYSTEM (errno).  A datagram that the system has no room for is lost, as it may be
 * anywhere on its way; an ICMP error about an earlier one is -ERR_SYSTEM here or in
 * sn_socket_receive(). */
int sn_socket_send(struct sn_socket *socket, const uint8_t *data, size_t len);

/* The length of a datagram; 0 when there is none to read (or an empty one); -ERR_SYSTEM (errno). */
ssize_t sn_socket_receive(struct sn_socket *socket, uint8_t *buf, size_t size);

#endif
