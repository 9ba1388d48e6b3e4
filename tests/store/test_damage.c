/* SPDX-License-Identifier: BSD-3-Clause */
/* Databases that cannot be used, and older ones that can. */
#include "gateway/store/store.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/schema.h"
#include "tests/bytes.h"
#include "tests/store/dump.h"
#include "tests/store/fixture.h"

/* A database with a client and many messages. */
static void setup(void)
{
	struct gw_store port;

	fixture_make();
	fixture_open();
	port = store_port(store);
	port.put_client(
	    port.ctx, &(struct stored_client){ .key = 1, .id = "a", .state = CLIENT_ASLEEP });
	for (uint64_t i = 1; i <= 500; i++)
		port.put_message(port.ctx, 1,
		    &(struct stored_message){
		        .sequence = i, .topic = "some/topic", .payload = bytes("payload") });
	cr_assert(store_commit(store));
	store = store_close(store);
}

TestSuite(damage, .init = setup, .fini = fixture_remove);

static void overwrite(off_t at, const char *octets, size_t len)
{
	int fd = open(fixture_file("state.db"), O_WRONLY);

	cr_assert_eq(pwrite(fd, octets, len, at), (ssize_t)len);
	close(fd);
}

/* Refused with these words; and put aside where that is allowed. */
static void expect_damage(const char *words)
{
	struct store_config config = { fixture_dir, STORE_PROCESS };
	const char *said = fixture_refused(&config);
	struct stat st;
	struct dump dump;
	struct gw_store sink = dump_port(&dump);
	char *error, *warning, *aside, *text;

	cr_assert_not_null(strstr(said, words), "%s", said);
	cr_assert_not_null(strstr(said, fixture_file("state.db")), "%s", said);
	cr_assert_not_null(strstr(said, "persistence.on_damage"), "%s", said);
	cr_assert_eq(stat(fixture_file("state.db"), &st), 0);
	cr_assert_gt(st.st_size, 0, "it must be left alone");

	config.fresh_on_damage = true;
	store = store_open(&config, &error, &warning);
	cr_assert_not_null(store, "%s", error);
	cr_assert_not_null(strstr(warning, words), "%s", warning);
	aside = strstr(warning, "put aside as ");
	cr_assert_not_null(aside, "%s", warning);
	aside += strlen("put aside as ");
	*strchr(aside, ',') = '\0';
	cr_assert_eq(stat(aside, &st), 0, "%s", aside);
	cr_assert_gt(st.st_size, 0);
	free(warning);

	cr_assert(store_load(store, &sink));
	text = dump_text(&dump);
	cr_assert_str_eq(text, "");
	free(text);
	store = store_close(store);
	fixture_open(); /* a database like any other */
}

Test(damage, a_file_that_is_no_database)
{
	overwrite(0, "something else", 14);
	expect_damage("file is not a database");
}

Test(damage, a_page_of_garbage)
{
	char garbage[4096];

	memset(garbage, 0xa5, sizeof garbage);
	overwrite(7 * 4096, garbage, sizeof garbage);
	expect_damage("state.db: ");
}

Test(damage, a_value_that_cannot_be)
{
	fixture_sql("PRAGMA ignore_check_constraints = on; UPDATE messages SET qos = 7");
	expect_damage("CHECK constraint failed in messages");
}

Test(damage, numbers_that_no_gateway_gives)
{
	static const struct {
		const char *change, *found;
	} cases[] = {
		{ "UPDATE clients SET key = -key", "clients" },
		{ "UPDATE messages SET sequence = -sequence", "messages" },
		{ "UPDATE messages SET topic = ''", "messages" },
		{ "UPDATE messages SET topic = hex(zeroblob(40000))", "messages" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char sql[200], words[100];

		snprintf(
		    sql, sizeof sql, "PRAGMA ignore_check_constraints = on; %s", cases[i].change);
		fixture_sql(sql);
		snprintf(words, sizeof words, "CHECK constraint failed in %s", cases[i].found);
		expect_damage(words);
		fixture_remove();
		setup();
	}
}

Test(damage, the_database_of_another_program)
{
	fixture_sql("PRAGMA application_id = 1234");
	expect_damage("a database of another program (application id 1234)");
}

Test(damage, a_database_without_an_owner_is_not_taken_over)
{
	unlink(fixture_file("state.db"));
	fixture_sql("CREATE TABLE somebodys (x)");
	expect_damage("a database of another program (application id 0)");
}

Test(damage, a_newer_version)
{
	fixture_sql("PRAGMA user_version = 99");
	expect_damage("version 99, written by a newer mqttsn-gateway; this one knows version 2");
}

Test(damage, a_file_that_cannot_be_opened_is_no_damage)
{
	const struct store_config config = { fixture_dir, STORE_PROCESS, .fresh_on_damage = true };

	unlink(fixture_file("state.db"));
	cr_assert_eq(mkdir(fixture_file("state.db"), 0700), 0);
	cr_assert_not_null(strstr(fixture_refused(&config), "state.db: Is a directory"));
}

Test(damage, an_empty_file_is_a_new_database)
{
	cr_assert_eq(truncate(fixture_file("state.db"), 0), 0);
	fixture_open();
	cr_assert_eq(fixture_ask("PRAGMA application_id"), SCHEMA_APPLICATION);
	cr_assert_eq(fixture_ask("PRAGMA user_version"), schema_steps.n);
}

/* --- versions --- */

static const char *const two_steps[] = {
	"CREATE TABLE old (a INTEGER); INSERT INTO old VALUES (1)",
	"CREATE TABLE new (a INTEGER, b TEXT); INSERT INTO new SELECT a, 'b' FROM old; DROP TABLE old",
};
static const char *const broken_steps[] = {
	"CREATE TABLE old (a INTEGER); INSERT INTO old VALUES (1)",
	"ALTER TABLE old ADD COLUMN b; UPDATE old SET b = 5; INSERT INTO nowhere VALUES (1)",
};

static sqlite3 *empty_database(void)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	return db;
}

static int number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int n = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
	    sqlite3_step(statement) == SQLITE_ROW)
		n = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return n;
}

Test(schema, an_old_version_becomes_the_new_one_step_by_step)
{
	sqlite3 *db = empty_database();

	cr_assert_eq(schema_upgrade(db, &(struct schema_steps){ two_steps, 1 }, 0), SQLITE_OK);
	cr_assert_eq(number(db, "PRAGMA user_version"), 1);
	cr_assert_eq(number(db, "SELECT a FROM old"), 1);
	sqlite3_exec(db, "INSERT INTO old VALUES (2)", NULL, NULL, NULL);

	cr_assert_eq(schema_upgrade(db, &(struct schema_steps){ two_steps, 2 }, 1), SQLITE_OK);
	cr_assert_eq(number(db, "PRAGMA user_version"), 2);
	cr_assert_eq(number(db, "PRAGMA application_id"), SCHEMA_APPLICATION);
	cr_assert_eq(number(db, "SELECT sum(a) FROM new WHERE b = 'b'"), 3);
	sqlite3_close(db);
}

Test(schema, a_step_that_fails_leaves_the_old_version)
{
	sqlite3 *db = empty_database();

	cr_assert_eq(schema_upgrade(db, &(struct schema_steps){ two_steps, 1 }, 0), SQLITE_OK);
	cr_assert_eq(
	    schema_upgrade(db, &(struct schema_steps){ broken_steps, 2 }, 1), SQLITE_ERROR);
	cr_assert_eq(number(db, "PRAGMA user_version"), 1);
	cr_assert_eq(number(db, "SELECT count(*) FROM pragma_table_info('old')"), 1);
	cr_assert(sqlite3_get_autocommit(db));
	sqlite3_close(db);
}

Test(schema, the_current_version_is_left_alone)
{
	sqlite3 *db = empty_database();

	cr_assert_eq(schema_upgrade(db, &schema_steps, 0), SQLITE_OK);
	cr_assert_eq(schema_upgrade(db, &schema_steps, schema_steps.n), SQLITE_OK);
	cr_assert_eq(number(db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'"), 5);
	sqlite3_close(db);
}
