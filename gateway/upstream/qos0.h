/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUBLISH packets of QoS 0, past libmosquitto.
 *
 * The library takes two pieces of memory, several locks and a system call for each of them, and has
 * nothing to remember about them afterwards.  Here those of one turn of the loop stand one behind
 * the other in a block of memory, and leave in one call.  What is published while the library has
 * something to write goes behind that, through the library: the broker gets everything in the order
 * in which it was published.
 */
#ifndef UPSTREAM_QOS0_H
#define UPSTREAM_QOS0_H

#include <stdbool.h>

#include "gateway/upstream/session.h"

/* Queues @request, which requests_check() has passed; copied.  False if it must go through the
 * library: for the order's sake, for TLS, or because there is no room. */
bool qos0_put(struct session *session, const struct request *request);

/* Writes what is queued; only in the flush.  False if something is left, for want of room in the
 * socket or because the session has ended: then the library must not write. */
bool qos0_flush(struct session *session);

/* The connection is gone, and with it what was queued. */
void qos0_drop(struct session *session);

/* Frees the blocks that no session has. */
void qos0_free_spares(struct upstream *up);

#endif
