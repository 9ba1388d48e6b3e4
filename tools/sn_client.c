/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/sn_client_impl.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "tools/text_bytes.h"

struct sn_client *sn_client_new(
    const struct sn_client_config *config, const struct sn_client_ports *ports)
{
	struct sn_client *c = calloc(1, sizeof *c + config->max_packet);

	if (c == NULL)
		return NULL;
	c->config = *config;
	c->ports = *ports;
	c->msg_id = (uint16_t)(config->first_msg_id - 1);
	c->inbox = sn_inbox_new(ports->message, ports->ctx);
	return c->inbox == NULL ? sn_client_free(c) : c;
}

struct sn_client *sn_client_free(struct sn_client *c)
{
	if (c == NULL)
		return NULL;
	sn_inbox_free(c->inbox);
	free(c);
	return NULL;
}

/* ---- sending ---- */

int sn_client_encode(struct sn_client *c, const struct sn_packet *packet, size_t *len)
{
	switch (sn_encode(c->buf, c->config.max_packet, packet, len)) {
	case SN_OK:
		return 0;
	case SN_NO_SPACE:
		return -ERR_LIMIT;
	default:
		return -ERR_INVALID;
	}
}

int sn_client_transmit(struct sn_client *c, const struct sn_packet *packet)
{
	size_t len;
	int rc = sn_client_encode(c, packet, &len);

	if (rc < 0)
		return rc;
	c->ports.send(c->ports.ctx, c->buf, len);
	c->last_sent = c->now;
	return 0;
}

/* Sends a message and waits for its answer. */
static int ask(
    struct sn_client *c, struct request *r, const struct sn_packet *packet, uint32_t retry_ms)
{
	int rc = sn_client_transmit(c, packet);

	if (rc < 0)
		return rc;
	r->open = true;
	r->packet = *packet;
	r->msg_id = 0;
	r->retry_ms = retry_ms;
	r->left = c->config.retries;
	r->due = monotime_add_ms(c->now, retry_ms);
	return 0;
}

int sn_client_request(struct sn_client *c, const struct sn_packet *packet, uint16_t msg_id)
{
	int rc = ask(c, &c->request, packet, c->config.retry_ms);

	c->request.msg_id = msg_id;
	c->waiting = false;
	return rc;
}

uint16_t sn_client_next_msg_id(struct sn_client *c)
{
	if (++c->msg_id == 0)
		c->msg_id = 1;
	return c->msg_id;
}

/* ---- the end of a request ---- */

bool sn_client_awaits(const struct sn_client *c, enum sn_type type, uint16_t msg_id)
{
	const struct request *r = &c->request;

	return r->open && !c->waiting && r->packet.type == type && r->msg_id == msg_id;
}

event sn_client_done(struct sn_client *c, enum sn_client_event_kind kind)
{
	c->request.open = false;
	c->waiting = false;
	c->publication = NULL;
	return (event){ .kind = kind };
}

event sn_client_closed(struct sn_client *c, enum sn_client_why why)
{
	event e = sn_client_done(c, SN_CLIENT_CLOSED);

	c->ping.open = false;
	c->state = CLOSED;
	e.why = why;
	return e;
}

event sn_client_refused(struct sn_client *c, uint8_t code)
{
	event e;

	if (code == SN_CONGESTION && c->waits_left > 0) {
		c->waits_left--;
		c->waiting = true;
		c->request.due = monotime_add_ms(c->now, c->config.wait_ms);
		return (event){ .kind = SN_CLIENT_CONGESTED, .code = code };
	}
	if (c->state == CONNECTING)
		c->state = CLOSED;
	e = sn_client_done(c, SN_CLIENT_REFUSED);
	e.code = code;
	return e;
}

/* ---- subscribing ---- */

static int request_for_topic(
    struct sn_client *c, enum sn_type type, const struct sn_client_topic *topic, int qos)
{
	struct sn_packet packet = { .type = (uint8_t)type };
	struct sn_subscribe *subscribe = &packet.subscribe;

	if (c->state != ACTIVE || c->request.open)
		return -ERR_STATE;
	subscribe->flags.qos = (int8_t)qos;
	subscribe->flags.topic_type = (uint8_t)topic->type;
	subscribe->msg_id = sn_client_next_msg_id(c);
	if (topic->type == SN_TOPIC_NORMAL)
		subscribe->topic = text_bytes(topic->name);
	else
		subscribe->topic_id = topic->id;
	c->waits_left = c->config.waits;
	return sn_client_request(c, &packet, subscribe->msg_id);
}

int sn_client_subscribe(
    struct sn_client *c, monotime_t now, const struct sn_client_topic *topic, int qos)
{
	c->now = now;
	return request_for_topic(c, SN_SUBSCRIBE, topic, qos);
}

int sn_client_unsubscribe(struct sn_client *c, monotime_t now, const struct sn_client_topic *topic)
{
	c->now = now;
	return request_for_topic(c, SN_UNSUBSCRIBE, topic, 0);
}

static bool has_wildcard(struct sn_bytes filter)
{
	return memchr(filter.data, '+', filter.len) != NULL ||
	       memchr(filter.data, '#', filter.len) != NULL;
}

static event on_suback(struct sn_client *c, const struct sn_packet *p)
{
	const struct sn_subscribe *asked = &c->request.packet.subscribe;
	event e;

	if (!sn_client_awaits(c, SN_SUBSCRIBE, p->suback.msg_id))
		return QUIET;
	if (p->suback.code != SN_ACCEPTED)
		return sn_client_refused(c, p->suback.code);
	if (asked->flags.topic_type == SN_TOPIC_NORMAL && !has_wildcard(asked->topic))
		sn_inbox_learn(c->inbox, p->suback.topic_id, asked->topic);
	e = sn_client_done(c, SN_CLIENT_SUBSCRIBED);
	e.qos = p->suback.flags.qos;
	return e;
}

static event on_unsuback(struct sn_client *c, const struct sn_packet *p)
{
	return sn_client_awaits(c, SN_UNSUBSCRIBE, p->msg_ack.msg_id)
	           ? sn_client_done(c, SN_CLIENT_UNSUBSCRIBED)
	           : QUIET;
}

/* ---- what the gateway asks of us ---- */

/* Sends what the inbox has to say.  An awake client repeats its PINGREQ only when nothing comes
 * (6.14). */
static event heard(struct sn_client *c, bool has_reply, const struct sn_packet *reply)
{
	if (has_reply)
		sn_client_transmit(c, reply);
	if (c->state == AWAKE) {
		c->request.left = c->config.retries;
		c->request.due = monotime_add_ms(c->now, c->request.retry_ms);
	}
	return QUIET;
}

static event on_register(struct sn_client *c, const struct sn_packet *p)
{
	struct sn_packet reply;

	return heard(c, sn_inbox_register(c->inbox, &p->reg, &reply), &reply);
}

static event on_publish(struct sn_client *c, const struct sn_packet *p)
{
	struct sn_packet reply;

	return heard(c, sn_inbox_publish(c->inbox, &p->publish, &reply), &reply);
}

static event on_pubrel(struct sn_client *c, const struct sn_packet *p)
{
	struct sn_packet reply;

	return heard(c, sn_inbox_pubrel(c->inbox, &p->msg_ack, &reply), &reply);
}

static event on_pingreq(struct sn_client *c, const struct sn_packet *p)
{
	(void)p;
	sn_client_transmit(c, &(struct sn_packet){ .type = SN_PINGRESP });
	return QUIET;
}

static event on_pingresp(struct sn_client *c, const struct sn_packet *p)
{
	(void)p;
	if (c->state == AWAKE)
		return sn_client_fall_asleep(c);
	c->ping.open = false;
	return QUIET;
}

/* ---- datagrams and deadlines ---- */

#define IN(state) (1u << (state))
#define HEARING   (IN(ACTIVE) | IN(DROWSY) | IN(ASLEEP) | IN(AWAKE))

/* What is heard, and in which states.  A DISCONNECT while connecting is an echo of the session
 * before. */
static const struct {
	event (*handle)(struct sn_client *c, const struct sn_packet *p);
	unsigned states;
} hears[] = {
	[SN_CONNACK] = { sn_client_on_connack, IN(CONNECTING) },
	[SN_WILLTOPICREQ] = { sn_client_on_willtopicreq, IN(CONNECTING) },
	[SN_WILLMSGREQ] = { sn_client_on_willmsgreq, IN(CONNECTING) },
	[SN_REGISTER] = { on_register, IN(CONNECTING) | HEARING },
	[SN_REGACK] = { sn_client_on_regack, IN(ACTIVE) },
	[SN_PUBLISH] = { on_publish, HEARING },
	[SN_PUBACK] = { sn_client_on_puback, IN(ACTIVE) | IN(LEAVING) },
	[SN_PUBCOMP] = { sn_client_on_pubcomp, IN(ACTIVE) },
	[SN_PUBREC] = { sn_client_on_pubrec, IN(ACTIVE) },
	[SN_PUBREL] = { on_pubrel, HEARING },
	[SN_SUBACK] = { on_suback, IN(ACTIVE) },
	[SN_UNSUBACK] = { on_unsuback, IN(ACTIVE) },
	[SN_PINGREQ] = { on_pingreq, HEARING },
	[SN_PINGRESP] = { on_pingresp, IN(ACTIVE) | IN(AWAKE) },
	[SN_DISCONNECT] = { sn_client_on_disconnect, HEARING | IN(LEAVING) },
};

event sn_client_rx(struct sn_client *c, monotime_t now, const uint8_t *data, size_t len)
{
	struct sn_packet packet;

	c->now = now;
	if (sn_decode(data, len, &packet) != SN_OK)
		return QUIET;
	if (packet.type >= sizeof hears / sizeof hears[0] ||
	    !(hears[packet.type].states & IN(c->state)))
		return QUIET;
	return hears[packet.type].handle(c, &packet);
}

/* T_WAIT is over. */
static event start_anew(struct sn_client *c)
{
	struct sn_packet packet = c->request.packet;

	if (c->publication != NULL)
		return sn_client_proceed(c);
	if (c->state == CONNECTING) {
		sn_client_send_connect(c);
		return QUIET;
	}
	packet.subscribe.flags.dup = false;
	sn_client_request(c, &packet, c->request.msg_id);
	return QUIET;
}

static event repeat(struct sn_client *c, struct request *r)
{
	if (r->left == 0)
		return sn_client_closed(c, SN_CLIENT_NO_ANSWER);
	r->left--;
	r->due = monotime_add_ms(c->now, r->retry_ms);
	if (r->packet.type == SN_PUBLISH)
		r->packet.publish.flags.dup = true;
	if (r->packet.type == SN_SUBSCRIBE)
		r->packet.subscribe.flags.dup = true;
	sn_client_transmit(c, &r->packet);
	return QUIET;
}

/* A quarter of the keep alive is left for the repeats of a lost ping. */
static bool ping_time(const struct sn_client *c, monotime_t *when)
{
	if (c->state != ACTIVE || c->ping.open || c->config.keep_alive == 0)
		return false;
	*when = monotime_add_ms(c->last_sent, c->config.keep_alive * 750);
	return true;
}

static event ping(struct sn_client *c)
{
	uint32_t quarter = c->config.keep_alive * 250u;
	uint32_t retry_ms = c->config.retry_ms < quarter ? c->config.retry_ms : quarter;

	ask(c, &c->ping, &(struct sn_packet){ .type = SN_PINGREQ }, retry_ms);
	return QUIET;
}

event sn_client_advance(struct sn_client *c, monotime_t now)
{
	monotime_t when;

	c->now = now;
	if (c->request.open && !monotime_before(now, c->request.due))
		return c->waiting ? start_anew(c) : repeat(c, &c->request);
	if (c->ping.open && !monotime_before(now, c->ping.due))
		return repeat(c, &c->ping);
	if (ping_time(c, &when) && !monotime_before(now, when))
		return ping(c);
	return QUIET;
}

static void earlier(const monotime_t **first, const monotime_t *other)
{
	if (*first == NULL || monotime_before(*other, **first))
		*first = other;
}

bool sn_client_next_deadline(const struct sn_client *c, monotime_t *when)
{
	const monotime_t *first = NULL;
	monotime_t to_ping;

	if (c->request.open)
		earlier(&first, &c->request.due);
	if (c->ping.open)
		earlier(&first, &c->ping.due);
	if (ping_time(c, &to_ping))
		earlier(&first, &to_ping);
	if (first == NULL)
		return false;
	*when = *first;
	return true;
}
