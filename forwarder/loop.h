/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The running forwarder: the core, and around it the wireless sides, the way to the gateways and
 * the log, on one event loop.  What arrives in a turn of the loop is handed to the core, at one
 * time for the whole turn; what comes of it leaves at the turn's end, in batches.
 */
#ifndef FORWARDER_LOOP_H
#define FORWARDER_LOOP_H

#include <stdbool.h>

#include "forwarder/conf/conf.h"

struct loop;

/* Reads the configuration again; NULL if it has mistakes, which have been told. */
typedef struct fwd_conf *loop_reload_fn(void *ctx);

/* Opens everything that @conf lists.  @conf is the loop's from now on, in any case.  NULL on
 * failure, logged. */
struct loop *loop_new(struct fwd_conf *conf, loop_reload_fn *reload, void *ctx);

/* Forwards until SIGTERM or SIGINT.  False if the event loop failed, logged. */
bool loop_run(struct loop *loop);

/* NULL is fine; returns NULL. */
struct loop *loop_free(struct loop *loop);

#endif
