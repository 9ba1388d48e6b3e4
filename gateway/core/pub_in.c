/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/pub_in.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/core.h"
#include "gateway/core/keep.h"
#include "gateway/core/say.h"
#include "gateway/core/topic_ref.h"

/* QoS 2 ids that wait for PUBREL: a client has one at a time, so the oldest of more is one that it
 * gave up. */
enum {
	RECEIVED_MAX = 16
};

/* ---- the list of unfinished publishes ---- */

static size_t count_stage(const struct inbound_list *list, enum inbound_stage stage)
{
	size_t n = 0;

	for (uint16_t i = 0; i < list->count; i++)
		n += list->items[i].stage == stage;
	return n;
}

static struct inbound *add(struct inbound_list *list)
{
	if (list->count == list->room) {
		uint16_t room = (uint16_t)(list->room == 0 ? 2 : list->room * 2);
		struct inbound *items = realloc(list->items, room * sizeof *items);

		if (items == NULL)
			return NULL;
		list->items = items;
		list->room = room;
	}
	return &list->items[list->count++];
}

static void forget(struct inbound_list *list, struct inbound *in)
{
	size_t behind = (size_t)(list->items + list->count - (in + 1));

	memmove(in, in + 1, behind * sizeof *in);
	list->count--;
}

static struct inbound *find_token(struct inbound_list *list, uint16_t token)
{
	for (uint16_t i = 0; i < list->count; i++)
		if (list->items[i].stage == INBOUND_FORWARDED && list->items[i].token == token)
			return &list->items[i];
	return NULL;
}

/* The publish that one with this id, QoS and content repeats.  At QoS 2 the id alone decides
 * (SN12-PUB-10); at QoS 1 a client may use an id again for something new as soon as it likes
 * (SN12-MSGID-05). */
static struct inbound *find_repeated(
    struct inbound_list *list, const struct sn_publish *publish, uint32_t digest)
{
	for (uint16_t i = 0; i < list->count; i++) {
		struct inbound *in = &list->items[i];

		if (in->msg_id == publish->msg_id && in->qos == publish->flags.qos &&
		    (in->qos == 2 || in->digest == digest))
			return in;
	}
	return NULL;
}

static void forget_oldest_received(struct gw *gw, struct client *client)
{
	struct inbound_list *list = &client->inbound;

	for (uint16_t i = 0; i < list->count; i++) {
		if (list->items[i].stage == INBOUND_RECEIVED) {
			keep_drop_received(gw, client, &list->items[i]);
			forget(list, &list->items[i]);
			return;
		}
	}
}

bool pub_in_is_forwarding(const struct client *client)
{
	return count_stage(&client->inbound, INBOUND_FORWARDED) > 0;
}

void pub_in_link_closed(struct client *client)
{
	struct inbound_list *list = &client->inbound;
	uint16_t kept = 0;

	for (uint16_t i = 0; i < list->count; i++)
		if (list->items[i].stage == INBOUND_RECEIVED)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

void pub_in_clear(struct client *client)
{
	free(client->inbound.items);
	client->inbound = (struct inbound_list){ 0 };
}

/* ---- PUBLISH ---- */

static void refuse(struct gw *gw, struct client *client, const struct sn_publish *publish,
    enum sn_return_code code, const char *why)
{
	gw->metrics.publishes_refused++;
	gw_refuse(gw, client, why);
	say_topic_ack(gw, client->peer, SN_PUBACK, publish->topic_id, publish->msg_id, code);
}

static const char *const refusals[] = {
	[SN_INVALID_TOPIC_ID] = "unknown topic id",
	[SN_NOT_SUPPORTED] = "unusable topic",
};

/* The broker would take "$share/..." for a name, but nobody could have meant it (MAP-PUB-09). */
static bool is_shared_filter(struct sn_bytes name)
{
	static const char prefix[] = "$share/";

	return name.len >= sizeof prefix - 1 && memcmp(name.data, prefix, sizeof prefix - 1) == 0;
}

/* Not while the connection is made anew for the gateway's own sake: that takes a moment. */
static bool is_broker_away(const struct client *client)
{
	return !link_is_up(&client->link) && !client->link.rearming;
}

static int forward(struct gw *gw, struct client *client, const struct sn_publish *publish,
    struct sn_bytes name, uint16_t *token)
{
	int rc = -ERR_STATE;

	if (client->link.session != NULL && (publish->flags.qos == 0 || !is_broker_away(client))) {
		gw_trace_heard(gw);
		rc = gw->ports.up_publish(gw->ports.ctx, client->link.session,
		    (const char *)name.data, publish->data, publish->flags.qos,
		    publish->flags.retain, token);
	}
	if (rc < 0)
		return rc;
	gw->metrics.publishes_in++;
	client->published++;
	return 0;
}

/* What can never be published must not look as if it could be later (SN12-RC-02, MAP-PUB-07). */
static void refuse_forward(
    struct gw *gw, struct client *client, const struct sn_publish *publish, int rc)
{
	if (rc == -ERR_INVALID)
		refuse(gw, client, publish, SN_NOT_SUPPORTED, "the broker's side cannot take it");
	else if (rc == -ERR_STATE)
		refuse(gw, client, publish, SN_CONGESTION, "the broker is away");
	else if (rc == -ERR_LIMIT)
		refuse(gw, client, publish, SN_CONGESTION, "too much waits for the broker");
	else
		refuse(gw, client, publish, SN_CONGESTION, "the broker's side does not take it");
}

static void publish_qos0(
    struct gw *gw, struct client *client, const struct sn_publish *publish, struct sn_bytes name)
{
	int rc = forward(gw, client, publish, name, NULL);

	if (rc == -ERR_INVALID) {
		refuse_forward(gw, client, publish, rc);
	} else if (rc < 0) {
		gw->metrics.publishes_dropped++;
		gw_refuse(gw, client, "QoS 0 while the broker is away");
	}
}

static void acknowledge(struct gw *gw, struct client *client, struct inbound *in);

/* Puts a publish that is on its way, or to go, into the spool, and acknowledges it. */
static int spool(struct gw *gw, struct client *client, const struct sn_publish *publish,
    struct sn_bytes name, struct inbound *in)
{
	const struct spool_publish spooled = { (const char *)name.data, publish->data, in->qos,
		publish->flags.retain, in->token };
	int rc = spool_add(gw, client, &spooled);

	if (rc < 0)
		return rc;
	if (spooled.token == 0)
		client->published++;
	acknowledge(gw, client, in);
	spool_pump(gw, client);
	return 0;
}

/* A publish whose answer the broker owes, and now the connection is lost, or not read while the
 * client's queue is full: the client need not wait for that. */
static void take_over(struct gw *gw, struct client *client, const struct sn_publish *publish,
    struct sn_bytes name, struct inbound *in)
{
	if (gw->config.outage == GW_OUTAGE_STORE &&
	    (is_broker_away(client) || client->outbox.paused))
		spool(gw, client, publish, name, in);
}

/* True if it is a repeat, and then it has been answered, or will be when the broker answers. */
static bool answer_repeat(struct gw *gw, struct client *client, const struct sn_packet *packet,
    struct sn_bytes name, uint32_t digest)
{
	const struct sn_publish *publish = &packet->publish;
	struct inbound *in = find_repeated(&client->inbound, publish, digest);

	if (in != NULL) {
		if (in->stage == INBOUND_RECEIVED)
			say_msg_ack(gw, client->peer, SN_PUBREC, in->msg_id);
		else
			take_over(gw, client, publish, name, in);
	} else if (!publish->flags.dup || !reply_repeat(gw, client, packet)) {
		return false;
	}
	gw->metrics.publishes_repeated++;
	return true;
}

static void publish_acknowledged(
    struct gw *gw, struct client *client, const struct sn_packet *packet, struct sn_bytes name)
{
	const struct sn_publish *publish = &packet->publish;
	uint32_t digest = reply_digest(gw, packet);
	bool spooled = spool_is_used(gw, client);
	struct inbound *in;
	int rc;

	if (publish->msg_id == 0) {
		refuse(gw, client, publish, SN_NOT_SUPPORTED, "message id 0");
		return;
	}
	if (answer_repeat(gw, client, packet, name, digest))
		return;
	if (!spooled &&
	    count_stage(&client->inbound, INBOUND_FORWARDED) >= gw->config.limits.publish_window) {
		gw_refuse_limit(gw, client, "limits.publish_window");
		refuse(gw, client, publish, SN_CONGESTION, "too many publishes on their way");
		return;
	}
	in = add(&client->inbound);
	if (in == NULL) {
		refuse(gw, client, publish, SN_CONGESTION, "out of memory");
		return;
	}
	*in = (struct inbound){
		.digest = digest,
		.msg_id = publish->msg_id,
		.topic_id = publish->topic_id,
		.qos = (uint8_t)publish->flags.qos,
		.stage = INBOUND_FORWARDED,
	};
	rc = spooled ? spool(gw, client, publish, name, in)
	             : forward(gw, client, publish, name, &in->token);
	if (rc < 0) {
		forget(&client->inbound, in);
		refuse_forward(gw, client, publish, rc);
	}
}

void pub_in_publish(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	const struct sn_publish *publish = &packet->publish;
	struct topic_ref_room room;
	struct sn_bytes name;
	enum sn_return_code code;

	code =
	    topic_ref_name(gw, client, publish->flags.topic_type, publish->topic_id, &room, &name);
	if (code == SN_ACCEPTED && is_shared_filter(name))
		code = SN_NOT_SUPPORTED;
	if (code != SN_ACCEPTED)
		refuse(gw, client, publish, code, refusals[code]);
	else if (publish->flags.qos == 0)
		publish_qos0(gw, client, publish, name);
	else
		publish_acknowledged(gw, client, packet, name);
}

static void keep_answer(
    struct gw *gw, struct client *client, const struct inbound *in, uint8_t type)
{
	reply_keep(gw, client,
	    (struct reply){ .type = type,
	        .digest = in->digest,
	        .msg_id = in->msg_id,
	        .topic_id = in->topic_id });
}

static void acknowledge_qos1(struct gw *gw, struct client *client, const struct inbound *in)
{
	if (client->peer != NULL)
		say_topic_ack(gw, client->peer, SN_PUBACK, in->topic_id, in->msg_id, SN_ACCEPTED);
	keep_answer(gw, client, in, SN_PUBACK);
}

/* Somebody else is responsible for it from now on.  A client that has left meanwhile is answered
 * when it comes back and asks again. */
static void acknowledge(struct gw *gw, struct client *client, struct inbound *in)
{
	struct inbound_list *list = &client->inbound;

	if (in->qos == 1) {
		acknowledge_qos1(gw, client, in);
		forget(list, in);
		return;
	}
	in->stage = INBOUND_RECEIVED;
	keep_received(gw, client, in);
	if (client->peer != NULL)
		say_msg_ack(gw, client->peer, SN_PUBREC, in->msg_id);
	if (count_stage(list, INBOUND_RECEIVED) > RECEIVED_MAX)
		forget_oldest_received(gw, client);
}

bool pub_in_restore_received(struct client *client, const struct stored_received *stored)
{
	struct inbound *in = add(&client->inbound);

	if (in == NULL)
		return false;
	*in = (struct inbound){
		.digest = stored->digest,
		.msg_id = stored->msg_id,
		.topic_id = stored->topic_id,
		.qos = 2,
		.stage = INBOUND_RECEIVED,
	};
	return true;
}

void pub_in_published(struct gw *gw, struct client *client, uint16_t token)
{
	struct inbound *in = find_token(&client->inbound, token);

	if (in != NULL)
		acknowledge(gw, client, in);
}

/* PUBCOMP also for an id that is not known: the first PUBCOMP may have been lost (SN12-PUB-11). Not
 * while the broker has not answered: the client was given no PUBREC then. */
void pub_in_pubrel(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	struct inbound_list *list = &client->inbound;
	uint16_t msg_id = packet->msg_ack.msg_id;

	for (uint16_t i = 0; i < list->count; i++) {
		struct inbound *in = &list->items[i];

		if (in->qos != 2 || in->msg_id != msg_id)
			continue;
		if (in->stage == INBOUND_FORWARDED)
			return;
		keep_answer(
		    gw, client, in, SN_PUBREC); /* for a PUBLISH that was on its way all the time */
		keep_drop_received(gw, client, in);
		forget(list, in);
		break;
	}
	say_msg_ack(gw, client->peer, SN_PUBCOMP, msg_id);
}
