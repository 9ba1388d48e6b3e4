/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/store/store.h"

#include <stdlib.h>
#include <unistd.h>

#include "common/err.h"
#include "gateway/store/directory.h"
#include "gateway/store/failure.h"
#include "gateway/store/rows.h"

/* What is noted down of one turn before it goes to the database, into the turn's transaction. */
#define NOTED_MOST (1u << 20)

/* So many pages of the log are worth moving into the database file. */
#define REST_PAGES 4000

struct store {
	int lock;
	struct database database;
	struct rows rows;
	struct changes *changes;
	uint64_t max_size;
	uint64_t size; /* after the last transaction */
	bool in_transaction;
	bool failing;
	char *error;
	struct store_counters counters;
};

const char *store_error(const struct store *store)
{
	return store->error != NULL ? store->error : err_text(-ERR_NOMEM);
}

bool store_is_failing(const struct store *store)
{
	return store->failing;
}

const struct store_counters *store_counters(const struct store *store)
{
	return &store->counters;
}

uint64_t store_size(const struct store *store)
{
	return store->size;
}

struct gw_store store_port(struct store *store)
{
	return changes_port(store->changes);
}

/* --- transactions --- */

static bool has_room(void *ctx)
{
	const struct store *store = ctx;

	if (store->failing)
		return false;
	return store->max_size == 0 || store->size + changes_size(store->changes) < store->max_size;
}

static int write_change(void *ctx, enum change_kind kind, const struct piece *piece)
{
	return rows_change(ctx, kind, piece);
}

static int begin(struct store *store)
{
	int rc;

	if (store->in_transaction)
		return 0;
	rc = database_begin(&store->database);
	if (rc == 0) {
		store->in_transaction = true;
		rows_set_clock(&store->rows);
	}
	return rc;
}

/* Takes what was noted down into the transaction. */
static int write_changes(struct store *store)
{
	int rc = changes_error(store->changes);

	if (rc < 0)
		return failure(
		    rc, &store->database.error, "%s: out of memory", store->database.path);
	if (!changes_any(store->changes)) {
		changes_taken(store->changes);
		return 0;
	}
	if ((rc = begin(store)) < 0 ||
	    (rc = changes_each(store->changes, write_change, &store->rows)) < 0)
		return rc;
	changes_taken(store->changes);
	return 0;
}

static int commit(struct store *store)
{
	int rc;

	if (!store->in_transaction)
		return 0;
	rc = database_commit(&store->database);
	if (rc < 0)
		return rc;
	store->in_transaction = false;
	store->size = database_size(&store->database);
	store->counters.commits++;
	return 0;
}

/* The database stays what it was at the last commit; the next transaction must be all anew. */
static bool fail(struct store *store)
{
	database_rollback(&store->database);
	store->in_transaction = false;
	store->failing = true;
	store->counters.failures++;
	changes_lost(store->changes);
	changes_ignore(store->changes, true);
	failure(0, &store->error, "%s", database_error(&store->database));
	return false;
}

/* Many changes in one turn. */
static void on_full(void *ctx)
{
	struct store *store = ctx;

	if (write_changes(store) < 0)
		fail(store);
}

bool store_commit(struct store *store)
{
	if (store->failing)
		return false;
	if (write_changes(store) < 0 || commit(store) < 0)
		return fail(store);
	return true;
}

bool store_try_again(struct store *store, store_save_fn *save_all, void *ctx)
{
	struct gw_store port = store_port(store);

	changes_ignore(store->changes, false);
	changes_stored(store->changes, 0);
	store->failing = false;
	if (begin(store) < 0 || rows_clear(&store->rows) < 0)
		return fail(store);
	save_all(ctx, &port);
	if (!store_commit(store))
		return false;
	store->counters.recoveries++;
	return true;
}

void store_rest(struct store *store)
{
	if (database_unmoved(&store->database) >= REST_PAGES)
		database_checkpoint(&store->database);
}

bool store_name_listeners(struct store *store, const struct netaddr *listeners, size_t n)
{
	return rows_name_listeners(&store->rows, listeners, n) == 0;
}

/* --- loading --- */

bool store_load(struct store *store, const struct gw_store *sink)
{
	uint64_t last;

	if (begin(store) < 0 || rows_tidy(&store->rows) < 0 ||
	    rows_load(&store->rows, sink, &last) < 0 || commit(store) < 0)
		return fail(store);
	changes_stored(store->changes, last);
	return true;
}

/* --- opening --- */

static int open_database(
    struct store *store, const struct store_config *config, const char *path, char **warning)
{
	struct database *db = &store->database;
	char *reason, *aside = NULL;
	int rc = database_open(db, path, config->durability);

	if (rc != -ERR_INVALID)
		return rc;
	if (!config->fresh_on_damage) {
		reason = db->error;
		db->error = NULL;
		failure(0, &db->error,
		    "%s (persistence.on_damage = \"fresh\" would put it aside and begin anew)",
		    reason != NULL ? reason : path);
		free(reason);
		return rc;
	}
	reason = db->error;
	db->error = NULL;
	database_close(db);
	db->path = NULL;
	rc = directory_put_aside(path, &aside, &db->error);
	if (rc == 0) {
		failure(0, warning, "%s; put aside as %s, beginning anew", reason, aside);
		rc = database_open(db, path, config->durability);
	}
	free(reason);
	free(aside);
	return rc;
}

static int open_all(
    struct store *store, const struct store_config *config, char **error, char **warning)
{
	const struct changes_owner owner = {
		.ctx = store,
		.has_room = has_room,
		.full = on_full,
		.most = NOTED_MOST,
	};
	char *path;
	int rc;

	store->changes = changes_new(&owner);
	path = directory_file(config->directory, "state.db");
	if (store->changes == NULL || path == NULL) {
		free(path);
		return -ERR_NOMEM;
	}
	store->lock = directory_lock(config->directory, error);
	if (store->lock < 0) {
		free(path);
		return store->lock;
	}
	if ((rc = open_database(store, config, path, warning)) < 0 ||
	    (rc = rows_open(&store->rows, &store->database)) < 0)
		failure(rc, error, "%s", database_error(&store->database));
	free(path);
	return rc;
}

struct store *store_open(const struct store_config *config, char **error, char **warning)
{
	struct store *store = calloc(1, sizeof *store);

	*error = *warning = NULL;
	if (store == NULL)
		return NULL;
	store->lock = -1;
	store->max_size = config->max_size;
	if (open_all(store, config, error, warning) < 0)
		return store_close(store);
	store->size = database_size(&store->database);
	return store;
}

struct store *store_close(struct store *store)
{
	if (store == NULL)
		return NULL;
	rows_close(&store->rows);
	database_close(&store->database);
	changes_free(store->changes);
	if (store->lock >= 0)
		close(store->lock);
	free(store->error);
	free(store);
	return NULL;
}
