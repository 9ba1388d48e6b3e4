/* SPDX-License-Identifier: BSD-3-Clause */
/* Publications: REGISTER where need be, PUBLISH, and the steps of QoS 1 and 2 (6.5, 6.6). */
#include "tools/sn_client_impl.h"

#include <string.h>

#include "common/err.h"
#include "tools/text_bytes.h"

static struct sn_packet publish_packet(
    const struct sn_client_publication *pub, uint16_t topic_id, bool dup)
{
	struct sn_packet packet = { .type = SN_PUBLISH };
	struct sn_publish *publish = &packet.publish;

	publish->flags.dup = dup;
	publish->flags.qos = (int8_t)pub->qos;
	publish->flags.retain = pub->retain;
	publish->flags.topic_type = (uint8_t)pub->topic.type;
	publish->topic_id = topic_id;
	publish->msg_id = pub->msg_id;
	publish->data = pub->data;
	return packet;
}

static int send_register(struct sn_client *c, const char *name)
{
	struct sn_packet packet = { .type = SN_REGISTER };

	packet.reg.msg_id = sn_client_next_msg_id(c);
	packet.reg.topic = text_bytes(name);
	return sn_client_request(c, &packet, packet.reg.msg_id);
}

static int send_publish(struct sn_client *c, uint16_t topic_id)
{
	struct sn_client_publication *pub = c->publication;
	bool again = pub->msg_id != 0;
	struct sn_packet packet;

	if (pub->qos > 0 && !again)
		pub->msg_id = sn_client_next_msg_id(c);
	packet = publish_packet(pub, topic_id, again);
	if (pub->qos > 0)
		return sn_client_request(c, &packet, pub->msg_id);
	sn_client_transmit(c, &packet);
	sn_client_done(c, SN_CLIENT_PUBLISHED);
	return 1;
}

static int send_pubrel(struct sn_client *c, uint16_t msg_id)
{
	return sn_client_request(
	    c, &(struct sn_packet){ .type = SN_PUBREL, .msg_ack.msg_id = msg_id }, msg_id);
}

/* Takes the next step of the open publication.  1 if that was the last one, else 0 or -ERR_*. */
static int take_step(struct sn_client *c)
{
	const struct sn_client_publication *pub = c->publication;

	if (pub->received)
		return send_pubrel(c, pub->msg_id);
	if (pub->topic.type != SN_TOPIC_NORMAL)
		return send_publish(c, pub->topic.id);
	if (c->registered == NULL || strcmp(c->registered, pub->topic.name) != 0)
		return send_register(c, pub->topic.name);
	return send_publish(c, c->registered_id);
}

event sn_client_proceed(struct sn_client *c)
{
	return (event){ .kind = take_step(c) == 1 ? SN_CLIENT_PUBLISHED : SN_CLIENT_QUIET };
}

/* QoS -1 (6.8): only topics that need no REGISTER. */
static int publish_unconnected(struct sn_client *c, const struct sn_client_publication *pub)
{
	struct sn_packet packet = publish_packet(pub, pub->topic.id, false);
	int rc = pub->topic.type == SN_TOPIC_NORMAL ? -ERR_INVALID : sn_client_transmit(c, &packet);

	return rc < 0 ? rc : 1;
}

int sn_client_publish(struct sn_client *c, monotime_t now, struct sn_client_publication *pub)
{
	struct sn_packet trial = publish_packet(pub, 1, false);
	size_t len;
	int rc;

	c->now = now;
	if (pub->qos < 0)
		return publish_unconnected(c, pub);
	if (c->state != ACTIVE || c->request.open)
		return -ERR_STATE;
	rc = sn_client_encode(c, &trial, &len); /* after REGACK nobody could be told */
	if (rc < 0)
		return rc;
	if (pub->received && c->config.clean)
		return 1; /* the gateway had it, and the rest of the flow ended with its session */
	c->publication = pub;
	c->registered_again = false;
	c->waits_left = c->config.waits;
	rc = take_step(c);
	if (rc < 0)
		sn_client_done(c, SN_CLIENT_QUIET);
	return rc;
}

event sn_client_on_regack(struct sn_client *c, const struct sn_packet *p)
{
	if (!sn_client_awaits(c, SN_REGISTER, p->topic_ack.msg_id))
		return QUIET;
	if (p->topic_ack.code != SN_ACCEPTED)
		return sn_client_refused(c, p->topic_ack.code);
	c->registered = c->publication->topic.name;
	c->registered_id = p->topic_ack.topic_id;
	return sn_client_proceed(c);
}

/* The flow of this message id is over; another try is a new PUBLISH. */
static event publish_refused(struct sn_client *c, uint8_t code)
{
	struct sn_client_publication *pub = c->publication;

	pub->msg_id = 0;
	if (code != SN_INVALID_TOPIC_ID || pub->topic.type != SN_TOPIC_NORMAL ||
	    c->registered_again)
		return sn_client_refused(c, code);
	c->registered = NULL;
	c->registered_again = true;
	return sn_client_proceed(c);
}

/* With an error it may answer any QoS (6.6). */
event sn_client_on_puback(struct sn_client *c, const struct sn_packet *p)
{
	const struct sn_topic_ack *ack = &p->topic_ack;

	if (ack->msg_id == 0 && ack->code != SN_ACCEPTED) {
		c->registered = NULL;
		return (event){ .kind = SN_CLIENT_DROPPED, .code = ack->code };
	}
	if (!sn_client_awaits(c, SN_PUBLISH, ack->msg_id))
		return QUIET;
	if (ack->code != SN_ACCEPTED)
		return publish_refused(c, ack->code);
	return c->publication->qos == 1 ? sn_client_done(c, SN_CLIENT_PUBLISHED) : QUIET;
}

/* One that nobody waits for means that our PUBREL was lost, or a flow of an earlier run: end it. */
event sn_client_on_pubrec(struct sn_client *c, const struct sn_packet *p)
{
	uint16_t msg_id = p->msg_ack.msg_id;

	if (!sn_client_awaits(c, SN_PUBLISH, msg_id) || c->publication->qos != 2) {
		sn_client_transmit(
		    c, &(struct sn_packet){ .type = SN_PUBREL, .msg_ack.msg_id = msg_id });
		return QUIET;
	}
	c->publication->received = true;
	return sn_client_proceed(c);
}

event sn_client_on_pubcomp(struct sn_client *c, const struct sn_packet *p)
{
	return sn_client_awaits(c, SN_PUBREL, p->msg_ack.msg_id)
	           ? sn_client_done(c, SN_CLIENT_PUBLISHED)
	           : QUIET;
}
