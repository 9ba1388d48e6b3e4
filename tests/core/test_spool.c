/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/core.h"
#include "gateway/core/store.h"

/* What the upstream side and the store were told, a word for each call. */
static char log_[512];
static uint16_t last_token;
static bool room;
static int publish_rc;

/* @sign, @text, and @number unless it is negative. */
static void say(const char *sign, const char *text, long number)
{
	size_t len = strlen(log_);

	len += (size_t)snprintf(log_ + len, sizeof log_ - len, "%s%s", sign, text);
	if (number >= 0)
		len += (size_t)snprintf(log_ + len, sizeof log_ - len, "%ld", number);
	snprintf(log_ + len, sizeof log_ - len, " ");
}

static int up_publish(void *ctx, struct up_session *session, const char *topic,
    struct sn_bytes payload, int qos, bool retain, uint16_t *token)
{
	(void)ctx, (void)session, (void)payload, (void)retain;
	if (publish_rc < 0)
		return publish_rc;
	say(topic, ":", qos);
	if (qos > 0)
		*token = ++last_token;
	return 0;
}

static void put_message(void *ctx, uint64_t key, const struct stored_message *message)
{
	(void)ctx, (void)key;
	cr_assert_eq(message->way, STORED_IN);
	say("+", message->topic, (long)message->sequence);
}

static void drop_message(void *ctx, uint64_t key, enum stored_way way, uint64_t sequence)
{
	(void)ctx, (void)key;
	cr_assert_eq(way, STORED_IN);
	say("-", "", (long)sequence);
}

static bool has_room(void *ctx)
{
	(void)ctx;
	return room;
}

static void note(void *ctx, const struct gw_note *what)
{
	(void)ctx;
	say("!", what->detail, -1);
}

static const struct gw_store store = {
	.put_message = put_message, .drop_message = drop_message, .has_room = has_room
};

static struct gw gw;
static struct client client;

static void setup(void)
{
	memset(&gw, 0, sizeof gw);
	memset(&client, 0, sizeof client);
	gw.ports.up_publish = up_publish;
	gw.ports.note = note;
	gw.ports.store = &store;
	gw.config.outage = GW_OUTAGE_STORE;
	gw.config.limits.outage_messages = 10;
	gw.config.limits.outage_bytes = gw.config.limits.outage_bytes_total = 10000;
	gw.config.limits.publish_window = 2;
	client_init(&client);
	room = true;
	publish_rc = 0;
	last_token = 0;
	log_[0] = '\0';
}

static void teardown(void)
{
	spool_clear(&gw, &client);
	cr_expect_eq(gw.spooled, 0);
	cr_expect_eq(client.spool.count, 0);
	cr_expect_eq(client.spool.bytes, 0);
	cr_expect_eq(client.spool.open, 0);
	cr_expect_null(client.spool.last);
	cr_expect_null(client.spool.next);
}

TestSuite(spool, .init = setup, .fini = teardown);

static int add(const char *topic, int qos, uint16_t token)
{
	return spool_add(&gw, &client,
	    &(struct spool_publish){ topic, { (const uint8_t *)"x", 1 }, qos, false, token });
}

static void expect(const char *log)
{
	cr_assert_str_eq(log_, log);
	log_[0] = '\0';
}

static void published(uint16_t token)
{
	cr_assert(spool_published(&gw, &client, token));
}

Test(spool, goes_up_in_order_and_in_a_window)
{
	for (const char *topic = "abcd"; *topic != '\0'; topic++)
		cr_assert_eq(add((char[]){ *topic, '\0' }, 1 + (*topic == 'b'), 0), 0);
	expect("+a1 +b2 +c3 +d4 ");
	spool_pump(&gw, &client);
	expect(""); /* the link is down */
	client.link.state = LINK_UP;
	spool_pump(&gw, &client);
	expect("a:1 b:2 ");
	published(2);
	expect("-2 c:1 ");
	published(1);
	expect("-1 d:1 ");
	published(3);
	published(4);
	expect("-3 -4 ");
	cr_assert(spool_is_empty(&client.spool));
	cr_assert_not(spool_published(&gw, &client, 4));
}

Test(spool, is_used_while_the_link_is_down_or_others_wait)
{
	cr_assert(spool_is_used(&gw, &client));
	client.link.state = LINK_UP;
	cr_assert_not(spool_is_used(&gw, &client));
	cr_assert_eq(add("a", 1, 0), 0);
	cr_assert(spool_is_used(&gw, &client));
	spool_clear(&gw, &client);
	client.link.state = LINK_WAITING;
	gw.config.outage = GW_OUTAGE_REFUSE;
	cr_assert_not(spool_is_used(&gw, &client));
}

Test(spool, what_a_closed_link_has_not_finished_goes_up_again)
{
	client.link.state = LINK_UP;
	add("a", 1, 0);
	add("b", 1, 0);
	add("c", 1, 0);
	spool_pump(&gw, &client);
	published(1);
	expect("+a1 +b2 +c3 a:1 b:1 -1 c:1 ");
	spool_link_closed(&client);
	cr_assert_not(spool_published(&gw, &client, 2));
	spool_pump(&gw, &client);
	expect("b:1 c:1 ");
	published(4);
	published(5);
}

Test(spool, one_that_is_on_its_way_already_does_not_go_up_again)
{
	add("b", 1, 0);
	add("a", 1, 7); /* went before b, and is acknowledged later */
	add("c", 1, 0);
	client.link.state = LINK_UP;
	spool_pump(&gw, &client);
	expect("+b1 +a2 +c3 b:1 ");
	published(7);
	expect("-2 c:1 ");
	spool_link_closed(&client);
	spool_pump(&gw, &client);
	expect("b:1 c:1 ");
}

Test(spool, qos_0_is_done_when_it_is_sent)
{
	client.link.state = LINK_UP;
	add("a", 0, 0);
	spool_pump(&gw, &client);
	expect("+a1 a:0 -1 ");
}

Test(spool, what_the_library_refuses_is_dropped_alone)
{
	client.link.state = LINK_UP;
	add("a", 1, 0);
	publish_rc = -ERR_INVALID;
	spool_pump(&gw, &client);
	expect("+a1 !the broker's side cannot take it -1 ");
	cr_assert_eq(gw.metrics.publishes_dropped, 1);
}

Test(spool, has_limits)
{
	gw.config.limits.outage_messages = 1;
	cr_assert_eq(add("a", 1, 0), 0);
	cr_assert_eq(add("b", 1, 0), -ERR_LIMIT);
	expect("+a1 !limits.outage_messages ");
	gw.config.limits.outage_messages = 2;
	gw.config.limits.outage_bytes = client.spool.bytes;
	cr_assert_eq(add("b", 1, 0), -ERR_LIMIT);
	expect("!limits.outage_bytes ");
	gw.config.limits.outage_bytes *= 2;
	gw.config.limits.outage_bytes_total = client.spool.bytes;
	cr_assert_eq(add("b", 1, 0), -ERR_LIMIT);
	expect("!limits.outage_bytes_total ");
	gw.config.limits.outage_bytes_total *= 2;
	room = false;
	cr_assert_eq(add("b", 1, 0), -ERR_LIMIT);
	expect("!the store has no room ");
	room = true;
	cr_assert_eq(add("b", 1, 0), 0);
	expect("+b2 ");
	cr_assert_eq(gw.metrics.limit_hits, 4);
}

Test(spool, takes_no_topic_that_no_broker_takes)
{
	cr_assert_eq(add("a/#", 1, 0), -ERR_INVALID);
	cr_assert_eq(add("", 1, 0), -ERR_INVALID);
	expect("");
}

Test(spool, comes_back_from_a_store_as_it_was)
{
	struct stored_message stored = { .way = STORED_IN,
		.sequence = 5,
		.topic = "a",
		.payload = { (const uint8_t *)"xyz", 3 },
		.qos = 2,
		.retain = true };

	cr_assert(spool_restore(&gw, &client, &stored));
	stored.sequence = 9;
	stored.topic = "b";
	cr_assert(spool_restore(&gw, &client, &stored));
	spool_save(&client, &store);
	expect("+a5 +b9 ");
	client.link.state = LINK_UP;
	spool_pump(&gw, &client);
	expect("a:2 b:2 ");
	published(1);
	expect("-5 ");
}
