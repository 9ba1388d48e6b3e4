/* SPDX-License-Identifier: BSD-3-Clause */
/* Several brokers, of which all sessions use one (MAP-LOST-06); sockets stand in for them. */
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "common/alarm.h"
#include "gateway/upstream/pool.h"
#include "tests/integration/upstream_bench.h"

static struct bench bench;
static struct fake first, second;

static void setup(void)
{
	struct upstream_broker fallback = { .host = "127.0.0.1" };
	struct upstream_config config = { .host = "127.0.0.1",
		.fallbacks = &fallback,
		.n_fallbacks = 1,
		.keep_alive = 60,
		.id_prefix = "",
		.id_suffix = "" };

	fake_start(&first);
	fake_start(&second);
	config.port = first.port;
	fallback.port = second.port;
	bench_start(&bench, &config);
}

static void teardown(void)
{
	bench_stop(&bench);
	fake_stop(&first);
	fake_stop(&second);
}

TestSuite(upstream_brokers, .init = setup, .fini = teardown, .timeout = 30);

static struct up_session *open_session(int client, const char *id)
{
	struct up_spec spec = { .client_id = id, .clean = true };
	struct up_session *session = upstream_open(bench.up, CLIENT(client), &spec);

	cr_assert_not_null(session);
	return session;
}

/* Nobody can connect any more; who is connected stays. */
static void stop_listening(struct fake *fake)
{
	close(fake->listener);
	fake->listener = -1;
}

static void listen_again(struct fake *fake)
{
	fake->listener = listen_on(&fake->port, 8);
}

static void expect_connected(int broker)
{
	const struct heard *heard = bench_next(&bench, UP_CONNECTED);

	cr_assert_eq(heard->event.broker, broker);
	cr_assert_not_null(heard->event.broker_name);
}

static void welcome(struct fake *fake, int broker)
{
	fake_welcome(&bench, fake);
	expect_connected(broker);
}

/* The same beside a connection that @fake has. */
static void welcome_beside(const struct fake *fake, int broker)
{
	struct fake beside = { .listener = fake->listener, .fd = -1 };

	welcome(&beside, broker);
}

static void expect_refused(const char *why)
{
	const struct heard *heard = bench_next(&bench, UP_REFUSED);

	cr_assert_not(heard->event.down.permanent);
	cr_assert_not_null(strstr(heard->event.down.why, why), "%s", heard->event.down.why);
}

Test(upstream_brokers, the_first_is_preferred_and_named)
{
	char name[32];

	open_session(1, "a");
	fake_welcome(&bench, &first);
	snprintf(name, sizeof(name), "127.0.0.1:%u", first.port);
	cr_assert_str_eq(bench_next(&bench, UP_CONNECTED)->event.broker_name, name);
}

Test(upstream_brokers, the_next_one_is_tried_when_nobody_listens)
{
	stop_listening(&first);
	open_session(1, "a");
	welcome(&second, 2);
}

Test(upstream_brokers, when_none_listens_that_is_told_and_the_first_is_tried_again)
{
	struct up_session *s;

	stop_listening(&first);
	stop_listening(&second);
	s = open_session(1, "a");
	expect_refused("refused");
	listen_again(&first);
	upstream_reconnect(s);
	welcome(&first, 1);
}

Test(upstream_brokers, all_go_where_one_is)
{
	stop_listening(&first);
	open_session(1, "a");
	welcome(&second, 2);
	listen_again(&first);
	open_session(2, "b");
	welcome_beside(&second, 2);
	bench_quiet(&bench);
}

Test(upstream_brokers, the_one_in_use_is_not_left_before_it_is_lost)
{
	struct up_session *s = open_session(1, "a");

	welcome(&first, 1);
	stop_listening(&first);
	open_session(2, "b");
	expect_refused("refused");

	fake_close(&first);
	bench_next(&bench, UP_LOST);
	upstream_reconnect(s);
	welcome(&second, 2);
	listen_again(&first);
	fake_close(&second);
	bench_next(&bench, UP_LOST);
	upstream_reconnect(s); /* it listens still */
	welcome(&second, 2);
}

Test(upstream_brokers, what_was_not_acknowledged_goes_to_the_next_one)
{
	struct up_session *s = open_session(1, "a");
	uint16_t token;

	welcome(&first, 1);
	cr_assert_eq(upstream_publish(s, "t", bytes("x"), 1, false, &token), 0);
	fake_read(&bench, &first, MQTT_PUBLISH);
	stop_listening(&first);
	fake_close(&first);
	bench_next(&bench, UP_LOST);
	upstream_reconnect(s);
	welcome(&second, 2);
	fake_send_ack(&second, MQTT_PUBACK, fake_read(&bench, &second, MQTT_PUBLISH).mid);
	cr_assert_eq(bench_next(&bench, UP_PUBLISHED)->event.token, token);
}

Test(upstream_brokers, one_that_is_not_available_is_left)
{
	struct up_session *s = open_session(1, "a");

	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	fake_send_connack(&first, false, 3);
	expect_refused("not available");
	upstream_reconnect(s);
	welcome(&second, 2);
}

Test(upstream_brokers, one_that_refuses_the_client_is_not_left)
{
	struct up_session *s = open_session(1, "a");

	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	fake_send_connack(&first, false, 5);
	cr_assert(bench_next(&bench, UP_REFUSED)->event.down.permanent);
	fake_close(&first);
	upstream_reconnect(s);
	welcome(&first, 1);
}

Test(upstream_brokers, one_that_never_answers_is_left_when_the_core_has_waited_enough)
{
	struct up_session *s = open_session(1, "a");

	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	upstream_reconnect(s);
	welcome(&second, 2);
	fake_read_end(&bench, &first);
}

Test(upstream_brokers, when_none_answers_they_are_tried_in_turn)
{
	struct up_session *s = open_session(1, "a");

	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	upstream_reconnect(s);
	fake_accept(&bench, &second);
	fake_read(&bench, &second, MQTT_CONNECT);
	upstream_reconnect(s);
	welcome(&first, 1);
}

Test(upstream_brokers, so_it_is_when_the_session_is_closed)
{
	struct up_session *s = open_session(1, "a");
	uint32_t tick;

	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	tick = bench.up->tick;
	bench_until(&bench, bench.up->tick - tick >= 3);
	upstream_close(s, UP_ABORT);
	open_session(2, "b");
	welcome(&second, 2);
}

Test(upstream_brokers, one_that_had_no_time_to_answer_is_not_left)
{
	struct up_session *s = open_session(1, "a");

	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	upstream_close(s, UP_ABORT);
	open_session(2, "b");
	welcome(&first, 1);
}

Test(upstream_brokers, an_answer_that_comes_too_late_does_not_part_the_sessions)
{
	struct up_session *a = open_session(1, "a"), *b;

	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	b = open_session(2, "b");
	bench_turn(&bench, 10);
	upstream_reconnect(b); /* it waits for the first, too */
	welcome(&second, 2);
	fake_send_connack(&first, false, 0);
	expect_refused("another broker is in use");
	upstream_reconnect(a);
	welcome_beside(&second, 2);
}

/* --- A connection that is shared --- */

/* The module anew, with one. */
static void start_sharing(void)
{
	struct upstream_broker fallback = { "127.0.0.1", second.port };
	struct upstream_config config = { .host = "127.0.0.1",
		.port = first.port,
		.fallbacks = &fallback,
		.n_fallbacks = 1,
		.keep_alive = 60,
		.id_prefix = "",
		.id_suffix = "",
		.shared = { 1, "gw" } };

	bench_stop(&bench);
	bench_start(&bench, &config);
}

static struct up_session *share(int client, const char *id)
{
	struct up_spec spec = { .client_id = id, .clean = true, .shared = true };
	struct up_session *session = upstream_open(bench.up, CLIENT(client), &spec);

	cr_assert_not_null(session);
	return session;
}

Test(upstream_brokers, who_comes_to_share_does_not_drive_the_others_to_another_broker)
{
	struct up_session *s;

	start_sharing();
	s = share(1, "a");
	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	share(2, "b"); /* while the broker has not answered */
	bench_quiet(&bench);
	fake_send_connack(&first, false, 0);
	expect_connected(1);
	expect_connected(1);

	fake_close(&first);
	bench_next(&bench, UP_LOST);
	bench_next(&bench, UP_LOST);
	upstream_reconnect(s);
	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	upstream_close(s, UP_DISCONNECT);
	share(1, "a");
	share(3, "c");
	bench_quiet(&bench);
	fake_send_connack(&first, false, 0);
	for (int i = 0; i < 3; i++)
		expect_connected(1);
}

Test(upstream_brokers, who_has_waited_for_a_shared_connection_gives_up_the_broker)
{
	struct up_session *a, *b;

	start_sharing();
	a = share(1, "a");
	b = share(2, "b");
	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	bench_quiet(&bench);
	upstream_reconnect(a);
	fake_accept(&bench, &second);
	fake_read(&bench, &second, MQTT_CONNECT);
	upstream_reconnect(b); /* has waited for the first one */
	bench_quiet(&bench);
	fake_send_connack(&second, false, 0);
	expect_connected(2);
	expect_connected(2);
}

/* As an own session that is closed does. */
Test(upstream_brokers, who_has_waited_for_a_shared_connection_in_vain_sends_the_others_elsewhere)
{
	struct up_session *early, *hasty;
	uint32_t tick;

	start_sharing();
	early = share(1, "a");
	share(2, "b");
	hasty = share(3, "c");
	alarm_every(bench.up->ticker, 3600u * 1000 * 1000); /* no time passes */
	fake_accept(&bench, &first);
	fake_read(&bench, &first, MQTT_CONNECT);
	upstream_close(hasty, UP_DISCONNECT); /* there was no time for an answer */
	bench_quiet(&bench);
	tick = bench.up->tick;
	alarm_every(bench.up->ticker, POOL_TICK_MS * 10);
	bench_until(&bench, bench.up->tick - tick >= 3);
	alarm_every(bench.up->ticker, POOL_TICK_MS * 1000);
	upstream_close(early, UP_DISCONNECT);
	fake_accept(&bench, &second);
	fake_read(&bench, &second, MQTT_CONNECT);
	fake_read_end(&bench, &first);
	fake_send_connack(&second, false, 0);
	expect_connected(2);
	bench_quiet(&bench);
}
