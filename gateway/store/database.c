/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "gateway/store/failure.h"
#include "gateway/store/schema.h"

/* Only somebody else's work on the database makes us wait. */
#define BUSY_MS 1000

const char *database_error(const struct database *db)
{
	return db->error != NULL ? db->error : err_text(-ERR_NOMEM);
}

int database_result(struct database *db, int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		return failure(-ERR_NOMEM, &db->error, "%s: out of memory", db->path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return failure(
		    -ERR_INVALID, &db->error, "%s: %s", db->path, sqlite3_errmsg(db->db));
	default:
		break;
	}
	if (sqlite3_system_errno(db->db) != 0)
		return failure(-ERR_SYSTEM, &db->error, "%s: %s (%s)", db->path,
		    sqlite3_errmsg(db->db), strerror(sqlite3_system_errno(db->db)));
	return failure(-ERR_SYSTEM, &db->error, "%s: %s", db->path, sqlite3_errmsg(db->db));
}

/* --- statements --- */

sqlite3_stmt *database_prepare(struct database *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;

	database_result(
	    db, sqlite3_prepare_v3(db->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
	return statement;
}

int database_run(struct database *db, sqlite3_stmt *statement)
{
	int rc = database_result(db, sqlite3_step(statement));

	sqlite3_reset(statement);
	return rc;
}

static int execute(struct database *db, const char *sql)
{
	return database_result(db, sqlite3_exec(db->db, sql, NULL, NULL, NULL));
}

/* The first column of the first row. */
static int ask_number(struct database *db, const char *sql, int64_t *number)
{
	sqlite3_stmt *statement = database_prepare(db, sql);
	int rc;

	if (statement == NULL)
		return database_result(db, sqlite3_errcode(db->db));
	rc = database_result(db, sqlite3_step(statement));
	*number = rc == 0 ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_finalize(statement);
	return rc;
}

/* As ask_number(), but fails with -ERR_INVALID and the answer's words unless it is @wanted. */
static int expect_text(struct database *db, const char *sql, const char *wanted)
{
	sqlite3_stmt *statement = database_prepare(db, sql);
	const char *text;
	int rc;

	if (statement == NULL)
		return database_result(db, sqlite3_errcode(db->db));
	rc = database_result(db, sqlite3_step(statement));
	text = rc == 0 ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (rc == 0 && (text == NULL || strcmp(text, wanted) != 0))
		rc = failure(-ERR_INVALID, &db->error, "%s: %s", db->path,
		    text != NULL ? text : "no answer");
	sqlite3_finalize(statement);
	return rc;
}

/* --- opening --- */

/* For nobody else to read; SQLite gives the files beside it the same permissions. */
static int make_file(struct database *db)
{
	int fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return failure(-ERR_SYSTEM, &db->error, "%s: %s", db->path, strerror(errno));
	close(fd);
	return 0;
}

static int open_file(struct database *db, const char *path, int flags)
{
	int code;

	*db = (struct database){ .path = strdup(path) };
	if (db->path == NULL)
		return -ERR_NOMEM;
	if ((flags & SQLITE_OPEN_READWRITE) && make_file(db) < 0)
		return -ERR_SYSTEM;
	code = sqlite3_open_v2(db->path, &db->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	if (db->db == NULL)
		return -ERR_NOMEM;
	sqlite3_extended_result_codes(db->db, 1);
	sqlite3_busy_timeout(db->db, BUSY_MS);
	return database_result(db, code);
}

/* *@version is 0 where there is nothing yet. */
static int check_identity(struct database *db, int64_t *version)
{
	int64_t application, tables;
	int rc;

	if ((rc = ask_number(db, "SELECT count(*) FROM sqlite_schema", &tables)) < 0 ||
	    (rc = ask_number(db, "PRAGMA application_id", &application)) < 0 ||
	    (rc = ask_number(db, "PRAGMA user_version", version)) < 0)
		return rc;
	if (tables == 0 && application == 0 && *version == 0)
		return 0;
	if (application != SCHEMA_APPLICATION)
		return failure(-ERR_INVALID, &db->error,
		    "%s: a database of another program (application id %lld)", db->path,
		    (long long)application);
	if (*version < 1 || *version > schema_steps.n)
		return failure(-ERR_INVALID, &db->error,
		    "%s: version %lld, written by a newer mqttsn-gateway; this one knows version %d",
		    db->path, (long long)*version, schema_steps.n);
	return 0;
}

static int check_content(struct database *db)
{
	return expect_text(db, "PRAGMA quick_check(1)", "ok");
}

/* Mostly one short row changes at a time, and a change costs a page: of these the shortest that
 * still holds several rows.  For new databases; others stay what they are. */
#define PAGE_SIZE "1024"

/* Octets of the log that stay on the disk when all of it was moved, after a large transaction. */
#define LOG_MOST "8388608"

/* In WAL mode "normal" syncs at checkpoints only: a loss of power costs the last commits, but never
 * the database. */
static int set_up(struct database *db, enum store_durability durability)
{
	int rc = execute(db, "PRAGMA page_size = " PAGE_SIZE);

	if (rc < 0)
		return rc;
	rc = expect_text(db, "PRAGMA journal_mode = wal", "wal");
	if (rc == -ERR_INVALID) /* a file system without shared memory; no damage */
		return failure(
		    -ERR_SYSTEM, &db->error, "%s: cannot be put into WAL mode", db->path);
	if (rc < 0)
		return rc;
	rc = execute(db, "PRAGMA journal_size_limit = " LOG_MOST);
	if (rc < 0)
		return rc;
	return execute(db, durability == STORE_POWER ? "PRAGMA synchronous = full"
	                                             : "PRAGMA synchronous = normal");
}

static int on_wal(void *ctx, sqlite3 *handle, const char *name, int pages)
{
	struct database *db = ctx;

	(void)handle;
	(void)name;
	if (pages < db->wal_moved)
		db->wal_moved = 0; /* the log began again */
	db->wal_pages = pages;
	return SQLITE_OK;
}

static int prepare_own(struct database *db)
{
	db->begin = database_prepare(db, "BEGIN IMMEDIATE");
	db->commit = database_prepare(db, "COMMIT");
	db->pages = database_prepare(db, "PRAGMA page_count");
	db->free_pages = database_prepare(db, "PRAGMA freelist_count");
	if (db->begin == NULL || db->commit == NULL || db->pages == NULL || db->free_pages == NULL)
		return database_result(db, sqlite3_errcode(db->db));
	return ask_number(db, "PRAGMA page_size", &db->page_size);
}

int database_open(struct database *db, const char *path, enum store_durability durability)
{
	int64_t version;
	int rc;

	if ((rc = open_file(db, path, SQLITE_OPEN_READWRITE)) < 0 ||
	    (rc = check_identity(db, &version)) < 0 || (rc = set_up(db, durability)) < 0)
		return rc;
	if (version > 0 && (rc = check_content(db)) < 0)
		return rc;
	if ((rc = database_result(db, schema_upgrade(db->db, &schema_steps, (int)version))) < 0)
		return rc;
	sqlite3_wal_hook(db->db, on_wal, db);
	return prepare_own(db);
}

int database_open_reader(struct database *db, const char *path)
{
	int64_t version;
	int rc;

	if ((rc = open_file(db, path, SQLITE_OPEN_READONLY)) < 0 ||
	    (rc = check_identity(db, &version)) < 0)
		return rc;
	if (version != schema_steps.n)
		return failure(-ERR_INVALID, &db->error,
		    "%s: version %lld; this program reads version %d", db->path, (long long)version,
		    schema_steps.n);
	return 0;
}

void database_close(struct database *db)
{
	sqlite3_finalize(db->begin);
	sqlite3_finalize(db->commit);
	sqlite3_finalize(db->pages);
	sqlite3_finalize(db->free_pages);
	sqlite3_close_v2(db->db);
	free(db->path);
	free(db->error);
	*db = (struct database){ 0 };
}

/* --- transactions --- */

int database_begin(struct database *db)
{
	return database_run(db, db->begin);
}

int database_commit(struct database *db)
{
	return database_run(db, db->commit);
}

void database_rollback(struct database *db)
{
	/* Some failures have rolled it back already. */
	if (!sqlite3_get_autocommit(db->db))
		sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
}

static int64_t number(sqlite3_stmt *statement)
{
	int64_t n = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;

	sqlite3_reset(statement);
	return n;
}

uint64_t database_size(struct database *db)
{
	return (uint64_t)((number(db->pages) - number(db->free_pages)) * db->page_size);
}

int database_unmoved(const struct database *db)
{
	return db->wal_pages - db->wal_moved;
}

void database_checkpoint(struct database *db)
{
	int in_log = 0, moved = 0;

	/* A failure is no loss: the log holds all. The next try will tell, or a commit. */
	if (sqlite3_wal_checkpoint_v2(db->db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved) ==
	    SQLITE_OK)
		db->wal_moved = moved;
}
