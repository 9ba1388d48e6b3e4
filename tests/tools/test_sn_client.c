/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <string.h>

#include "common/err.h"
#include "tests/bytes.h"
#include "tests/tools/talk.h"

static struct talk t;

static void setup(void)
{
	talk_init(&t);
}

static void teardown(void)
{
	talk_stop(&t);
}

TestSuite(client, .init = setup, .fini = teardown);

#define SAID(line)          cr_assert_str_eq(talk_said(&t), line)
#define SAID_NOTHING()      cr_assert_str_eq(talk_said(&t), "")
#define HEAR(line, outcome) cr_assert_eq(talk_hear(&t, line).kind, SN_CLIENT_##outcome)
#define WAIT(length, outcome)                                                                      \
	do {                                                                                       \
		int64_t ms_;                                                                       \
		cr_assert_eq(talk_wait(&t, &ms_).kind, SN_CLIENT_##outcome);                       \
		cr_assert_eq(ms_, length, "waited %lld ms", (long long)ms_);                       \
	} while (0)

static const struct sn_client_topic topic_ab = { .type = SN_TOPIC_NORMAL, .name = "a/b" };
static const struct sn_client_topic topic_five = { .type = SN_TOPIC_PREDEFINED, .id = 5 };
static const struct sn_client_topic topic_xy = { .type = SN_TOPIC_SHORT, .id = 'x' << 8 | 'y' };

static struct sn_client_publication publication(struct sn_client_topic topic, int qos)
{
	return (struct sn_client_publication){ .topic = topic, .data = bytes("hi"), .qos = qos };
}

static int publish(struct sn_client_publication *pub)
{
	return sn_client_publish(t.client, t.now, pub);
}

/* Publishes at QoS 0, so that "a/b" is registered as 7; uses message id 1. */
static void register_ab(void)
{
	struct sn_client_publication pub = publication(topic_ab, 0);

	cr_assert_eq(publish(&pub), 0);
	SAID("REGISTER tid=0 mid=1 \"a/b\"");
	HEAR("REGACK tid=7 mid=1 rc=accepted", PUBLISHED);
	SAID("PUBLISH qos=0 tid=7 \"hi\"");
}

/* ---- connecting ---- */

Test(client, connects)
{
	talk_start(&t);
	cr_assert_eq(sn_client_connect(t.client, t.now), 0);
	SAID("CONNECT id=c clean keepalive=60");
	cr_assert_eq(sn_client_connect(t.client, t.now), -ERR_STATE);
	HEAR("CONNACK rc=accepted", CONNECTED);
	HEAR("CONNACK rc=accepted", QUIET);
	SAID_NOTHING();
}

Test(client, connects_with_a_will)
{
	struct sn_client_will will = {
		.topic = "w", .message = bytes("gone"), .qos = 1, .retain = true
	};

	t.config.will = &will;
	t.config.clean = false;
	talk_start(&t);
	sn_client_connect(t.client, t.now);
	SAID("CONNECT id=c will keepalive=60");
	HEAR("WILLTOPICREQ", QUIET);
	SAID("WILLTOPIC qos=1 retain \"w\"");
	WAIT(10000, QUIET);
	SAID("WILLTOPIC qos=1 retain \"w\"");
	HEAR("WILLTOPICREQ", QUIET);
	SAID("WILLTOPIC qos=1 retain \"w\"");
	HEAR("WILLMSGREQ", QUIET);
	SAID("WILLMSG \"gone\"");
	WAIT(10000, QUIET);
	SAID("WILLMSG \"gone\"");
	HEAR("CONNACK rc=accepted", CONNECTED);
}

Test(client, has_no_will_to_tell)
{
	talk_start(&t);
	sn_client_connect(t.client, t.now);
	SAID("CONNECT id=c clean keepalive=60");
	HEAR("WILLTOPICREQ", QUIET);
	HEAR("WILLMSGREQ", QUIET);
	SAID_NOTHING();
}

Test(client, refuses_a_will_that_is_too_long)
{
	static const uint8_t octets[1000] = { 0 };
	struct sn_client_will will = { .topic = "w", .message = { octets, sizeof octets } };

	t.config.will = &will;
	talk_start(&t);
	cr_assert_eq(sn_client_connect(t.client, t.now), -ERR_LIMIT);
	SAID_NOTHING();
}

Test(client, is_refused)
{
	struct sn_client_event event;

	talk_start(&t);
	sn_client_connect(t.client, t.now);
	event = talk_hear(&t, "CONNACK rc=not-supported");
	cr_assert_eq(event.kind, SN_CLIENT_REFUSED);
	cr_assert_eq(event.code, SN_NOT_SUPPORTED);
	cr_assert_eq(sn_client_connect(t.client, t.now), 0, "may try again");
}

Test(client, waits_out_congestion_at_connect)
{
	struct sn_client_event event;

	talk_start(&t);
	sn_client_connect(t.client, t.now);
	SAID("CONNECT id=c clean keepalive=60");
	for (int i = 0; i < 2; i++) {
		HEAR("CONNACK rc=congestion", CONGESTED);
		HEAR("CONNACK rc=accepted", QUIET);
		WAIT(300000, QUIET);
		SAID("CONNECT id=c clean keepalive=60");
	}
	event = talk_hear(&t, "CONNACK rc=congestion");
	cr_assert_eq(event.kind, SN_CLIENT_REFUSED);
	cr_assert_eq(event.code, SN_CONGESTION);
}

Test(client, gives_up_an_unanswered_connect)
{
	struct sn_client_event event;

	talk_start(&t);
	sn_client_connect(t.client, t.now);
	SAID("CONNECT id=c clean keepalive=60");
	for (int i = 0; i < 3; i++) {
		WAIT(10000, QUIET);
		SAID("CONNECT id=c clean keepalive=60");
	}
	event = talk_wait(&t, NULL);
	cr_assert_eq(event.kind, SN_CLIENT_CLOSED);
	cr_assert_eq(event.why, SN_CLIENT_NO_ANSWER);
	SAID_NOTHING();
}

Test(client, takes_a_late_disconnect_for_an_echo_while_it_connects)
{
	talk_start(&t);
	sn_client_connect(t.client, t.now);
	HEAR("DISCONNECT", QUIET);
	HEAR("CONNACK rc=accepted", CONNECTED);
}

Test(client, leaves)
{
	struct sn_client_event event;

	talk_connect(&t);
	cr_assert_eq(sn_client_disconnect(t.client, t.now), 0);
	SAID("DISCONNECT");
	cr_assert_eq(sn_client_disconnect(t.client, t.now), -ERR_STATE);
	WAIT(1000, QUIET);
	SAID("DISCONNECT");
	event = talk_hear(&t, "DISCONNECT");
	cr_assert_eq(event.kind, SN_CLIENT_CLOSED);
	cr_assert_eq(event.why, SN_CLIENT_BYE);
}

Test(client, leaves_the_deaf)
{
	struct sn_client_event event;

	t.config.retries = 100;
	talk_connect(&t);
	sn_client_disconnect(t.client, t.now);
	for (int i = 0; i < 3; i++)
		WAIT(1000, QUIET);
	event = talk_wait(&t, NULL);
	cr_assert_eq(event.kind, SN_CLIENT_CLOSED);
	cr_assert_eq(event.why, SN_CLIENT_NO_ANSWER);
}

Test(client, takes_no_message_when_it_leaves)
{
	talk_connect(&t);
	sn_client_disconnect(t.client, t.now);
	SAID("DISCONNECT");
	HEAR("PUBLISH qos=1 pre=5 mid=1 \"late\"", QUIET);
	cr_assert_eq(t.n_taken, 0);
	SAID_NOTHING();
}

Test(client, is_sent_away)
{
	struct sn_client_publication pub = publication(topic_five, 1);
	struct sn_client_event event;

	talk_connect(&t);
	event = talk_hear(&t, "DISCONNECT");
	cr_assert_eq(event.kind, SN_CLIENT_CLOSED);
	cr_assert_eq(event.why, SN_CLIENT_BY_GATEWAY);
	cr_assert_eq(publish(&pub), -ERR_STATE);
	HEAR("DISCONNECT", QUIET);
}

/* ---- publishing ---- */

Test(client, registers_before_the_first_publish)
{
	struct sn_client_publication pub = publication(topic_ab, 0);

	talk_connect(&t);
	register_ab();
	cr_assert_eq(publish(&pub), 1, "the id is known");
	SAID("PUBLISH qos=0 tid=7 \"hi\"");
	pub.retain = true;
	cr_assert_eq(publish(&pub), 1);
	SAID("PUBLISH qos=0 retain tid=7 \"hi\"");
}

Test(client, repeats_register_without_a_dup_flag)
{
	struct sn_client_publication pub = publication(topic_ab, 1);

	talk_connect(&t);
	publish(&pub);
	SAID("REGISTER tid=0 mid=1 \"a/b\"");
	WAIT(10000, QUIET);
	SAID("REGISTER tid=0 mid=1 \"a/b\"");
	HEAR("REGACK tid=7 mid=9 rc=accepted", QUIET);
	SAID_NOTHING();
	HEAR("REGACK tid=7 mid=1 rc=accepted", QUIET);
	SAID("PUBLISH qos=1 tid=7 mid=2 \"hi\"");
}

Test(client, publishes_at_qos_1)
{
	struct sn_client_publication pub = publication(topic_five, 1);

	talk_connect(&t);
	cr_assert_eq(publish(&pub), 0);
	SAID("PUBLISH qos=1 pre=5 mid=1 \"hi\"");
	cr_assert_eq(publish(&pub), -ERR_STATE, "one at a time");
	cr_assert_eq(
	    sn_client_subscribe(t.client, t.now, &topic_ab, 0), -ERR_STATE, "one at a time");
	WAIT(10000, QUIET);
	SAID("PUBLISH qos=1 dup pre=5 mid=1 \"hi\"");
	HEAR("PUBACK tid=5 mid=2 rc=accepted", QUIET);
	HEAR("PUBACK tid=5 mid=1 rc=accepted", PUBLISHED);
	HEAR("PUBACK tid=5 mid=1 rc=accepted", QUIET);
	SAID_NOTHING();
}

Test(client, publishes_at_qos_2)
{
	struct sn_client_publication pub = publication(topic_xy, 2);

	talk_connect(&t);
	cr_assert_eq(publish(&pub), 0);
	SAID("PUBLISH qos=2 short=\"xy\" mid=1 \"hi\"");
	WAIT(10000, QUIET);
	SAID("PUBLISH qos=2 dup short=\"xy\" mid=1 \"hi\"");
	HEAR("PUBACK tid=5 mid=1 rc=accepted", QUIET);
	HEAR("PUBREC mid=1", QUIET);
	SAID("PUBREL mid=1");
	HEAR("PUBREC mid=1", QUIET);
	SAID("PUBREL mid=1");
	WAIT(10000, QUIET);
	SAID("PUBREL mid=1");
	HEAR("PUBCOMP mid=2", QUIET);
	HEAR("PUBCOMP mid=1", PUBLISHED);
	SAID_NOTHING();
}

Test(client, ends_a_qos_2_flow_of_another_run)
{
	talk_connect(&t);
	HEAR("PUBREC mid=77", QUIET);
	SAID("PUBREL mid=77");
	HEAR("PUBCOMP mid=77", QUIET);
}

Test(client, gives_up_an_unanswered_publish)
{
	struct sn_client_publication pub = publication(topic_five, 1);
	struct sn_client_event event;

	t.config.keep_alive = 0;
	talk_connect(&t);
	publish(&pub);
	SAID("PUBLISH qos=1 pre=5 mid=1 \"hi\"");
	for (int i = 0; i < 3; i++) {
		WAIT(10000, QUIET);
		SAID("PUBLISH qos=1 dup pre=5 mid=1 \"hi\"");
	}
	event = talk_wait(&t, NULL);
	cr_assert_eq(event.kind, SN_CLIENT_CLOSED);
	cr_assert_eq(event.why, SN_CLIENT_NO_ANSWER);
	cr_assert_not(sn_client_next_deadline(t.client, &t.now));
}

Test(client, registers_again_when_the_gateway_lost_the_id)
{
	struct sn_client_publication pub = publication(topic_ab, 2);
	struct sn_client_event event;

	talk_connect(&t);
	register_ab();
	publish(&pub);
	SAID("PUBLISH qos=2 tid=7 mid=2 \"hi\"");
	HEAR("PUBACK tid=7 mid=2 rc=invalid-topic-id", QUIET);
	SAID("REGISTER tid=0 mid=3 \"a/b\"");
	HEAR("REGACK tid=8 mid=3 rc=accepted", QUIET);
	SAID("PUBLISH qos=2 tid=8 mid=4 \"hi\"");
	event = talk_hear(&t, "PUBACK tid=8 mid=4 rc=invalid-topic-id");
	cr_assert_eq(event.kind, SN_CLIENT_REFUSED, "once is enough");
	cr_assert_eq(event.code, SN_INVALID_TOPIC_ID);
	SAID_NOTHING();
}

Test(client, cannot_cure_a_predefined_id)
{
	struct sn_client_publication pub = publication(topic_five, 1);

	talk_connect(&t);
	publish(&pub);
	HEAR("PUBACK tid=5 mid=1 rc=invalid-topic-id", REFUSED);
}

Test(client, is_refused_to_register)
{
	struct sn_client_publication pub = publication(topic_ab, 1);
	struct sn_client_event event;

	talk_connect(&t);
	publish(&pub);
	event = talk_hear(&t, "REGACK tid=0 mid=1 rc=not-supported");
	cr_assert_eq(event.kind, SN_CLIENT_REFUSED);
	cr_assert_eq(event.code, SN_NOT_SUPPORTED);
}

Test(client, is_refused_to_publish)
{
	struct sn_client_publication pub = publication(topic_five, 2);
	struct sn_client_event event;

	talk_connect(&t);
	publish(&pub);
	event = talk_hear(&t, "PUBACK tid=5 mid=1 rc=17");
	cr_assert_eq(event.kind, SN_CLIENT_REFUSED);
	cr_assert_eq(event.code, 17);
}

Test(client, publishes_anew_after_congestion)
{
	struct sn_client_publication pub = publication(topic_ab, 1);

	t.config.keep_alive = 0;
	talk_connect(&t);
	publish(&pub);
	SAID("REGISTER tid=0 mid=1 \"a/b\"");
	HEAR("REGACK tid=0 mid=1 rc=congestion", CONGESTED);
	WAIT(300000, QUIET);
	SAID("REGISTER tid=0 mid=2 \"a/b\"");
	HEAR("REGACK tid=7 mid=2 rc=accepted", QUIET);
	SAID("PUBLISH qos=1 tid=7 mid=3 \"hi\"");
	WAIT(10000, QUIET);
	SAID("PUBLISH qos=1 dup tid=7 mid=3 \"hi\"");
	HEAR("PUBACK tid=7 mid=3 rc=congestion", CONGESTED);
	HEAR("PUBACK tid=7 mid=3 rc=congestion", QUIET);
	WAIT(300000, QUIET);
	SAID("PUBLISH qos=1 tid=7 mid=4 \"hi\"");
	HEAR("PUBACK tid=7 mid=4 rc=accepted", PUBLISHED);
}

Test(client, pings_while_it_waits_out_congestion)
{
	struct sn_client_publication pub = publication(topic_five, 1);

	talk_connect(&t);
	publish(&pub);
	SAID("PUBLISH qos=1 pre=5 mid=1 \"hi\"");
	HEAR("PUBACK tid=5 mid=1 rc=congestion", CONGESTED);
	WAIT(45000, QUIET);
	SAID("PINGREQ");
}

Test(client, hears_that_a_qos_0_message_was_not_taken)
{
	struct sn_client_publication pub = publication(topic_ab, 0);
	struct sn_client_event event;

	talk_connect(&t);
	register_ab();
	event = talk_hear(&t, "PUBACK tid=7 mid=0 rc=invalid-topic-id");
	cr_assert_eq(event.kind, SN_CLIENT_DROPPED);
	cr_assert_eq(event.code, SN_INVALID_TOPIC_ID);
	cr_assert_eq(publish(&pub), 0);
	SAID("REGISTER tid=0 mid=2 \"a/b\"");
	HEAR("REGACK tid=7 mid=2 rc=accepted", PUBLISHED);
	SAID("PUBLISH qos=0 tid=7 \"hi\"");
	sn_client_disconnect(t.client, t.now);
	HEAR("PUBACK tid=7 mid=0 rc=not-supported", DROPPED);
}

Test(client, refuses_what_is_too_long)
{
	uint8_t octets[1000] = { 0 };
	struct sn_client_publication pub = publication(topic_five, 1);

	talk_connect(&t);
	pub.data = (struct sn_bytes){ octets, 1000 - 9 + 1 };
	cr_assert_eq(publish(&pub), -ERR_LIMIT);
	pub.qos = -1;
	cr_assert_eq(publish(&pub), -ERR_LIMIT);
	SAID_NOTHING();
	pub.qos = 1;
	pub.data.len--;
	cr_assert_eq(publish(&pub), 0);
}

Test(client, refuses_a_topic_name_that_is_too_long)
{
	char name[1000];
	struct sn_client_publication pub;

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	pub = publication((struct sn_client_topic){ .type = SN_TOPIC_NORMAL, .name = name }, 0);
	talk_connect(&t);
	cr_assert_eq(publish(&pub), -ERR_LIMIT);
	SAID_NOTHING();
	pub.topic = topic_five;
	cr_assert_eq(publish(&pub), 1, "the client is free for the next one");
}

Test(client, publishes_at_qos_minus_1_without_a_connection)
{
	struct sn_client_publication pub = publication(topic_five, -1);

	talk_start(&t);
	cr_assert_eq(publish(&pub), 1);
	SAID("PUBLISH qos=-1 pre=5 \"hi\"");
	pub.topic = topic_ab;
	cr_assert_eq(publish(&pub), -ERR_INVALID);
	SAID_NOTHING();
	cr_assert_not(sn_client_next_deadline(t.client, &t.now));
}

/* ---- over a lost connection ---- */

static void reconnect(void)
{
	HEAR("DISCONNECT", CLOSED);
	cr_assert_eq(sn_client_connect(t.client, t.now), 0);
	talk_said(&t);
	HEAR("CONNACK rc=accepted", CONNECTED);
}

Test(client, goes_on_with_a_publish_after_a_loss)
{
	struct sn_client_publication pub = publication(topic_ab, 1);

	talk_connect(&t);
	register_ab();
	publish(&pub);
	SAID("PUBLISH qos=1 tid=7 mid=2 \"hi\"");
	reconnect();
	cr_assert_eq(publish(&pub), 0);
	SAID("REGISTER tid=0 mid=3 \"a/b\"");
	HEAR("REGACK tid=9 mid=3 rc=accepted", QUIET);
	SAID("PUBLISH qos=1 dup tid=9 mid=2 \"hi\"");
	HEAR("PUBACK tid=9 mid=2 rc=accepted", PUBLISHED);
}

Test(client, knows_that_the_gateway_had_a_qos_2_message)
{
	struct sn_client_publication pub = publication(topic_five, 2);

	talk_connect(&t);
	publish(&pub);
	SAID("PUBLISH qos=2 pre=5 mid=1 \"hi\"");
	HEAR("PUBREC mid=1", QUIET);
	SAID("PUBREL mid=1");
	reconnect();
	cr_assert_eq(publish(&pub), 1);
	SAID_NOTHING();
}

Test(client, goes_on_with_pubrel_in_a_session_that_was_kept)
{
	struct sn_client_publication pub = publication(topic_ab, 2);

	t.config.clean = false;
	talk_connect(&t);
	register_ab();
	publish(&pub);
	SAID("PUBLISH qos=2 tid=7 mid=2 \"hi\"");
	HEAR("PUBREC mid=2", QUIET);
	SAID("PUBREL mid=2");
	reconnect();
	cr_assert_eq(publish(&pub), 0);
	SAID("PUBREL mid=2");
	HEAR("PUBCOMP mid=2", PUBLISHED);
}

/* ---- message ids ---- */

Test(client, never_uses_message_id_0)
{
	struct sn_client_publication pub = publication(topic_five, 1);

	t.config.first_msg_id = 65535;
	talk_connect(&t);
	publish(&pub);
	SAID("PUBLISH qos=1 pre=5 mid=65535 \"hi\"");
	HEAR("PUBACK tid=5 mid=65535 rc=accepted", PUBLISHED);
	pub.msg_id = 0;
	publish(&pub);
	SAID("PUBLISH qos=1 pre=5 mid=1 \"hi\"");
}

Test(client, takes_a_first_message_id_of_0_for_1)
{
	struct sn_client_publication pub = publication(topic_five, 1);

	t.config.first_msg_id = 0;
	talk_connect(&t);
	publish(&pub);
	SAID("PUBLISH qos=1 pre=5 mid=1 \"hi\"");
}

/* ---- subscribing ---- */

Test(client, subscribes_and_learns_the_id)
{
	struct sn_client_event event;

	talk_connect(&t);
	cr_assert_eq(sn_client_subscribe(t.client, t.now, &topic_ab, 2), 0);
	SAID("SUBSCRIBE qos=2 mid=1 \"a/b\"");
	WAIT(10000, QUIET);
	SAID("SUBSCRIBE qos=2 dup mid=1 \"a/b\"");
	HEAR("SUBACK qos=1 tid=7 mid=2 rc=accepted", QUIET);
	event = talk_hear(&t, "SUBACK qos=1 tid=7 mid=1 rc=accepted");
	cr_assert_eq(event.kind, SN_CLIENT_SUBSCRIBED);
	cr_assert_eq(event.qos, 1);
	HEAR("PUBLISH qos=0 tid=7 \"23.5\"", QUIET);
	cr_assert_eq(t.n_taken, 1);
	cr_assert_str_eq(t.taken[0], "0 live a/b 23.5");
}

Test(client, takes_no_name_from_a_wildcard)
{
	struct sn_client_topic all = { .type = SN_TOPIC_NORMAL, .name = "a/+" };

	talk_connect(&t);
	sn_client_subscribe(t.client, t.now, &all, 0);
	SAID("SUBSCRIBE qos=0 mid=1 \"a/+\"");
	HEAR("SUBACK qos=0 tid=7 mid=1 rc=accepted", SUBSCRIBED);
	HEAR("PUBLISH qos=0 tid=7 \"23.5\"", QUIET);
	SAID("PUBACK tid=7 mid=0 rc=invalid-topic-id");
	cr_assert_eq(t.n_taken, 0);
}

Test(client, subscribes_to_predefined_and_short_topics)
{
	talk_connect(&t);
	sn_client_subscribe(t.client, t.now, &topic_five, 1);
	SAID("SUBSCRIBE qos=1 mid=1 pre=5");
	HEAR("SUBACK qos=1 tid=5 mid=1 rc=accepted", SUBSCRIBED);
	sn_client_subscribe(t.client, t.now, &topic_xy, 0);
	SAID("SUBSCRIBE qos=0 mid=2 short=\"xy\"");
	HEAR("SUBACK qos=0 tid=0 mid=2 rc=accepted", SUBSCRIBED);
	HEAR("PUBLISH qos=0 pre=5 \"one\"", QUIET);
	HEAR("PUBLISH qos=0 retain short=\"xy\" \"two\"", QUIET);
	cr_assert_eq(t.n_taken, 2);
	cr_assert_str_eq(t.taken[0], "0 live 5 one");
	cr_assert_str_eq(t.taken[1], "0 retained xy two");
	SAID_NOTHING();
}

Test(client, is_refused_to_subscribe)
{
	struct sn_client_event event;

	talk_connect(&t);
	sn_client_subscribe(t.client, t.now, &topic_ab, 0);
	event = talk_hear(&t, "SUBACK qos=0 tid=0 mid=1 rc=not-supported");
	cr_assert_eq(event.kind, SN_CLIENT_REFUSED);
	cr_assert_eq(event.code, SN_NOT_SUPPORTED);
	cr_assert_eq(
	    sn_client_subscribe(t.client, t.now, &topic_ab, 0), 0, "the connection stands");
}

Test(client, subscribes_anew_after_congestion)
{
	t.config.keep_alive = 0;
	talk_connect(&t);
	sn_client_subscribe(t.client, t.now, &topic_ab, 1);
	SAID("SUBSCRIBE qos=1 mid=1 \"a/b\"");
	WAIT(10000, QUIET);
	SAID("SUBSCRIBE qos=1 dup mid=1 \"a/b\"");
	HEAR("SUBACK qos=0 tid=0 mid=1 rc=congestion", CONGESTED);
	WAIT(300000, QUIET);
	SAID("SUBSCRIBE qos=1 mid=1 \"a/b\"");
	HEAR("SUBACK qos=1 tid=7 mid=1 rc=accepted", SUBSCRIBED);
}

Test(client, unsubscribes)
{
	talk_connect(&t);
	cr_assert_eq(sn_client_unsubscribe(t.client, t.now, &topic_ab), 0);
	SAID("UNSUBSCRIBE mid=1 \"a/b\"");
	WAIT(10000, QUIET);
	SAID("UNSUBSCRIBE mid=1 \"a/b\"");
	HEAR("UNSUBACK mid=2", QUIET);
	HEAR("UNSUBACK mid=1", UNSUBSCRIBED);
}

/* ---- being asked ---- */

Test(client, answers_register_and_publish)
{
	talk_connect(&t);
	HEAR("REGISTER tid=3 mid=1 \"a/b\"", QUIET);
	SAID("REGACK tid=3 mid=1 rc=accepted");
	HEAR("PUBLISH qos=2 tid=3 mid=2 \"once\"", QUIET);
	SAID("PUBREC mid=2");
	HEAR("PUBLISH qos=2 dup tid=3 mid=2 \"once\"", QUIET);
	SAID("PUBREC mid=2");
	HEAR("PUBREL mid=2", QUIET);
	SAID("PUBCOMP mid=2");
	cr_assert_eq(t.n_taken, 1);
	cr_assert_str_eq(t.taken[0], "2 live a/b once");
}

Test(client, serves_the_gateway_beside_its_own_request)
{
	struct sn_client_publication pub = publication(topic_five, 2);

	talk_connect(&t);
	publish(&pub);
	SAID("PUBLISH qos=2 pre=5 mid=1 \"hi\"");
	HEAR("PUBLISH qos=2 pre=6 mid=1 \"same id, other direction\"", QUIET);
	SAID("PUBREC mid=1");
	HEAR("PINGREQ", QUIET);
	SAID("PINGRESP");
	HEAR("PUBREC mid=1", QUIET);
	SAID("PUBREL mid=1");
	HEAR("PUBREL mid=1", QUIET);
	SAID("PUBCOMP mid=1");
	HEAR("PUBCOMP mid=1", PUBLISHED);
}

Test(client, forgets_topic_ids_with_the_connection)
{
	talk_connect(&t);
	HEAR("REGISTER tid=3 mid=1 \"a/b\"", QUIET);
	SAID("REGACK tid=3 mid=1 rc=accepted");
	reconnect();
	HEAR("PUBLISH qos=1 tid=3 mid=1 \"hi\"", QUIET);
	SAID("PUBACK tid=3 mid=1 rc=invalid-topic-id");
}

Test(client, keeps_a_register_that_overtook_connack)
{
	talk_start(&t);
	sn_client_connect(t.client, t.now);
	talk_said(&t);
	HEAR("REGISTER tid=3 mid=1 \"a/b\"", QUIET);
	SAID("REGACK tid=3 mid=1 rc=accepted");
	HEAR("CONNACK rc=accepted", CONNECTED);
	HEAR("PUBLISH qos=0 tid=3 \"hi\"", QUIET);
	cr_assert_eq(t.n_taken, 1);
}

Test(client, ignores_what_is_not_for_it)
{
	static const char *const lines[] = {
		"ADVERTISE gw=1 duration=900",
		"SEARCHGW radius=1",
		"GWINFO gw=1",
		"CONNECT id=x clean keepalive=60",
		"WILLTOPIC \"w\"",
		"WILLMSG \"m\"",
		"SUBSCRIBE qos=0 mid=1 \"a\"",
		"UNSUBSCRIBE mid=1 \"a\"",
		"WILLTOPICRESP rc=accepted",
		"WILLMSGRESP rc=accepted",
		"PINGRESP",
		"REGACK tid=1 mid=1 rc=accepted",
		"SUBACK qos=0 tid=1 mid=1 rc=accepted",
		"UNSUBACK mid=1",
		"PUBCOMP mid=1",
		"PUBLISH qos=1 pre=5 mid=0 \"no message id\"",
		"PUBLISH qos=-1 pre=5 \"a client's\"",
		"ENCAPSULATED radius=0 node=aa PINGREQ",
	};
	static const uint8_t garbage[] = { 3, 0x0C, 0 };

	talk_connect(&t);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		cr_expect_eq(talk_hear(&t, lines[i]).kind, SN_CLIENT_QUIET, "%s", lines[i]);
	cr_expect_eq(sn_client_rx(t.client, t.now, garbage, sizeof garbage).kind, SN_CLIENT_QUIET);
	SAID_NOTHING();
	cr_assert_eq(t.n_taken, 0);
}

/* ---- sleeping ---- */

static void fall_asleep(void)
{
	cr_assert_eq(sn_client_sleep(t.client, t.now, 300), 0);
	SAID("DISCONNECT duration=300");
	HEAR("DISCONNECT", ASLEEP);
}

static void wake(void)
{
	cr_assert_eq(sn_client_wake(t.client, t.now), 0);
	SAID("PINGREQ id=c");
}

Test(client, sleeps_without_a_sound)
{
	monotime_t when;

	talk_connect(&t);
	fall_asleep();
	cr_assert_not(sn_client_next_deadline(t.client, &when), "neither pings nor repeats");
	cr_assert_eq(sn_client_sleep(t.client, t.now, 300), -ERR_STATE);
}

Test(client, repeats_that_it_wants_to_sleep)
{
	struct sn_client_publication pub = publication(topic_five, 1);

	talk_connect(&t);
	sn_client_sleep(t.client, t.now, 300);
	SAID("DISCONNECT duration=300");
	cr_assert_eq(publish(&pub), -ERR_STATE);
	HEAR("PUBLISH qos=1 pre=5 mid=1 \"on its way\"", QUIET);
	SAID("PUBACK tid=5 mid=1 rc=accepted");
	WAIT(10000, QUIET);
	SAID("DISCONNECT duration=300");
	HEAR("DISCONNECT", ASLEEP);
}

Test(client, wakes_for_what_was_kept)
{
	talk_connect(&t);
	fall_asleep();
	for (int i = 0; i < 2; i++) {
		wake();
		HEAR("PUBLISH qos=0 pre=5 \"kept\"", QUIET);
		HEAR("PINGRESP", ASLEEP);
	}
	cr_assert_eq(t.n_taken, 2);
	SAID_NOTHING();
}

Test(client, repeats_its_ping_only_when_nothing_comes)
{
	struct sn_client_event event;

	talk_connect(&t);
	fall_asleep();
	wake();
	t.now = monotime_add_ms(t.now, 9000);
	HEAR("REGISTER tid=7 mid=1 \"a/b\"", QUIET);
	SAID("REGACK tid=7 mid=1 rc=accepted");
	for (int i = 0; i < 3; i++) {
		WAIT(10000, QUIET);
		SAID("PINGREQ id=c");
	}
	event = talk_wait(&t, NULL);
	cr_assert_eq(event.kind, SN_CLIENT_CLOSED);
	cr_assert_eq(event.why, SN_CLIENT_NO_ANSWER);
}

Test(client, is_unknown_when_it_wakes)
{
	struct sn_client_event event;

	talk_connect(&t);
	fall_asleep();
	wake();
	event = talk_hear(&t, "DISCONNECT");
	cr_assert_eq(event.kind, SN_CLIENT_CLOSED);
	cr_assert_eq(event.why, SN_CLIENT_BY_GATEWAY);
}

Test(client, leaves_from_its_sleep)
{
	talk_connect(&t);
	cr_assert_eq(sn_client_wake(t.client, t.now), -ERR_STATE, "it does not sleep");
	fall_asleep();
	cr_assert_eq(sn_client_disconnect(t.client, t.now), 0);
	SAID("DISCONNECT");
	HEAR("DISCONNECT", CLOSED);
}

/* ---- keep alive ---- */

Test(client, pings_when_it_has_been_silent)
{
	struct sn_client_publication pub = publication(topic_five, 0);

	talk_connect(&t);
	WAIT(45000, QUIET);
	SAID("PINGREQ");
	HEAR("PINGRESP", QUIET);
	t.now = monotime_add_ms(t.now, 20000);
	publish(&pub);
	SAID("PUBLISH qos=0 pre=5 \"hi\"");
	WAIT(45000, QUIET);
	SAID("PINGREQ");
}

Test(client, gives_up_when_pings_are_not_answered)
{
	struct sn_client_event event;

	talk_connect(&t);
	WAIT(45000, QUIET);
	SAID("PINGREQ");
	for (int i = 0; i < 3; i++) {
		WAIT(10000, QUIET);
		SAID("PINGREQ");
	}
	event = talk_wait(&t, NULL);
	cr_assert_eq(event.kind, SN_CLIENT_CLOSED);
	cr_assert_eq(event.why, SN_CLIENT_NO_ANSWER);
}

Test(client, repeats_a_ping_within_a_short_keep_alive)
{
	t.config.keep_alive = 4;
	talk_connect(&t);
	WAIT(3000, QUIET);
	SAID("PINGREQ");
	WAIT(1000, QUIET);
	SAID("PINGREQ");
}

Test(client, does_not_ping_without_a_keep_alive)
{
	monotime_t when;

	t.config.keep_alive = 0;
	talk_connect(&t);
	cr_assert_not(sn_client_next_deadline(t.client, &when));
}

Test(client, is_quiet_before_a_deadline)
{
	struct sn_client_publication pub = publication(topic_five, 1);

	talk_connect(&t);
	publish(&pub);
	SAID("PUBLISH qos=1 pre=5 mid=1 \"hi\"");
	t.now = monotime_add_ms(t.now, 9999);
	cr_assert_eq(sn_client_advance(t.client, t.now).kind, SN_CLIENT_QUIET);
	SAID_NOTHING();
}

Test(client, can_be_aborted)
{
	monotime_t when;

	talk_connect(&t);
	sn_client_abort(t.client);
	SAID_NOTHING();
	cr_assert_not(sn_client_next_deadline(t.client, &when));
	cr_assert_eq(sn_client_connect(t.client, t.now), 0);
}

Test(client, is_freed_when_there_is_none)
{
	cr_assert_null(sn_client_free(NULL));
}
