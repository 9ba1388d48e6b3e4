/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/tools/talk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "sn_codec/sn_text.h"

static void on_send(void *ctx, const uint8_t *data, size_t len)
{
	struct talk *t = ctx;
	struct sn_packet packet;

	cr_assert_lt(t->n_said, TALK_LINES);
	cr_assert_eq(sn_decode(data, len, &packet), SN_OK);
	sn_text_print(t->said[t->n_said++], TALK_LINE, &packet, 32);
}

static bool on_message(void *ctx, const struct sn_client_message *m)
{
	struct talk *t = ctx;

	if (!t->take)
		return false;
	cr_assert_lt(t->n_taken, TALK_LINES);
	snprintf(t->taken[t->n_taken++], TALK_LINE, "%d %s %s %.*s", m->qos,
	    m->retain ? "retained" : "live", m->topic, (int)m->data.len,
	    (const char *)m->data.data);
	return true;
}

void talk_init(struct talk *t)
{
	memset(t, 0, sizeof *t);
	t->take = true;
	t->now = (monotime_t){ 1000000 };
	t->config = (struct sn_client_config){
		.client_id = "c",
		.clean = true,
		.keep_alive = 60,
		.retry_ms = 10000,
		.retries = 3,
		.wait_ms = 300000,
		.waits = 2,
		.first_msg_id = 1,
		.max_packet = 1000,
	};
}

void talk_start(struct talk *t)
{
	struct sn_client_ports ports = { .ctx = t, .send = on_send, .message = on_message };

	t->client = sn_client_new(&t->config, &ports);
	cr_assert_not_null(t->client);
}

void talk_stop(struct talk *t)
{
	t->client = sn_client_free(t->client);
}

void talk_connect(struct talk *t)
{
	talk_start(t);
	cr_assert_eq(sn_client_connect(t->client, t->now), 0);
	talk_said(t);
	cr_assert_eq(talk_hear(t, "CONNACK rc=accepted").kind, SN_CLIENT_CONNECTED);
}

const char *talk_said(struct talk *t)
{
	return t->n_read < t->n_said ? t->said[t->n_read++] : "";
}

struct sn_client_event talk_hear(struct talk *t, const char *line)
{
	uint8_t octets[TALK_LINE], text[TALK_LINE];
	struct sn_text_arena arena = { text, sizeof text, 0 };
	struct sn_packet packet;
	const char *error = sn_text_parse(line, &packet, &arena, NULL);
	size_t len;

	cr_assert_null(error, "%s: %s", line, error);
	cr_assert_eq(sn_encode(octets, sizeof octets, &packet, &len), SN_OK);
	return sn_client_rx(t->client, t->now, octets, len);
}

struct sn_client_event talk_wait(struct talk *t, int64_t *ms)
{
	monotime_t when;

	cr_assert(sn_client_next_deadline(t->client, &when));
	if (ms != NULL)
		*ms = monotime_ms_between(t->now, when);
	if (monotime_before(t->now, when))
		t->now = when;
	return sn_client_advance(t->client, t->now);
}
