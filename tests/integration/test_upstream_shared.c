/* SPDX-License-Identifier: BSD-3-Clause */
/* Connections that sessions share (SN12-ARCH-05), seen by a socket that stands in for the broker.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "common/alarm.h"
#include "common/err.h"
#include "gateway/upstream/pool.h"
#include "tests/integration/upstream_bench.h"

enum {
	REQUESTS_MAX = 30000, /* unanswered, of one connection */
};

static struct bench bench;
static struct fake fake;

static struct upstream_config config_for(uint16_t port, unsigned connections)
{
	return (struct upstream_config){
		.host = "127.0.0.1",
		.port = port,
		.keep_alive = 60,
		.id_prefix = "x-",
		.id_suffix = "-y",
		.shared = { connections, "gw" },
	};
}

static void start(unsigned connections)
{
	struct upstream_config config = config_for(fake.port, connections);

	bench_start(&bench, &config);
}

static void setup(void)
{
	fake_start(&fake);
}

static void teardown(void)
{
	bench_stop(&bench);
	fake_stop(&fake);
}

TestSuite(upstream_shared, .init = setup, .fini = teardown, .timeout = 60);

/* --- Sharers --- */

static struct up_session *share(int client, const char *id)
{
	struct up_spec spec = { .client_id = id, .clean = true, .shared = true };
	size_t heard = bench.n_heard;
	struct up_session *session = upstream_open(bench.up, CLIENT(client), &spec);

	cr_assert_not_null(session);
	cr_assert_eq(upstream_owner(session), CLIENT(client));
	cr_assert_eq(bench.n_heard, heard, "told from within the call");
	return session;
}

/* The next @n events are of this kind, one for each of CLIENT(1) to CLIENT(@n), in any order. */
static void expect_each(int n, enum up_event_kind kind)
{
	bool told[8] = { false };

	for (int i = 0; i < n; i++) {
		uintptr_t client = (uintptr_t)bench_next(&bench, kind)->owner;

		cr_assert(
		    client >= 1 && client <= (uintptr_t)n, "told to client %zu", (size_t)client);
		cr_assert_not(told[client], "told twice to client %zu", (size_t)client);
		told[client] = true;
	}
}

/* The next event is of this kind, and for this client. */
static const struct heard *expect(int client, enum up_event_kind kind)
{
	const struct heard *heard = bench_next(&bench, kind);

	cr_assert_eq(heard->owner, CLIENT(client), "told to client %zu instead of %d",
	    (size_t)(uintptr_t)heard->owner, client);
	return heard;
}

static void expect_published(int client, uint16_t token)
{
	cr_assert_eq(expect(client, UP_PUBLISHED)->event.token, token);
}

/* Module, connection and @n sharers of it, CLIENT(1) and so on. */
static void start_sharing(struct up_session *sessions[], int n)
{
	char id[] = "a";

	start(1);
	for (int i = 0; i < n; i++, id[0]++)
		sessions[i] = share(i + 1, id);
	fake_welcome(&bench, &fake);
	expect_each(n, UP_CONNECTED);
}

static uint16_t publish(struct up_session *s, const char *text, int qos)
{
	uint16_t token = 0;

	cr_assert_eq(upstream_publish(s, "t", bytes(text), qos, false, &token), 0);
	cr_assert(qos == 0 || token != 0);
	return token;
}

/* Reads this publish; returns its message id. */
static uint16_t take(const char *text)
{
	struct mqtt packet = fake_read(&bench, &fake, MQTT_PUBLISH);

	cr_assert_str_eq(packet.payload, text);
	return packet.mid;
}

/* Reads it as one that is sent again. */
static uint16_t take_again(const char *text)
{
	struct mqtt packet = fake_read(&bench, &fake, MQTT_PUBLISH);

	cr_assert_str_eq(packet.payload, text);
	cr_assert(packet.flags & 8, "no DUP");
	return packet.mid;
}

static void acknowledge(uint16_t mid)
{
	fake_send_ack(&fake, MQTT_PUBACK, mid);
}

/* Nothing more was written, and nothing was told. */
static void expect_nothing(void)
{
	bench_quiet(&bench);
	cr_assert_eq(fake_waiting(&fake), 0, "something was written");
	cr_assert_eq(bench.n_heard, bench.n_seen, "something was told");
}

/* Makes the module's clock run a hundred times as fast. */
static void hurry(void)
{
	alarm_every(bench.up->ticker, POOL_TICK_MS * 10);
}

static void take_time(void)
{
	alarm_every(bench.up->ticker, POOL_TICK_MS * 1000);
}

/* Somebody has connected to it. */
static bool fake_is_called(void)
{
	struct pollfd pollfd = { .fd = fake.listener, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1;
}

/* From now on, until one of the two above. */
static void stop_time(void)
{
	alarm_every(bench.up->ticker, 3600u * 1000 * 1000);
}

/* Of a CONNECT; lives until the next call. */
static const char *client_id_of(const struct mqtt *connect)
{
	static char id[64];

	snprintf(id, sizeof(id), "%.*s", connect->payload[11], connect->payload + 12);
	return id;
}

/* --- One connection for many --- */

Test(upstream_shared, each_hears_what_became_of_its_own)
{
	struct up_session *s[3];
	uint16_t tokens[3], mids[3];

	start_sharing(s, 3);
	tokens[0] = publish(s[0], "of a", 1);
	tokens[1] = publish(s[1], "of b", 2);
	tokens[2] = publish(s[2], "of c", 1);
	publish(s[1], "of b, too", 0);
	mids[0] = take("of a");
	mids[1] = take("of b");
	mids[2] = take("of c");
	cr_assert_eq(take("of b, too"), 0);

	acknowledge(mids[2]);
	expect_published(3, tokens[2]);
	fake_send_ack(&fake, MQTT_PUBREC, mids[1]);
	cr_assert_eq(fake_read(&bench, &fake, MQTT_PUBREL).mid, mids[1]);
	acknowledge(mids[0]);
	expect_published(1, tokens[0]);
	fake_send_ack(&fake, MQTT_PUBCOMP, mids[1]);
	expect_published(2, tokens[1]);
	expect_nothing();
}

Test(upstream_shared, there_is_one_connection_with_the_id_of_the_gateway)
{
	static const char expected[] = "\x00\x04MQTT\x04\x02\x00\x3C\x00\x08x-gw-1-y";
	struct up_session *own;
	struct mqtt packet;

	start(1);
	share(1, "a");
	share(2, "b");
	cr_assert_eq(upstream_count(bench.up), 1);
	cr_assert_eq(upstream_connected(bench.up), 0);
	cr_assert_eq(upstream_shared(bench.up), 0);
	cr_assert_eq(upstream_sharing(bench.up), 0);
	fake_accept(&bench, &fake);
	packet = fake_read(&bench, &fake, MQTT_CONNECT);
	cr_assert_arr_eq(packet.payload, expected, sizeof(expected) - 1);
	fake_send_connack(&fake, false, 0);
	expect_each(2, UP_CONNECTED);
	cr_assert_eq(upstream_connected(bench.up), 1);
	cr_assert_eq(upstream_count(bench.up), 1);

	own = upstream_open(
	    bench.up, CLIENT(3), &(struct up_spec){ .client_id = "c", .clean = true });
	fake.fd = -1; /* that of the others stays */
	fake_accept(&bench, &fake);
	packet = fake_read(&bench, &fake, MQTT_CONNECT);
	cr_assert_str_eq(client_id_of(&packet), "x-c-y");
	fake_send_connack(&fake, false, 0);
	expect(3, UP_CONNECTED);
	cr_assert_eq(upstream_owner(own), CLIENT(3));
	cr_assert_eq(upstream_connected(bench.up), 2);
	cr_assert_eq(upstream_shared(bench.up), 1);
	cr_assert_eq(upstream_sharing(bench.up), 2);
}

Test(upstream_shared, who_comes_later_is_told_in_a_later_turn_that_it_is_there)
{
	struct up_session *s[1], *late;
	uint16_t token;

	start_sharing(s, 1);
	late = share(2, "b");
	token = publish(late, "x", 1); /* need not wait for that */
	upstream_flush(bench.up);
	cr_assert_eq(bench.n_heard, bench.n_seen, "told from within the call");
	expect(2, UP_CONNECTED);
	acknowledge(take("x"));
	expect_published(2, token);
	expect_nothing();
}

Test(upstream_shared, without_a_connection_qos0_is_refused_and_the_rest_waits_for_it)
{
	struct up_session *a, *b;
	uint16_t token, of_a, of_b;

	start(1);
	a = share(1, "a");
	b = share(2, "b");
	cr_assert_eq(upstream_publish(a, "t", bytes("0"), 0, false, &token), -ERR_STATE);
	of_a = publish(a, "1", 1);
	of_b = publish(b, "2", 1);
	fake_welcome(&bench, &fake);
	expect_each(2, UP_CONNECTED);
	acknowledge(take("1"));
	expect_published(1, of_a);
	acknowledge(take("2"));
	expect_published(2, of_b);

	fake_close(&fake);
	expect_each(2, UP_LOST);
	cr_assert_eq(upstream_publish(b, "t", bytes("0"), 0, false, &token), -ERR_STATE);
}

Test(upstream_shared, what_is_refused_is_not_waited_for)
{
	struct up_session *s[2];
	uint16_t token;

	start_sharing(s, 2);
	for (int qos = 0; qos <= 2; qos++)
		cr_assert_eq(
		    upstream_publish(s[1], "a/+", bytes("x"), qos, false, &token), -ERR_INVALID);
	publish(s[0], "of a", 1);
	take("of a");
	upstream_close(s[0], UP_DISCONNECT);
	fake_close(&fake);
	expect(2, UP_LOST);
	upstream_reconnect(s[1]); /* so nobody waits for anything */
	fake_welcome(&bench, &fake);
	expect(2, UP_CONNECTED);
	expect_nothing();
}

Test(upstream_shared, a_login_is_that_of_the_configuration)
{
	struct upstream_config config = config_for(fake.port, 1);
	struct up_login login = { "somebody", "else" };
	struct up_spec spec = { .client_id = "a", .clean = true, .shared = true, .login = &login };
	static const char expected[] = "\x00\x08x-gw-1-y\x00\x06gw-one\x00\x01p";
	struct up_session *s;
	struct mqtt packet;

	config.user = "gw-one";
	config.password = "p";
	bench_start(&bench, &config);
	s = upstream_open(bench.up, CLIENT(1), &spec);
	cr_assert_eq(upstream_set_login(s, &login), 0);
	fake_accept(&bench, &fake);
	packet = fake_read(&bench, &fake, MQTT_CONNECT);
	cr_assert_arr_eq(packet.payload + 10, expected, sizeof(expected) - 1);
}

/* --- Several connections --- */

/* A sharer with this id that comes alone; returns the client id of its connection. */
static const char *connection_of(const char *id)
{
	static char used[64];
	struct up_session *s;
	struct mqtt packet;

	start(3);
	s = share(1, id);

	fake_accept(&bench, &fake);
	packet = fake_read(&bench, &fake, MQTT_CONNECT);
	snprintf(used, sizeof(used), "%s", client_id_of(&packet));
	fake_send_connack(&fake, false, 0);
	expect(1, UP_CONNECTED);
	upstream_close(s, UP_DISCONNECT);
	bench_stop(&bench);
	return used;
}

Test(upstream_shared, a_client_comes_to_the_same_connection_again)
{
	char ids[20][8], used[20][16];
	bool all[4] = { false };

	for (int i = 0; i < 20; i++) {
		snprintf(ids[i], sizeof(ids[i]), "s%d", i);
		snprintf(used[i], sizeof(used[i]), "%s", connection_of(ids[i]));
		cr_assert_eq(strlen(used[i]), strlen("x-gw-1-y"));
		cr_assert(used[i][5] >= '1' && used[i][5] <= '3', "%s", used[i]);
		all[used[i][5] - '0'] = true;
	}
	cr_assert(all[1] && all[2] && all[3], "one is not used");
	for (int i = 19; i >= 0; i--)
		cr_assert_str_eq(connection_of(ids[i]), used[i]);
	start(3);
}

Test(upstream_shared, there_are_no_more_connections_than_asked_for)
{
	int n = 0, fd;
	char id[8];

	start(3);
	fcntl(fake.listener, F_SETFL, O_NONBLOCK);
	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof(id), "s%d", i);
		share(1 + i, id);
	}
	cr_assert_eq(upstream_count(bench.up), 3);
	bench_quiet(&bench);
	while ((fd = accept(fake.listener, NULL, NULL)) >= 0) {
		close(fd);
		n++;
	}
	cr_assert_eq(n, 3);
}

/* --- A connection that is lost, or refused --- */

Test(upstream_shared, each_is_told_once_of_the_loss_and_of_the_return_without_asking)
{
	struct up_session *s[3];

	start_sharing(s, 3);
	fake_close(&fake);
	expect_each(3, UP_LOST);
	cr_assert_eq(upstream_connected(bench.up), 0);
	bench_quiet(&bench); /* and nobody tries by itself */
	upstream_reconnect(s[1]);
	fake_accept(&bench, &fake);
	upstream_reconnect(s[0]);
	fake_read(&bench, &fake, MQTT_CONNECT);
	fake_send_connack(&fake, false, 0);
	expect_each(3, UP_CONNECTED);
	upstream_reconnect(s[0]); /* has been told already */
	expect_nothing();
}

Test(upstream_shared, what_is_not_acknowledged_is_sent_again_and_answered_to_whose_it_is)
{
	struct up_session *s[2];
	uint16_t of_a, of_b, later, mids[2], mid;

	start_sharing(s, 2);
	of_a = publish(s[0], "of a", 1);
	of_b = publish(s[1], "of b", 2);
	take("of a");
	take("of b");
	fake_close(&fake);
	expect_each(2, UP_LOST);
	later = publish(s[0], "later", 1);
	upstream_reconnect(s[0]);
	fake_welcome(&bench, &fake);
	expect_each(2, UP_CONNECTED);

	mids[0] = take_again("of a");
	mids[1] = take_again("of b");
	mid = take("later");
	fake_send_ack(&fake, MQTT_PUBREC, mids[1]);
	fake_read(&bench, &fake, MQTT_PUBREL);
	fake_send_ack(&fake, MQTT_PUBCOMP, mids[1]);
	expect_published(2, of_b);
	acknowledge(mids[0]);
	expect_published(1, of_a);
	acknowledge(mid);
	expect_published(1, later);
	expect_nothing();
}

Test(upstream_shared, a_refusal_is_told_to_those_who_have_asked)
{
	struct up_session *a, *b;
	const struct heard *heard;

	start(1);
	a = share(1, "a");
	b = share(2, "b");
	fake_accept(&bench, &fake);
	fake_read(&bench, &fake, MQTT_CONNECT);
	fake_send_connack(&fake, false, 3);
	expect_each(2, UP_REFUSED);
	expect_nothing();

	upstream_reconnect(b);
	fake_accept(&bench, &fake);
	fake_read(&bench, &fake, MQTT_CONNECT);
	fake_send_connack(&fake, false, 5);
	heard = expect(2, UP_REFUSED);
	cr_assert(heard->event.down.permanent);
	cr_assert_str_eq(heard->event.down.why, "the broker does not authorise the client");
	expect_nothing();

	upstream_reconnect(a);
	fake_welcome(&bench, &fake);
	expect_each(2, UP_CONNECTED);
}

Test(upstream_shared, after_a_loss_a_refusal_is_told_to_those_who_have_asked)
{
	struct up_session *s[2];

	start_sharing(s, 2);
	fake_close(&fake);
	expect_each(2, UP_LOST);
	upstream_reconnect(s[1]);
	fake_accept(&bench, &fake);
	fake_close(&fake);
	cr_assert_not(expect(2, UP_REFUSED)->event.down.permanent);
	bench_quiet(&bench);
}

Test(upstream_shared, who_comes_while_the_end_is_still_to_be_told_hears_of_it)
{
	struct up_session *s[1], *late;

	start_sharing(s, 1);
	fake_close(&fake);
	bench_until(&bench, upstream_connected(bench.up) == 0);
	late = share(2, "b");
	bench_until(&bench, bench.n_heard == bench.n_seen + 2);
	for (int i = 0; i < 2; i++) {
		const struct heard *heard = &bench.heard[bench.n_seen++];

		cr_assert_eq(heard->event.kind, heard->owner == CLIENT(1) ? UP_LOST : UP_REFUSED);
	}
	upstream_reconnect(late);
	fake_welcome(&bench, &fake);
	expect_each(2, UP_CONNECTED);
}

/* Each of many asks when its time has come; the broker, in trouble, is not asked as often. */
Test(upstream_shared, after_a_failed_attempt_there_is_a_pause_for_all)
{
	struct up_session *s[3];
	char id[] = "a";
	uint32_t failed_at;

	start(1);
	for (int i = 0; i < 3; i++, id[0]++)
		s[i] = share(i + 1, id);
	fake_accept(&bench, &fake);
	stop_time();
	fake_close(&fake);
	expect_each(3, UP_REFUSED);
	upstream_reconnect(s[0]);
	upstream_reconnect(s[1]);
	bench_quiet(&bench);
	cr_assert_not(fake_is_called(), "there was an attempt");

	failed_at = bench.up->tick;
	take_time();
	fake_accept(&bench, &fake);
	cr_assert_geq(bench.up->tick - failed_at, pool_ticks(1));
	upstream_reconnect(s[2]);
	fake_close(&fake);
	expect_each(3, UP_REFUSED);
	upstream_reconnect(s[2]);
	upstream_close(s[2], UP_DISCONNECT); /* the attempt is made for the others */
	fake_welcome(&bench, &fake);
	expect_each(2, UP_CONNECTED);
}

/* --- Ends of sessions --- */

Test(upstream_shared, who_is_gone_hears_nothing_and_nobody_gets_its_answer)
{
	struct up_session *s[2], *successors[4];
	uint16_t of_b, mids[2];

	start_sharing(s, 2);
	publish(s[0], "of a", 1);
	of_b = publish(s[1], "of b", 1);
	mids[0] = take("of a");
	mids[1] = take("of b");
	upstream_close(s[0], UP_DISCONNECT);
	cr_assert_eq(upstream_sharing(bench.up), 1);
	for (int i = 0; i < 4; i++) /* one of them perhaps where it was in memory */
		successors[i] = share(3 + i, "c");
	for (int i = 0; i < 4; i++)
		bench_next(&bench, UP_CONNECTED);
	acknowledge(mids[0]);
	expect_nothing();
	acknowledge(mids[1]);
	expect_published(2, of_b);
	for (int i = 0; i < 4; i++)
		upstream_close(successors[i], UP_ABORT);
	expect_nothing();
	cr_assert_eq(upstream_sharing(bench.up), 1);
}

Test(upstream_shared, who_is_gone_is_not_told_of_the_connection)
{
	struct up_session *s[3];

	start_sharing(s, 3);
	upstream_close(s[2], UP_DISCONNECT);
	fake_close(&fake);
	expect_each(2, UP_LOST);
	bench_quiet(&bench);
	upstream_reconnect(s[0]);
	upstream_close(s[0], UP_DISCONNECT);
	fake_welcome(&bench, &fake);
	expect(2, UP_CONNECTED);
	expect_nothing();
}

Test(upstream_shared, the_connection_waits_a_while_for_another_and_is_closed)
{
	struct up_session *s[2];
	uint32_t gone_at;

	start_sharing(s, 2);
	upstream_close(s[0], UP_DISCONNECT);
	upstream_close(s[1], UP_DISCONNECT);
	gone_at = bench.up->tick;
	cr_assert_eq(upstream_sharing(bench.up), 0);
	expect_nothing();
	cr_assert_eq(upstream_connected(bench.up), 1);
	hurry();
	fake_read(&bench, &fake, MQTT_DISCONNECT);
	cr_assert_geq(bench.up->tick - gone_at, pool_ticks(4));
	fake_read_end(&bench, &fake);
	fake_close(&fake);
	bench_until(&bench, upstream_count(bench.up) == 0);
	cr_assert_eq(bench.n_heard, bench.n_seen);

	take_time();
	share(3, "c");
	fake_welcome(&bench, &fake);
	expect(3, UP_CONNECTED);
	expect_nothing();
}

/* Another connection with the same client id would make the broker close this one before it has
 * read what it was sent. */
Test(upstream_shared, one_alone_after_the_other_comes_to_the_same_connection)
{
	struct up_session *s[1];
	uint32_t gone_at;
	uint16_t mid, token;

	start_sharing(s, 1);
	publish(s[0], "of a, 0", 0);
	publish(s[0], "of a, 1", 1);
	upstream_close(s[0], UP_DISCONNECT);
	s[0] = share(2, "b");
	token = publish(s[0], "of b", 1);
	expect(2, UP_CONNECTED);
	take("of a, 0");
	mid = take("of a, 1");
	acknowledge(take("of b"));
	expect_published(2, token);
	upstream_close(s[0], UP_DISCONNECT);
	acknowledge(mid);
	s[0] = share(3, "c");
	expect(3, UP_CONNECTED);

	gone_at = bench.up->tick; /* and now it stays, however long */
	hurry();
	bench_until(&bench, bench.up->tick - gone_at > pool_ticks(10));
	take_time();
	expect_nothing();
}

Test(upstream_shared, a_connection_that_is_lost_while_nobody_shares_it_is_gone)
{
	struct up_session *s[1];
	uint32_t gone_at;

	start_sharing(s, 1);
	publish(s[0], "x", 1);
	take("x");
	upstream_close(s[0], UP_DISCONNECT);
	gone_at = bench.up->tick;
	fake_close(&fake);
	bench_until(&bench, upstream_connected(bench.up) == 0);
	hurry();
	bench_until(&bench, upstream_count(bench.up) == 0);
	cr_assert_lt(bench.up->tick - gone_at, pool_ticks(4));
	cr_assert_eq(bench.n_heard, bench.n_seen);
	take_time();
	share(2, "b");
	fake_welcome(&bench, &fake);
	expect(2, UP_CONNECTED);
	expect_nothing();
}

Test(upstream_shared, when_the_gateway_ends_the_last_one_takes_the_connection_with_it)
{
	struct up_session *s[2];

	start_sharing(s, 2);
	upstream_finish(bench.up);
	upstream_close(s[0], UP_DISCONNECT);
	expect_nothing();
	publish(s[1], "1", 1);
	publish(s[1], "0", 0);
	upstream_close(s[1], UP_DISCONNECT);
	cr_assert_eq(upstream_connected(bench.up), 0);
	take("1");
	take("0");
	fake_read(&bench, &fake, MQTT_DISCONNECT);
	fake_read_end(&bench, &fake);
	fake_close(&fake);
	bench_until(&bench, upstream_count(bench.up) == 0);
	cr_assert_eq(bench.n_heard, bench.n_seen);
}

Test(upstream_shared, when_the_gateway_ends_a_connection_that_nobody_shares_is_closed)
{
	struct up_session *s[1];

	start_sharing(s, 1);
	stop_time();
	upstream_close(s[0], UP_DISCONNECT);
	upstream_finish(bench.up);
	fake_read(&bench, &fake, MQTT_DISCONNECT);
	fake_close(&fake);
	bench_until(&bench, upstream_count(bench.up) == 0);
}

Test(upstream_shared, the_last_one_may_go_in_every_state)
{
	struct up_session *s;

	start(1);
	s = share(1, "a"); /* dials */
	stop_time();
	upstream_close(s, UP_DISCONNECT);
	bench_until(&bench, upstream_count(bench.up) == 0);
	s = share(1, "a");          /* has a refusal to hear */
	fake_accept(&bench, &fake); /* of the first, which is closed */
	fake_accept(&bench, &fake);
	fake_close(&fake);
	expect(1, UP_REFUSED);
	upstream_close(s, UP_DISCONNECT); /* idle */
	bench_until(&bench, upstream_count(bench.up) == 0);
	s = share(1, "a");
	stop_time();
	fake_accept(&bench, &fake);
	fake_read(&bench, &fake, MQTT_CONNECT);
	upstream_close(s, UP_DISCONNECT); /* waits for CONNACK, then says DISCONNECT */
	fake_send_connack(&fake, false, 0);
	fake_read(&bench, &fake, MQTT_DISCONNECT);
	fake_close(&fake);
	bench_until(&bench, upstream_count(bench.up) == 0);
	cr_assert_eq(bench.n_heard, bench.n_seen);
	take_time();
	share(1, "a");
	bench_quiet(&bench); /* that CONNACK was not for it */
	fake_welcome(&bench, &fake);
	expect(1, UP_CONNECTED);
}

Test(upstream_shared, the_end_of_the_module_says_disconnect)
{
	struct up_session *s[2];

	start_sharing(s, 2);
	publish(s[0], "x", 1);
	bench.up = upstream_free(bench.up);
	cr_assert_eq(fake_waiting(&fake), 2 + 2 + 1 + 2 + 1 + 2); /* that and DISCONNECT */
}

/* --- In the midst of an event --- */

/* What is closed in the next event. */
static struct up_session *condemned[2];

static void close_condemned(struct bench *b, const struct heard *heard)
{
	(void)heard;
	b->on_event = NULL;
	for (int i = 0; i < 2; i++) {
		if (condemned[i] != NULL)
			upstream_close(condemned[i], UP_DISCONNECT);
		condemned[i] = NULL;
	}
}

static void close_in_next_event(struct up_session *first, struct up_session *second)
{
	condemned[0] = first;
	condemned[1] = second;
	bench.on_event = close_condemned;
}

Test(upstream_shared, another_may_be_closed_when_an_answer_comes)
{
	struct up_session *s[2];
	uint16_t of_a, mids[2];

	start_sharing(s, 2);
	of_a = publish(s[0], "of a", 1);
	publish(s[1], "of b", 1);
	mids[0] = take("of a");
	mids[1] = take("of b");
	close_in_next_event(s[1], NULL);
	acknowledge(mids[0]);
	acknowledge(mids[1]);
	expect_published(1, of_a);
	expect_nothing();
}

Test(upstream_shared, all_may_be_closed_when_an_answer_comes)
{
	struct up_session *s[2];
	uint16_t of_a, mids[2];

	start_sharing(s, 2);
	of_a = publish(s[0], "of a", 1);
	publish(s[1], "of b", 1);
	mids[0] = take("of a");
	mids[1] = take("of b");
	close_in_next_event(s[1], s[0]);
	acknowledge(mids[0]);
	acknowledge(mids[1]);
	expect_published(1, of_a);
	expect_nothing();
	upstream_finish(bench.up);
	fake_read(&bench, &fake, MQTT_DISCONNECT);
}

Test(upstream_shared, another_may_be_closed_when_the_loss_is_told)
{
	struct up_session *s[3];

	start_sharing(s, 3);
	fake_close(&fake);
	bench_until(&bench, upstream_connected(bench.up) == 0);
	close_in_next_event(s[0], s[1]); /* of whom one, at least, is not the one that is told */
	bench_until(&bench, bench.n_heard > bench.n_seen);
	bench_quiet(&bench);
	for (; bench.n_seen < bench.n_heard; bench.n_seen++)
		cr_assert_eq(bench.heard[bench.n_seen].event.kind, UP_LOST);
	cr_assert_eq(upstream_sharing(bench.up), 0);
	upstream_reconnect(s[2]);
	fake_welcome(&bench, &fake);
	expect(3, UP_CONNECTED);
	cr_assert_eq(upstream_sharing(bench.up), 1);
	expect_nothing();
}

Test(upstream_shared, all_may_be_closed_when_the_connection_is_told)
{
	struct up_session *a, *b;

	start(1);
	a = share(1, "a");
	b = share(2, "b");
	close_in_next_event(a, b);
	fake_welcome(&bench, &fake);
	bench_next(&bench, UP_CONNECTED);
	expect_nothing();
	cr_assert_eq(upstream_sharing(bench.up), 0);
	upstream_finish(bench.up);
	fake_read(&bench, &fake, MQTT_DISCONNECT);
}

/* --- Requests that nobody waits for --- */

/* It may be what made the broker close the connection. */
Test(upstream_shared, what_nobody_waits_for_is_not_sent_again)
{
	struct up_session *s[2];
	uint16_t of_b;

	start_sharing(s, 2);
	publish(s[0], "of a", 1);
	take("of a");
	upstream_close(s[0], UP_DISCONNECT);
	fake_close(&fake);
	expect(2, UP_LOST);
	upstream_reconnect(s[1]);
	fake_welcome(&bench, &fake);
	expect(2, UP_CONNECTED);
	of_b = publish(s[1], "of b", 1);
	acknowledge(take("of b"));
	expect_published(2, of_b);
	expect_nothing();
}

/* The same with a session that comes, and an owner that went after the loss. */
Test(upstream_shared, what_nobody_waits_for_is_not_sent_again_for_who_comes_then)
{
	struct up_session *s[2];

	start_sharing(s, 2);
	publish(s[0], "of a", 1);
	take("of a");
	fake_close(&fake);
	expect_each(2, UP_LOST);
	publish(s[0], "of a, held", 1);
	upstream_close(s[0], UP_DISCONNECT);
	share(3, "c");
	fake_welcome(&bench, &fake);
	for (int i = 0; i < 2; i++)
		bench_next(&bench, UP_CONNECTED);
	expect_nothing();
	cr_assert_eq(upstream_count(bench.up), 1);
}

/* And one that goes while the next attempt has to wait. */
Test(upstream_shared, what_nobody_waits_for_is_not_sent_again_after_a_pause)
{
	struct up_session *s[2];

	start_sharing(s, 2);
	publish(s[0], "of a", 1);
	take("of a");
	fake_close(&fake);
	expect_each(2, UP_LOST);
	upstream_reconnect(s[1]);
	fake_accept(&bench, &fake);
	fake_close(&fake);
	expect(2, UP_REFUSED);
	upstream_reconnect(s[1]);
	upstream_close(s[0], UP_DISCONNECT);
	fake_welcome(&bench, &fake);
	expect(2, UP_CONNECTED);
	expect_nothing();
}

Test(upstream_shared, while_another_waits_all_is_sent_again)
{
	struct up_session *s[2];
	uint16_t of_b;

	start_sharing(s, 2);
	publish(s[0], "of a", 1);
	of_b = publish(s[1], "of b", 1);
	take("of a");
	take("of b");
	fake_close(&fake);
	expect_each(2, UP_LOST);
	upstream_close(s[0], UP_DISCONNECT);
	upstream_reconnect(s[1]);
	fake_welcome(&bench, &fake);
	expect(2, UP_CONNECTED);
	acknowledge(take_again("of a"));
	acknowledge(take_again("of b"));
	expect_published(2, of_b);
	expect_nothing();
}

/* --- Limits --- */

/* With 20, as libmosquitto has it by itself, each of many would wait for the others. */
Test(upstream_shared, many_are_in_flight)
{
	enum {
		IN_FLIGHT = 200,
		MORE = 50,
	};
	struct up_session *s[3];
	uint16_t tokens[IN_FLIGHT + MORE], mids[IN_FLIGHT + MORE];

	start_sharing(s, 3);
	for (int i = 0; i < IN_FLIGHT + MORE; i++)
		tokens[i] = publish(s[i % 3], "x", 1);
	for (int i = 0; i < IN_FLIGHT; i++)
		mids[i] = take("x");
	expect_nothing();
	for (int i = 0; i < MORE; i++) {
		acknowledge(mids[i]);
		expect_published(1 + i % 3, tokens[i]);
	}
	for (int i = 0; i < MORE; i++)
		mids[IN_FLIGHT + i] = take("x");
	acknowledge(mids[IN_FLIGHT]);
	expect_published(1 + IN_FLIGHT % 3, tokens[IN_FLIGHT]);
}

/* Takes it to its end. */
static void complete(uint16_t mid)
{
	fake_send_ack(&fake, MQTT_PUBREC, mid);
	cr_assert_eq(fake_read(&bench, &fake, MQTT_PUBREL).mid, mid);
	fake_send_ack(&fake, MQTT_PUBCOMP, mid);
}

/* mosquitto loses what is beyond its max_inflight_messages. */
Test(upstream_shared, less_is_in_flight_at_qos2_and_what_comes_behind_it_waits)
{
	enum {
		QOS2_IN_FLIGHT = 19,
	};
	struct up_session *s[2];
	uint16_t tokens[QOS2_IN_FLIGHT], mids[QOS2_IN_FLIGHT], more[5];

	start_sharing(s, 2);
	for (int i = 0; i < QOS2_IN_FLIGHT; i++) {
		tokens[i] = publish(s[0], "x", 2);
		publish(s[0], "beside", 1);
	}
	more[0] = publish(s[1], "1", 2);
	more[1] = publish(s[1], "2", 1);
	more[2] = publish(s[1], "3", 2);
	more[3] = publish(s[1], "4", 1);
	publish(s[1], "0", 0);
	for (int i = 0; i < QOS2_IN_FLIGHT; i++) {
		mids[i] = take("x");
		take("beside");
	}
	take("0");
	expect_nothing();

	complete(mids[3]);
	expect_published(1, tokens[3]);
	mids[3] = take("1");
	acknowledge(take("2"));
	expect_published(2, more[1]);
	expect_nothing();
	complete(mids[3]);
	expect_published(2, more[0]);
	mids[3] = take("3");
	acknowledge(take("4"));
	expect_published(2, more[3]);
	complete(mids[0]);
	expect_published(1, tokens[0]);
	more[4] = publish(s[0], "5", 2);
	mids[0] = take("5");
	complete(mids[3]);
	expect_published(2, more[2]);
	complete(mids[0]);
	expect_published(1, more[4]);
	expect_nothing();
}

/* Behind a request of the same turn QoS 0 goes through libmosquitto, which numbers it as well, and
 * tells when it is written: by then the numbers have gone round. */
Test(upstream_shared, that_qos0_is_written_answers_nobody)
{
	enum {
		NUMBERS = 65535,
	};
	struct up_session *s[2];
	uint16_t token, mid;

	start_sharing(s, 2);
	token = publish(s[0], "one", 1);
	for (int i = 0; i < NUMBERS; i++)
		publish(s[1], "0", 0);
	mid = take("one");
	for (int i = 0; i < NUMBERS; i++)
		take("0");
	expect_nothing();
	acknowledge(mid);
	expect_published(1, token);
}

Test(upstream_shared, what_waits_for_its_turn_at_qos2_outlives_a_loss_in_order)
{
	enum {
		WINDOW = 19,
		N = 3 * WINDOW,
	};
	struct up_session *s[3];
	uint16_t tokens[N];
	char text[] = "0";

	start_sharing(s, 3);
	for (int i = 0; i < N; i++, text[0]++)
		tokens[i] = publish(s[i % 3], text, 2);
	for (text[0] = '0'; text[0] < '0' + WINDOW; text[0]++)
		take(text);
	upstream_close(s[1], UP_DISCONNECT);
	fake_close(&fake);
	for (int i = 0; i < 2; i++)
		bench_next(&bench, UP_LOST);
	upstream_reconnect(s[0]);
	fake_welcome(&bench, &fake);
	for (int i = 0; i < 2; i++)
		bench_next(&bench, UP_CONNECTED);
	text[0] = '0';
	for (int i = 0; i < N; i += WINDOW) {
		uint16_t mids[WINDOW];

		for (int j = 0; j < WINDOW; j++, text[0]++)
			mids[j] = take(text);
		expect_nothing();
		for (int j = 0; j < WINDOW; j++) {
			fake_send_ack(&fake, MQTT_PUBREC, mids[j]);
			fake_read(&bench, &fake, MQTT_PUBREL);
		}
		for (int j = 0; j < WINDOW; j++) {
			fake_send_ack(&fake, MQTT_PUBCOMP, mids[j]);
			if ((i + j) % 3 != 1)
				expect_published(1 + (i + j) % 3, tokens[i + j]);
		}
	}
	expect_nothing();
}

Test(upstream_shared, so_many_requests_may_be_unanswered)
{
	struct up_session *s[2];
	uint16_t token, first;

	start_sharing(s, 2);
	first = publish(s[0], "first", 1);
	for (int i = 1; i < REQUESTS_MAX; i++)
		publish(s[i % 2], "x", 1);
	for (int qos = 1; qos <= 2; qos++) {
		cr_assert_eq(
		    upstream_publish(s[0], "t", bytes("y"), qos, false, &token), -ERR_NOMEM);
		cr_assert_eq(
		    upstream_publish(s[1], "t", bytes("y"), qos, false, &token), -ERR_NOMEM);
	}
	publish(s[1], "0", 0);
	acknowledge(take("first"));
	expect_published(1, first);
	publish(s[1], "y", 1);
	cr_assert_eq(upstream_publish(s[0], "t", bytes("y"), 1, false, &token), -ERR_NOMEM);
}

Test(upstream_shared, so_many_requests_may_wait_for_a_connection)
{
	struct up_session *s;
	uint16_t token;

	start(1);
	s = share(1, "a");
	for (int i = 0; i < REQUESTS_MAX; i++)
		publish(s, "x", 1);
	cr_assert_eq(upstream_publish(s, "t", bytes("y"), 1, false, &token), -ERR_NOMEM);
}
