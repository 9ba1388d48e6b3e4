/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Persistence in the running gateway: opens the store that the configuration asks for, gives the
 * core back what it had, commits each turn, and tries again when the store fails.  Logs.
 */
#ifndef GATEWAY_PERSIST_H
#define GATEWAY_PERSIST_H

#include <stdbool.h>

#include "common/monotime.h"
#include "gateway/conf/conf.h"
#include "gateway/core/gw.h"

struct persist;
struct store;

/* Takes the lock of the state directory and opens the database; without a state directory, or with
 * durability "off", there is nothing to open and the calls below do nothing.  NULL on failure,
 * logged. */
struct persist *persist_open(const struct conf_persistence *conf);

/* After the core is gone.  NULL is fine; returns NULL. */
struct persist *persist_close(struct persist *persist);

/* For struct gw_ports; NULL: nothing is kept. */
const struct gw_store *persist_port(const struct persist *persist);

/* The listeners of @conf are the ones in force from now on.  False when out of memory, logged. */
bool persist_name_listeners(struct persist *persist, const struct conf *conf);

/* Gives @gw back what was kept, before gw_start().  False on failure, logged. */
bool persist_restore(struct persist *persist, struct gw *gw, monotime_t now);

/* Commits what the turn has changed, before anything of it is said.  If that fails the gateway goes
 * on in memory, and a new start with all that @gw knows is tried every PERSIST_RETRY_MS. */
void persist_commit(struct persist *persist, struct gw *gw, monotime_t now);

/* The store's own housekeeping, after all is said. */
void persist_rest(struct persist *persist);

/* When persist_commit() should be called at the latest.  False: whenever a turn ends. */
bool persist_next_deadline(const struct persist *persist, monotime_t *when);

/* The store itself, to look at; NULL: there is none. */
const struct store *persist_store(const struct persist *persist);

/* Its counters as lines of the log. */
void persist_log_counters(const struct persist *persist);

#define PERSIST_RETRY_MS 10000

#endif
