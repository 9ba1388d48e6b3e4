/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gateway's ear for its own command line: a socket in the state directory, which only its user
 * can reach.  A line in, a line out: "forget CLIENT-ID" is answered with "done" or with what stands
 * in the way.
 */
#ifndef GATEWAY_CONTROL_H
#define GATEWAY_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

struct event_base;
struct control;

/* Forgets the session of the client; returns the answer, a constant. */
typedef const char *control_forget_fn(void *ctx, const char *id);

/* NULL on failure, logged as a warning: the gateway can do without. */
struct control *control_open(
    struct event_base *base, const char *directory, control_forget_fn *forget, void *ctx);

/* NULL is fine; returns NULL. */
struct control *control_close(struct control *control);

/* The other end: has the gateway of @directory forget @id.  Fills @answer, at most @room octets
 * with the terminator.  False if no gateway answers, then @answer says why. */
bool control_ask_forget(const char *directory, const char *id, char *answer, size_t room);

#define CONTROL_DONE "done"

#endif
