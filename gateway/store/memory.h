/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store in memory: keeps what the other one keeps, but for the process only.  For tests of what
 * a restart or a crash leaves.
 */
#ifndef STORE_MEMORY_H
#define STORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/core/store.h"

struct memory_store;

/* NULL when out of memory. */
struct memory_store *memory_store_new(void);

/* NULL is fine; returns NULL. */
struct memory_store *memory_store_free(struct memory_store *store);

struct gw_store memory_store_port(struct memory_store *store);

/* What has_room says; at first true. */
void memory_store_set_room(struct memory_store *store, bool has_room);

/* Makes what was told since the last commit last.  0; -ERR_NOMEM: only a part of it was kept, clear
 * and begin again. */
int memory_store_commit(struct memory_store *store);

/* What was told since the last commit is lost, as when the process is killed. */
void memory_store_crash(struct memory_store *store);

/* Forgets everything, to begin again with what gw_save_all() tells. */
void memory_store_clear(struct memory_store *store);

/* Tells @sink all that was committed, in the order of gateway/core/store.h.  Pieces without a
 * client are left out. */
void memory_store_load(struct memory_store *store, const struct gw_store *sink);

/* Pieces that were committed. */
size_t memory_store_count(const struct memory_store *store);

#endif
