/* SPDX-License-Identifier: BSD-3-Clause */
/* The listening socket of the admin server. */
#ifndef ADMIN_SOCKET_H
#define ADMIN_SOCKET_H

#include <stdbool.h>

#include "common/netaddr.h"

/* Opens a socket on @address, or if @path is not NULL on this path, which user and group may then
 * use.  A socket that stands there and that nobody listens on is removed; nothing else is.
 * 0 and *@fd, non-blocking; -ERR_EXISTS: @path is in use; -ERR_SYSTEM with errno. */
int admin_socket_open(const struct netaddr *address, const char *path, int *fd);

/* The address really bound; all zero for a path. */
struct netaddr admin_socket_address(int fd);

/* Whether the socket, which somebody else has opened, listens on just that. */
bool admin_socket_is(int fd, const struct netaddr *address, const char *path);

#endif
