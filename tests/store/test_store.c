/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/store/store.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/store/memory.h"
#include "tests/bytes.h"
#include "tests/store/dump.h"
#include "tests/store/fixture.h"
#include "tests/store/player.h"

static struct gw_store port;

static void setup(void)
{
	fixture_make();
	fixture_open();
	port = store_port(store);
}

TestSuite(store, .init = setup, .fini = fixture_remove);

static void put_client(uint64_t key, const char *id)
{
	port.put_client(
	    port.ctx, &(struct stored_client){ .key = key, .id = id, .state = CLIENT_ASLEEP });
}

static void put_message(uint64_t key, uint64_t sequence)
{
	port.put_message(port.ctx, key,
	    &(struct stored_message){
	        .sequence = sequence, .topic = "t", .payload = bytes("\1"), .qos = 1 });
}

#define CLIENT(key, id)                                                                            \
	"client " key " " id                                                                       \
	" asleep peer=none listener=-1 encapsulated=-1 clean=0 keep_alive=0 sleep=0 deadline=0 "   \
	"will=none\n"
#define MESSAGE(key, sequence)                                                                     \
	"message " key " out " sequence " t:01 qos=1 stage=0 retain=0 msg_id=0\n"

static void expect(const char *expected)
{
	char *text = fixture_reloaded();

	cr_assert_str_eq(text, expected);
	free(text);
	port = store_port(store);
}

static void commit(void)
{
	cr_assert(store_commit(store), "%s", store_error(store));
}

/* --- what goes in comes out --- */

Test(store, keeps_a_client)
{
	struct peer peer = { .listener = 3, .encapsulated = 1, .node_len = 2, .node = { 0xaa, 0 } };
	const struct up_will will = { "will/topic", { (const uint8_t *)"\0x", 2 }, 2, true };

	cr_assert_eq(netaddr_parse(&peer.addr, "[fe80::1%2]:4711", 0), 0);
	cr_assert_eq(netaddr_parse(&peer.local, "[fe80::2%2]:1884", 0), 0);
	port.put_client(port.ctx, &(struct stored_client){
	                              .key = 5,
	                              .id = "pump \xc3\xa9",
	                              .state = CLIENT_ACTIVE,
	                              .peer = &peer,
	                              .clean = true,
	                              .keep_alive = 65535,
	                              .sleep_duration = 1,
	                              .will = &will,
	                          });
	commit();
	expect(
	    "client 5 pump \xc3\xa9 active peer=[fe80::1%2]:4711/aa00 local=[fe80::2%2]:1884 "
	    "listener=3 encapsulated=1 clean=1 keep_alive=65535 sleep=1 deadline=0 will=will/topic:0078 qos=2 retain=1\n");
}

Test(store, knows_a_listener_by_its_address)
{
	struct peer first = { .listener = 0 }, second = { .listener = 1 };
	struct netaddr listeners[2];
	struct gw_store sink;
	struct dump dump;
	char *text;

	cr_assert_eq(netaddr_parse(&listeners[0], "127.0.0.1:1884", 0), 0);
	cr_assert_eq(netaddr_parse(&listeners[1], "[::1]:1884", 0), 0);
	cr_assert_eq(netaddr_parse(&first.addr, "127.0.0.1:1", 0), 0);
	second.addr = first.addr;
	cr_assert(store_name_listeners(store, listeners, 2));
	port.put_client(port.ctx, &(struct stored_client){ .key = 1, .id = "a", .peer = &first });
	port.put_client(port.ctx, &(struct stored_client){ .key = 2, .id = "b", .peer = &second });
	commit();

	store = store_close(store);
	fixture_open();
	listeners[1] = listeners[0]; /* the first one comes second now, the other one is gone */
	cr_assert_eq(netaddr_parse(&listeners[0], "0.0.0.0:1884", 0), 0);
	cr_assert(store_name_listeners(store, listeners, 2));
	sink = dump_port(&dump);
	cr_assert(store_load(store, &sink), "%s", store_error(store));
	text = dump_text(&dump);
	cr_expect_not_null(
	    strstr(text, "client 1 a disconnected peer=127.0.0.1:1 listener=1 "), "%s", text);
	cr_expect_not_null(
	    strstr(text, "client 2 b disconnected peer=127.0.0.1:1 listener=65535 "), "%s", text);
	free(text);
}

Test(store, keeps_an_empty_node_id_and_an_empty_will_message)
{
	struct peer peer = { .encapsulated = 1 };
	const struct up_will will = { "w", { NULL, 0 }, 0, false };

	cr_assert_eq(netaddr_parse(&peer.addr, "127.0.0.1:1", 0), 0);
	port.put_client(port.ctx,
	    &(struct stored_client){
	        .key = 5, .id = "a", .state = CLIENT_AWAKE, .peer = &peer, .will = &will });
	commit();
	expect("client 5 a awake peer=127.0.0.1:1/ listener=0 encapsulated=1 clean=0 keep_alive=0 "
	       "sleep=0 deadline=0 will=w: qos=0 retain=0\n");
}

Test(store, keeps_what_belongs_to_a_client)
{
	put_client(1, "a");
	port.put_topic(port.ctx, 1,
	    &(struct stored_topic){
	        .id = 65534, .name = bytes("x/y"), .told = true, .used = true });
	port.put_subscription(port.ctx, 1,
	    &(struct stored_subscription){
	        .filter = "x/#", .qos = 2, .by_short = true, .predefined_id = 65535 });
	port.put_received(port.ctx, 1,
	    &(struct stored_received){ .msg_id = 65535, .topic_id = 1, .digest = UINT32_MAX });
	port.put_message(port.ctx, 1,
	    &(struct stored_message){
	        .way = STORED_IN,
	        .sequence = 9,
	        .topic = "x/y",
	        .payload = { (const uint8_t *)"\0\1", 2 },
	        .qos = 2,
	        .stage = 2,
	        .retain = true,
	        .msg_id = 65535,
	    });
	commit();
	expect(CLIENT("1", "a") "message 1 in 9 x/y:0001 qos=2 stage=2 retain=1 msg_id=65535\n"
	                        "received 1 65535 topic=1 digest=4294967295\n"
	                        "subscription 1 x/# qos=2 short=1 predefined=65535\n"
	                        "topic 1 65534 x/y told=1 used=1\n");
}

Test(store, a_put_replaces)
{
	put_client(1, "a");
	port.put_subscription(port.ctx, 1, &(struct stored_subscription){ .filter = "x" });
	commit();
	put_client(1, "a");
	port.put_subscription(
	    port.ctx, 1, &(struct stored_subscription){ .filter = "x", .qos = 1 });
	commit();
	expect(CLIENT("1", "a") "subscription 1 x qos=1 short=0 predefined=0\n");
}

Test(store, drops)
{
	put_client(1, "a");
	put_client(2, "b");
	port.put_subscription(port.ctx, 1, &(struct stored_subscription){ .filter = "x" });
	port.put_received(port.ctx, 1, &(struct stored_received){ .msg_id = 3 });
	port.put_topic(port.ctx, 2, &(struct stored_topic){ .id = 1, .name = bytes("x") });
	put_message(1, 1);
	put_message(1, 2);
	put_message(2, 3);
	commit();
	port.drop_subscription(port.ctx, 1, "x");
	port.drop_subscription(port.ctx, 1, "never there");
	port.drop_received(port.ctx, 1, 3);
	port.drop_received(port.ctx, 1, 4);
	port.drop_message(port.ctx, 1, STORED_OUT, 1);
	port.drop_message(port.ctx, 1, STORED_OUT, 99);
	port.drop_message(port.ctx, 2, STORED_OUT, 3);
	port.drop_client(port.ctx, 2);
	commit();
	expect(CLIENT("1", "a") MESSAGE("1", "2"));
}

Test(store, marks_messages)
{
	put_client(1, "a");
	put_message(1, 1);
	put_message(1, 2);
	commit();
	port.mark_message(port.ctx, 1, STORED_OUT, 1, 500, 1);
	commit();
	expect(CLIENT("1", "a") "message 1 out 1 t:01 qos=1 stage=1 retain=0 msg_id=500\n" MESSAGE(
	    "1", "2"));
}

Test(store, what_is_not_committed_is_lost)
{
	put_client(1, "a");
	commit();
	put_client(2, "b");
	expect(CLIENT("1", "a"));
}

Test(store, pieces_without_a_client_are_swept_out)
{
	put_client(1, "a");
	port.put_topic(port.ctx, 2, &(struct stored_topic){ .id = 1, .name = bytes("x") });
	put_message(2, 1);
	commit();
	expect(CLIENT("1", "a"));
	cr_assert_eq(fixture_ask("SELECT count(*) FROM messages"), 0);
	cr_assert_eq(fixture_ask("SELECT count(*) FROM topics"), 0);
}

Test(store, tells_the_clients_first_and_messages_in_order)
{
	struct dump dump;
	struct gw_store sink = dump_port(&dump);
	char *text;

	put_client(2, "b");
	put_message(2, 2);
	put_message(1, 1);
	port.put_topic(port.ctx, 2, &(struct stored_topic){ .id = 2, .name = bytes("y") });
	port.put_topic(port.ctx, 2, &(struct stored_topic){ .id = 1, .name = bytes("x") });
	put_client(1, "a");
	commit();
	cr_assert(store_load(store, &sink));
	text = dump_in_order(&dump);
	cr_assert_str_eq(text,
	    CLIENT("1", "a") CLIENT("2", "b") "topic 2 1 x told=0 used=0\n"
	                                      "topic 2 2 y told=0 used=0\n" MESSAGE("1", "1")
	                                          MESSAGE("2", "2"));
	free(text);
}

/* --- transactions --- */

static long long octets_of(const char *name)
{
	struct stat st;

	return stat(fixture_file(name), &st) == 0 ? (long long)st.st_size : 0;
}

Test(store, a_turn_without_changes_is_no_transaction)
{
	long long before = octets_of("state.db-wal");

	commit();
	cr_assert_eq(store_counters(store)->commits, 0);
	cr_assert_eq(octets_of("state.db-wal"), before);
}

Test(store, a_message_put_and_dropped_in_one_turn_never_reaches_the_database)
{
	uint64_t commits;

	put_client(1, "a");
	put_message(1, 1);
	commit();
	commits = store_counters(store)->commits;
	put_message(1, 2);
	port.mark_message(port.ctx, 1, STORED_OUT, 2, 7, 1);
	port.drop_message(port.ctx, 1, STORED_OUT, 2);
	commit();
	cr_assert_eq(store_counters(store)->commits, commits);
	expect(CLIENT("1", "a") MESSAGE("1", "1"));
	/* The store knows what it had, too, after it was opened anew. */
	port.drop_message(port.ctx, 1, STORED_OUT, 1);
	commit();
	expect(CLIENT("1", "a"));
}

Test(store, a_turn_of_any_size_is_one_transaction)
{
	char payload[1000] = "x";
	char *text;

	put_client(1, "a");
	commit();
	for (uint64_t i = 1; i <= 3000; i++) /* more than is noted down in memory */
		port.put_message(port.ctx, 1,
		    &(struct stored_message){ .sequence = i,
		        .topic = "t",
		        .payload = { (const uint8_t *)payload, sizeof payload / 4 },
		        .qos = 1 });
	cr_assert_eq(fixture_ask("SELECT count(*) FROM messages"), 0);
	text = fixture_reloaded(); /* without a commit */
	cr_assert_str_eq(text, CLIENT("1", "a"));
	free(text);
}

Test(store, a_large_turn_arrives_as_a_whole)
{
	char payload[1000] = "x";

	put_client(1, "a");
	for (uint64_t i = 1; i <= 3000; i++)
		port.put_message(port.ctx, 1,
		    &(struct stored_message){ .sequence = i,
		        .topic = "t",
		        .payload = { (const uint8_t *)payload, sizeof payload },
		        .qos = 1 });
	for (uint64_t i = 1; i < 3000; i++)
		port.drop_message(port.ctx, 1, STORED_OUT, i);
	commit();
	cr_assert_eq(store_counters(store)->commits, 1);
	cr_assert_eq(fixture_ask("SELECT count(*) FROM messages"), 1);
	cr_assert_eq(fixture_ask("SELECT sequence FROM messages"), 3000);
}

Test(store, the_log_is_taken_over_when_there_is_enough_of_it)
{
	char payload[4096] = "x";

	put_client(1, "a");
	for (uint64_t i = 1; i <= 1100; i++) {
		port.put_message(port.ctx, 1,
		    &(struct stored_message){ .sequence = i,
		        .topic = "t",
		        .payload = { (const uint8_t *)payload, sizeof payload } });
		commit();
		store_rest(store);
	}
	cr_assert_lt(octets_of("state.db-wal"), 3000 * 4200);
	cr_assert_gt(octets_of("state.db"), 500 * 4096);
}

/* --- time --- */

struct seen {
	monotime_t deadline, queued;
};

static void see_client(void *ctx, const struct stored_client *client)
{
	((struct seen *)ctx)->deadline = client->deadline;
}

static void see_message(void *ctx, uint64_t key, const struct stored_message *message)
{
	(void)key;
	((struct seen *)ctx)->queued = message->queued;
}

static void put_times(int64_t deadline_in_ms, int64_t queued_ago_ms)
{
	monotime_t now = monotime_now();

	port.put_client(port.ctx, &(struct stored_client){ .key = 1,
	                              .id = "a",
	                              .state = CLIENT_ASLEEP,
	                              .has_deadline = true,
	                              .deadline = monotime_add_ms(now, deadline_in_ms) });
	port.put_message(port.ctx, 1,
	    &(struct stored_message){ .sequence = 1,
	        .topic = "t",
	        .payload = bytes("x"),
	        .queued = monotime_add_ms(now, -queued_ago_ms) });
	commit();
}

/* Loads, and compares with a tolerance of 2 s. */
static void expect_times(int64_t deadline_in_ms, int64_t queued_ago_ms)
{
	struct seen seen;
	const struct gw_store sink = {
		.ctx = &seen, .put_client = see_client, .put_message = see_message
	};
	monotime_t now;

	store = store_close(store);
	fixture_open();
	cr_assert(store_load(store, &sink));
	now = monotime_now();
	cr_assert_leq(llabs(monotime_ms_between(now, seen.deadline) - deadline_in_ms), 2000, "%lld",
	    (long long)monotime_ms_between(now, seen.deadline));
	cr_assert_leq(llabs(monotime_ms_between(seen.queued, now) - queued_ago_ms), 2000, "%lld",
	    (long long)monotime_ms_between(seen.queued, now));
}

/* As if all had been written so long ago. */
static void let_pass(const char *ms)
{
	char sql[300];

	snprintf(sql, sizeof sql,
	    "UPDATE clients SET written = written - (%s), deadline = deadline - (%s);"
	    "UPDATE messages SET queued = queued - (%s)",
	    ms, ms, ms);
	store = store_close(store);
	fixture_sql(sql);
}

Test(store, deadlines_go_on_by_the_wall_clock)
{
	put_times(60000, 5000);
	expect_times(60000, 5000);
	let_pass("10000");
	expect_times(50000, 15000);
	let_pass("100000");
	expect_times(-50000, 115000);
}

Test(store, a_clock_that_was_set_back_lets_nobody_live_longer)
{
	put_times(60000, 5000);
	let_pass("-3600000");
	expect_times(60000, 0);
}

/* --- size --- */

Test(store, has_room_up_to_its_limit)
{
	char payload[1000] = "x";
	uint64_t i;

	store = store_close(store);
	fixture_open_with(&(struct store_config){ fixture_dir, STORE_PROCESS, .max_size = 200000 });
	port = store_port(store);
	put_client(1, "a");
	for (i = 1; port.has_room(port.ctx); i++) {
		cr_assert_lt(i, 300);
		port.put_message(port.ctx, 1,
		    &(struct stored_message){ .sequence = i,
		        .topic = "t",
		        .payload = { (const uint8_t *)payload, sizeof payload } });
		commit();
	}
	cr_assert_gt(i, 100);
	cr_assert_geq(store_size(store), 190000);
	/* What it is told nevertheless, it keeps; and what goes makes room. */
	put_client(2, "b");
	commit();
	cr_assert_eq(fixture_ask("SELECT count(*) FROM clients"), 2);
	for (; i > 0; i--)
		port.drop_message(port.ctx, 1, STORED_OUT, i);
	commit();
	cr_assert(port.has_room(port.ctx));
}

Test(store, what_is_noted_down_counts_as_size)
{
	char payload[1000] = "x";

	store = store_close(store);
	fixture_open_with(&(struct store_config){ fixture_dir, STORE_PROCESS, .max_size = 200000 });
	port = store_port(store);
	for (uint64_t i = 1; i < 200; i++)
		port.put_message(port.ctx, 1,
		    &(struct stored_message){ .sequence = i,
		        .topic = "t",
		        .payload = { (const uint8_t *)payload, sizeof payload } });
	cr_assert_not(port.has_room(port.ctx));
}

/* --- the same as the store in memory, whatever it is told --- */

Test(store, holds_what_the_memory_holds)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct memory_store *memory = memory_store_new();
		struct gw_store ports[] = { store_port(store), memory_store_port(memory) };
		struct player player = { .rng = { seed } };
		struct dump dump;
		struct gw_store sink = dump_port(&dump);
		char *expected, *text;

		for (int turn = 0; turn < 200; turn++) {
			player_turn(&player, ports, 2);
			commit();
			cr_assert_eq(memory_store_commit(memory), 0);
		}
		player_turn(&player, ports, 2);
		memory_store_crash(memory); /* and the other one is closed */
		memory_store_load(memory, &sink);
		expected = dump_text(&dump);
		text = fixture_reloaded();
		cr_assert_gt(strlen(expected), 1000);
		cr_assert_str_eq(text, expected, "seed %d", (int)seed);
		free(text);
		free(expected);
		memory_store_free(memory);
		store = store_close(store);
		unlink(fixture_file("state.db"));
		fixture_open();
	}
}
