/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/subscribe.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/core.h"
#include "gateway/core/keep.h"
#include "gateway/core/say.h"
#include "gateway/core/topic_name.h"
#include "gateway/core/topic_ref.h"

enum {
	OPEN_REQUESTS_MAX = 8
}; /* of one client; the specification allows it one (section 6.9) */

struct request {
	struct request *next;
	uint32_t digest;
	uint16_t token;
	uint16_t msg_id;
	uint16_t topic_id; /* for SUBACK; 0: a pattern or a short name */
	uint8_t type;      /* SUBSCRIBE or UNSUBSCRIBE */
	uint8_t topic_type;
	uint8_t qos;
	size_t len;
	char filter[]; /* terminated */
};

static struct sn_bytes bytes_of(const char *text, size_t len)
{
	return (struct sn_bytes){ (const uint8_t *)text, len };
}

/* ---- requests ---- */

/* At the end of the open ones: that is the order in which a new connection is asked again. */
static struct request *request_new(
    struct client *client, const struct sn_packet *packet, struct sn_bytes filter)
{
	struct request **end = &client->subscribing.requests;
	struct request *request = calloc(1, sizeof *request + filter.len + 1);

	if (request == NULL)
		return NULL;
	request->type = packet->type;
	request->msg_id = packet->subscribe.msg_id;
	request->topic_type = packet->subscribe.flags.topic_type;
	request->qos = (uint8_t)packet->subscribe.flags.qos;
	request->len = filter.len;
	memcpy(request->filter, filter.data, filter.len);
	while (*end != NULL)
		end = &(*end)->next;
	*end = request;
	return request;
}

/* Takes the request out of the list of open ones; the caller frees it. */
static struct request *request_take(struct client *client, uint8_t type, uint16_t token)
{
	for (struct request **at = &client->subscribing.requests; *at != NULL; at = &(*at)->next) {
		struct request *request = *at;

		if (request->type == type && request->token == token) {
			*at = request->next;
			return request;
		}
	}
	return NULL;
}

static void request_forget(struct client *client, struct request *request)
{
	struct request **at = &client->subscribing.requests;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	free(request);
}

/* The same request again while the broker has not answered the first: it gets that answer
 * (SN12-MSGID-05). */
static bool request_is_open(
    const struct client *client, const struct sn_packet *packet, uint32_t digest)
{
	for (const struct request *r = client->subscribing.requests; r != NULL; r = r->next)
		if (r->type == packet->type && r->msg_id == packet->subscribe.msg_id &&
		    r->digest == digest)
			return true;
	return false;
}

static size_t count_open(const struct client *client, uint8_t type)
{
	size_t n = 0;

	for (const struct request *r = client->subscribing.requests; r != NULL; r = r->next)
		n += r->type == type;
	return n;
}

static bool may_open_another(const struct client *client)
{
	return count_open(client, SN_SUBSCRIBE) + count_open(client, SN_UNSUBSCRIBE) <
	       OPEN_REQUESTS_MAX;
}

static int asked_qos(const struct gw *gw, int qos)
{
	return qos == 2 && gw->ports.store != NULL ? 1 : qos;
}

/* May end the client's connection, and then still return 0. */
static int request_send(struct gw *gw, struct client *client, struct request *request)
{
	gw_trace_heard(gw);
	if (client->link.shared) {
		link_outgrow(gw, client);
		return 0;
	}
	if (request->type == SN_SUBSCRIBE)
		return gw->ports.up_subscribe(gw->ports.ctx, client->link.session, request->filter,
		    asked_qos(gw, request->qos), &request->token);
	return gw->ports.up_unsubscribe(
	    gw->ports.ctx, client->link.session, request->filter, &request->token);
}

bool subscribe_is_open(const struct client *client)
{
	return count_open(client, SN_SUBSCRIBE) > 0;
}

void subscribe_clear_requests(struct client *client)
{
	while (client->subscribing.requests != NULL) {
		struct request *request = client->subscribing.requests;

		client->subscribing.requests = request->next;
		free(request);
	}
	client->subscribing.restoring = 0;
	client->subscribing.swallow = false;
}

/* ---- subscriptions ---- */

static void forget(struct gw *gw, struct client *client, struct subscription *sub)
{
	keep_drop_subscription(gw, client, sub);
	subscriptions_remove(&client->subs, sub);
}

/* Adds the form in which the client asked to what there is. */
static bool record(struct gw *gw, struct client *client, const struct request *request)
{
	bool predefined = request->topic_type == SN_TOPIC_PREDEFINED;
	struct subscription *sub =
	    subscriptions_add(&client->subs, bytes_of(request->filter, request->len));

	if (sub == NULL)
		return false;
	sub->qos = request->qos;
	subscriptions_add_form(&client->subs, sub, request->topic_type == SN_TOPIC_SHORT,
	    predefined ? request->topic_id : 0);
	keep_subscription(gw, client, sub);
	return true;
}

bool subscribe_restore_one(struct client *client, const struct stored_subscription *stored)
{
	struct subscription *sub =
	    subscriptions_add(&client->subs, bytes_of(stored->filter, strlen(stored->filter)));

	if (sub == NULL)
		return false;
	sub->qos = stored->qos;
	subscriptions_add_form(&client->subs, sub, stored->by_short, stored->predefined_id);
	return true;
}

void subscribe_clear(struct client *client)
{
	subscribe_clear_requests(client);
	subscriptions_clear(&client->subs);
}

int subscribe_qos(const struct gw *gw, const struct client *client, const struct up_event *event)
{
	const char *topic = event->message.topic;

	if (event->message.qos == 1 && gw->ports.store != NULL &&
	    subscriptions_match(&client->subs, bytes_of(topic, strlen(topic)), 2))
		return 2;
	return event->message.qos;
}

/* ---- SUBSCRIBE ---- */

static void refuse(struct gw *gw, struct client *client, uint16_t msg_id, enum sn_return_code code)
{
	say_suback(gw, client->peer, 0, msg_id, 0, code);
}

/* The filter that the packet names. */
static enum sn_return_code filter_of(struct gw *gw, const struct client *client,
    const struct sn_subscribe *packet, struct topic_ref_room *room, struct sn_bytes *filter)
{
	if (packet->flags.topic_type != SN_TOPIC_NORMAL)
		return topic_ref_name(
		    gw, client, packet->flags.topic_type, packet->topic_id, room, filter);
	*filter = packet->topic;
	return topic_filter_valid(*filter) ? SN_ACCEPTED : SN_NOT_SUPPORTED;
}

/* A limit that stands against one more subscription, or NULL.  Those that the broker has still to
 * grant count as if each were one more. */
static const char *limit_reached(
    const struct gw *gw, const struct client *client, struct sn_bytes filter)
{
	size_t most = gw->config.limits.subscriptions;

	if (!may_open_another(client))
		return "open requests";
	if (client->subs.count + count_open(client, SN_SUBSCRIBE) >= most &&
	    subscriptions_find(&client->subs, filter) == NULL)
		return "limits.subscriptions";
	return NULL;
}

/* The topic id that SUBACK will tell (SN12-SUB-01, -02, -04).  0, or -ERR_*. */
static int topic_id_for(struct gw *gw, struct client *client, const struct sn_subscribe *packet,
    struct sn_bytes filter, uint16_t *id)
{
	struct topic *topic;
	int rc;

	*id = packet->flags.topic_type == SN_TOPIC_PREDEFINED ? packet->topic_id : 0;
	if (packet->flags.topic_type != SN_TOPIC_NORMAL || topic_filter_is_pattern(filter))
		return 0;
	rc = topic_reg_bind(client->topics, filter, gw->config.limits.topics, &topic);
	if (rc < 0)
		return rc;
	topic_ref_use(gw, client, topic);
	*id = topic->id;
	return 0;
}

/* What keeps the request from being passed to the broker; SN_ACCEPTED: it was passed, or will be as
 * soon as the link is up. */
static enum sn_return_code pass_on(
    struct gw *gw, struct client *client, const struct sn_packet *packet, uint32_t digest)
{
	const struct sn_subscribe *subscribe = &packet->subscribe;
	struct topic_ref_room room;
	struct sn_bytes filter;
	struct request *request;
	enum sn_return_code code;
	const char *limit;
	uint16_t topic_id;
	int rc;

	if (subscribe->flags.qos < 0)
		return SN_NOT_SUPPORTED;
	code = filter_of(gw, client, subscribe, &room, &filter);
	if (code != SN_ACCEPTED)
		return code;
	if (subscribe->flags.topic_type == SN_TOPIC_NORMAL &&
	    topic_ref_is_too_long(gw, client, filter)) {
		gw_refuse_limit(gw, client, "limits.topic_name");
		return SN_NOT_SUPPORTED;
	}
	if (!link_is_up(&client->link) && !link_is_awaited(gw, &client->link))
		return SN_CONGESTION;
	limit = limit_reached(gw, client, filter);
	if (limit != NULL || topic_id_for(gw, client, subscribe, filter, &topic_id) < 0) {
		gw_refuse_limit(gw, client, limit != NULL ? limit : "limits.topics");
		return SN_CONGESTION;
	}
	request = request_new(client, packet, filter);
	if (request == NULL)
		return SN_CONGESTION;
	request->topic_id = topic_id;
	request->digest = digest;
	rc = link_is_up(&client->link) ? request_send(gw, client, request) : 0;
	if (rc == 0)
		return SN_ACCEPTED;
	request_forget(client, request);
	return rc == -ERR_INVALID ? SN_NOT_SUPPORTED : SN_CONGESTION;
}

void subscribe_subscribe(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	uint32_t digest = reply_digest(gw, packet);
	enum sn_return_code code;

	if (request_is_open(client, packet, digest) || reply_repeat(gw, client, packet))
		return;
	code = pass_on(gw, client, packet, digest);
	if (code == SN_ACCEPTED)
		return;
	gw_refuse(gw, client, "SUBSCRIBE refused");
	refuse(gw, client, packet->subscribe.msg_id, code);
}

void subscribe_refuse_open(struct gw *gw, struct client *client)
{
	for (struct request *r = client->subscribing.requests, *next; r != NULL; r = next) {
		next = r->next;
		if (r->type != SN_SUBSCRIBE)
			continue;
		gw_refuse(gw, client, "SUBSCRIBE refused");
		refuse(gw, client, r->msg_id, SN_CONGESTION);
		request_forget(client, r);
	}
	pub_out_pump(gw, client); /* what waited behind them */
}

static void granted(struct gw *gw, struct client *client, const struct request *request, int qos)
{
	struct topic *topic = NULL;

	if (request->topic_type == SN_TOPIC_NORMAL && request->topic_id != 0)
		topic = topic_reg_by_id(client->topics, request->topic_id);
	if (topic != NULL) {
		topic->told = true;
		topic->muted = false;
		keep_topic(gw, client, topic);
	}
	say_suback(gw, client->peer, request->topic_id, request->msg_id, qos, SN_ACCEPTED);
	reply_keep(gw, client,
	    (struct reply){
	        .type = SN_SUBACK,
	        .digest = request->digest,
	        .msg_id = request->msg_id,
	        .topic_id = request->topic_id,
	        .qos = (int8_t)qos,
	    });
}

/* The answer to what subscribe_restore() asked. */
static void restored(struct gw *gw, struct client *client, int granted_qos)
{
	struct subscribing *subscribing = &client->subscribing;

	if (granted_qos < 0)
		gw_note(gw, NOTE_VIOLATION, client, "the broker no longer grants a subscription");
	if (subscribing->restoring > 0 && --subscribing->restoring == 0)
		subscribing->swallow = false;
}

void subscribe_subscribed(struct gw *gw, struct client *client, uint16_t token, int granted_qos)
{
	struct request *request = request_take(client, SN_SUBSCRIBE, token);

	if (request == NULL) {
		restored(gw, client, granted_qos);
		return;
	}
	if (granted_qos == asked_qos(gw, request->qos))
		granted_qos = request->qos;
	if (granted_qos < 0)
		refuse(gw, client, request->msg_id, SN_NOT_SUPPORTED);
	else if (!record(gw, client, request))
		refuse(gw, client, request->msg_id, SN_CONGESTION);
	else
		granted(gw, client, request, granted_qos);
	free(request);
	pub_out_pump(gw, client);
}

/* ---- UNSUBSCRIBE ---- */

/* UNSUBACK has no return code: whatever cannot be unsubscribed is not subscribed (SN12-OPEN-28). */
void subscribe_unsubscribe(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	uint32_t digest = reply_digest(gw, packet);
	struct topic_ref_room room;
	struct sn_bytes filter;
	struct request *request;
	int rc = 0;

	if (request_is_open(client, packet, digest))
		return;
	replies_forget(&client->replies, SN_SUBACK); /* what it granted may be what ends now */
	if (filter_of(gw, client, &packet->subscribe, &room, &filter) != SN_ACCEPTED) {
		gw_refuse(gw, client, "UNSUBSCRIBE from what cannot be subscribed");
		say_msg_ack(gw, client->peer, SN_UNSUBACK, packet->subscribe.msg_id);
		return;
	}
	if (client->link.shared && client->subscribing.requests == NULL) { /* it has none */
		say_msg_ack(gw, client->peer, SN_UNSUBACK, packet->subscribe.msg_id);
		return;
	}
	if (!may_open_another(client) || (request = request_new(client, packet, filter)) == NULL) {
		gw_refuse_limit(gw, client, "open requests");
		return;
	}
	request->digest = digest;
	if (link_is_up(&client->link))
		rc = request_send(gw, client, request);
	if (rc == -ERR_INVALID)
		say_msg_ack(gw, client->peer, SN_UNSUBACK, request->msg_id);
	if (rc < 0)
		request_forget(client, request);
}

void subscribe_unsubscribed(struct gw *gw, struct client *client, uint16_t token)
{
	struct request *request = request_take(client, SN_UNSUBSCRIBE, token);
	struct subscription *sub;

	if (request == NULL)
		return;
	sub = subscriptions_find(&client->subs, bytes_of(request->filter, request->len));
	if (sub != NULL)
		forget(gw, client, sub);
	say_msg_ack(gw, client->peer, SN_UNSUBACK, request->msg_id);
	free(request);
}

void subscribe_drop(struct gw *gw, struct client *client, struct subscription *sub)
{
	uint16_t token;

	gw_trace_heard(gw);
	if (link_is_up(&client->link))
		gw->ports.up_unsubscribe(gw->ports.ctx, client->link.session, sub->filter, &token);
	replies_forget(&client->replies, SN_SUBACK);
	forget(gw, client, sub);
}

static void restore_subscriptions(struct gw *gw, struct client *client)
{
	struct subscriptions *subs = &client->subs;
	uint16_t token;

	for (uint16_t i = 0; i < subs->count; i++)
		if (gw->ports.up_subscribe(gw->ports.ctx, client->link.session,
		        subs->items[i]->filter, asked_qos(gw, subs->items[i]->qos), &token) == 0)
			client->subscribing.restoring++;
}

/* Over a connection that is shared nothing has been subscribed. */
static void restore_shared(struct gw *gw, struct client *client)
{
	struct request *r;

	if (subscribe_is_open(client)) {
		link_outgrow(gw, client);
		return;
	}
	while ((r = client->subscribing.requests) != NULL) {
		say_msg_ack(gw, client->peer, SN_UNSUBACK, r->msg_id);
		request_forget(client, r);
	}
}

void subscribe_restore(struct gw *gw, struct client *client, bool all)
{
	client->subscribing.restoring = 0;
	if (client->link.shared) {
		restore_shared(gw, client);
		return;
	}
	if (all)
		restore_subscriptions(gw, client);
	for (struct request *r = client->subscribing.requests, *next; r != NULL; r = next) {
		next = r->next;
		if (request_send(gw, client, r) < 0) /* the client repeats it */
			request_forget(client, r);
	}
}

void subscribe_swallow_retained(struct client *client, bool swallow)
{
	client->subscribing.swallow = swallow && client->subscribing.restoring > 0;
}

bool subscribe_swallows(const struct client *client, bool retain)
{
	return retain && client->subscribing.swallow;
}
