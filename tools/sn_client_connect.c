/* SPDX-License-Identifier: BSD-3-Clause */
/* Connecting with or without a will (6.2), leaving (6.12) and sleeping (6.14). */
#include "tools/sn_client_impl.h"

#include "common/err.h"
#include "tools/text_bytes.h"

/* T_retry and N_retry of the farewell, at most: a program that ends should not linger. */
#define BYE_RETRY_MS 1000u
#define BYE_RETRIES  3u

int sn_client_send_connect(struct sn_client *c)
{
	struct sn_packet packet = { .type = SN_CONNECT };
	struct sn_connect *connect = &packet.connect;

	connect->flags.clean = c->config.clean;
	connect->flags.will = c->config.will != NULL;
	connect->protocol_id = 0x01;
	connect->keep_alive = c->config.keep_alive;
	connect->client_id = text_bytes(c->config.client_id);
	return sn_client_request(c, &packet, 0);
}

static struct sn_packet will_topic(const struct sn_client_will *will)
{
	struct sn_packet packet = { .type = SN_WILLTOPIC };

	packet.will_topic.flags.qos = (int8_t)will->qos;
	packet.will_topic.flags.retain = will->retain;
	packet.will_topic.topic = text_bytes(will->topic);
	return packet;
}

static struct sn_packet will_message(const struct sn_client_will *will)
{
	return (struct sn_packet){ .type = SN_WILLMSG, .will_msg.message = will->message };
}

/* When the gateway asks for it, nobody could be told that it is too long. */
static int check_will(struct sn_client *c)
{
	struct sn_packet topic, message;
	size_t len;
	int rc;

	if (c->config.will == NULL)
		return 0;
	topic = will_topic(c->config.will);
	message = will_message(c->config.will);
	rc = sn_client_encode(c, &topic, &len);
	return rc < 0 ? rc : sn_client_encode(c, &message, &len);
}

int sn_client_connect(struct sn_client *c, monotime_t now)
{
	int rc;

	c->now = now;
	if (c->state != CLOSED)
		return -ERR_STATE;
	rc = check_will(c);
	if (rc == 0)
		rc = sn_client_send_connect(c);
	if (rc < 0)
		return rc;
	c->state = CONNECTING;
	c->waits_left = c->config.waits;
	c->registered = NULL;
	sn_inbox_reset(c->inbox, c->config.clean);
	return 0;
}

event sn_client_on_connack(struct sn_client *c, const struct sn_packet *p)
{
	if (c->waiting)
		return QUIET;
	if (p->result.code != SN_ACCEPTED)
		return sn_client_refused(c, p->result.code);
	c->state = ACTIVE;
	return sn_client_done(c, SN_CLIENT_CONNECTED);
}

event sn_client_on_willtopicreq(struct sn_client *c, const struct sn_packet *p)
{
	struct sn_packet packet;

	(void)p;
	if (c->config.will == NULL || c->waiting)
		return QUIET;
	packet = will_topic(c->config.will);
	sn_client_request(c, &packet, 0);
	return QUIET;
}

event sn_client_on_willmsgreq(struct sn_client *c, const struct sn_packet *p)
{
	struct sn_packet packet;

	(void)p;
	if (c->config.will == NULL || c->waiting)
		return QUIET;
	packet = will_message(c->config.will);
	sn_client_request(c, &packet, 0);
	return QUIET;
}

int sn_client_disconnect(struct sn_client *c, monotime_t now)
{
	int rc;

	c->now = now;
	if (c->state == CLOSED || c->state == LEAVING)
		return -ERR_STATE;
	sn_client_done(c, SN_CLIENT_QUIET);
	c->ping.open = false;
	c->state = LEAVING;
	rc = sn_client_request(c, &(struct sn_packet){ .type = SN_DISCONNECT }, 0);
	if (c->request.left > BYE_RETRIES)
		c->request.left = BYE_RETRIES;
	if (c->request.retry_ms > BYE_RETRY_MS) {
		c->request.retry_ms = BYE_RETRY_MS;
		c->request.due = monotime_add_ms(now, BYE_RETRY_MS);
	}
	return rc;
}

event sn_client_fall_asleep(struct sn_client *c)
{
	c->state = ASLEEP;
	return sn_client_done(c, SN_CLIENT_ASLEEP);
}

event sn_client_on_disconnect(struct sn_client *c, const struct sn_packet *p)
{
	(void)p;
	if (c->state == DROWSY)
		return sn_client_fall_asleep(c);
	return sn_client_closed(c, c->state == LEAVING ? SN_CLIENT_BYE : SN_CLIENT_BY_GATEWAY);
}

int sn_client_sleep(struct sn_client *c, monotime_t now, uint16_t seconds)
{
	struct sn_packet packet = { .type = SN_DISCONNECT };
	int rc;

	c->now = now;
	if (c->state != ACTIVE || c->request.open)
		return -ERR_STATE;
	packet.disconnect.has_duration = true;
	packet.disconnect.duration = seconds;
	rc = sn_client_request(c, &packet, 0);
	if (rc == 0)
		c->state = DROWSY;
	c->ping.open = false;
	return rc;
}

int sn_client_wake(struct sn_client *c, monotime_t now)
{
	struct sn_packet packet = { .type = SN_PINGREQ };
	int rc;

	c->now = now;
	if (c->state != ASLEEP)
		return -ERR_STATE;
	packet.pingreq.client_id = text_bytes(c->config.client_id);
	rc = sn_client_request(c, &packet, 0);
	if (rc == 0)
		c->state = AWAKE;
	return rc;
}

void sn_client_abort(struct sn_client *c)
{
	sn_client_closed(c, SN_CLIENT_BYE);
}
