/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets that the service manager has opened for us (sd_listen_fds(3)): $LISTEN_PID, $LISTEN_FDS,
 * $LISTEN_FDNAMES.  It holds them as well, so that what comes while we are down waits in them.
 */
#ifndef COMMON_LISTEN_FDS_H
#define COMMON_LISTEN_FDS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/netaddr.h"

struct listen_fds;

/* Reads the environment and clears it, so that it holds for no child.  NULL when out of memory. */
struct listen_fds *listen_fds_new(void);

/* Closes all that are left.  NULL is fine; returns NULL. */
struct listen_fds *listen_fds_free(struct listen_fds *fds);

/* A descriptor of its own, the caller's to close, for the UDP socket that is bound to @address; or
 * for the socket of that name (FileDescriptorName=) and type (SOCK_STREAM, ...).  Non-blocking,
 * closed on exec.  -1: there is none, or no descriptor is free. */
int listen_fds_udp(struct listen_fds *fds, const struct netaddr *address);
int listen_fds_named(struct listen_fds *fds, const char *name, int type);

/* The name of a socket that nobody has asked for: the @n-th of these, or NULL. */
const char *listen_fds_unused(const struct listen_fds *fds, size_t n);

#endif
