/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/pub_out.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/core.h"
#include "gateway/core/say.h"

enum stage {
	QUEUED,
	SENT,     /* at least once; the next time with DUP */
	RELEASED, /* QoS 2: PUBREC came, PUBREL is what goes out now */
};

struct message {
	struct message *next;
	size_t payload_len;
	uint16_t topic_len;
	uint16_t msg_id; /* 0 until it is sent at QoS 1 or 2 */
	uint8_t qos;
	uint8_t stage;
	bool retain;
	bool corrected; /* the client rejected its topic id once: a normal id, told anew, is the
	                   last try */
	char octets[];  /* the topic name, terminated, then the payload */
};

/* How the client will know the topic of a message (SN12-TOPIC-06). */
struct address {
	uint8_t type;
	uint16_t id;
	struct topic *topic; /* of a normal id */
};

static struct sn_bytes topic_of(const struct message *m)
{
	return (struct sn_bytes){ (const uint8_t *)m->octets, m->topic_len };
}

static struct sn_bytes payload_of(const struct message *m)
{
	return (struct sn_bytes){ (const uint8_t *)m->octets + m->topic_len + 1, m->payload_len };
}

static uint32_t size_of(const struct message *m)
{
	return (uint32_t)(sizeof *m + m->topic_len + 1 + m->payload_len);
}

/* ---- the queue ---- */

static struct message *message_new(const struct up_event *event)
{
	struct sn_bytes payload = event->message.payload;
	size_t topic_len = strlen(event->message.topic);
	struct message *m = malloc(sizeof *m + topic_len + 1 + payload.len);

	if (m == NULL)
		return NULL;
	*m = (struct message){
		.payload_len = payload.len,
		.topic_len = (uint16_t)topic_len,
		.qos = (uint8_t)event->message.qos,
		.retain = event->message.retain,
		.stage = QUEUED,
	};
	memcpy(m->octets, event->message.topic, topic_len + 1);
	if (payload.len > 0)
		memcpy(m->octets + topic_len + 1, payload.data, payload.len);
	return m;
}

static void append(struct outbox *outbox, struct message *m)
{
	if (outbox->last != NULL)
		outbox->last->next = m;
	else
		outbox->first = m;
	outbox->last = m;
	outbox->count++;
	outbox->bytes += size_of(m);
}

/* Takes the message behind @before (NULL: the first) out and frees it. */
static void drop_after(struct outbox *outbox, struct message *before)
{
	struct message **at = before != NULL ? &before->next : &outbox->first;
	struct message *m = *at;

	*at = m->next;
	if (outbox->last == m)
		outbox->last = before;
	outbox->count--;
	outbox->bytes -= size_of(m);
	free(m);
}

static void note_dropped(struct gw *gw, struct client *client, const char *why)
{
	gw->metrics.messages_dropped++;
	gw_note(gw, NOTE_DROPPED, client, why);
}

static bool is_full(const struct gw *gw, const struct outbox *outbox)
{
	return outbox->count >= gw->config.limits.queue_messages ||
	       outbox->bytes >= gw->config.limits.queue_bytes;
}

/* Reads from the broker stop while the queue is full of messages that must not be dropped, and go
 * on when half of it is free. */
static void watch_room(struct gw *gw, struct client *client)
{
	struct outbox *outbox = &client->outbox;
	bool roomy = outbox->count <= gw->config.limits.queue_messages / 2 &&
	             outbox->bytes <= gw->config.limits.queue_bytes / 2;

	if (!link_is_up(&client->link) || (outbox->paused ? !roomy : !is_full(gw, outbox)))
		return;
	outbox->paused = !outbox->paused;
	gw->ports.up_pause(gw->ports.ctx, client->link.session, outbox->paused);
}

void pub_out_link_up(struct gw *gw, struct client *client)
{
	client->outbox.paused = false;
	watch_room(gw, client);
}

static bool drop_oldest_qos0(struct gw *gw, struct client *client)
{
	struct message *before = NULL;

	for (struct message *m = client->outbox.first; m != NULL; before = m, m = m->next) {
		if (m->qos > 0)
			continue;
		drop_after(&client->outbox, before);
		note_dropped(gw, client, "queue full");
		return true;
	}
	return false;
}

/* Queues the message.  When the queue is full, QoS 0 goes first, the oldest first; QoS 1 and 2 are
 * never dropped, the broker is asked to keep what comes next (SN12-SLEEP-18). */
static void enqueue(struct gw *gw, struct client *client, const struct up_event *event)
{
	struct message *m;

	while (is_full(gw, &client->outbox) && drop_oldest_qos0(gw, client))
		;
	if (is_full(gw, &client->outbox) && event->message.qos == 0) {
		note_dropped(gw, client, "queue full");
		return;
	}
	m = message_new(event);
	if (m == NULL) {
		gw_note(gw, NOTE_NOMEM, client, NULL);
		note_dropped(gw, client, "out of memory");
		return;
	}
	append(&client->outbox, m);
	watch_room(gw, client);
}

void pub_out_clear(struct gw *gw, struct client *client)
{
	while (client->outbox.first != NULL)
		drop_after(&client->outbox, NULL);
	watch_room(gw, client);
}

bool pub_out_uses_msg_id(const struct client *client, uint16_t msg_id)
{
	const struct message *m = client->outbox.first;

	return (m != NULL && m->msg_id == msg_id) ||
	       pending_is(&client->pending, SN_REGISTER, msg_id);
}

/* ---- sending ---- */

/* The topic must be told by REGISTER before a normal id is used (SN12-GPUB-02).  False: no id is to
 * be had. */
static bool find_address(
    struct client *client, struct sn_bytes name, bool corrected, struct address *out)
{
	struct subscription *sub = NULL;

	if (client->subs.other_forms > 0 && !corrected)
		sub = subscribe_find(client, name);
	if (sub != NULL && sub->predefined_id != 0) {
		*out = (struct address){ SN_TOPIC_PREDEFINED, sub->predefined_id, NULL };
		return true;
	}
	if (sub != NULL && sub->by_short) {
		*out = (struct address){ SN_TOPIC_SHORT, sn_short_topic_id(name.data), NULL };
		return true;
	}
	if (topic_reg_bind(client->topics, name, &out->topic) < 0)
		return false;
	out->type = SN_TOPIC_NORMAL;
	out->id = out->topic->id;
	return true;
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

static void finish_head(struct gw *gw, struct client *client)
{
	gw->metrics.messages_out++;
	drop_after(&client->outbox, NULL);
	watch_room(gw, client);
}

static void drop_head(struct gw *gw, struct client *client, const char *why)
{
	drop_after(&client->outbox, NULL);
	note_dropped(gw, client, why);
	watch_room(gw, client);
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

	if (say(gw, client->peer, &packet))
		pending_start(gw, client, SN_REGISTER, msg_id);
	else
		drop_head(gw, client, "topic name longer than max_packet");
}

/* Sends the head of the queue, or the REGISTER that must come before it (with @register_id, or a
 * new id if 0). */
static void send_head(struct gw *gw, struct client *client, uint16_t register_id)
{
	struct message *m = client->outbox.first;
	struct address to;

	if (m->stage == RELEASED) {
		say_msg_ack(gw, client->peer, SN_PUBREL, m->msg_id);
		pending_start(gw, client, SN_PUBREL, m->msg_id);
		return;
	}
	if (!find_address(client, topic_of(m), m->corrected, &to)) {
		drop_head(gw, client, "no topic id left");
		return;
	}
	if (to.topic != NULL && to.topic->muted) {
		drop_head(gw, client, "the client rejected the topic");
		return;
	}
	if (to.topic != NULL && !to.topic->told) {
		tell_topic(gw, client, to.topic,
		    register_id != 0 ? register_id : client_next_msg_id(client));
		return;
	}
	if (m->qos > 0 && m->msg_id == 0)
		m->msg_id = client_next_msg_id(client);
	if (!say_publish(
	        gw, client, &to, m->msg_id, m->qos, m->stage == SENT, m->retain, payload_of(m))) {
		drop_head(gw, client, "longer than max_packet");
		return;
	}
	if (m->qos == 0) {
		finish_head(gw, client);
		return;
	}
	m->stage = SENT;
	pending_start(gw, client, SN_PUBLISH, m->msg_id);
}

/* Whether anything may be sent to the client now. */
static bool may_send(const struct client *client)
{
	return client->state == CLIENT_ACTIVE && pending_none(&client->pending) &&
	       !subscribe_is_open(client);
}

void pub_out_pump(struct gw *gw, struct client *client)
{
	while (client->outbox.first != NULL && may_send(client))
		send_head(gw, client, 0);
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
		gw->metrics.messages_out++;
	else
		note_dropped(gw, client, "longer than max_packet");
	return true;
}

void pub_out_message(struct gw *gw, struct client *client, const struct up_event *event)
{
	if (send_at_once(gw, client, event))
		return;
	enqueue(gw, client, event);
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
	drop_head(gw, client, why);
	pub_out_pump(gw, client);
}

/* The client does not know the id: it is told anew, once per message (SN12-GPUB-06, SN12-OPEN-15).
 */
static void correct_head(struct gw *gw, struct client *client)
{
	struct message *m = client->outbox.first;
	struct topic *topic = topic_reg_by_name(client->topics, topic_of(m));

	if (m->corrected) {
		head_refused(gw, client, "the client rejects its topic id");
		return;
	}
	m->corrected = true;
	if (topic != NULL)
		topic->told = false;
	pending_stop(gw, client);
	pub_out_pump(gw, client);
}

/* A refusal of a QoS 0 message can only be told by its topic id. */
static void unknown_id_at_qos0(struct client *client, const struct sn_topic_ack *ack)
{
	struct topic *topic = topic_reg_by_id(client->topics, ack->topic_id);

	if (ack->code == SN_INVALID_TOPIC_ID && topic != NULL)
		topic->told = false;
}

/* Matched by its message id alone; one that matches nothing is late, or for a QoS 0 message
 * (SN12-GPUB-14). */
void pub_out_puback(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	const struct sn_topic_ack *ack = &packet->topic_ack;

	if (ack->msg_id == 0) {
		unknown_id_at_qos0(client, ack);
		return;
	}
	if (!pending_is(&client->pending, SN_PUBLISH, ack->msg_id))
		return;
	if (ack->code == SN_ACCEPTED) {
		if (client->outbox.first->qos == 1)
			head_done(gw, client);
	} else if (ack->code == SN_CONGESTION) {
		pending_hold(gw, client);
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
	struct message *m = client->outbox.first;

	if (pending_is(&client->pending, SN_PUBLISH, msg_id) && m->qos == 2) {
		m->stage = RELEASED;
		pending_stop(gw, client);
		pub_out_pump(gw, client);
	} else if (!pending_is(&client->pending, SN_PUBLISH, msg_id)) {
		say_msg_ack(gw, client->peer, SN_PUBREL, msg_id);
	}
}

void pub_out_pubcomp(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	if (pending_is(&client->pending, SN_PUBREL, packet->msg_ack.msg_id))
		head_done(gw, client);
}

/* A rejected REGISTER ends the subscription to that topic, but not a wildcard that also matches it
 * (SN12-GPUB-05, SN12-SUB-10). */
static void topic_rejected(struct gw *gw, struct client *client, struct topic *topic)
{
	struct sn_bytes name = { (const uint8_t *)topic->name, topic->len };
	struct subscription *sub = subscribe_find(client, name);

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
	topic = topic_reg_by_name(client->topics, topic_of(client->outbox.first));
	if (ack->code == SN_CONGESTION) {
		pending_hold(gw, client);
		return;
	}
	pending_stop(gw, client);
	if (topic != NULL && ack->code == SN_ACCEPTED)
		topic->told = true;
	else if (topic != NULL)
		topic_rejected(gw, client, topic);
	pub_out_pump(gw, client);
}
