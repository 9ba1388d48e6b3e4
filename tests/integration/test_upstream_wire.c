/* SPDX-License-Identifier: BSD-3-Clause */
/* What the upstream module writes and when, seen by a socket that stands in for the broker. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "common/alarm.h"
#include "common/err.h"
#include "gateway/upstream/pool.h"
#include "tests/integration/upstream_bench.h"

static struct bench bench;
static struct fake fake;

static void setup(void)
{
	struct upstream_config config = { .host = "127.0.0.1", .keep_alive = 60 };

	config.id_prefix = "gw-";
	config.id_suffix = "-x";
	fake_start(&fake);
	config.port = fake.port;
	bench_start(&bench, &config);
}

static void teardown(void)
{
	bench_stop(&bench);
	fake_stop(&fake);
}

TestSuite(upstream_wire, .init = setup, .fini = teardown, .timeout = 30);

static struct up_session *open_session(bool clean)
{
	struct up_spec spec = { .client_id = "sensor", .clean = clean };
	struct up_session *session = upstream_open(bench.up, CLIENT(7), &spec);

	cr_assert_not_null(session);
	return session;
}

static struct up_session *connect_session(void)
{
	struct up_session *session = open_session(true);

	fake_welcome(&bench, &fake);
	bench_next(&bench, UP_CONNECTED);
	return session;
}

/* Makes the clock of keep alive and farewells run a hundred times as fast. */
static void hurry(void)
{
	alarm_every(bench.up->ticker, POOL_TICK_MS * 10);
}

static void take_time(void)
{
	alarm_every(bench.up->ticker, POOL_TICK_MS * 1000);
}

Test(upstream_wire, connect_carries_what_was_configured)
{
	struct up_will will = {
		.topic = "w/t", .message = bytes("gone"), .qos = 1, .retain = true
	};
	struct up_spec spec = { .client_id = "s", .clean = true, .will = &will };
	static const char expected[] =
	    "\x00\x04MQTT\x04\x2E\x00\x3C\x00\x06gw-s-x\x00\x03w/t\x00\x04gone";
	struct mqtt packet;

	cr_assert_not_null(upstream_open(bench.up, CLIENT(1), &spec));
	fake_accept(&bench, &fake);
	packet = fake_read(&bench, &fake, MQTT_CONNECT);
	cr_assert_arr_eq(packet.payload, expected, sizeof(expected) - 1);
}

/* So the broker is acknowledged only when its message is kept (SN12-GPUB-10, SN12-SLEEP-06). */
Test(upstream_wire, nothing_is_written_before_the_flush)
{
	struct up_session *s = connect_session();
	uint16_t token;

	bench.hold_flush = true;
	cr_assert_eq(upstream_publish(s, "t", bytes("1"), 1, false, &token), 0);
	cr_assert_eq(upstream_publish(s, "t", bytes("0"), 0, false, &token), 0);
	fake_send_publish(&fake, "in", "hello", 1, 77);
	cr_assert_str_eq(bench_next(&bench, UP_MESSAGE)->payload, "hello");
	bench_quiet(&bench);
	cr_assert_eq(fake_waiting(&fake), 0, "written before the flush");

	bench.hold_flush = false;
	cr_assert_str_eq(fake_read(&bench, &fake, MQTT_PUBLISH).payload, "1");
	cr_assert_str_eq(fake_read(&bench, &fake, MQTT_PUBLISH).payload, "0");
	cr_assert_eq(fake_read(&bench, &fake, MQTT_PUBACK).mid, 77);
}

Test(upstream_wire, the_connect_too_waits_for_the_flush)
{
	bench.hold_flush = true;
	open_session(true);
	fake_accept(&bench, &fake);
	bench_quiet(&bench);
	cr_assert_eq(fake_waiting(&fake), 0);
	bench.hold_flush = false;
	fake_read(&bench, &fake, MQTT_CONNECT);
}

Test(upstream_wire, requests_wait_for_connack_in_order)
{
	struct up_session *s = open_session(true);
	uint16_t tokens[3], none;

	cr_assert_eq(upstream_publish(s, "t", bytes("a"), 1, false, &tokens[0]), 0);
	cr_assert_eq(upstream_subscribe(s, "f", 1, &tokens[1]), 0);
	cr_assert_eq(upstream_publish(s, "t", bytes("b"), 2, false, &tokens[2]), 0);
	cr_assert_eq(upstream_publish(s, "t", bytes("c"), 0, false, &none), -ERR_STATE);
	fake_accept(&bench, &fake);
	fake_read(&bench, &fake, MQTT_CONNECT);
	bench_quiet(&bench);
	cr_assert_eq(fake_waiting(&fake), 0, "written before the CONNACK");

	fake_send_connack(&fake, false, 0);
	bench_next(&bench, UP_CONNECTED);
	fake_send_ack(&fake, MQTT_PUBACK, fake_read(&bench, &fake, MQTT_PUBLISH).mid);
	cr_assert_eq(bench_next(&bench, UP_PUBLISHED)->event.token, tokens[0]);
	fake_read(&bench, &fake, MQTT_SUBSCRIBE);
	cr_assert_str_eq(fake_read(&bench, &fake, MQTT_PUBLISH).payload, "b");
}

Test(upstream_wire, answers_carry_the_token_of_the_request)
{
	struct up_session *s = connect_session();
	uint16_t sub, refused, unsub, pub, mid;
	const struct heard *heard;

	cr_assert_eq(upstream_subscribe(s, "a", 1, &sub), 0);
	cr_assert_eq(upstream_subscribe(s, "b", 2, &refused), 0);
	cr_assert_eq(upstream_unsubscribe(s, "c", &unsub), 0);
	cr_assert_eq(upstream_publish(s, "d", bytes("x"), 2, true, &pub), 0);

	mid = fake_read(&bench, &fake, MQTT_SUBSCRIBE).mid;
	fake_send(&fake, (const uint8_t[]){ 0x90, 3, (uint8_t)(mid >> 8), (uint8_t)mid, 1 }, 5);
	heard = bench_next(&bench, UP_SUBSCRIBED);
	cr_assert_eq(heard->event.token, sub);
	cr_assert_eq(heard->event.granted_qos, 1);

	mid = fake_read(&bench, &fake, MQTT_SUBSCRIBE).mid;
	fake_send(&fake, (const uint8_t[]){ 0x90, 3, (uint8_t)(mid >> 8), (uint8_t)mid, 0x80 }, 5);
	heard = bench_next(&bench, UP_SUBSCRIBED);
	cr_assert_eq(heard->event.token, refused);
	cr_assert_eq(heard->event.granted_qos, -1);

	fake_send_ack(&fake, 11, fake_read(&bench, &fake, MQTT_UNSUBSCRIBE).mid);
	cr_assert_eq(bench_next(&bench, UP_UNSUBSCRIBED)->event.token, unsub);

	mid = fake_read(&bench, &fake, MQTT_PUBLISH).mid;
	fake_send_ack(&fake, MQTT_PUBREC, mid);
	cr_assert_eq(fake_read(&bench, &fake, MQTT_PUBREL).mid, mid);
	bench_quiet(&bench);
	fake_send_ack(&fake, MQTT_PUBCOMP, mid);
	cr_assert_eq(bench_next(&bench, UP_PUBLISHED)->event.token, pub);
}

Test(upstream_wire, what_is_not_acknowledged_is_sent_again_before_what_is_new)
{
	struct up_session *s = connect_session();
	uint16_t tokens[4];
	struct mqtt packet;

	for (int i = 0; i < 2; i++)
		cr_assert_eq(
		    upstream_publish(s, "t", bytes(i ? "2" : "1"), 1, false, &tokens[i]), 0);
	fake_read(&bench, &fake, MQTT_PUBLISH);
	fake_read(&bench, &fake, MQTT_PUBLISH);
	fake_close(&fake);
	bench_next(&bench, UP_LOST);
	cr_assert_eq(upstream_publish(s, "t", bytes("3"), 1, false, &tokens[2]), 0);
	upstream_reconnect(s);
	cr_assert_eq(upstream_publish(s, "t", bytes("4"), 1, false, &tokens[3]), 0);
	fake_welcome(&bench, &fake);
	bench_next(&bench, UP_CONNECTED);

	for (int i = 0; i < 4; i++) {
		packet = fake_read(&bench, &fake, MQTT_PUBLISH);
		cr_assert_eq(packet.payload[0], '1' + i);
		cr_assert_eq(packet.flags >> 3, i < 2, "DUP of %d", i + 1);
		fake_send_ack(&fake, MQTT_PUBACK, packet.mid);
		cr_assert_eq(bench_next(&bench, UP_PUBLISHED)->event.token, tokens[i]);
	}
	bench_quiet(&bench);
}

/* More than libmosquitto has in flight at a time (20), and a loss in the midst of them. */
Test(upstream_wire, a_long_queue_survives_a_loss_in_order)
{
	static const uint8_t answer[] = {
		[MQTT_PUBLISH] = MQTT_PUBACK, [MQTT_PUBREL] = MQTT_PUBCOMP
	};
	struct up_session *s = connect_session();
	uint16_t tokens[50];
	struct mqtt packet;
	char text[] = "0";
	int next = 0, done = 0;

	for (int i = 0; i < 50; i++) {
		text[0] = (char)('0' + i);
		cr_assert_eq(
		    upstream_publish(s, "t", bytes(text), 1 + i % 2, false, &tokens[i]), 0);
	}
	for (int i = 0; i < 20; i++)
		fake_read(&bench, &fake, MQTT_PUBLISH);
	fake_close(&fake);
	bench_next(&bench, UP_LOST);
	upstream_reconnect(s);
	fake_welcome(&bench, &fake);
	bench_next(&bench, UP_CONNECTED);

	while (done < 50) {
		packet = fake_read_any(&bench, &fake);
		if (packet.type == MQTT_PUBLISH)
			cr_assert_eq(packet.payload[0], '0' + next++);
		if (packet.type == MQTT_PUBLISH && packet.flags & 0x04) {
			fake_send_ack(&fake, MQTT_PUBREC, packet.mid);
		} else {
			fake_send_ack(&fake, answer[packet.type], packet.mid);
			done++;
		}
	}
	cr_assert_eq(next, 50);
	for (int i = 0; i < 50; i++) {
		uint16_t token = bench_next(&bench, UP_PUBLISHED)->event.token;
		int at = 0;

		while (at < 50 && tokens[at] != token)
			at++;
		cr_assert_lt(at, 50, "token %u is nobody's", token);
		tokens[at] = 0;
	}
}

Test(upstream_wire, a_request_in_the_event_of_the_connack_comes_behind_what_is_sent_again)
{
	struct up_session *s = connect_session();
	uint16_t token;

	cr_assert_eq(upstream_publish(s, "t", bytes("old"), 2, false, &token), 0);
	fake_read(&bench, &fake, MQTT_PUBLISH);
	fake_close(&fake);
	bench_next(&bench, UP_LOST);
	upstream_reconnect(s);
	fake_welcome(&bench, &fake);
	bench_next(&bench, UP_CONNECTED);
	cr_assert_eq(upstream_publish(s, "t", bytes("new"), 0, false, &token), 0);
	cr_assert_str_eq(fake_read(&bench, &fake, MQTT_PUBLISH).payload, "old");
	cr_assert_str_eq(fake_read(&bench, &fake, MQTT_PUBLISH).payload, "new");
}

Test(upstream_wire, a_message_right_behind_the_connack_comes_after_it)
{
	struct up_session *s = open_session(false);

	fake_accept(&bench, &fake);
	fake_read(&bench, &fake, MQTT_CONNECT);
	fake_send(&fake, "\x20\x02\x01\x00\x30\x04\x00\x01tx", 10);
	cr_assert(bench_next(&bench, UP_CONNECTED)->event.session_present);
	cr_assert_str_eq(bench_next(&bench, UP_MESSAGE)->payload, "x");
	upstream_close(s, UP_DISCONNECT);
	fake_read(&bench, &fake, MQTT_DISCONNECT);
}

Test(upstream_wire, subscribes_die_with_the_connection)
{
	struct up_session *s = connect_session();
	uint16_t token;

	cr_assert_eq(upstream_subscribe(s, "a", 1, &token), 0);
	fake_read(&bench, &fake, MQTT_SUBSCRIBE);
	fake_close(&fake);
	bench_next(&bench, UP_LOST);
	cr_assert_eq(upstream_subscribe(s, "a", 1, &token), -ERR_STATE);
	upstream_reconnect(s);
	cr_assert_eq(upstream_unsubscribe(s, "b", &token), 0);
	fake_accept(&bench, &fake);
	fake_close(&fake);
	bench_next(&bench, UP_REFUSED);
	upstream_reconnect(s);
	fake_welcome(&bench, &fake);
	bench_next(&bench, UP_CONNECTED);
	bench_quiet(&bench);
	cr_assert_eq(fake_waiting(&fake), 0);
}

Test(upstream_wire, what_the_library_would_refuse_is_refused_in_every_state)
{
	struct up_session *s = open_session(true);
	char long_topic[65600];
	uint16_t token;

	memset(long_topic, 'a', sizeof(long_topic) - 1);
	long_topic[sizeof(long_topic) - 1] = '\0';
	for (int connected = 0; connected < 2; connected++) {
		cr_assert_eq(upstream_publish(s, "", bytes("x"), 1, false, &token), -ERR_INVALID);
		cr_assert_eq(
		    upstream_publish(s, "a/+", bytes("x"), 1, false, &token), -ERR_INVALID);
		cr_assert_eq(
		    upstream_publish(s, "\xFF", bytes("x"), 2, false, &token), -ERR_INVALID);
		cr_assert_eq(
		    upstream_publish(s, long_topic, bytes("x"), 1, false, &token), -ERR_INVALID);
		cr_assert_eq(upstream_subscribe(s, "a/#/b", 0, &token), -ERR_INVALID);
		cr_assert_eq(upstream_subscribe(s, "", 0, &token), -ERR_INVALID);
		if (!connected) {
			fake_welcome(&bench, &fake);
			bench_next(&bench, UP_CONNECTED);
		}
	}
	cr_assert_eq(upstream_publish(s, "", bytes("x"), 0, false, &token), -ERR_INVALID);
	cr_assert_eq(upstream_publish(s, long_topic, bytes("x"), 0, false, &token), -ERR_INVALID);
	bench_quiet(&bench);
	cr_assert_eq(fake_waiting(&fake), 0);
}

Test(upstream_wire, connack_codes)
{
	static const bool permanent[] = {
		[1] = true, [2] = true, [3] = false, [4] = true, [5] = true, [6] = false
	};
	struct up_session *s = open_session(true);
	const struct heard *heard;

	for (uint8_t code = 1; code <= 6; code++) {
		fake_accept(&bench, &fake);
		fake_read(&bench, &fake, MQTT_CONNECT);
		fake_send_connack(&fake, false, code);
		heard = bench_next(&bench, UP_REFUSED);
		cr_assert_eq(heard->event.down.permanent, permanent[code], "code %u", code);
		cr_assert_not_null(heard->event.down.why);
		fake_read_end(&bench, &fake);
		upstream_reconnect(s);
	}
}

Test(upstream_wire, a_close_before_the_connack_is_a_refusal)
{
	open_session(true);
	fake_accept(&bench, &fake);
	fake_read(&bench, &fake, MQTT_CONNECT);
	fake_close(&fake);
	cr_assert_not(bench_next(&bench, UP_REFUSED)->event.down.permanent);
	bench_quiet(&bench);
}

Test(upstream_wire, a_second_connack_ends_the_connection)
{
	struct up_session *s = connect_session();

	for (uint8_t code = 0; code <= 4; code += 4) {
		fake_send_connack(&fake, false, code);
		cr_assert_not(bench_next(&bench, UP_LOST)->event.down.permanent);
		fake_read_end(&bench, &fake);
		upstream_reconnect(s);
		fake_welcome(&bench, &fake);
		bench_next(&bench, UP_CONNECTED);
	}
}

Test(upstream_wire, a_message_before_the_connack_is_not_heard)
{
	open_session(true);
	fake_accept(&bench, &fake);
	fake_read(&bench, &fake, MQTT_CONNECT);
	fake_send_publish(&fake, "t", "x", 0, 0);
	bench_next(&bench, UP_REFUSED);
}

Test(upstream_wire, nonsense_from_the_broker_ends_the_connection)
{
	connect_session();
	fake_send(&fake, "\xF0\x00", 2);
	bench_next(&bench, UP_LOST);
	fake_read_end(&bench, &fake);
}

Test(upstream_wire, an_end_found_in_the_flush_is_told_in_the_next_turn)
{
	struct up_session *s = connect_session();
	uint16_t token;

	upstream_pause(s, true); /* so that only writing can find out */
	fake_reset(&fake);
	cr_assert_eq(upstream_publish(s, "t", bytes("x"), 0, false, &token), 0);
	upstream_flush(bench.up);
	upstream_flush(bench.up);
	cr_assert_eq(bench.n_heard, bench.n_seen, "told from within the call");
	bench_next(&bench, UP_LOST);
}

/* --- Farewells --- */

Test(upstream_wire, what_was_accepted_goes_before_the_disconnect)
{
	struct up_session *s = connect_session();
	uint16_t token;

	for (int i = 0; i < 5; i++)
		cr_assert_eq(upstream_publish(s, "t", bytes("x"), i % 3, false, &token), 0);
	upstream_close(s, UP_DISCONNECT);
	cr_assert_eq(upstream_connected(bench.up), 0);
	for (int i = 0; i < 5; i++)
		fake_read(&bench, &fake, MQTT_PUBLISH);
	fake_read(&bench, &fake, MQTT_DISCONNECT);
	fake_read_end(&bench, &fake);
	cr_assert_eq(upstream_count(bench.up), 1, "does not wait for the broker");
	fake_close(&fake);
	bench_until(&bench, upstream_count(bench.up) == 0);
	cr_assert_eq(bench.n_heard, bench.n_seen);
}

Test(upstream_wire, a_session_closed_before_connack_still_says_what_it_has_to)
{
	struct up_session *s = open_session(true);
	uint16_t token;

	cr_assert_eq(upstream_publish(s, "t", bytes("x"), 1, false, &token), 0);
	upstream_close(s, UP_DISCONNECT);
	fake_welcome(&bench, &fake);
	fake_read(&bench, &fake, MQTT_PUBLISH);
	fake_read(&bench, &fake, MQTT_DISCONNECT);
	fake_close(&fake);
	bench_until(&bench, upstream_count(bench.up) == 0);
	cr_assert_eq(bench.n_heard, 0, "an event of a closed session");
}

Test(upstream_wire, a_broker_that_does_not_answer_delays_the_farewell_only_so_long)
{
	struct up_session *s = open_session(true);

	fake_accept(&bench, &fake);
	fake_read(&bench, &fake, MQTT_CONNECT);
	upstream_close(s, UP_DISCONNECT);
	hurry();
	bench_until(&bench, upstream_count(bench.up) == 0);
	fake_read_end(&bench, &fake);
}

Test(upstream_wire, a_broker_that_does_not_close_delays_the_farewell_only_so_long)
{
	struct up_session *s = connect_session();

	upstream_close(s, UP_DISCONNECT);
	fake_read(&bench, &fake, MQTT_DISCONNECT);
	hurry();
	bench_until(&bench, upstream_count(bench.up) == 0);
}

Test(upstream_wire, input_that_is_not_read_does_not_reset_the_farewell)
{
	struct up_session *s = connect_session();
	char octets[8];

	upstream_pause(s, true);
	for (uint16_t mid = 1; mid <= 100; mid++)
		fake_send_publish(&fake, "t", "unread", 1, mid);
	bench_quiet(&bench);
	upstream_close(s, UP_DISCONNECT);
	bench_quiet(&bench);
	cr_assert_eq(fake_read(&bench, &fake, MQTT_DISCONNECT).mid, 0);
	cr_assert_eq(read(fake.fd, octets, sizeof(octets)), 0, "reset instead of closed");
}

Test(upstream_wire, abort_says_nothing)
{
	struct up_session *s = connect_session();
	uint16_t token;

	cr_assert_eq(upstream_publish(s, "t", bytes("x"), 1, false, &token), 0);
	upstream_close(s, UP_ABORT);
	fake_read_end(&bench, &fake);
	cr_assert_eq(upstream_count(bench.up), 0);
}

Test(upstream_wire, the_end_of_everything_says_disconnect)
{
	connect_session();
	bench.up = upstream_free(bench.up);
	cr_assert_eq(fake_waiting(&fake), 2);
	cr_assert_eq(fake_read(&bench, &fake, MQTT_DISCONNECT).flags, 0);
}

static void close_by_abort(struct bench *b, const struct heard *heard)
{
	if (heard->event.kind == UP_MESSAGE)
		upstream_close(b->arg, UP_ABORT);
}

static void close_by_disconnect(struct bench *b, const struct heard *heard)
{
	if (heard->event.kind == UP_MESSAGE)
		upstream_close(b->arg, UP_DISCONNECT);
}

/* Two messages come at once, with a publish in flight that makes libmosquitto read both in one
 * call. */
static void close_in_the_first_message(void (*on_event)(struct bench *, const struct heard *))
{
	uint16_t token;

	bench.arg = connect_session();
	bench.on_event = on_event;
	cr_assert_eq(upstream_publish(bench.arg, "t", bytes("x"), 1, false, &token), 0);
	cr_assert_eq(upstream_publish(bench.arg, "t", bytes("x"), 1, false, &token), 0);
	fake_read(&bench, &fake, MQTT_PUBLISH);
	fake_read(&bench, &fake, MQTT_PUBLISH);
	fake_send(&fake, "\x32\x06\x00\x01t\x00\x09y\x32\x06\x00\x01t\x00\x0Az", 16);
	cr_assert_str_eq(bench_next(&bench, UP_MESSAGE)->payload, "y");
}

Test(upstream_wire, abort_in_an_event)
{
	close_in_the_first_message(close_by_abort);
	fake_read_end(&bench, &fake);
	bench_quiet(&bench);
	cr_assert_eq(upstream_count(bench.up), 0);
}

Test(upstream_wire, disconnect_in_an_event)
{
	close_in_the_first_message(close_by_disconnect);
	cr_assert_eq(fake_read(&bench, &fake, MQTT_PUBACK).mid, 9);
	fake_read(&bench, &fake, MQTT_DISCONNECT); /* and no PUBACK of what nobody heard */
	bench_quiet(&bench);
}

/* --- Pause, keep alive --- */

static void pause_at_the_third(struct bench *b, const struct heard *heard)
{
	if (heard->event.kind == UP_MESSAGE && heard->payload[0] == '3')
		upstream_pause(b->arg, true);
}

Test(upstream_wire, pause_takes_effect_at_once_and_resuming_brings_the_rest)
{
	char text[] = "0";

	bench.arg = connect_session();
	bench.on_event = pause_at_the_third;
	for (uint16_t i = 1; i <= 9; i++) {
		text[0] = (char)('0' + i);
		fake_send_publish(&fake, "t", text, 1, i);
	}
	for (int i = 1; i <= 3; i++)
		cr_assert_eq(bench_next(&bench, UP_MESSAGE)->payload[0], '0' + i);
	bench_quiet(&bench);
	upstream_pause(bench.arg, false);
	for (int i = 4; i <= 9; i++)
		cr_assert_eq(bench_next(&bench, UP_MESSAGE)->payload[0], '0' + i);
	for (uint16_t i = 1; i <= 9; i++)
		cr_assert_eq(fake_read(&bench, &fake, MQTT_PUBACK).mid, i);
}

static unsigned ticks_since(uint32_t tick)
{
	return bench.up->tick - tick;
}

Test(upstream_wire, an_answered_ping_keeps_the_connection)
{
	uint32_t before;

	connect_session();
	hurry();
	before = bench.up->tick;
	for (int i = 0; i < 5; i++) {
		fake_read(&bench, &fake, MQTT_PINGREQ);
		fake_send(&fake, "\xD0\x00", 2);
	}
	cr_assert_geq(ticks_since(before), 4 * pool_ticks(52), "too many pings");
	cr_assert_leq(ticks_since(before), 5 * pool_ticks(60), "later than the broker expects");
	take_time();
	bench_quiet(&bench);
}

Test(upstream_wire, a_dead_broker_is_noticed_within_one_and_a_half_times_the_keep_alive)
{
	uint32_t before;

	connect_session();
	before = bench.up->tick;
	hurry();
	fake_read(&bench, &fake, MQTT_PINGREQ);
	bench_next(&bench, UP_LOST);
	cr_assert_geq(ticks_since(before), pool_ticks(60));
	cr_assert_leq(ticks_since(before), pool_ticks(60) * 13 / 8);
	fake_read_end(&bench, &fake);
}

Test(upstream_wire, a_broker_that_owes_an_answer_is_asked_after_half_the_keep_alive)
{
	struct up_session *s = connect_session();
	uint32_t before;
	uint16_t token;

	hurry();
	before = bench.up->tick;
	bench_until(
	    &bench, bench.up->tick != before); /* it says this later than it heard CONNACK */
	before = bench.up->tick;
	upstream_publish(s, "t", bytes("x"), 1, false, &token);
	fake_read(&bench, &fake, MQTT_PUBLISH);
	fake_read(&bench, &fake, MQTT_PINGREQ);
	cr_assert_leq(ticks_since(before), pool_ticks(60) * 5 / 8);
	bench_next(&bench, UP_LOST);
	cr_assert_leq(ticks_since(before), pool_ticks(60) * 5 / 4);
}

/* Its host may have been lost right behind the CONNECT, which no end of the connection tells of: it
 * would keep its place among those that are being connected. */
Test(upstream_wire, a_broker_that_never_answers_connect_is_left_after_the_keep_alive)
{
	uint32_t before = bench.up->tick;
	struct up_session *s = open_session(true);

	fake_accept(&bench, &fake);
	fake_read(&bench, &fake, MQTT_CONNECT);
	hurry();
	bench_next(&bench, UP_REFUSED);
	cr_assert_geq(ticks_since(before), pool_ticks(60));
	cr_assert_leq(ticks_since(before), pool_ticks(60) * 5 / 4);
	cr_assert_eq(bench.up->being_connected, 0);
	upstream_reconnect(s);
	fake_welcome(&bench, &fake);
	bench_next(&bench, UP_CONNECTED);
}

Test(upstream_wire, publishing_does_not_hide_that_the_broker_is_silent)
{
	struct up_session *s = connect_session();
	int64_t until = bench_now_ms() + BENCH_WAIT_MS;
	uint16_t token;

	hurry();
	while (bench.n_heard == bench.n_seen) {
		cr_assert_lt(bench_now_ms(), until);
		upstream_publish(s, "t", bytes("x"), 0, false, &token);
		bench_turn(&bench, 5);
	}
	bench_next(&bench, UP_LOST);
}

Test(upstream_wire, while_paused_pings_go_on_and_need_no_answer)
{
	struct up_session *s = connect_session();

	upstream_pause(s, true);
	hurry();
	for (int i = 0; i < 6; i++)
		fake_read(&bench, &fake, MQTT_PINGREQ);
	for (int i = 0; i < 6; i++)
		fake_send(&fake, "\xD0\x00", 2);
	upstream_pause(s, false);
	fake_read(&bench, &fake, MQTT_PINGREQ);
	fake_send(&fake, "\xD0\x00", 2);
	fake_read(&bench, &fake, MQTT_PINGREQ);
	cr_assert_eq(bench.n_heard, bench.n_seen);
}

Test(upstream_wire, while_paused_a_closed_connection_is_noticed)
{
	struct up_session *s = connect_session();
	uint32_t before;

	upstream_pause(s, true);
	fake_send_publish(&fake, "t", "unread", 1, 1);
	fake_close(&fake);
	before = bench.up->tick;
	hurry();
	bench_next(&bench, UP_LOST);
	cr_assert_lt(ticks_since(before), pool_ticks(30), "only by the next ping");
}

/* --- TCP --- */

Test(upstream_wire, nobody_listens)
{
	struct upstream_config config = { .host = "127.0.0.1", .id_prefix = "", .id_suffix = "" };
	struct bench other;
	struct up_session *s;
	int64_t before = bench_now_ms();

	close(listen_on(&config.port, 1));
	bench_start(&other, &config);
	s = upstream_open(
	    other.up, CLIENT(1), &(struct up_spec){ .client_id = "a", .clean = true });
	cr_assert_not_null(s);
	cr_assert_eq(other.n_heard, 0, "told from within the call");
	for (int i = 0; i < 3; i++) {
		cr_assert_not(bench_next(&other, UP_REFUSED)->event.down.permanent);
		upstream_reconnect(s);
	}
	cr_assert_lt(bench_now_ms() - before, 2000);
	bench_stop(&other);
}

Test(upstream_wire, an_address_that_swallows_everything_blocks_nobody)
{
	struct upstream_config config = { .host = "127.0.0.1", .id_prefix = "", .id_suffix = "" };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fill[16], listener = listen_on(&config.port, 0);
	struct bench other;
	struct up_session *s;
	int64_t before;

	sin.sin_port = htons(config.port);
	for (size_t i = 0; i < sizeof(fill) / sizeof(fill[0]); i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fill[i], (struct sockaddr *)&sin, sizeof(sin));
	}
	bench_start(&other, &config);
	before = bench_now_ms();
	s = upstream_open(
	    other.up, CLIENT(1), &(struct up_spec){ .client_id = "a", .clean = true });
	cr_assert_not_null(s);
	bench_turn(&other, 1);
	cr_assert_lt(bench_now_ms() - before, 200);
	bench_quiet(&other);
	upstream_close(s, UP_DISCONNECT);
	bench_turn(&other, 1);
	cr_assert_eq(upstream_count(other.up), 0);
	bench_stop(&other);
	for (size_t i = 0; i < sizeof(fill) / sizeof(fill[0]); i++)
		close(fill[i]);
	close(listener);
}

/* Listens where @fake does, on 127.0.0.2, and has no room for another connection. */
static int swallow(uint16_t port, int fill[8])
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, "127.0.0.2", &sin.sin_addr);
	cr_assert_eq(bind(listener, (struct sockaddr *)&sin, sizeof(sin)), 0);
	cr_assert_eq(listen(listener, 0), 0);
	for (int i = 0; i < 8; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fill[i], (struct sockaddr *)&sin, sizeof(sin));
	}
	return listener;
}

/* A module whose broker has a name with two addresses, 127.0.0.2 and that of @fake. */
static void start_with_name(struct bench *other, struct names *names)
{
	struct upstream_config config = {
		.host = "broker.example", .id_prefix = "", .id_suffix = ""
	};

	bench_base(other);
	names_start(names, other->base);
	names->answer = "127.0.0.2 127.0.0.1";
	config.port = fake.port;
	config.resolv_conf = names->resolv_conf;
	bench_module(other, &config);
}

Test(upstream_wire, addresses_are_tried_in_turn)
{
	struct up_spec spec = { .client_id = "a", .clean = true };
	struct names names;
	struct bench other;

	start_with_name(&other, &names); /* of which the first refuses */
	for (int i = 0; i < 2; i++) {
		cr_assert_not_null(upstream_open(other.up, CLIENT(1), &spec));
		fake_welcome(&other, &fake);
		bench_next(&other, UP_CONNECTED);
	}
	cr_assert_eq(names.asked, 2, "asked for every session");
	names_stop(&names);
	bench_stop(&other);
}

Test(upstream_wire, an_address_that_swallows_everything_is_left_for_the_next)
{
	struct up_spec spec = { .client_id = "a", .clean = true };
	struct up_session *s;
	struct names names;
	struct bench other;
	int fill[8], listener = swallow(fake.port, fill);
	int64_t before = bench_now_ms();

	start_with_name(&other, &names);
	s = upstream_open(other.up, CLIENT(1), &spec);
	fake_welcome(&other, &fake);
	bench_next(&other, UP_CONNECTED);
	cr_assert_gt(bench_now_ms() - before, 1000);

	before = bench_now_ms(); /* and is not where the next one begins */
	upstream_close(s, UP_ABORT);
	cr_assert_not_null(upstream_open(other.up, CLIENT(1), &spec));
	fake_welcome(&other, &fake);
	bench_next(&other, UP_CONNECTED);
	cr_assert_lt(bench_now_ms() - before, 1000);

	names_stop(&names);
	bench_stop(&other);
	for (int i = 0; i < 8; i++)
		close(fill[i]);
	close(listener);
}

Test(upstream_wire, a_name_that_has_no_address)
{
	struct up_spec spec = { .client_id = "a", .clean = true };
	struct up_session *s;
	struct names names;
	struct bench other;
	uint16_t token;

	start_with_name(&other, &names);
	names.answer = "";
	s = upstream_open(other.up, CLIENT(1), &spec);
	cr_assert_eq(upstream_publish(s, "t", bytes("x"), 1, false, &token), 0);
	cr_assert_not(bench_next(&other, UP_REFUSED)->event.down.permanent);
	upstream_reconnect(s);
	bench_next(&other, UP_REFUSED);

	names.answer = NULL;
	upstream_open(other.up, CLIENT(2), &spec); /* ends while it waits */
	names_stop(&names);
	bench_stop(&other);
}

Test(upstream_wire, what_cannot_be_an_mqtt_session_is_refused_for_good)
{
	struct up_will will = { .topic = "no/#", .message = bytes("x") };
	struct up_spec spec = { .client_id = "a", .will = &will };
	struct up_session *s = upstream_open(bench.up, CLIENT(1), &spec);

	cr_assert(bench_next(&bench, UP_REFUSED)->event.down.permanent);
	upstream_reconnect(s);
	cr_assert(bench_next(&bench, UP_REFUSED)->event.down.permanent);
	spec = (struct up_spec){ .client_id = "\xC0\x80" };
	cr_assert_not_null(upstream_open(bench.up, CLIENT(2), &spec));
	cr_assert(bench_next(&bench, UP_REFUSED)->event.down.permanent);
}

Test(upstream_wire, a_full_socket_is_written_on_when_it_can_be)
{
	struct up_session *s = connect_session();
	size_t n = 8 << 20;
	char *big = calloc(1, n + 1);
	uint8_t buf[65536];
	size_t got = 0;
	uint16_t token;

	memset(big, 'x', n);
	cr_assert_eq(upstream_publish(s, "t", bytes(big), 1, false, &token), 0);
	bench_quiet(&bench);
	while (got < n) {
		ssize_t more;

		bench_turn(&bench, 5);
		more = recv(fake.fd, buf, sizeof(buf), MSG_DONTWAIT);
		got += more > 0 ? (size_t)more : 0;
	}
	free(big);
}

/* --- Many at once --- */

/* Accepts what has come; returns how many there are in all. */
static unsigned accept_all(int fds[], unsigned n)
{
	int fd;

	while ((fd = accept(fake.listener, NULL, NULL)) >= 0)
		fds[n++] = fd;
	return n;
}

Test(upstream_wire, so_many_are_connected_at_once_and_the_others_wait)
{
	enum {
		SESSIONS = 70,
		AT_ONCE = 64
	};
	int fds[SESSIONS];
	unsigned n = 0;

	listen(fake.listener, SESSIONS);
	fcntl(fake.listener, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < SESSIONS; i++)
		open_session(true);
	bench_until(&bench, (n = accept_all(fds, n)) == AT_ONCE);
	bench_quiet(&bench);
	cr_assert_eq(accept_all(fds, n), AT_ONCE);

	cr_assert_eq(write(fds[0], "\x20\x02\x00\x00", 4), 4);
	bench_next(&bench, UP_CONNECTED);
	bench_until(&bench, (n = accept_all(fds, n)) == AT_ONCE + 1);
	close(fds[1]);
	bench_next(&bench, UP_REFUSED);
	bench_until(&bench, (n = accept_all(fds, n)) == AT_ONCE + 2);
	bench_quiet(&bench);
	cr_assert_eq(accept_all(fds, n), AT_ONCE + 2);
	close(fds[0]);
	for (unsigned i = 2; i < n; i++)
		close(fds[i]);
}

/* --- QoS 0, past libmosquitto --- */

Test(upstream_wire, qos0_packets_are_what_mqtt_wants)
{
	struct up_session *s = connect_session();
	uint8_t long_payload[200] = { 0 };
	uint16_t token;
	uint8_t got[256];
	static const uint8_t two[] = "\x31\x05\x00\x03t/1\x30\x05\x00\x01tXY";
	static const uint8_t one[] = "\x30\xCB\x01\x00\x01u";
	const size_t n = sizeof(two) - 1 + sizeof(one) - 1 + sizeof(long_payload);

	cr_assert_eq(upstream_publish(s, "t/1", (struct sn_bytes){ NULL, 0 }, 0, true, &token), 0);
	cr_assert_eq(upstream_publish(s, "t", bytes("XY"), 0, false, &token), 0);
	cr_assert_eq(upstream_publish(s, "u",
	                 (struct sn_bytes){ long_payload, sizeof(long_payload) }, 0, false, &token),
	    0);
	bench_until(&bench, fake_waiting(&fake) == (int)n);
	cr_assert_eq(recv(fake.fd, got, sizeof(got), MSG_DONTWAIT), (ssize_t)n);
	cr_assert_arr_eq(got, two, sizeof(two) - 1);
	cr_assert_arr_eq(got + sizeof(two) - 1, one, sizeof(one) - 1);
	cr_assert_arr_eq(got + n - sizeof(long_payload), long_payload, sizeof(long_payload));
}

/* Publishes @n messages "0", "1", ... of @len octets, every @qos1_each-th at QoS 1. */
static void publish_numbered(struct up_session *s, int n, size_t len, int qos1_each)
{
	char *text = calloc(1, len + 1);
	uint16_t token;

	for (int i = 0; i < n; i++) {
		memset(text, ' ', len);
		text[sprintf(text, "%d", i)] = ' ';
		cr_assert_eq(
		    upstream_publish(s, "t", bytes(text), i % qos1_each == 0, false, &token), 0);
	}
	free(text);
}

static void expect_numbered(int n)
{
	for (int i = 0; i < n; i++) {
		struct mqtt packet = fake_read(&bench, &fake, MQTT_PUBLISH);

		cr_assert_eq(atoi(packet.payload), i);
		if (packet.mid != 0)
			fake_send_ack(&fake, MQTT_PUBACK, packet.mid);
	}
}

Test(upstream_wire, qos0_and_qos1_keep_their_order)
{
	struct up_session *s = connect_session();

	publish_numbered(s, 30, 20, 5);
	expect_numbered(30);
	publish_numbered(s, 3, 20, 100);
	expect_numbered(3);
}

Test(upstream_wire, more_qos0_in_a_turn_than_there_is_room_for_keeps_its_order)
{
	struct up_session *s = connect_session();

	publish_numbered(s, 300, 1000, 1000);
	expect_numbered(300);
}

Test(upstream_wire, qos0_into_a_full_socket_keeps_its_order)
{
	struct up_session *s = connect_session();
	enum {
		N = 3000,
		LEN = 4000,
		HEAD = 6
	};
	const size_t size = (size_t)N * (HEAD + LEN);
	char *text = calloc(1, LEN + 1), *got = malloc(size);
	uint16_t token;

	for (int i = 0; i < N; i++) {
		memset(text, ' ', LEN);
		text[sprintf(text, "%d", i)] = ' ';
		cr_assert_eq(upstream_publish(s, "t", bytes(text), 0, false, &token), 0);
		if (i % 2 == 0)
			upstream_flush(bench.up);
	}
	bench_quiet(&bench); /* waits for the broker to read, and does not spin */
	for (size_t n = 0; n < size;) {
		ssize_t more;

		bench_turn(&bench, 5);
		more = recv(fake.fd, got + n, size - n, MSG_DONTWAIT);
		n += more > 0 ? (size_t)more : 0;
	}
	for (int i = 0; i < N; i++)
		cr_assert_eq(atoi(got + (size_t)i * (HEAD + LEN) + HEAD), i);
	free(text);
	free(got);
}

Test(upstream_wire, qos0_that_a_lost_connection_has_not_taken_is_gone)
{
	struct up_session *s = connect_session();
	uint16_t token;

	cr_assert_eq(upstream_publish(s, "t", bytes("1"), 1, false, &token), 0);
	fake_read(&bench, &fake, MQTT_PUBLISH);
	bench.hold_flush = true;
	cr_assert_eq(upstream_publish(s, "t", bytes("0"), 0, false, &token), 0);
	fake_close(&fake);
	bench_next(&bench, UP_LOST);
	bench.hold_flush = false;

	upstream_reconnect(s);
	fake_welcome(&bench, &fake);
	cr_assert_str_eq(fake_read(&bench, &fake, MQTT_PUBLISH).payload, "1");
	bench_quiet(&bench);
	cr_assert_eq(fake_waiting(&fake), 0);
}
