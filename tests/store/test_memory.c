/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/store/memory.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/bytes.h"
#include "tests/store/dump.h"
#include "tests/store/player.h"

static struct memory_store *store;
static struct gw_store port;

static void setup(void)
{
	store = memory_store_new();
	cr_assert_not_null(store);
	port = memory_store_port(store);
}

static void teardown(void)
{
	memory_store_free(store);
}

TestSuite(memory, .init = setup, .fini = teardown);

static void expect(const char *expected)
{
	struct dump dump;
	struct gw_store sink = dump_port(&dump);
	char *text;

	memory_store_load(store, &sink);
	text = dump_in_order(&dump);
	cr_assert_str_eq(text, expected);
	free(text);
}

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

#define CLIENT_1                                                                                   \
	"client 1 a asleep peer=none listener=-1 encapsulated=-1 clean=0 keep_alive=0 sleep=0 "    \
	"deadline=0 will=none\n"

Test(memory, keeps_what_is_committed_and_forgets_the_rest)
{
	put_client(1, "a");
	put_message(1, 7);
	cr_assert_eq(memory_store_commit(store), 0);
	put_client(2, "b");
	port.drop_message(port.ctx, 1, STORED_OUT, 7);
	memory_store_crash(store);
	expect(CLIENT_1 "message 1 out 7 t:01 qos=1 stage=0 retain=0 msg_id=0\n");
}

Test(memory, tells_clients_first_and_messages_in_order)
{
	put_client(1, "a");
	put_message(1, 9);
	put_message(1, 8);
	port.put_topic(port.ctx, 1, &(struct stored_topic){ .id = 2, .name = bytes("y") });
	port.put_topic(port.ctx, 1, &(struct stored_topic){ .id = 1, .name = bytes("x") });
	cr_assert_eq(memory_store_commit(store), 0);
	expect(CLIENT_1 "topic 1 1 x told=0 used=0\n"
	                "topic 1 2 y told=0 used=0\n"
	                "message 1 out 8 t:01 qos=1 stage=0 retain=0 msg_id=0\n"
	                "message 1 out 9 t:01 qos=1 stage=0 retain=0 msg_id=0\n");
}

Test(memory, a_client_goes_with_all_that_it_had)
{
	put_client(1, "a");
	cr_assert_eq(memory_store_commit(store), 0);
	put_client(2, "b");
	port.put_subscription(port.ctx, 2, &(struct stored_subscription){ .filter = "f" });
	cr_assert_eq(memory_store_commit(store), 0);
	cr_assert_eq(memory_store_count(store), 3);
	port.put_received(port.ctx, 2, &(struct stored_received){ .msg_id = 3 });
	port.drop_client(port.ctx, 2);
	cr_assert_eq(memory_store_commit(store), 0);
	cr_assert_eq(memory_store_count(store), 1);
	expect(CLIENT_1);
}

Test(memory, a_client_that_went_can_come_back_in_the_same_turn)
{
	put_client(1, "old");
	port.put_subscription(port.ctx, 1, &(struct stored_subscription){ .filter = "f" });
	cr_assert_eq(memory_store_commit(store), 0);
	port.drop_client(port.ctx, 1);
	put_client(1, "a");
	cr_assert_eq(memory_store_commit(store), 0);
	expect(CLIENT_1);
}

Test(memory, marks_change_a_message_and_no_other)
{
	put_client(1, "a");
	put_message(1, 1);
	put_message(1, 2);
	port.mark_message(port.ctx, 1, STORED_OUT, 1, 77, 1);
	cr_assert_eq(memory_store_commit(store), 0);
	port.mark_message(port.ctx, 1, STORED_OUT, 2, 78, 2);
	port.mark_message(port.ctx, 1, STORED_OUT, 3, 79, 2);
	cr_assert_eq(memory_store_commit(store), 0);
	expect(CLIENT_1 "message 1 out 1 t:01 qos=1 stage=1 retain=0 msg_id=77\n"
	                "message 1 out 2 t:01 qos=1 stage=2 retain=0 msg_id=78\n");
}

Test(memory, pieces_without_a_client_are_not_told)
{
	put_client(1, "a");
	port.put_topic(port.ctx, 2, &(struct stored_topic){ .id = 2, .name = bytes("y") });
	cr_assert_eq(memory_store_commit(store), 0);
	expect(CLIENT_1);
}

Test(memory, has_room_until_told_otherwise)
{
	cr_assert(port.has_room(port.ctx));
	memory_store_set_room(store, false);
	cr_assert_not(port.has_room(port.ctx));
}

Test(memory, can_begin_again)
{
	put_client(1, "a");
	cr_assert_eq(memory_store_commit(store), 0);
	put_client(2, "b");
	memory_store_clear(store);
	cr_assert_eq(memory_store_commit(store), 0);
	expect("");
}
