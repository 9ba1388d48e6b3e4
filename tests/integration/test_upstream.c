/* SPDX-License-Identifier: BSD-3-Clause */
/* The upstream module with a real mosquitto. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/err.h"
#include "tests/integration/upstream_bench.h"

#define MANY 300

static struct bench bench;
static struct broker broker;

/* Also after a test that failed. */
static void teardown(void)
{
	broker_stop(&broker);
}

TestSuite(upstream, .fini = teardown, .timeout = 60);

static struct upstream_config config_for(const struct broker *b)
{
	return (struct upstream_config){
		.host = "127.0.0.1",
		.port = b->port,
		.keep_alive = 60,
		.id_prefix = "",
		.id_suffix = "",
	};
}

static void start(const char *settings)
{
	struct upstream_config config;

	broker_start(&broker, 0, settings);
	config = config_for(&broker);
	bench_start(&bench, &config);
}

static void subscribe(struct up_session *s, const char *filter, int qos)
{
	uint16_t token;
	const struct heard *heard;

	cr_assert_eq(upstream_subscribe(s, filter, qos, &token), 0);
	heard = bench_next(&bench, UP_SUBSCRIBED);
	cr_assert_eq(heard->event.token, token);
	cr_assert_eq(heard->event.granted_qos, qos);
}

static void expect_message(int client, const char *topic, const char *payload, int qos)
{
	const struct heard *heard = bench_next(&bench, UP_MESSAGE);

	cr_assert_eq(heard->owner, CLIENT(client));
	cr_assert_str_eq(heard->topic, topic);
	cr_assert_str_eq(heard->payload, payload);
	cr_assert_eq(heard->event.message.qos, qos);
}

Test(upstream, publishes_and_subscribes_at_every_qos)
{
	struct up_session *s;
	bool published = false, arrived = false;
	uint16_t token = 0;

	start("allow_anonymous true");
	s = bench_connect(&bench, 1, "a", true);
	cr_assert_eq(upstream_count(bench.up), 1);
	cr_assert_eq(upstream_connected(bench.up), 1);
	subscribe(s, "t/#", 2);

	cr_assert_eq(upstream_publish(s, "t/0", bytes("hello"), 0, false, &token), 0);
	expect_message(1, "t/0", "hello", 0);
	for (int qos = 1; qos <= 2; qos++) {
		cr_assert_eq(upstream_publish(s, "t/x", bytes("hello"), qos, false, &token), 0);
		cr_assert_neq(token, 0);
		bench_until(&bench, bench.n_heard == bench.n_seen + 2);
		for (int i = 0; i < 2; i++) { /* in either order */
			const struct heard *heard = &bench.heard[bench.n_seen++];

			published |=
			    heard->event.kind == UP_PUBLISHED && heard->event.token == token;
			arrived |=
			    heard->event.kind == UP_MESSAGE && heard->event.message.qos == qos;
		}
		cr_assert(published && arrived);
		published = arrived = false;
	}
	cr_assert_eq(upstream_unsubscribe(s, "t/#", &token), 0);
	cr_assert_eq(bench_next(&bench, UP_UNSUBSCRIBED)->event.token, token);
	bench_stop(&bench);
}

Test(upstream, retained_and_empty_messages)
{
	struct up_session *s;
	const struct heard *heard;
	uint16_t token;

	start("allow_anonymous true");
	s = bench_connect(&bench, 1, "a", true);
	cr_assert_eq(upstream_publish(s, "r", bytes("kept"), 1, true, &token), 0);
	bench_next(&bench, UP_PUBLISHED);
	cr_assert_eq(upstream_subscribe(s, "r", 0, &token), 0);
	bench_until(&bench, bench.n_heard == bench.n_seen + 2);
	bench.n_seen++; /* SUBACK, before or after */
	heard = &bench.heard[bench.n_seen++];
	if (heard->event.kind != UP_MESSAGE)
		heard--;
	cr_assert(heard->event.message.retain);
	cr_assert_eq(upstream_publish(s, "r", (struct sn_bytes){ NULL, 0 }, 0, false, &token), 0);
	heard = bench_next(&bench, UP_MESSAGE);
	cr_assert_eq(heard->event.message.payload.len, 0);
	cr_assert_not(heard->event.message.retain);
	bench_stop(&bench);
}

/* A broker that takes nobody but "gateway" with "secret". */
static void start_broker_with_password(void)
{
	static const char hash[] = "gateway:$7$101$4AvgEy3R8002YNBX$Nc5SNDQepDi+VpwP43RfT9O+FnXX"
	                           "lKHGR9oRw/Gm9K9HaGmwWgUjLBO+dZmkZeoZHWZ9K+x6v77WXG8zEPumDg==";
	char path[96];
	FILE *file;

	broker_start(&broker, 0, "");
	broker_kill(&broker);
	snprintf(path, sizeof(path), "%s/passwd", broker.dir);
	file = fopen(path, "w");
	cr_assert_not_null(file);
	fprintf(file, "%s\n", hash);
	fclose(file);
	broker_start(&broker, broker.port, "allow_anonymous false\npassword_file %s/passwd");
}

/* SN12-OPEN-21 */
Test(upstream, user_and_password)
{
	struct up_spec spec = { .client_id = "a", .clean = true };
	struct upstream_config config;

	start_broker_with_password();
	config = config_for(&broker);
	config.user = "gateway";
	for (int right = 0; right < 2; right++) {
		config.password = right ? "secret" : "guess";
		bench_start(&bench, &config);
		cr_assert_not_null(upstream_open(bench.up, CLIENT(1), &spec));
		if (right)
			bench_next(&bench, UP_CONNECTED);
		else
			cr_assert(bench_next(&bench, UP_REFUSED)->event.down.permanent);
		bench_stop(&bench);
	}
}

/* SN12-OPEN-21 */
Test(upstream, a_session_may_have_a_login_of_its_own)
{
	const struct up_login wrong = { "gateway", "guess" }, right = { "gateway", "secret" };
	struct up_spec spec = { .client_id = "a", .clean = true, .login = &wrong };
	struct upstream_config config;
	struct up_session *s;

	start_broker_with_password();
	config = config_for(&broker);
	bench_start(&bench, &config);
	s = upstream_open(bench.up, CLIENT(1), &spec);
	cr_assert(bench_next(&bench, UP_REFUSED)->event.down.permanent);
	cr_assert_eq(upstream_set_login(s, &right), 0);
	upstream_reconnect(s);
	bench_next(&bench, UP_CONNECTED);
	spec.login = &right;
	spec.client_id = "b";
	cr_assert_not_null(upstream_open(bench.up, CLIENT(2), &spec));
	bench_next(&bench, UP_CONNECTED);
	spec.login = NULL;
	spec.client_id = "c";
	cr_assert_not_null(upstream_open(bench.up, CLIENT(3), &spec));
	cr_assert(bench_next(&bench, UP_REFUSED)->event.down.permanent);
	bench_stop(&bench);
}

Test(upstream, a_killed_broker_is_lost_and_publishes_survive_it)
{
	struct up_session *s;
	uint16_t before, between;
	const struct heard *heard;

	start("allow_anonymous true");
	s = bench_connect(&bench, 1, "a", true);
	broker_kill(&broker);
	cr_assert_eq(upstream_publish(s, "t", bytes("1"), 1, false, &before), 0);
	bench_next(&bench, UP_LOST);
	cr_assert_eq(upstream_connected(bench.up), 0);
	cr_assert_eq(upstream_publish(s, "t", bytes("2"), 2, false, &between), 0);
	upstream_reconnect(s);
	bench_next(&bench, UP_REFUSED);

	broker_start(&broker, broker.port, "allow_anonymous true");
	upstream_reconnect(s);
	bench_next(&bench, UP_CONNECTED);
	heard = bench_next(&bench, UP_PUBLISHED);
	cr_assert_eq(heard->event.token, before);
	heard = bench_next(&bench, UP_PUBLISHED);
	cr_assert_eq(heard->event.token, between);
	bench_stop(&bench);
}

Test(upstream, sessions_last_if_they_are_not_clean)
{
	struct up_session *s, *other;
	struct up_spec spec = { .client_id = "a", .clean = false };
	uint16_t token;

	start("allow_anonymous true");
	s = bench_connect(&bench, 1, "a", false);
	cr_assert_not(bench.heard[0].event.session_present);
	subscribe(s, "t", 1);
	upstream_close(s, UP_DISCONNECT);
	other = bench_connect(&bench, 2, "b", true);
	cr_assert_eq(upstream_publish(other, "t", bytes("kept"), 1, false, &token), 0);
	bench_next(&bench, UP_PUBLISHED);
	cr_assert_not_null(upstream_open(bench.up, CLIENT(1), &spec));
	cr_assert(bench_next(&bench, UP_CONNECTED)->event.session_present);
	expect_message(1, "t", "kept", 1);
	bench_stop(&bench);
}

static struct up_session *connect_with_will(int client, const char *id)
{
	struct up_will will = { .topic = "will", .message = bytes(id), .qos = 1 };
	struct up_spec spec = { .client_id = id, .clean = true, .will = &will };
	struct up_session *s = upstream_open(bench.up, CLIENT(client), &spec);

	cr_assert_not_null(s);
	bench_next(&bench, UP_CONNECTED);
	return s;
}

Test(upstream, the_will_fires_on_abort_and_not_on_disconnect)
{
	struct up_session *watcher, *s;
	uint16_t token;

	start("allow_anonymous true");
	watcher = bench_connect(&bench, 1, "watcher", true);
	subscribe(watcher, "#", 1);

	s = connect_with_will(2, "leaves");
	cr_assert_eq(upstream_publish(s, "last", bytes("words"), 1, false, &token), 0);
	upstream_close(s, UP_DISCONNECT);
	expect_message(1, "last", "words", 1);
	bench_quiet(&bench);

	s = connect_with_will(3, "vanishes");
	upstream_close(s, UP_ABORT);
	expect_message(1, "will", "vanishes", 1);
	bench_stop(&bench);
}

Test(upstream, the_will_does_not_fire_when_the_input_was_not_read)
{
	struct up_session *watcher, *s;
	uint16_t token;

	start("allow_anonymous true");
	watcher = bench_connect(&bench, 1, "watcher", true);
	subscribe(watcher, "will", 1);
	s = connect_with_will(2, "flooded");
	subscribe(s, "flood", 1);
	upstream_pause(s, true);
	for (int i = 0; i < 100; i++) {
		cr_assert_eq(upstream_publish(watcher, "flood", bytes("x"), 1, false, &token), 0);
		bench_next(&bench, UP_PUBLISHED);
	}
	upstream_close(s, UP_DISCONNECT);
	bench_quiet(&bench);
	bench_stop(&bench);
}

Test(upstream, the_end_of_the_gateway_is_no_accident)
{
	struct upstream_config config;
	struct bench watcher_bench;
	struct up_session *watcher;
	uint16_t token;

	start("allow_anonymous true");
	config = config_for(&broker);
	bench_start(&watcher_bench, &config);
	watcher = bench_connect(&watcher_bench, 1, "watcher", true);
	cr_assert_eq(upstream_subscribe(watcher, "will", 1, &token), 0);
	bench_next(&watcher_bench, UP_SUBSCRIBED);
	connect_with_will(2, "a");
	bench_stop(&bench);
	bench_quiet(&watcher_bench);
	bench_stop(&watcher_bench);
}

static void pause_at_every_tenth(struct bench *b, const struct heard *heard)
{
	if (heard->event.kind == UP_MESSAGE && b->n_heard % 10 == 0)
		upstream_pause(b->arg, true);
}

Test(upstream, pausing_loses_nothing_and_keeps_the_order)
{
	struct upstream_config config;
	struct bench source;
	struct up_session *s, *from;
	size_t first, next = 0;
	uint16_t token;
	char text[8];

	start("allow_anonymous true");
	s = bench_connect(&bench, 1, "a", true);
	subscribe(s, "t", 1);
	config = config_for(&broker);
	bench_start(&source, &config);
	from = bench_connect(&source, 1, "source", true);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "%d", i);
		cr_assert_eq(upstream_publish(from, "t", bytes(text), 1, false, &token), 0);
	}
	bench_until(&source, source.n_heard == 1001);
	bench_stop(&source);

	bench.arg = s;
	bench.on_event = pause_at_every_tenth;
	first = bench.n_heard;
	while (next < 1000) {
		upstream_pause(s, false);
		bench_until(&bench, bench.n_heard > first + next);
		for (; first + next < bench.n_heard; next++)
			cr_assert_eq(atoi(bench.heard[first + next].payload), (int)next);
	}
	cr_assert_eq(next, 1000);
	bench_stop(&bench);
}

static int count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	cr_assert_not_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

Test(upstream, many_sessions_with_one_descriptor_each)
{
	struct up_session *sessions[MANY];
	struct up_spec spec = { .clean = true };
	uint16_t token;
	char id[16];
	int before;

	start("allow_anonymous true");
	before = count_descriptors();
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "client-%d", i);
		spec.client_id = id;
		sessions[i] = upstream_open(bench.up, CLIENT(i + 1), &spec);
		cr_assert_not_null(sessions[i]);
	}
	bench_until(&bench, upstream_connected(bench.up) == MANY);
	bench_until(&bench, bench.n_heard == MANY);
	cr_assert_eq(count_descriptors(), before + MANY);
	for (int i = 0; i < MANY; i++)
		cr_assert_eq(upstream_publish(sessions[i], "t", bytes("x"), 1, false, &token), 0);
	bench_until(&bench, bench.n_heard == 2 * MANY);
	for (int i = MANY; i < 2 * MANY; i++)
		cr_assert_eq(bench.heard[i].event.kind, UP_PUBLISHED);
	bench_quiet(&bench);
	for (int i = 0; i < MANY; i++)
		upstream_close(sessions[i], i % 2 ? UP_DISCONNECT : UP_ABORT);
	bench_until(&bench, upstream_count(bench.up) == 0);
	cr_assert_eq(count_descriptors(), before);
	bench_stop(&bench);
}
