/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/pub_out.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/backlog.h"
#include "gateway/core/core.h"
#include "gateway/core/keep.h"
#include "gateway/core/say.h"
#include "gateway/core/sleep.h"
#include "gateway/core/topic_ref.h"

enum {
	PUBLISH_HEADER = 7 /* octets before the payload, with a 1-octet Length (5.4.12) */
};

/* How the client will know the topic of a message (SN12-TOPIC-06). */
struct address {
	uint8_t type;
	uint16_t id;
	struct topic *topic; /* of a normal id */
};

bool pub_out_uses_msg_id(const struct client *client, uint16_t msg_id)
{
	const struct message *m = client->outbox.first;

	return (m != NULL && m->msg_id == msg_id) ||
	       pending_is(&client->pending, SN_REGISTER, msg_id);
}

/* ---- sending ---- */

/* The topic must be told by REGISTER before a normal id is used (SN12-GPUB-02).  Returns why there
 * is none, or NULL. */
static const char *find_address(
    struct gw *gw, struct client *client, struct sn_bytes name, bool corrected, struct address *out)
{
	struct subscription *sub = NULL;

	if (client->subs.other_forms > 0 && !corrected)
		sub = subscriptions_find(&client->subs, name);
	if (sub != NULL && sub->predefined_id != 0) {
		*out = (struct address){ SN_TOPIC_PREDEFINED, sub->predefined_id, NULL };
		return NULL;
	}
	if (sub != NULL && sub->by_short) {
		*out = (struct address){ SN_TOPIC_SHORT, sn_short_topic_id(name.data), NULL };
		return NULL;
	}
	if (topic_ref_is_too_long(gw, client, name))
		return "topic name longer than limits.topic_name";
	if (topic_reg_bind(client->topics, name, gw->config.limits.topics, &out->topic) < 0)
		return "no topic id left";
	out->type = SN_TOPIC_NORMAL;
	out->id = out->topic->id;
	return NULL;
}

static bool say_publish(struct gw *gw, struct client *client, const struct address *to,
    uint16_t msg_id, int qos, bool dup, bool retain, struct sn_bytes payload)
{
	return say(gw, client->peer,
	    &(struct sn_packet){
	        .type = SN_PUBLISH,
	        .publish = {
	            .flags = { .dup = dup, .qos = (int8_t)qos, .retain = retain, .topic_type = to->type },
	            .topic_id = to->id,
	            .msg_id = msg_id,
	            .data = payload,
	        },
	    });
}

static void count_delivered(struct gw *gw, struct client *client)
{
	gw->metrics.messages_out++;
	client->delivered++;
}

/* REGISTER, the answer to which lets the message at the head go. */
static void tell_topic(
    struct gw *gw, struct client *client, const struct topic *topic, uint16_t msg_id)
{
	const struct sn_packet packet = {
		.type = SN_REGISTER,
		.reg = {
			.topic_id = topic->id,
			.msg_id = msg_id,
			.topic = { (const uint8_t *)topic->name, topic->len },
		},
	};

	keep_topic(gw, client, topic);
	if (say(gw, client->peer, &packet))
		pending_start(gw, client, SN_REGISTER, msg_id);
	else
		backlog_drop_head(gw, client, "topic name longer than max_packet");
}

/* One that the client has not seen yet, and that has waited longer than the configuration allows.
 */
static bool is_too_old(const struct gw *gw, const struct message *m)
{
	return m->stage == MESSAGE_QUEUED && gw->config.timers.queue_age > 0 &&
	       monotime_ms_between(m->queued, gw->now) > gw->config.timers.queue_age;
}

/* Asked before a REGISTER that would prepare for nothing (SN12-GPUB-07). */
static bool is_too_long(const struct gw *gw, const struct client *client, const struct message *m)
{
	size_t len = PUBLISH_HEADER + m->payload_len;

	if (len > UINT8_MAX)
		len += 2; /* the long form of the Length (5.2.1) */
	return len > gw->config.listeners[client->peer->listener].max_packet;
}

static void finish_head(struct gw *gw, struct client *client)
{
	count_delivered(gw, client);
	backlog_delivered(gw, client);
}

/* Sends the head of the queue, or the REGISTER that must come before it (with @register_id, or a
 * new id if 0). */
static void send_head(struct gw *gw, struct client *client, uint16_t register_id)
{
	struct message *m = client->outbox.first;
	const char *why;
	struct address to;

	if (is_too_old(gw, m)) {
		backlog_drop_head(gw, client, "too old");
		return;
	}
	if (m->stage == MESSAGE_RELEASED) {
		say_msg_ack(gw, client->peer, SN_PUBREL, m->msg_id);
		pending_start(gw, client, SN_PUBREL, m->msg_id);
		return;
	}
	if (is_too_long(gw, client, m)) {
		backlog_drop_head(gw, client, "longer than max_packet");
		return;
	}
	why = find_address(gw, client, message_topic(m), m->corrected, &to);
	if (why != NULL) {
		backlog_drop_head(gw, client, why);
		return;
	}
	if (to.topic != NULL && to.topic->muted) {
		backlog_drop_head(gw, client, "the client rejected the topic");
		return;
	}
	if (to.topic != NULL && !to.topic->told) {
		tell_topic(gw, client, to.topic,
		    register_id != 0 ? register_id : client_next_msg_id(client));
		return;
	}
	if (m->qos > 0 && m->msg_id == 0)
		m->msg_id = client_next_msg_id(client);
	say_publish(gw, client, &to, m->msg_id, m->qos, m->stage == MESSAGE_SENT, m->retain,
	    message_payload(m));
	if (m->qos == 0) {
		finish_head(gw, client);
		return;
	}
	if (m->stage == MESSAGE_QUEUED) {
		m->stage = MESSAGE_SENT;
		keep_message_stage(gw, client, m);
	}
	pending_start(gw, client, SN_PUBLISH, m->msg_id);
}

/* Whether anything may be sent to the client now.  An open SUBSCRIBE does not count while the
 * broker is not read: its answer can only come when sending has made room. */
static bool may_send(const struct client *client)
{
	return (client->state == CLIENT_ACTIVE || client->state == CLIENT_AWAKE) &&
	       pending_none(&client->pending) &&
	       (client->outbox.paused || !subscribe_is_open(client));
}

void pub_out_pump(struct gw *gw, struct client *client)
{
	while (client->outbox.first != NULL && may_send(client))
		send_head(gw, client, 0);
	if (client->outbox.first == NULL && may_send(client))
		sleep_drained(gw, client);
}

/* What was in flight is not said again at once: a second copy that crosses the answer to the first
 * would look like a second message. */
void pub_out_go_on(struct gw *gw, struct client *client)
{
	const struct message *m = client->outbox.first;

	if (m != NULL && m->stage != MESSAGE_QUEUED && may_send(client))
		pending_start(
		    gw, client, m->stage == MESSAGE_SENT ? SN_PUBLISH : SN_PUBREL, m->msg_id);
	else
		pub_out_pump(gw, client);
}

/* The common case, without a copy: QoS 0 for a client that waits for nothing and knows the topic.
 */
static bool send_at_once(struct gw *gw, struct client *client, const struct up_event *event)
{
	const struct topic *topic;
	struct sn_bytes name;

	if (event->message.qos != 0 || client->outbox.first != NULL ||
	    client->subs.other_forms > 0 || !may_send(client))
		return false;
	name = (struct sn_bytes){ (const uint8_t *)event->message.topic,
		strlen(event->message.topic) };
	topic = topic_reg_by_name(client->topics, name);
	if (topic == NULL || !topic->told || topic->muted)
		return false;
	if (say_publish(gw, client, &(struct address){ SN_TOPIC_NORMAL, topic->id, NULL }, 0, 0,
	        false, event->message.retain, event->message.payload))
		count_delivered(gw, client);
	else
		backlog_note_dropped(gw, client, "longer than max_packet");
	return true;
}

void pub_out_message(struct gw *gw, struct client *client, const struct up_event *event)
{
	if (subscribe_swallows(client, event->message.retain) || send_at_once(gw, client, event))
		return;
	if (event->message.qos == 0 && client->state == CLIENT_ASLEEP && !gw->config.buffer_qos0) {
		backlog_note_dropped(gw, client, "QoS 0 for a sleeper");
		return;
	}
	backlog_add(gw, client, event);
	pub_out_pump(gw, client);
}

/* Again with what is known now: if the topic id was given away meanwhile, a REGISTER comes first.
 */
void pub_out_repeat(struct gw *gw, struct client *client, uint8_t type, uint16_t msg_id)
{
	send_head(gw, client, type == SN_REGISTER ? msg_id : 0);
	pub_out_pump(gw, client);
}

/* ---- the client's answers ---- */

/* The head is through. */
static void head_done(struct gw *gw, struct client *client)
{
	pending_stop(gw, client);
	finish_head(gw, client);
	pub_out_pump(gw, client);
}

static void head_refused(struct gw *gw, struct client *client, const char *why)
{
	pending_stop(gw, client);
	backlog_drop_head(gw, client, why);
	pub_out_pump(gw, client);
}

/* The client cannot take more now.  One that woke up for its messages may go back to sleep. */
static void hold(struct gw *gw, struct client *client)
{
	if (client->state == CLIENT_AWAKE)
		sleep_end_window(gw, client);
	else if (client->state == CLIENT_ACTIVE)
		pending_hold(gw, client);
}

static void set_told(struct gw *gw, struct client *client, struct topic *topic, bool told)
{
	topic->told = told;
	keep_topic(gw, client, topic);
}

/* The client does not know the id: it is told anew, once per message (SN12-GPUB-06, SN12-OPEN-15).
 */
static void correct_head(struct gw *gw, struct client *client)
{
	struct message *m = client->outbox.first;
	struct topic *topic = topic_reg_by_name(client->topics, message_topic(m));

	if (topic != NULL)
		set_told(gw, client, topic, false);
	if (m->corrected) {
		head_refused(gw, client, "the client rejects its topic id");
		return;
	}
	m->corrected = true;
	pending_stop(gw, client);
	pub_out_pump(gw, client);
}

/* A refusal of a QoS 0 message can only be told by its topic id. */
static void unknown_id_at_qos0(struct gw *gw, struct client *client, const struct sn_topic_ack *ack)
{
	struct topic *topic = topic_reg_by_id(client->topics, ack->topic_id);

	if (ack->code == SN_INVALID_TOPIC_ID && topic != NULL)
		set_told(gw, client, topic, false);
}

/* The message in flight, if that is its id and it is at that stage.  Whether it is being
 * retransmitted does not matter: an answer may come when the client has gone to sleep already. */
static struct message *in_flight(
    const struct client *client, uint16_t msg_id, enum message_stage stage)
{
	struct message *m = client->outbox.first;

	return m != NULL && m->msg_id == msg_id && m->stage == stage ? m : NULL;
}

/* Matched by its message id alone; one that matches nothing is late, or for a QoS 0 message
 * (SN12-GPUB-14). */
void pub_out_puback(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	const struct sn_topic_ack *ack = &packet->topic_ack;
	const struct message *m = in_flight(client, ack->msg_id, MESSAGE_SENT);

	if (ack->msg_id == 0)
		unknown_id_at_qos0(gw, client, ack);
	if (ack->msg_id == 0 || m == NULL)
		return;
	if (ack->code == SN_ACCEPTED) {
		if (m->qos == 1)
			head_done(gw, client);
	} else if (ack->code == SN_CONGESTION) {
		hold(gw, client);
	} else if (ack->code == SN_INVALID_TOPIC_ID) {
		correct_head(gw, client);
	} else {
		head_refused(gw, client, "the client refused it");
	}
}

/* PUBREL answers any PUBREC, so that a client can finish what we have forgotten. */
void pub_out_pubrec(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	uint16_t msg_id = packet->msg_ack.msg_id;
	struct message *m = in_flight(client, msg_id, MESSAGE_SENT);

	if (m != NULL && m->qos != 2)
		return;
	say_msg_ack(gw, client->peer, SN_PUBREL, msg_id);
	if (m == NULL)
		return;
	m->stage = MESSAGE_RELEASED;
	keep_message_stage(gw, client, m);
	if (client->state == CLIENT_ASLEEP)
		pending_stop(gw, client);
	else
		pending_start(gw, client, SN_PUBREL, msg_id);
}

void pub_out_pubcomp(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	if (in_flight(client, packet->msg_ack.msg_id, MESSAGE_RELEASED) != NULL)
		head_done(gw, client);
}

/* A rejected REGISTER ends the subscription to that topic, but not a wildcard that also matches it
 * (SN12-GPUB-05, SN12-SUB-10). */
static void topic_rejected(struct gw *gw, struct client *client, struct topic *topic)
{
	struct sn_bytes name = { (const uint8_t *)topic->name, topic->len };
	struct subscription *sub = subscriptions_find(&client->subs, name);

	topic->muted = true;
	if (sub != NULL)
		subscribe_drop(gw, client, sub);
	gw_note(gw, NOTE_VIOLATION, client, "the client rejected a topic");
}

/* The id is ours, whatever the REGACK carries (SN12-GPUB-03). */
void pub_out_regack(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	const struct sn_topic_ack *ack = &packet->topic_ack;
	struct topic *topic;

	if (!pending_is(&client->pending, SN_REGISTER, ack->msg_id))
		return;
	assert(client->outbox.first != NULL);
	topic = topic_reg_by_name(client->topics, message_topic(client->outbox.first));
	if (ack->code == SN_CONGESTION) {
		hold(gw, client);
		return;
	}
	pending_stop(gw, client);
	if (topic != NULL && ack->code == SN_ACCEPTED)
		set_told(gw, client, topic, true);
	else if (topic != NULL)
		topic_rejected(gw, client, topic);
	pub_out_pump(gw, client);
}
