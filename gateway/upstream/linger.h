/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets on which DISCONNECT has been written.
 *
 * Closing a socket with unread octets makes the kernel reset the connection and drop what it has
 * not delivered yet: the broker would miss the DISCONNECT, and publish the will.  So such a socket
 * is read until the broker closes it, within limits.
 */
#ifndef UPSTREAM_LINGER_H
#define UPSTREAM_LINGER_H

#include <stddef.h>
#include <stdint.h>

struct event_base;
struct lingers;

/* NULL when out of memory. */
struct lingers *lingers_new(struct event_base *base);

/* Closes all of them.  NULL is fine; returns NULL. */
struct lingers *lingers_free(struct lingers *lingers);

/* Takes over @fd and closes it when the broker did so, or at tick @deadline. */
void linger(struct lingers *lingers, int fd, uint32_t deadline);

/* Closes those whose deadline is @tick or before. */
void lingers_tick(struct lingers *lingers, uint32_t tick);

size_t lingers_count(const struct lingers *lingers);

#endif
