/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/replies.h"

#include <string.h>

#include "gateway/core/core.h"
#include "gateway/core/say.h"

/* The answer that a request gets. */
static uint8_t answer_type(const struct sn_packet *request)
{
	if (request->type == SN_SUBSCRIBE)
		return SN_SUBACK;
	return request->publish.flags.qos == 1 ? SN_PUBACK : SN_PUBREC;
}

/* What stands before the body is mixed into the key. */
uint32_t reply_digest(const struct gw *gw, const struct sn_packet *request)
{
	struct siphash_key key = gw->clients.key;
	const struct sn_flags *flags;
	struct sn_bytes body;
	uint16_t topic_id;

	if (request->type == SN_PUBLISH) {
		flags = &request->publish.flags;
		topic_id = request->publish.topic_id;
		body = request->publish.data;
	} else {
		flags = &request->subscribe.flags;
		topic_id = request->subscribe.topic_id;
		body = request->subscribe.topic;
	}
	key.k0 ^= (uint64_t)request->type << 40 | (uint64_t)(uint8_t)flags->qos << 32 |
	          (uint64_t)flags->retain << 24 | (uint64_t)flags->topic_type << 16 | topic_id;
	return (uint32_t)siphash(&key, body.data, body.len);
}

void reply_keep(struct gw *gw, struct client *client, struct reply reply)
{
	struct replies *replies = &client->replies;

	reply.until = monotime_add_ms(gw->now, pending_patience_ms(gw));
	replies->kept[replies->next] = reply;
	replies->next = (uint8_t)((replies->next + 1) % REPLIES_KEPT);
}

static const struct reply *find(
    const struct gw *gw, const struct client *client, const struct sn_packet *request)
{
	uint16_t msg_id =
	    request->type == SN_PUBLISH ? request->publish.msg_id : request->subscribe.msg_id;
	uint8_t type = answer_type(request);
	uint32_t digest = reply_digest(gw, request);

	for (size_t i = 0; i < REPLIES_KEPT; i++) {
		const struct reply *r = &client->replies.kept[i];

		if (r->type == type && r->msg_id == msg_id && r->digest == digest &&
		    !monotime_before(r->until, gw->now))
			return r;
	}
	return NULL;
}

bool reply_repeat(struct gw *gw, struct client *client, const struct sn_packet *request)
{
	const struct reply *r = find(gw, client, request);

	if (r == NULL)
		return false;
	if (r->type == SN_PUBREC)
		say_msg_ack(gw, client->peer, SN_PUBREC, r->msg_id);
	else if (r->type == SN_SUBACK)
		say_suback(gw, client->peer, r->topic_id, r->msg_id, r->qos, r->code);
	else
		say_topic_ack(gw, client->peer, r->type, r->topic_id, r->msg_id, r->code);
	return true;
}

void replies_clear(struct replies *replies)
{
	memset(replies, 0, sizeof *replies);
}

void replies_forget(struct replies *replies, uint8_t type)
{
	for (size_t i = 0; i < REPLIES_KEPT; i++)
		if (replies->kept[i].type == type)
			replies->kept[i] = (struct reply){ 0 };
}
