/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The store of a scenario's core, in memory, and whether it holds what it should: at any time, what
 * the core told it bit by bit is the same as what the core tells in one go (gw_save_all), and the
 * same as what a core would tell that was restored from it.
 */
#ifndef SCENARIOS_KEEPING_H
#define SCENARIOS_KEEPING_H

#include <stdbool.h>

#include "gateway/core/gw.h"

struct keeping;

struct keeping *keeping_new(void);

/* NULL is fine; returns NULL. */
struct keeping *keeping_free(struct keeping *keeping);

/* For the core; lives as long as @keeping. */
const struct gw_store *keeping_port(const struct keeping *keeping);

/* Makes last what @gw has told.  If that fails for want of memory, begins again with all that it
 * knows. */
void keeping_commit(struct keeping *keeping, struct gw *gw);

/* What was told since the last commit is lost. */
void keeping_crash(struct keeping *keeping);

/* Tells @gw, which is new, what is kept. */
void keeping_restore(struct keeping *keeping, struct gw *gw, monotime_t now);

/* NULL, or the first piece that @gw tells and the store does not have, or the other way round; for
 * the caller to free.  Points in time are not compared. */
char *keeping_differs(struct keeping *keeping, struct gw *gw);

#endif
