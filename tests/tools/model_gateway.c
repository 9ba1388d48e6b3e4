/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/tools/model_gateway.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/bytes.h"

static void copy_text(char *to, struct sn_bytes from)
{
	cr_assert_lt(from.len, MODEL_TEXT);
	memcpy(to, from.data, from.len);
	to[from.len] = '\0';
}

static uint16_t id_of(struct model_gateway *g, const char *name)
{
	for (size_t i = 0; i < g->n_names; i++)
		if (strcmp(g->names[i], name) == 0)
			return (uint16_t)(i + 1);
	cr_assert_lt(g->n_names, MODEL_MESSAGES);
	snprintf(g->names[g->n_names++], MODEL_TEXT, "%s", name);
	return (uint16_t)g->n_names;
}

static void send_ack(struct model_gateway *g, uint8_t type, uint16_t msg_id)
{
	g->send(g->ctx, &(struct sn_packet){ .type = type, .msg_ack = { msg_id } });
}

static void send_topic_ack(
    struct model_gateway *g, uint8_t type, uint16_t topic_id, uint16_t msg_id)
{
	g->send(g->ctx,
	    &(struct sn_packet){ .type = type, .topic_ack = { topic_id, msg_id, SN_ACCEPTED } });
}

/* ---- to the client ---- */

static void ask(struct model_gateway *g, monotime_t now, struct sn_packet packet)
{
	g->last = packet;
	g->waiting = true;
	g->due = monotime_add_ms(now, g->retry_ms);
	g->send(g->ctx, &packet);
}

static void send_next(struct model_gateway *g, monotime_t now)
{
	const struct model_message *m = &g->outgoing[g->n_done];
	struct sn_packet packet = { .type = SN_REGISTER };
	uint16_t id;

	if (g->waiting || !g->subscribed || g->n_done == g->n_outgoing)
		return;
	id = id_of(g, m->topic);
	if (!g->registered[id - 1]) {
		packet.reg = (struct sn_register){ id, ++g->msg_id, bytes(m->topic) };
		ask(g, now, packet);
		return;
	}
	packet.type = SN_PUBLISH;
	packet.publish = (struct sn_publish){
		.flags = { .qos = (int8_t)g->outgoing_qos },
		.topic_id = id,
		.msg_id = ++g->msg_id,
		.data = bytes(m->data),
	};
	ask(g, now, packet);
}

static void delivered(struct model_gateway *g, monotime_t now)
{
	g->waiting = false;
	g->n_done++;
	send_next(g, now);
}

static void hear_regack(struct model_gateway *g, monotime_t now, const struct sn_topic_ack *ack)
{
	if (!g->waiting || g->last.type != SN_REGISTER || g->last.reg.msg_id != ack->msg_id)
		return;
	cr_assert_eq(ack->code, SN_ACCEPTED);
	g->registered[g->last.reg.topic_id - 1] = true;
	g->waiting = false;
	send_next(g, now);
}

static void hear_puback(struct model_gateway *g, monotime_t now, const struct sn_topic_ack *ack)
{
	if (!g->waiting || g->last.type != SN_PUBLISH || g->last.publish.msg_id != ack->msg_id)
		return;
	if (ack->code == SN_ACCEPTED) {
		delivered(g, now);
		return;
	}
	cr_assert_eq(ack->code, SN_INVALID_TOPIC_ID);
	g->registered[ack->topic_id - 1] = false;
	g->waiting = false;
	send_next(g, now);
}

static void hear_pubrec(struct model_gateway *g, monotime_t now, uint16_t msg_id)
{
	if (!g->waiting || g->last.type != SN_PUBLISH || g->last.publish.msg_id != msg_id)
		return;
	ask(g, now, (struct sn_packet){ .type = SN_PUBREL, .msg_ack = { msg_id } });
}

static void hear_pubcomp(struct model_gateway *g, monotime_t now, uint16_t msg_id)
{
	if (g->waiting && g->last.type == SN_PUBREL && g->last.msg_ack.msg_id == msg_id)
		delivered(g, now);
}

/* ---- from the client ---- */

static size_t find_unreleased(const struct model_gateway *g, uint16_t msg_id)
{
	size_t i = 0;

	while (i < g->n_unreleased && g->unreleased[i] != msg_id)
		i++;
	return i;
}

static void receive(struct model_gateway *g, const struct sn_publish *publish)
{
	struct model_message *m = &g->received[g->n_received++];

	cr_assert_lt(g->n_received, MODEL_MESSAGES);
	cr_assert_leq(publish->topic_id, g->n_names);
	copy_text(m->topic, bytes(g->names[publish->topic_id - 1]));
	copy_text(m->data, publish->data);
}

static void hear_publish(struct model_gateway *g, const struct sn_publish *publish)
{
	size_t at = find_unreleased(g, publish->msg_id);

	if (publish->flags.qos < 2 || at == g->n_unreleased)
		receive(g, publish);
	if (publish->flags.qos == 1)
		send_topic_ack(g, SN_PUBACK, publish->topic_id, publish->msg_id);
	if (publish->flags.qos == 2) {
		if (at == g->n_unreleased)
			g->unreleased[g->n_unreleased++] = publish->msg_id;
		send_ack(g, SN_PUBREC, publish->msg_id);
	}
}

static void hear_pubrel(struct model_gateway *g, uint16_t msg_id)
{
	size_t at = find_unreleased(g, msg_id);

	if (at < g->n_unreleased)
		g->unreleased[at] = g->unreleased[--g->n_unreleased];
	send_ack(g, SN_PUBCOMP, msg_id);
}

static void hear_subscribe(
    struct model_gateway *g, monotime_t now, const struct sn_subscribe *subscribe)
{
	struct sn_packet packet = { .type = SN_SUBACK };

	packet.suback.msg_id = subscribe->msg_id;
	packet.suback.flags.qos = subscribe->flags.qos;
	g->send(g->ctx, &packet);
	g->subscribed = true;
	send_next(g, now);
}

static void hear_register(struct model_gateway *g, const struct sn_register *reg)
{
	char name[MODEL_TEXT];
	uint16_t id;

	copy_text(name, reg->topic);
	id = id_of(g, name);
	g->registered[id - 1] = true;
	send_topic_ack(g, SN_REGACK, id, reg->msg_id);
}

void model_gateway_hear(struct model_gateway *g, monotime_t now, const struct sn_packet *p)
{
	switch (p->type) {
	case SN_CONNECT:
		g->connected = true;
		g->send(
		    g->ctx, &(struct sn_packet){ .type = SN_CONNACK, .result = { SN_ACCEPTED } });
		break;
	case SN_DISCONNECT:
		g->connected = false;
		g->send(g->ctx, &(struct sn_packet){ .type = SN_DISCONNECT });
		break;
	case SN_PINGREQ:
		g->send(g->ctx, &(struct sn_packet){ .type = SN_PINGRESP });
		break;
	case SN_REGISTER:
		hear_register(g, &p->reg);
		break;
	case SN_REGACK:
		hear_regack(g, now, &p->topic_ack);
		break;
	case SN_PUBLISH:
		hear_publish(g, &p->publish);
		break;
	case SN_PUBACK:
		hear_puback(g, now, &p->topic_ack);
		break;
	case SN_PUBREC:
		hear_pubrec(g, now, p->msg_ack.msg_id);
		break;
	case SN_PUBREL:
		hear_pubrel(g, p->msg_ack.msg_id);
		break;
	case SN_PUBCOMP:
		hear_pubcomp(g, now, p->msg_ack.msg_id);
		break;
	case SN_SUBSCRIBE:
		hear_subscribe(g, now, &p->subscribe);
		break;
	default:
		cr_assert_fail("the model does not know %s", sn_type_name(p->type));
	}
}

void model_gateway_advance(struct model_gateway *g, monotime_t now)
{
	if (!g->waiting || monotime_before(now, g->due))
		return;
	if (g->last.type == SN_PUBLISH)
		g->last.publish.flags.dup = true;
	ask(g, now, g->last);
}

bool model_gateway_next_deadline(const struct model_gateway *g, monotime_t *when)
{
	*when = g->due;
	return g->waiting;
}
