/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The running gateway: the core, and around it the listeners, the upstream side and the log, on one
 * event loop.
 *
 * The loop goes in turns.  What arrived is handed to the core, at one time for the whole turn; then
 * the turn settles: the store commits what has changed, the upstream connections write what they
 * have queued, then the listeners do.  Nothing leaves the process at any other point, so that no
 * acknowledgement covers what a crash could still lose.
 */
#ifndef GATEWAY_LOOP_H
#define GATEWAY_LOOP_H

#include <stdbool.h>

#include "gateway/conf/conf.h"

struct loop;

/* Reads the configuration anew; the caller owns it.  NULL if it has mistakes, which have been told.
 */
typedef struct conf *loop_reload_fn(void *ctx);

/* @conf is the loop's from now on, also on failure.  @reload is called with @ctx on SIGHUP.  NULL
 * on failure, logged. */
struct loop *loop_new(struct conf *conf, loop_reload_fn *reload, void *ctx);

/* To be called in this order, once each.  False on failure, logged. */
bool loop_open_store(struct loop *loop);
bool loop_open_listeners(struct loop *loop);
bool loop_open_upstream(struct loop *loop);
bool loop_start_core(struct loop *loop);
bool loop_open_admin(struct loop *loop);
void loop_open_control(struct loop *loop);

/* Serves until SIGTERM or SIGINT; says DISCONNECT to both sides then.  False if the event loop
 * failed, logged. */
bool loop_run(struct loop *loop);

/* Stops and closes all in reverse order.  NULL is fine; returns NULL. */
struct loop *loop_free(struct loop *loop);

#endif
