/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store: what the core tells its port (gateway/core/store.h) is kept in an SQLite database in
 * the state directory, one transaction for each turn of the loop.
 *
 * Points in time are kept by the wall clock.  When they are read again they are as far away as the
 * clock says, but never further than they were when they were written: a clock that was set back
 * makes nobody live longer.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/store.h"

struct store;

enum store_durability {
	STORE_POWER,   /* a commit survives the loss of power */
	STORE_PROCESS, /* a commit survives the end of the process, however it ends */
};

struct store_config {
	const char *directory; /* made if its parent exists */
	enum store_durability durability;
	uint64_t max_size;    /* octets of the database; 0: any */
	bool fresh_on_damage; /* put a damaged database aside and begin a fresh one, or refuse */
};

struct store_counters {
	uint64_t commits; /* that wrote something */
	uint64_t failures;
	uint64_t recoveries; /* store_try_again() that worked */
};

/* Locks the directory and opens or makes the database.  NULL on failure, then *@error is a message
 * with the path and the reason.  Where a damaged database was put aside, *@warning says which and
 * why.  Both are freed by the caller. */
struct store *store_open(const struct store_config *config, char **error, char **warning);

/* Closes and unlocks; what was not committed is lost.  NULL is fine; returns NULL. */
struct store *store_close(struct store *store);

/* The port for the core; valid as long as the store. */
struct gw_store store_port(struct store *store);

/* The addresses of the listeners, by their numbers, from now on: where a client was heard is kept
 * by address.  One whose listener is gone is loaded with the number UINT16_MAX.  Copied.  False
 * when out of memory; then nothing has changed. */
bool store_name_listeners(struct store *store, const struct netaddr *listeners, size_t n);

/* Tells @sink all that is kept: the clients first, the messages last and in order.  To be called
 * once, before the first change.  False: the database cannot be read, see store_error(). */
bool store_load(struct store *store, const struct gw_store *sink);

/* Commits what the port was told since the last time; to be called once per turn.  Does nothing
 * when there is nothing.  False: it could not be written, see store_error(), and for as long as the
 * store is failing: then it has no room, ignores what it is told, and its file holds the state of
 * the last commit that worked, until store_try_again(). */
bool store_commit(struct store *store);

/* Moves what was committed from SQLite's log to its place, when there is enough of it; to be called
 * when the turn has said all that it had to say. */
void store_rest(struct store *store);

bool store_is_failing(const struct store *store);

/* Begins again: empties the database and takes what @save_all tells its port, in one transaction.
 * True: it works again. */
typedef void store_save_fn(void *ctx, const struct gw_store *to);
bool store_try_again(struct store *store, store_save_fn *save_all, void *ctx);

/* What failed last, with the path; lives until the next failure.  Never NULL. */
const char *store_error(const struct store *store);

const struct store_counters *store_counters(const struct store *store);

/* Octets of the database after the last commit, without what is free in it. */
uint64_t store_size(const struct store *store);

#endif
