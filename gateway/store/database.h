/* SPDX-License-Identifier: BSD-3-Clause */
/* The database file: opening and checking it, transactions, and its size on disk. */
#ifndef STORE_DATABASE_H
#define STORE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/store/store.h"

struct database {
	sqlite3 *db;
	char *path;
	char *error;   /* what failed last; NULL: nothing yet, or out of memory */
	int wal_pages; /* in the log, and of these also in the file */
	int wal_moved;
	sqlite3_stmt *begin, *commit, *pages, *free_pages;
	int64_t page_size;
};

/* Opens @path, made if it is not there, with the tables of this version.  0, or a failure with
 * its words in database_error(): -ERR_INVALID: it is damaged, or none of ours; -ERR_SYSTEM: it
 * cannot be used now; -ERR_NOMEM.  To be closed in any case. */
int database_open(struct database *db, const char *path, enum store_durability durability);

/* The same for reading alone, beside a process that writes. */
int database_open_reader(struct database *db, const char *path);

void database_close(struct database *db);

/* -ERR_INVALID, -ERR_SYSTEM or -ERR_NOMEM for a result code of SQLite other than SQLITE_OK,
 * _ROW and _DONE, with its words; 0 for those. */
int database_result(struct database *db, int code);

/* NULL on failure. */
sqlite3_stmt *database_prepare(struct database *db, const char *sql);

/* Runs a statement that gives no rows.  0 or a failure. */
int database_run(struct database *db, sqlite3_stmt *statement);

int database_begin(struct database *db);
int database_commit(struct database *db);
void database_rollback(struct database *db); /* also where there is nothing to roll back */

/* Octets that are in use. */
uint64_t database_size(struct database *db);

/* Pages of the log that are not in the file. */
int database_unmoved(const struct database *db);

/* Moves what was committed from the log into the file, as far as no reader is in the way. */
void database_checkpoint(struct database *db);

/* Never NULL. */
const char *database_error(const struct database *db);

#endif
