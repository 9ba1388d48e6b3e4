/* SPDX-License-Identifier: BSD-3-Clause */
/* What is in the file after the disk has failed: always the state of a commit. */
#include "gateway/store/store.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/store/memory.h"
#include "tests/store/dump.h"
#include "tests/store/faults.h"
#include "tests/store/fixture.h"
#include "tests/store/player.h"

static struct memory_store *memory; /* stands for the core, too: it knows everything */

static void setup(void)
{
	faults_install();
	faults_at(0, 0, false);
	fixture_make();
}

TestSuite(faults, .init = setup, .fini = fixture_remove);

static void begin(enum store_durability durability)
{
	unlink(fixture_file("state.db"));
	fixture_open_with(&(struct store_config){ fixture_dir, durability });
	memory = memory_store_new();
	cr_assert_not_null(memory);
}

static char *in_memory(void)
{
	struct dump dump;
	struct gw_store sink = dump_port(&dump);

	memory_store_load(memory, &sink);
	return dump_text(&dump);
}

/* As if the process had been killed now. */
static char *in_copy(void)
{
	char command[500], copy[100];
	struct store *second;
	struct dump dump;
	struct gw_store sink = dump_port(&dump);
	char *error, *warning;

	snprintf(copy, sizeof copy, "%s/copy", fixture_dir);
	snprintf(command, sizeof command, "mkdir %s && cp %s/state.db* %s && rm -f %s/*-shm", copy,
	    fixture_dir, copy, copy);
	cr_assert_eq(system(command), 0);
	second = store_open(&(struct store_config){ copy, STORE_PROCESS }, &error, &warning);
	cr_assert_not_null(second, "%s", error);
	cr_assert(store_load(second, &sink));
	store_close(second);
	snprintf(command, sizeof command, "rm -r %s", copy);
	cr_assert_eq(system(command), 0);
	return dump_text(&dump);
}

/* Plays until a commit fails, or to the end: true. */
static bool play(struct player *player, int turns)
{
	struct gw_store ports[] = { store_port(store), memory_store_port(memory) };

	for (int turn = 0; turn < turns; turn++) {
		player_turn(player, ports, 2);
		if (!store_commit(store))
			return false;
		cr_assert_eq(memory_store_commit(memory), 0);
		store_rest(store);
	}
	return true;
}

/* The state of the last commit, or, when killed, of the one that failed: the disk may have taken it
 * before it said no. */
static void expect_last_commit(const char *what, long n)
{
	char *before = in_memory(), *text;

	faults_at(0, 0, false);
	if (n % 3 == 0) { /* it takes its time */
		char *copy = in_copy(), *after;

		memory_store_commit(memory);
		after = in_memory();
		cr_assert(strcmp(copy, before) == 0 || strcmp(copy, after) == 0, "%s %ld, killed",
		    what, n);
		free(copy);
		free(after);
	}
	text = fixture_reloaded();
	cr_assert_str_eq(text, before, "%s %ld, closed", what, n);
	free(text);
	free(before);
}

static void fail_each(enum store_durability durability, int code, bool for_good, const char *what)
{
	bool failed = true;
	int failures = 0;

	for (long n = 1; failed; n++) {
		struct player player = { .rng = { 7 } };

		begin(durability);
		faults_at(n, code, for_good);
		failed = !play(&player, 14);
		if (failed) {
			cr_assert(store_is_failing(store));
			cr_assert_geq(faults_seen(), n);
			expect_last_commit(what, n);
			failures++;
		}
		memory = memory_store_free(memory);
		store = store_close(store);
	}
	cr_assert_gt(failures, 20);
}

Test(faults, after_each_write_that_fails_the_last_commit_is_there)
{
	fail_each(STORE_PROCESS, SQLITE_IOERR_WRITE, false, "write");
}

Test(faults, with_each_write_or_sync_for_power_too)
{
	fail_each(STORE_POWER, SQLITE_IOERR_FSYNC, false, "sync");
}

Test(faults, a_disk_that_is_full_from_some_write_on)
{
	fail_each(STORE_PROCESS, SQLITE_FULL, true, "full");
}

/* SQLite moves the log into the database when it is closed; and store_rest() does before. */
Test(faults, a_log_that_cannot_be_moved_loses_nothing)
{
	bool failed = true;

	for (long n = 1; failed; n++) {
		struct player player = { .rng = { 9 } };
		char *expected, *text;

		begin(STORE_PROCESS);
		cr_assert(play(&player, 14));
		expected = in_memory();
		faults_at(n, SQLITE_IOERR_WRITE, true);
		store = store_close(store);
		failed = faults_seen() >= n;
		faults_at(0, 0, false);
		fixture_open();
		text = fixture_reloaded();
		cr_assert_str_eq(text, expected, "step %ld", n);
		free(text);
		free(expected);
		memory = memory_store_free(memory);
		store = store_close(store);
		cr_assert(n > 5 || failed);
	}
}

/* --- going on --- */

static void save_all(void *ctx, const struct gw_store *to)
{
	memory_store_load(ctx, to);
}

Test(faults, begins_again_with_all_that_the_core_knows)
{
	struct player player = { .rng = { 3 } };
	struct gw_store ports[2];
	char *expected, *text;

	begin(STORE_PROCESS);
	ports[0] = store_port(store);
	ports[1] = memory_store_port(memory);
	cr_assert(play(&player, 50));
	faults_at(1, SQLITE_FULL, true);
	cr_assert_not(play(&player, 50));
	memory_store_commit(memory); /* the core goes on */
	cr_assert_not_null(strstr(store_error(store), "state.db: database or disk is full"));
	cr_assert_eq(store_counters(store)->failures, 1);
	cr_assert_not(ports[0].has_room(ports[0].ctx));

	for (int turn = 0; turn < 50; turn++) {
		player_turn(&player, ports, 2);
		cr_assert_not(store_commit(store));
		cr_assert_eq(memory_store_commit(memory), 0);
	}
	cr_assert_not(store_try_again(store, save_all, memory));
	cr_assert_eq(store_counters(store)->failures, 2);

	faults_at(0, 0, false);
	cr_assert(store_try_again(store, save_all, memory), "%s", store_error(store));
	cr_assert_eq(store_counters(store)->recoveries, 1);
	cr_assert(ports[0].has_room(ports[0].ctx));
	cr_assert_not(store_is_failing(store));
	cr_assert(play(&player, 50));
	expected = in_memory();
	text = fixture_reloaded();
	cr_assert_str_eq(text, expected);
	free(text);
	free(expected);
	memory_store_free(memory);
}

Test(faults, beginning_again_fails_at_each_step_without_harm)
{
	struct player player = { .rng = { 5 } };
	bool works = false;
	char *expected, *text;

	begin(STORE_POWER);
	cr_assert(play(&player, 30));
	faults_at(1, SQLITE_IOERR_WRITE, true);
	cr_assert_not(play(&player, 30));
	memory_store_commit(memory);
	for (long n = 1; !works; n++) {
		cr_assert_lt(n, 1000);
		faults_at(n, SQLITE_IOERR_WRITE, true);
		works = store_try_again(store, save_all, memory);
	}
	faults_at(0, 0, false);
	expected = in_memory();
	text = fixture_reloaded();
	cr_assert_str_eq(text, expected);
	free(text);
	free(expected);
	memory_store_free(memory);
}

Test(faults, a_turn_that_fails_in_its_middle_fails_as_a_whole)
{
	struct gw_store port;
	static const uint8_t payload[2000];
	char *text;

	begin(STORE_PROCESS);
	port = store_port(store);
	port.put_client(
	    port.ctx, &(struct stored_client){ .key = 1, .id = "a", .state = CLIENT_ACTIVE });
	cr_assert(store_commit(store));
	text = in_memory();
	faults_at(1, SQLITE_FULL, true);
	for (uint64_t i = 1; i < 10000; i++) /* more than SQLite's cache holds */
		port.put_message(port.ctx, 1,
		    &(struct stored_message){
		        .sequence = i, .topic = "t", .payload = { payload, sizeof payload } });
	cr_assert(store_is_failing(store));
	cr_assert_not(store_commit(store));
	faults_at(0, 0, false);
	free(text);
	text = fixture_reloaded();
	cr_assert_not_null(strstr(text, "client 1 a active"));
	cr_assert_null(strstr(text, "message"));
	free(text);
	memory_store_free(memory);
}
