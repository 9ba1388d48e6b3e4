/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "tests/store/fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/store/dump.h"

char fixture_dir[64];
struct store *store;

void fixture_make(void)
{
	strcpy(fixture_dir, "/tmp/mqttsn-store-XXXXXX");
	cr_assert_not_null(mkdtemp(fixture_dir));
}

void fixture_remove(void)
{
	DIR *dir;
	const struct dirent *entry;

	store = store_close(store);
	chmod(fixture_dir, 0700);
	dir = opendir(fixture_dir);
	cr_assert_not_null(dir);
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove(fixture_file(entry->d_name));
	closedir(dir);
	cr_assert_eq(rmdir(fixture_dir), 0);
}

const char *fixture_file(const char *name)
{
	static char paths[2][400];
	static int which;
	char *path = paths[which++ % 2];

	snprintf(path, sizeof paths[0], "%s/%s", fixture_dir, name);
	return path;
}

void fixture_open_with(const struct store_config *config)
{
	char *error, *warning;

	store = store_open(config, &error, &warning);
	cr_assert_not_null(store, "%s", error);
	cr_assert_null(warning, "%s", warning);
}

void fixture_open(void)
{
	fixture_open_with(&(struct store_config){ fixture_dir, STORE_PROCESS });
}

const char *fixture_refused(const struct store_config *config)
{
	static char words[1000];
	char *error, *warning;

	store = store_open(config, &error, &warning);
	cr_assert_null(store);
	cr_assert_null(warning);
	cr_assert_not_null(error);
	snprintf(words, sizeof words, "%s", error);
	free(error);
	return words;
}

char *fixture_reloaded(void)
{
	struct dump dump;
	struct gw_store port = dump_port(&dump);

	store = store_close(store);
	fixture_open();
	cr_assert(store_load(store, &port), "%s", store_error(store));
	return dump_text(&dump);
}

static sqlite3 *connect_database(void)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(fixture_file("state.db"), &db), SQLITE_OK);
	return db;
}

void fixture_sql(const char *sql)
{
	sqlite3 *db = connect_database();
	char *error = NULL;

	sqlite3_exec(db, sql, NULL, NULL, &error);
	cr_assert_null(error, "%s", error);
	sqlite3_close(db);
}

long long fixture_ask(const char *sql)
{
	sqlite3 *db = connect_database();
	sqlite3_stmt *statement = NULL;
	long long n;

	sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	cr_assert_eq(sqlite3_step(statement), SQLITE_ROW, "%s: %s", sql, sqlite3_errmsg(db));
	n = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return n;
}
