/* SPDX-License-Identifier: BSD-3-Clause */
/* The client and a model gateway on a line that loses, doubles or delays any one datagram, or loses
 * any two. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/bytes.h"
#include "tests/tools/model_gateway.h"
#include "tools/sn_client.h"

#define MESSAGES    3
#define IN_FLIGHT   32
#define OCTETS      64
#define LATENCY_MS  1
#define DELAY_MS    5 /* enough to be overtaken */
#define STEPS_MAX   1000
#define NO_DATAGRAM SIZE_MAX

enum fate {
	FATE_LOST,
	FATE_DOUBLED,
	FATE_DELAYED,
};

struct datagram {
	bool to_client;
	monotime_t due;
	size_t len;
	uint8_t data[OCTETS];
};

struct line {
	monotime_t now;
	struct datagram in_flight[IN_FLIGHT];
	size_t n_in_flight;
	size_t n_sent;
	size_t victims[2]; /* which of the datagrams sent, from 0 */
	enum fate fate;

	struct sn_client *client;
	struct model_gateway gateway;
	char taken[MODEL_MESSAGES][MODEL_TEXT];
	size_t n_taken;

	int qos;
	struct sn_client_publication publication;
	char text[MODEL_TEXT];
	int published;
	bool ended;
};

/* ---- the line ---- */

static void put(struct line *l, bool to_client, const uint8_t *data, size_t len, int64_t ms)
{
	struct datagram *d = &l->in_flight[l->n_in_flight++];

	cr_assert_leq(l->n_in_flight, IN_FLIGHT);
	cr_assert_leq(len, OCTETS);
	*d = (struct datagram){
		.to_client = to_client, .due = monotime_add_ms(l->now, ms), .len = len
	};
	memcpy(d->data, data, len);
}

static void transfer(struct line *l, bool to_client, const uint8_t *data, size_t len)
{
	bool victim = l->n_sent == l->victims[0] || l->n_sent == l->victims[1];

	l->n_sent++;
	if (victim && l->fate == FATE_LOST)
		return;
	if (victim && l->fate == FATE_DOUBLED)
		put(l, to_client, data, len, LATENCY_MS + 1);
	put(l, to_client, data, len, victim && l->fate == FATE_DELAYED ? DELAY_MS : LATENCY_MS);
}

static void client_sends(void *ctx, const uint8_t *data, size_t len)
{
	transfer(ctx, false, data, len);
}

static void gateway_sends(void *ctx, const struct sn_packet *packet)
{
	uint8_t data[OCTETS];
	size_t len;

	cr_assert_eq(sn_encode(data, sizeof data, packet, &len), SN_OK);
	transfer(ctx, true, data, len);
}

/* ---- the client's part: connect, subscribe, publish, leave ---- */

static bool client_takes(void *ctx, const struct sn_client_message *m)
{
	struct line *l = ctx;

	cr_assert_lt(l->n_taken, MODEL_MESSAGES);
	snprintf(l->taken[l->n_taken++], MODEL_TEXT, "%s=%.*s", m->topic, (int)m->data.len,
	    (const char *)m->data.data);
	return true;
}

static void publish_next(struct line *l)
{
	if (l->published == MESSAGES)
		return;
	snprintf(l->text, sizeof l->text, "%d", l->published);
	l->publication = (struct sn_client_publication){
		.topic = { .type = SN_TOPIC_NORMAL, .name = "up" },
		.data = bytes(l->text),
		.qos = l->qos,
	};
	cr_assert_eq(sn_client_publish(l->client, l->now, &l->publication), 0);
}

static void client_event(struct line *l, struct sn_client_event event)
{
	static const struct sn_client_topic all = { .type = SN_TOPIC_NORMAL, .name = "down/#" };

	switch (event.kind) {
	case SN_CLIENT_QUIET:
		break;
	case SN_CLIENT_CONNECTED:
		cr_assert_eq(sn_client_subscribe(l->client, l->now, &all, l->qos), 0);
		break;
	case SN_CLIENT_PUBLISHED:
		l->published++;
		publish_next(l);
		break;
	case SN_CLIENT_SUBSCRIBED:
		publish_next(l);
		break;
	case SN_CLIENT_CLOSED:
		cr_assert_eq(event.why, SN_CLIENT_BYE);
		l->ended = true;
		break;
	default:
		cr_assert_fail("event %d", event.kind);
	}
}

static void leave_when_done(struct line *l)
{
	if (l->published == MESSAGES && l->gateway.n_done == l->gateway.n_outgoing)
		sn_client_disconnect(l->client, l->now); /* -ERR_STATE from the second time on */
}

/* ---- time ---- */

static void earlier(const monotime_t **first, const monotime_t *when)
{
	if (*first == NULL || monotime_before(*when, **first))
		*first = when;
}

static void arrive(struct line *l, size_t i)
{
	struct datagram d = l->in_flight[i];
	struct sn_packet packet;

	memmove(&l->in_flight[i], &l->in_flight[i + 1], (--l->n_in_flight - i) * sizeof d);
	if (d.to_client) {
		client_event(l, sn_client_rx(l->client, l->now, d.data, d.len));
		return;
	}
	cr_assert_eq(sn_decode(d.data, d.len, &packet), SN_OK);
	model_gateway_hear(&l->gateway, l->now, &packet);
}

/* One datagram arrives, or a deadline comes. */
static void step(struct line *l)
{
	const monotime_t *first = NULL;
	monotime_t client, gateway;

	if (sn_client_next_deadline(l->client, &client))
		earlier(&first, &client);
	if (model_gateway_next_deadline(&l->gateway, &gateway))
		earlier(&first, &gateway);
	for (size_t i = 0; i < l->n_in_flight; i++)
		earlier(&first, &l->in_flight[i].due);
	cr_assert_not_null(first, "nothing would ever happen again");
	if (monotime_before(l->now, *first))
		l->now = *first;
	for (size_t i = 0; i < l->n_in_flight; i++) {
		if (!monotime_before(l->now, l->in_flight[i].due)) {
			arrive(l, i);
			return;
		}
	}
	client_event(l, sn_client_advance(l->client, l->now));
	model_gateway_advance(&l->gateway, l->now);
}

/* Returns how many datagrams were sent. */
static size_t run(struct line *l, int qos, enum fate fate, size_t victim, size_t other)
{
	struct sn_client_config config = {
		.client_id = "c",
		.clean = true,
		.keep_alive = 60,
		.retry_ms = 10000,
		.retries = 3,
		.wait_ms = 1000,
		.first_msg_id = 1,
		.max_packet = OCTETS,
	};
	struct sn_client_ports ports = { .ctx = l, .send = client_sends, .message = client_takes };

	memset(l, 0, sizeof *l);
	l->qos = qos;
	l->fate = fate;
	l->victims[0] = victim;
	l->victims[1] = other;
	l->gateway.send = gateway_sends;
	l->gateway.ctx = l;
	l->gateway.retry_ms = 7000;
	l->gateway.outgoing_qos = qos;
	for (; l->gateway.n_outgoing < MESSAGES; l->gateway.n_outgoing++)
		l->gateway.outgoing[l->gateway.n_outgoing] = (struct model_message){
			.topic = { 'd', 'o', 'w', 'n', '/',
			    (char)('a' + l->gateway.n_outgoing % 2) },
			.data = { (char)('0' + l->gateway.n_outgoing) },
		};
	l->client = sn_client_new(&config, &ports);
	cr_assert_eq(sn_client_connect(l->client, l->now), 0);
	for (int i = 0; !l->ended; i++) {
		cr_assert_lt(i, STEPS_MAX, "does not end");
		step(l);
		leave_when_done(l);
	}
	sn_client_free(l->client);
	return l->n_sent;
}

/* ---- what must have come of it ---- */

static void expect_exactly_once(const struct line *l, size_t victim, size_t other)
{
	char text[MODEL_TEXT];

	cr_assert_eq(l->gateway.n_received, MESSAGES, "victims %zu %zu: %zu up", victim, other,
	    l->gateway.n_received);
	cr_assert_eq(l->gateway.n_unreleased, 0, "victims %zu %zu: a flow is open", victim, other);
	cr_assert_eq(l->n_taken, MESSAGES, "victims %zu %zu: %zu down", victim, other, l->n_taken);
	for (int i = 0; i < MESSAGES; i++) {
		snprintf(text, sizeof text, "%d", i);
		cr_assert_str_eq(l->gateway.received[i].data, text);
		cr_assert_str_eq(l->gateway.received[i].topic, "up");
		snprintf(text, sizeof text, "down/%c=%d", 'a' + i % 2, i);
		cr_assert_str_eq(l->taken[i], text);
	}
}

/* First copies in order, and none missing. */
static void expect_at_least_once(const struct line *l, size_t victim, size_t other)
{
	int up = 0, down = 0;

	for (size_t i = 0; i < l->gateway.n_received; i++) {
		int n = l->gateway.received[i].data[0] - '0';

		cr_assert_leq(n, up, "victims %zu %zu: out of order", victim, other);
		up += n == up;
	}
	for (size_t i = 0; i < l->n_taken; i++) {
		int n = strchr(l->taken[i], '=')[1] - '0';

		cr_assert_leq(n, down, "victims %zu %zu: out of order", victim, other);
		down += n == down;
	}
	cr_assert_eq(up, MESSAGES, "victims %zu %zu", victim, other);
	cr_assert_eq(down, MESSAGES, "victims %zu %zu", victim, other);
}

typedef void expectation(const struct line *l, size_t victim, size_t other);

static void every_victim(int qos, enum fate fate, expectation *expect)
{
	static struct line l;
	size_t sent = run(&l, qos, fate, NO_DATAGRAM, NO_DATAGRAM);

	expect_exactly_once(&l, NO_DATAGRAM, NO_DATAGRAM);
	for (size_t victim = 0; victim < sent; victim++) {
		run(&l, qos, fate, victim, NO_DATAGRAM);
		expect(&l, victim, NO_DATAGRAM);
	}
}

Test(loss, any_datagram_lost_at_qos_1)
{
	every_victim(1, FATE_LOST, expect_at_least_once);
}

Test(loss, any_datagram_lost_at_qos_2)
{
	every_victim(2, FATE_LOST, expect_exactly_once);
}

Test(loss, any_datagram_doubled_at_qos_1)
{
	every_victim(1, FATE_DOUBLED, expect_at_least_once);
}

Test(loss, any_datagram_doubled_at_qos_2)
{
	every_victim(2, FATE_DOUBLED, expect_exactly_once);
}

Test(loss, any_datagram_delayed_at_qos_1)
{
	every_victim(1, FATE_DELAYED, expect_at_least_once);
}

Test(loss, any_datagram_delayed_at_qos_2)
{
	every_victim(2, FATE_DELAYED, expect_exactly_once);
}

Test(loss, any_two_datagrams_lost_at_qos_2)
{
	static struct line l;
	size_t sent = run(&l, 2, FATE_LOST, NO_DATAGRAM, NO_DATAGRAM);

	for (size_t victim = 0; victim < sent; victim++) {
		for (size_t other = victim + 1; other < sent + 1; other++) {
			run(&l, 2, FATE_LOST, victim, other);
			expect_exactly_once(&l, victim, other);
		}
	}
}
