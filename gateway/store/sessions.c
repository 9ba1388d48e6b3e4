/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/store/sessions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/err.h"
#include "gateway/store/database.h"
#include "gateway/store/directory.h"
#include "gateway/store/failure.h"

/* @db's words become the caller's. */
static int hand_over(int rc, struct database *db, char **error)
{
	if (rc < 0)
		failure(rc, error, "%s", database_error(db));
	return rc;
}

/* --- listing --- */

/* Deadlines as in rows.c: no further away than when they were written. */
static const char *const list =
    "SELECT id, state, address, clean, keep_alive, sleep_duration,"
    "  min(deadline - ?1, deadline - written) / 1000,"
    "  (SELECT count(*) FROM subscriptions WHERE client = key),"
    "  (SELECT count(*) FROM topics WHERE client = key),"
    "  coalesce(out, 0), coalesce(out_octets, 0), coalesce(inward, 0), coalesce(in_octets, 0)"
    " FROM clients LEFT JOIN ("
    "  SELECT client,"
    "    sum(way = 0) AS out, sum((way = 0) * octets) AS out_octets,"
    "    sum(way = 1) AS inward, sum((way = 1) * octets) AS in_octets"
    "   FROM (SELECT client, way, length(CAST(topic AS BLOB)) + length(payload) AS octets"
    "    FROM messages)"
    "   GROUP BY client"
    " ) ON client = key"
    " ORDER BY id";

static uint64_t get_count(sqlite3_stmt *row, int column)
{
	return (uint64_t)sqlite3_column_int64(row, column);
}

static void tell(sqlite3_stmt *row, sessions_fn *each, void *ctx)
{
	const struct stored_session session = {
		.id = (const char *)sqlite3_column_text(row, 0),
		.state = (const char *)sqlite3_column_text(row, 1),
		.address = (const char *)sqlite3_column_text(row, 2),
		.clean = sqlite3_column_int(row, 3) != 0,
		.keep_alive = (uint16_t)sqlite3_column_int(row, 4),
		.sleep_duration = (uint16_t)sqlite3_column_int(row, 5),
		.has_deadline = sqlite3_column_type(row, 6) != SQLITE_NULL,
		.deadline = sqlite3_column_int64(row, 6),
		.subscriptions = get_count(row, 7),
		.topics = get_count(row, 8),
		.to_client = { get_count(row, 9), get_count(row, 10) },
		.to_broker = { get_count(row, 11), get_count(row, 12) },
	};

	each(ctx, &session);
}

static int list_all(struct database *db, sessions_fn *each, void *ctx)
{
	sqlite3_stmt *rows = database_prepare(db, list);
	int code;

	if (rows == NULL)
		return database_result(db, sqlite3_errcode(db->db));
	sqlite3_bind_int64(rows, 1, (int64_t)time(NULL) * 1000);
	while ((code = sqlite3_step(rows)) == SQLITE_ROW)
		tell(rows, each, ctx);
	code = database_result(db, code);
	sqlite3_finalize(rows);
	return code;
}

/* The path of the database, which must be there. */
static int find(const char *directory, char **path, char **error)
{
	*path = directory_file(directory, "state.db");
	if (*path == NULL)
		return -ERR_NOMEM;
	if (access(*path, F_OK) == 0)
		return 0;
	failure(0, error, "%s: %s", *path, strerror(errno));
	free(*path);
	*path = NULL;
	return -ERR_SYSTEM;
}

int sessions_list(const char *directory, sessions_fn *each, void *ctx, char **error)
{
	struct database db;
	char *path;
	int rc = find(directory, &path, error);

	if (rc < 0)
		return rc;
	rc = database_open_reader(&db, path);
	if (rc == 0)
		rc = list_all(&db, each, ctx);
	hand_over(rc, &db, error);
	database_close(&db);
	free(path);
	return rc;
}

/* --- forgetting --- */

static const char *const deletes[] = {
	"DELETE FROM messages WHERE client IN (SELECT key FROM clients WHERE id = ?)",
	"DELETE FROM received WHERE client IN (SELECT key FROM clients WHERE id = ?)",
	"DELETE FROM subscriptions WHERE client IN (SELECT key FROM clients WHERE id = ?)",
	"DELETE FROM topics WHERE client IN (SELECT key FROM clients WHERE id = ?)",
	"DELETE FROM clients WHERE id = ?", /* the last: the others need it */
};

static int delete_session(struct database *db, const char *id)
{
	int rc = database_begin(db);

	for (size_t i = 0; i < sizeof deletes / sizeof deletes[0] && rc == 0; i++) {
		sqlite3_stmt *statement = database_prepare(db, deletes[i]);

		if (statement == NULL)
			return database_result(db, sqlite3_errcode(db->db));
		sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
		rc = database_run(db, statement);
		sqlite3_finalize(statement);
	}
	if (rc == 0 && sqlite3_changes(db->db) == 0)
		rc = failure(
		    -ERR_INVALID, &db->error, "%s: there is no session of that id", db->path);
	return rc == 0 ? database_commit(db) : rc;
}

int sessions_forget(const char *directory, const char *id, char **error)
{
	struct database db;
	char *path;
	int rc = find(directory, &path, error), lock;

	if (rc < 0)
		return rc;
	lock = directory_lock(directory, error);
	if (lock < 0) {
		free(path);
		return lock;
	}
	rc = database_open(&db, path, STORE_POWER);
	if (rc == 0)
		rc = delete_session(&db, id);
	hand_over(rc, &db, error);
	database_close(&db);
	close(lock);
	free(path);
	return rc;
}
