/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces as rows of the database. */
#ifndef STORE_ROWS_H
#define STORE_ROWS_H

#include "common/netaddr.h"
#include "gateway/store/changes.h"
#include "gateway/store/database.h"

enum rows_statement {
	PUT_CLIENT,
	PUT_TOPIC,
	PUT_SUBSCRIPTION,
	PUT_RECEIVED,
	PUT_MESSAGE,
	MARK_MESSAGE,
	DROP_SUBSCRIPTION,
	DROP_RECEIVED,
	DROP_MESSAGE,
	FORGET_CLIENT,
	FORGET_TOPICS,
	FORGET_SUBSCRIPTIONS,
	FORGET_RECEIVED,
	ROWS_STATEMENTS,
};

struct rows {
	struct database *db;
	sqlite3_stmt *statements[ROWS_STATEMENTS];
	struct netaddr *listeners; /* by their numbers */
	size_t n_listeners;
	int64_t wall_us; /* the wall clock minus the monotonic one */
};

/* 0 or a failure; to be closed in any case, before the database. */
int rows_open(struct rows *rows, struct database *db);
void rows_close(struct rows *rows);

/* Who has which number from now on; copied.  0 or -ERR_NOMEM. */
int rows_name_listeners(struct rows *rows, const struct netaddr *listeners, size_t n);

/* Reads the clocks anew: once per transaction. */
void rows_set_clock(struct rows *rows);

/* Milliseconds of the wall clock since 1970. */
int64_t rows_wall_ms(const struct rows *rows, monotime_t when);

/* Carries out a change.  0 or a failure. */
int rows_change(struct rows *rows, enum change_kind kind, const struct piece *piece);

/* Deletes everything. */
int rows_clear(struct rows *rows);

/* Deletes what belongs to no client: the core never told of it, or was killed meanwhile. */
int rows_tidy(struct rows *rows);

/* Tells @sink everything, in the order of gateway/core/store.h; *@last is the highest number of a
 * message, or 0. */
int rows_load(struct rows *rows, const struct gw_store *sink, uint64_t *last);

#endif
