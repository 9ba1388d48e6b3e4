/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/bytes.h"
#include "tools/sn_inbox.h"

static struct sn_inbox *inbox;
static struct sn_packet reply;
static int n_taken;
static bool take;
static char taken[64];

static bool on_message(void *ctx, const struct sn_client_message *m)
{
	cr_assert_eq(ctx, &n_taken);
	if (!take)
		return false;
	n_taken++;
	snprintf(taken, sizeof taken, "%s %u %.*s", m->topic, m->msg_id, (int)m->data.len,
	    m->data.len > 0 ? (const char *)m->data.data : "");
	return true;
}

static void setup(void)
{
	take = true;
	n_taken = 0;
	taken[0] = '\0';
	inbox = sn_inbox_new(on_message, &n_taken);
	cr_assert_not_null(inbox);
}

static void teardown(void)
{
	inbox = sn_inbox_free(inbox);
}

TestSuite(inbox, .init = setup, .fini = teardown);

static bool publish(int8_t qos, uint8_t topic_type, uint16_t topic_id, uint16_t msg_id)
{
	struct sn_publish packet = {
		.flags = { .qos = qos, .topic_type = topic_type },
		.topic_id = topic_id,
		.msg_id = msg_id,
		.data = bytes("hi"),
	};

	return sn_inbox_publish(inbox, &packet, &reply);
}

static uint8_t register_name(uint16_t id, struct sn_bytes name)
{
	struct sn_register packet = { .topic_id = id, .msg_id = 9, .topic = name };

	cr_assert(sn_inbox_register(inbox, &packet, &reply));
	cr_assert_eq(reply.type, SN_REGACK);
	cr_assert_eq(reply.topic_ack.topic_id, id);
	cr_assert_eq(reply.topic_ack.msg_id, 9);
	return reply.topic_ack.code;
}

static void expect_puback(uint16_t topic_id, uint16_t msg_id, uint8_t code)
{
	cr_assert_eq(reply.type, SN_PUBACK);
	cr_assert_eq(reply.topic_ack.topic_id, topic_id);
	cr_assert_eq(reply.topic_ack.msg_id, msg_id);
	cr_assert_eq(reply.topic_ack.code, code);
}

static bool pubrel(uint16_t msg_id)
{
	return sn_inbox_pubrel(inbox, &(struct sn_msg_ack){ msg_id }, &reply);
}

Test(inbox, qos_0_is_not_acknowledged)
{
	cr_assert_not(publish(0, SN_TOPIC_PREDEFINED, 5, 3));
	cr_assert_str_eq(taken, "5 0 hi");
}

Test(inbox, qos_1_is_acknowledged_each_time)
{
	for (int i = 1; i <= 2; i++) {
		cr_assert(publish(1, SN_TOPIC_SHORT, 'a' << 8 | 'b', 3));
		expect_puback('a' << 8 | 'b', 3, SN_ACCEPTED);
		cr_assert_eq(n_taken, i);
	}
	cr_assert_str_eq(taken, "ab 3 hi");
}

Test(inbox, qos_2_is_taken_once)
{
	for (int i = 0; i < 2; i++) {
		cr_assert(publish(2, SN_TOPIC_PREDEFINED, 5, 3));
		cr_assert_eq(reply.type, SN_PUBREC);
		cr_assert_eq(reply.msg_ack.msg_id, 3);
	}
	cr_assert_eq(n_taken, 1);
	for (int i = 0; i < 2; i++) {
		cr_assert(pubrel(3));
		cr_assert_eq(reply.type, SN_PUBCOMP);
		cr_assert_eq(reply.msg_ack.msg_id, 3);
	}
	publish(2, SN_TOPIC_PREDEFINED, 5, 3);
	cr_assert_eq(n_taken, 2, "the message id is free again");
}

Test(inbox, message_ids_do_not_touch_each_other)
{
	static const uint16_t ids[] = { 1, 7, 8, 9, 255, 256, 65535 };
	const size_t n = sizeof ids / sizeof ids[0];

	for (size_t i = 0; i < n; i++)
		publish(2, SN_TOPIC_PREDEFINED, 5, ids[i]);
	cr_assert_eq(n_taken, (int)n);
	pubrel(8);
	for (size_t i = 0; i < n; i++)
		publish(2, SN_TOPIC_PREDEFINED, 5, ids[i]);
	cr_assert_eq(n_taken, (int)n + 1);
}

Test(inbox, what_is_not_taken_is_not_acknowledged)
{
	take = false;
	cr_assert_not(publish(1, SN_TOPIC_PREDEFINED, 5, 3));
	cr_assert_not(publish(2, SN_TOPIC_PREDEFINED, 5, 3));
	take = true;
	cr_assert(publish(2, SN_TOPIC_PREDEFINED, 5, 3));
	cr_assert_eq(n_taken, 1, "it may come again");
}

Test(inbox, nobody_takes)
{
	struct sn_inbox *deaf = sn_inbox_new(NULL, NULL);
	struct sn_publish packet = {
		.flags = { .qos = 1, .topic_type = SN_TOPIC_SHORT }, .topic_id = 1, .msg_id = 1
	};

	cr_assert_not(sn_inbox_publish(deaf, &packet, &reply));
	sn_inbox_free(deaf);
}

Test(inbox, registered_names_are_used)
{
	cr_assert_eq(register_name(7, bytes("a/b")), SN_ACCEPTED);
	publish(0, SN_TOPIC_NORMAL, 7, 0);
	cr_assert_str_eq(taken, "a/b 0 hi");
	cr_assert_eq(register_name(7, bytes("c")), SN_ACCEPTED);
	publish(0, SN_TOPIC_NORMAL, 7, 0);
	cr_assert_str_eq(taken, "c 0 hi");
}

Test(inbox, bad_registrations_are_refused)
{
	static const uint8_t with_nul[] = { 'a', 0, 'b' };

	cr_assert_eq(register_name(0, bytes("a")), SN_NOT_SUPPORTED);
	cr_assert_eq(register_name(0xFFFF, bytes("a")), SN_NOT_SUPPORTED);
	cr_assert_eq(
	    register_name(7, (struct sn_bytes){ with_nul, sizeof with_nul }), SN_NOT_SUPPORTED);
}

Test(inbox, unknown_ids_are_told)
{
	cr_assert(publish(1, SN_TOPIC_NORMAL, 7, 3));
	expect_puback(7, 3, SN_INVALID_TOPIC_ID);
	cr_assert(publish(0, SN_TOPIC_NORMAL, 7, 0));
	expect_puback(7, 0, SN_INVALID_TOPIC_ID);
	cr_assert(publish(1, SN_TOPIC_RESERVED, 7, 3));
	expect_puback(7, 3, SN_INVALID_TOPIC_ID);
	cr_assert_eq(n_taken, 0);
}

Test(inbox, messages_that_no_gateway_sends_are_ignored)
{
	cr_assert_not(publish(-1, SN_TOPIC_PREDEFINED, 5, 0));
	cr_assert_not(publish(1, SN_TOPIC_PREDEFINED, 5, 0));
	cr_assert_not(publish(2, SN_TOPIC_PREDEFINED, 5, 0));
	cr_assert_eq(n_taken, 0);
}

Test(inbox, longest_predefined_id_is_printed)
{
	publish(0, SN_TOPIC_PREDEFINED, 65535, 0);
	cr_assert_str_eq(taken, "65535 0 hi");
}

Test(inbox, a_clean_session_forgets_all)
{
	sn_inbox_learn(inbox, 7, bytes("a/b"));
	publish(2, SN_TOPIC_NORMAL, 7, 3);
	sn_inbox_reset(inbox, true);
	publish(1, SN_TOPIC_NORMAL, 7, 4);
	expect_puback(7, 4, SN_INVALID_TOPIC_ID);
	publish(2, SN_TOPIC_PREDEFINED, 5, 3);
	cr_assert_eq(n_taken, 2);
}

Test(inbox, a_kept_session_remembers_what_was_taken)
{
	publish(2, SN_TOPIC_PREDEFINED, 5, 3);
	sn_inbox_reset(inbox, false);
	cr_assert(publish(2, SN_TOPIC_PREDEFINED, 5, 3));
	cr_assert_eq(reply.type, SN_PUBREC);
	cr_assert_eq(n_taken, 1);
}

Test(inbox, is_freed_when_there_is_none)
{
	cr_assert_null(sn_inbox_free(NULL));
}
