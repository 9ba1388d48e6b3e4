/* SPDX-License-Identifier: BSD-3-Clause */
/* What an operator sees, and may do, of clients that were brought into their states by packets. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/gw.h"
#include "gateway/core/inspect.h"
#include "sn_codec/sn_text.h"

static struct gw *gw;
static monotime_t now = { 1000000 };

/* --- the outside of the core --- */

static struct client *owner; /* of the session that was opened last */
static struct up_session *const a_session = (struct up_session *)&owner;
static int closed_sessions;
static uint8_t said_last; /* the type */
static uint16_t next_token;

static void port_send(void *ctx, const struct peer *to, const uint8_t *data, size_t len)
{
	struct sn_packet packet;

	(void)ctx;
	(void)to;
	if (sn_decode(data, len, &packet) == SN_OK)
		said_last = packet.type;
}

static void port_broadcast(
    void *ctx, uint16_t listener, uint8_t radius, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)listener;
	(void)radius;
	(void)data;
	(void)len;
}

static struct up_session *port_up_open(void *ctx, struct client *of, const struct up_spec *spec)
{
	(void)ctx;
	(void)spec;
	owner = of;
	return a_session;
}

static void port_up_reconnect(void *ctx, struct up_session *session)
{
	(void)ctx;
	(void)session;
}

static void port_up_close(void *ctx, struct up_session *session, enum up_farewell farewell)
{
	(void)ctx;
	(void)session;
	(void)farewell;
	closed_sessions++;
}

static int port_up_publish(void *ctx, struct up_session *session, const char *topic,
    struct sn_bytes payload, int qos, bool retain, uint16_t *token)
{
	(void)ctx;
	(void)session;
	(void)topic;
	(void)payload;
	(void)retain;
	if (qos > 0)
		*token = ++next_token;
	return 0;
}

static int port_up_subscribe(
    void *ctx, struct up_session *session, const char *filter, int qos, uint16_t *token)
{
	(void)ctx;
	(void)session;
	(void)filter;
	(void)qos;
	*token = ++next_token;
	return 0;
}

static int port_up_unsubscribe(
    void *ctx, struct up_session *session, const char *filter, uint16_t *token)
{
	return port_up_subscribe(ctx, session, filter, 0, token);
}

static void port_up_pause(void *ctx, struct up_session *session, bool paused)
{
	(void)ctx;
	(void)session;
	(void)paused;
}

static void port_note(void *ctx, const struct gw_note *note)
{
	(void)ctx;
	(void)note;
}

/* --- what goes in --- */

/* A packet from the peer of this number. */
static void hear(unsigned peer_number, const char *line)
{
	struct peer peer = { .addr = { .family = 4, .port = (uint16_t)(1 + peer_number % 60000) } };
	uint8_t memory[512], data[512];
	struct sn_text_arena arena = { memory, sizeof memory, 0 };
	struct sn_packet packet;
	size_t len;

	peer.addr.ip[0] = 10;
	peer.addr.ip[3] = (uint8_t)(peer_number / 60000);
	cr_assert_null(sn_text_parse(line, &packet, &arena, NULL), "%s", line);
	cr_assert_eq(sn_encode(data, sizeof data, &packet, &len), SN_OK);
	gw_rx(gw, now, &peer, data, len);
}

static void broker(struct client *client, struct up_event event)
{
	gw_up_event(gw, now, client, &event);
}

/* Connects a client of the name "c" and this number; returns it. */
static struct client *connect_client(unsigned number)
{
	char line[64];

	snprintf(line, sizeof line, "CONNECT id=c%u clean keepalive=60", number);
	hear(number, line);
	broker(owner, (struct up_event){ .kind = UP_CONNECTED });
	return owner;
}

static struct sn_bytes id_of(const char *id)
{
	return (struct sn_bytes){ (const uint8_t *)id, strlen(id) };
}

static void begin(void)
{
	static const struct gw_listener listener = { .max_packet = 65507 };
	const struct gw_config config = {
		.timers = { .retry = 10000,
		    .retries = 3,
		    .wait = 300000,
		    .connect_timeout = 5000,
		    .hold = 30000,
		    .reconnect_least = 1000,
		    .reconnect_most = 60000 },
		.limits = { .clients = 100000,
		    .connecting = 1000,
		    .client_id = 64,
		    .topics = 100,
		    .topic_name = 1024,
		    .subscriptions = 100,
		    .publish_window = 5,
		    .queue_messages = 100,
		    .queue_bytes = 65536,
		    .reconnects = 500,
		    .stranger_answers = 100 },
		.buffer_qos0 = true,
		.listeners = &listener,
		.n_listeners = 1,
	};
	const struct gw_ports ports = {
		.send = port_send,
		.broadcast = port_broadcast,
		.up_open = port_up_open,
		.up_reconnect = port_up_reconnect,
		.up_close = port_up_close,
		.up_publish = port_up_publish,
		.up_subscribe = port_up_subscribe,
		.up_unsubscribe = port_up_unsubscribe,
		.up_pause = port_up_pause,
		.note = port_note,
	};

	gw = gw_new(&config, &ports, (struct siphash_key){ 1, 2 });
	cr_assert_not_null(gw);
	gw_start(gw, now);
}

static void end(void)
{
	gw_free(gw);
}

TestSuite(inspect, .init = begin, .fini = end);

/* --- the walk --- */

static void count_visit(void *ctx, const struct client_view *view)
{
	unsigned *visits = ctx;

	visits[strtoul(view->id + 1, NULL, 10)]++;
}

Test(inspect, a_walk_shows_each_client_once)
{
	unsigned visits[500] = { 0 };
	inspect_place place = 0;

	for (unsigned i = 0; i < 500; i++)
		connect_client(i);
	while (inspect_clients(gw, &place, count_visit, visits))
		;
	cr_expect_eq(place, 0);
	for (unsigned i = 0; i < 500; i++)
		cr_expect_eq(visits[i], 1, "c%u was shown %u times", i, visits[i]);
}

Test(inspect, a_walk_of_nobody_ends_at_once)
{
	inspect_place place = 12345;

	cr_expect_not(inspect_clients(gw, &place, count_visit, NULL));
	cr_expect_eq(place, 0);
}

/* The table grows from 32 buckets to thousands on the way. */
Test(inspect, a_walk_misses_nobody_while_others_come_and_go)
{
	enum {
		STAY = 300,
		ALL = 8000
	};
	static unsigned visits[ALL];
	inspect_place place = 0;
	unsigned next = STAY;
	bool more = true;

	for (unsigned i = 0; i < STAY; i++)
		connect_client(i);
	while (more) {
		more = inspect_clients(gw, &place, count_visit, visits);
		for (unsigned n = 0; n < 100 && next < ALL; n++, next++) {
			connect_client(next);
			if (next % 3 == 0)
				hear(next, "DISCONNECT");
		}
	}
	cr_assert_eq(next, ALL, "the walk was over before the table could grow");
	for (unsigned i = 0; i < ALL; i++)
		cr_expect(i < STAY ? visits[i] == 1 : visits[i] <= 1, "c%u was shown %u times", i,
		    visits[i]);
}

/* A place from a larger table, or from anywhere, is no place to get lost at. */
Test(inspect, a_walk_from_any_place_ends)
{
	unsigned visits[10] = { 0 };
	inspect_place place = 0x7654321;
	unsigned steps = 0;

	for (unsigned i = 0; i < 10; i++)
		connect_client(i);
	while (inspect_clients(gw, &place, count_visit, visits))
		cr_assert(steps++ < 32);
	for (unsigned i = 0; i < 10; i++)
		cr_expect(visits[i] <= 1);
}

/* --- counts --- */

static void expect_counts(size_t connecting, size_t active, size_t asleep, size_t disconnected)
{
	cr_expect_eq(inspect_count(gw, CLIENT_CONNECTING), connecting);
	cr_expect_eq(inspect_count(gw, CLIENT_ACTIVE), active);
	cr_expect_eq(inspect_count(gw, CLIENT_ASLEEP), asleep);
	cr_expect_eq(inspect_count(gw, CLIENT_DISCONNECTED), disconnected);
}

Test(inspect, clients_are_counted_by_state)
{
	expect_counts(0, 0, 0, 0);
	hear(1, "CONNECT id=a keepalive=60");
	expect_counts(1, 0, 0, 0);
	broker(owner, (struct up_event){ .kind = UP_CONNECTED });
	expect_counts(0, 1, 0, 0);
	connect_client(2);
	expect_counts(0, 2, 0, 0);
	hear(1, "DISCONNECT duration=60");
	expect_counts(0, 1, 1, 0);
	hear(1, "DISCONNECT");
	expect_counts(0, 1, 0, 1);
	hear(2, "DISCONNECT"); /* clean: nothing is left */
	expect_counts(0, 0, 0, 1);
}

/* --- one client --- */

static struct client_view view_of(const char *id)
{
	const struct client *client = inspect_find(gw, id_of(id));
	struct client_view view;

	cr_assert_not_null(client, "%s", id);
	inspect_client(client, &view);
	return view;
}

Test(inspect, a_client_is_described)
{
	struct client *client = connect_client(1);
	struct client_view view;

	now = monotime_add_ms(now, 5000);
	hear(1, "REGISTER mid=1 \"t/1\"");
	hear(1, "PUBLISH qos=0 tid=1 \"x\"");
	hear(1, "PUBLISH qos=1 tid=1 mid=2 \"x\"");
	view = view_of("c1");
	cr_expect_str_eq(view.id, "c1");
	cr_expect_eq(view.state, CLIENT_ACTIVE);
	cr_expect_not_null(view.peer);
	cr_expect(view.clean);
	cr_expect_eq(view.keep_alive, 60);
	cr_expect(view.supervised);
	cr_expect_eq(monotime_ms_between(now, view.until), 90000);
	cr_expect(view.heard);
	cr_expect_eq(view.heard_at.us, now.us);
	cr_expect_str_eq(view.link, "up");
	cr_expect_eq(view.topics, 1);
	cr_expect_eq(view.published, 2);
	cr_expect_eq(view.delivered, 0);
	cr_expect_eq(inspect_in_flight(client), 1);
	cr_expect_null(inspect_find(gw, id_of("c2")));
}

Test(inspect, what_a_session_holds_is_listed)
{
	struct client *client = connect_client(1);
	struct subscription_view subscription;
	struct topic_view topic;

	hear(1, "REGISTER mid=1 \"t/1\"");
	hear(1, "SUBSCRIBE mid=2 qos=1 \"s/#\"");
	broker(client,
	    (struct up_event){ .kind = UP_SUBSCRIBED, .token = next_token, .granted_qos = 1 });

	cr_assert(inspect_topic(client, 0, &topic));
	cr_expect_eq(topic.id, 1);
	cr_expect_str_eq(topic.name, "t/1");
	cr_expect(topic.told);
	cr_expect_not(inspect_topic(client, 1, &topic));

	cr_assert(inspect_subscription(client, 0, &subscription));
	cr_expect_str_eq(subscription.filter, "s/#");
	cr_expect_eq(subscription.qos, 1);
	cr_expect_not(inspect_subscription(client, 1, &subscription));
}

Test(inspect, a_will_is_shown)
{
	struct up_will will;

	hear(1, "CONNECT id=w will clean keepalive=60");
	hear(1, "WILLTOPIC qos=1 retain \"w/t\"");
	hear(1, "WILLMSG \"gone\"");
	broker(owner, (struct up_event){ .kind = UP_CONNECTED });
	cr_assert(inspect_will(owner, &will));
	cr_expect_str_eq(will.topic, "w/t");
	cr_expect_eq(will.qos, 1);
	cr_expect(will.retain);
	cr_expect_eq(will.message.len, 4);

	cr_expect_not(inspect_will(connect_client(2), &will));
}

static void give(struct client *client, const char *topic, int qos)
{
	const struct up_event event = {
		.kind = UP_MESSAGE,
		.message = { .topic = topic,
		    .payload = { (const uint8_t *)"12345", 5 },
		    .qos = qos },
	};

	broker(client, event);
}

Test(inspect, messages_that_wait_are_shown)
{
	struct client *client = connect_client(1);
	struct message_view queue[3];
	struct unanswered_view unanswered;

	cr_expect_not(inspect_unanswered(client, &unanswered));
	give(client, "m/1", 1);
	cr_assert(inspect_unanswered(client, &unanswered));
	cr_expect_eq(unanswered.type, SN_REGISTER);
	cr_expect_eq(unanswered.repeats, 0);

	hear(1, "DISCONNECT duration=60");
	give(client, "m/2", 0);
	cr_expect_eq(view_of("c1").queued, 2);
	cr_expect_gt(view_of("c1").queued_octets, 10);
	cr_assert_eq(inspect_queue(client, queue, 3), 2);
	cr_expect_str_eq(queue[0].topic, "m/1");
	cr_expect_eq(queue[0].qos, 1);
	cr_expect_eq(queue[0].octets, 5);
	cr_expect_eq(queue[0].since.us, now.us);
	cr_expect_str_eq(queue[1].topic, "m/2");
	cr_expect_eq(inspect_queue(client, queue, 1), 1);
}

Test(inspect, a_client_that_says_congestion_is_left_alone)
{
	struct client *client = connect_client(1);
	struct unanswered_view unanswered;

	give(client, "m/1", 1);
	hear(1, "REGACK tid=1 mid=1 rc=congestion");
	cr_expect(inspect_is_congested(client));
	cr_expect_not(inspect_unanswered(client, &unanswered));
}

/* --- commands --- */

Test(inspect, a_client_is_sent_away)
{
	connect_client(1);
	cr_expect_eq(gw_disconnect_client(gw, now, id_of("c1")), 0);
	cr_expect_eq(said_last, SN_DISCONNECT);
	cr_expect_eq(closed_sessions, 1);
	cr_expect_eq(gw_client_count(gw), 0, "its session was clean");
	cr_expect_eq(gw_disconnect_client(gw, now, id_of("c1")), -ERR_INVALID);
}

Test(inspect, the_session_of_a_client_that_is_sent_away_stays)
{
	hear(1, "CONNECT id=a keepalive=60");
	broker(owner, (struct up_event){ .kind = UP_CONNECTED });
	cr_expect_eq(gw_disconnect_client(gw, now, id_of("a")), 0);
	cr_expect_eq(view_of("a").state, CLIENT_DISCONNECTED);
	cr_expect_eq(gw_disconnect_client(gw, now, id_of("a")), -ERR_STATE);
	cr_expect_eq(gw_forget_client(gw, now, id_of("a")), 0);
	cr_expect_eq(gw_client_count(gw), 0);
	cr_expect_eq(gw_forget_client(gw, now, id_of("a")), -ERR_INVALID);
}

Test(inspect, a_connected_client_is_forgotten)
{
	hear(1, "CONNECT id=a keepalive=60");
	broker(owner, (struct up_event){ .kind = UP_CONNECTED });
	hear(1, "DISCONNECT duration=600");
	said_last = 0;
	cr_expect_eq(gw_forget_client(gw, now, id_of("a")), 0);
	cr_expect_eq(said_last, 0, "a sleeper is not disturbed");
	cr_expect_eq(closed_sessions, 1);
	cr_expect_eq(gw_client_count(gw), 0);
}

Test(inspect, a_client_in_setup_is_abandoned)
{
	hear(1, "CONNECT id=a keepalive=60");
	cr_expect_eq(gw_disconnect_client(gw, now, id_of("a")), 0);
	cr_expect_eq(closed_sessions, 1);
	cr_expect_eq(gw_client_count(gw), 0);
}
