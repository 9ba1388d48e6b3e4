/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A listening socket on the event loop, and those who connect to it.
 *
 * When the system cannot take one more - no descriptor or no memory is left - the socket stays
 * readable, and to try again at once would keep the loop busy with nothing else: so accepting
 * pauses for ACCEPTOR_PAUSE_MS, and the log says so once.  Who connects meanwhile waits.
 */
#ifndef ADMIN_ACCEPTOR_H
#define ADMIN_ACCEPTOR_H

#include <stdbool.h>

#define ACCEPTOR_PAUSE_MS 1000

struct event_base;
struct acceptor;

/* @fd, non-blocking, is the callee's from now on.  False: it could not take it, and will not be
 * able to take the next one. */
typedef bool acceptor_fn(void *ctx, int fd);

/* @fd, a listening socket, non-blocking, is the acceptor's from now on.  @name, a constant, says
 * what it is, for the log.  NULL when out of memory (then @fd is closed). */
struct acceptor *acceptor_new(
    struct event_base *base, int fd, const char *name, acceptor_fn *take, void *ctx);

/* Closes the socket.  NULL is fine; returns NULL. */
struct acceptor *acceptor_free(struct acceptor *acceptor);

#endif
