/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/backlog.h"

#include "gateway/core/core.h"
#include "gateway/core/keep.h"

void backlog_note_dropped(struct gw *gw, struct client *client, const char *why)
{
	gw->metrics.messages_dropped++;
	gw_note(gw, NOTE_DROPPED, client, why);
}

static bool is_full(const struct gw *gw, const struct outbox *outbox)
{
	return outbox->count >= gw->config.limits.queue_messages ||
	       outbox->bytes >= gw->config.limits.queue_bytes;
}

/* The store would not have what comes, and one that it should have waits already. */
static bool is_too_much_for_store(const struct gw *gw, const struct outbox *outbox)
{
	return outbox->count > outbox->count_qos0 && !keep_has_room(gw);
}

/* Reads from the broker stop while the queue is full of messages that must not be dropped, and go
 * on when half of it is free; with a store that has no room, they come one by one. */
static void watch_room(struct gw *gw, struct client *client)
{
	struct outbox *outbox = &client->outbox;
	bool too_much = is_too_much_for_store(gw, outbox);
	bool roomy = !too_much && outbox->count <= gw->config.limits.queue_messages / 2 &&
	             outbox->bytes <= gw->config.limits.queue_bytes / 2;
	bool stuck = too_much || (is_full(gw, outbox) &&
	                             !outbox_has_qos0(outbox, !pending_none(&client->pending)));

	if (!link_is_up(&client->link) || client->link.shared || (outbox->paused ? !roomy : !stuck))
		return;
	outbox->paused = !outbox->paused;
	gw->ports.up_pause(gw->ports.ctx, client->link.session, outbox->paused);
}

void backlog_link_up(struct gw *gw, struct client *client)
{
	client->outbox.paused = false;
	watch_room(gw, client);
}

static void drop(struct gw *gw, struct client *client, struct message *m)
{
	keep_drop_message(gw, client, m);
	outbox_drop(&client->outbox, m);
}

static bool drop_oldest_qos0(struct gw *gw, struct client *client)
{
	struct message *m = outbox_oldest_qos0(&client->outbox, !pending_none(&client->pending));

	if (m == NULL)
		return false;
	drop(gw, client, m);
	backlog_note_dropped(gw, client, "queue full");
	return true;
}

/* Queues the message.  When the queue is full, QoS 0 goes first, the oldest first; QoS 1 and 2 are
 * never dropped, the broker is asked to keep what comes next (SN12-SLEEP-18). */
void backlog_add(struct gw *gw, struct client *client, const struct up_event *event)
{
	struct message *m;

	while (is_full(gw, &client->outbox) && drop_oldest_qos0(gw, client))
		;
	if (is_full(gw, &client->outbox) && event->message.qos == 0) {
		backlog_note_dropped(gw, client, "queue full");
		return;
	}
	m = outbox_append(&client->outbox, event->message.topic, event->message.payload,
	    subscribe_qos(gw, client, event), event->message.retain);
	if (m == NULL) {
		gw_note(gw, NOTE_NOMEM, client, NULL);
		backlog_note_dropped(gw, client, "out of memory");
		return;
	}
	m->queued = gw->now;
	keep_message(gw, client, m);
	watch_room(gw, client);
}

bool backlog_restore(struct client *client, const struct stored_message *stored)
{
	struct message *m = outbox_append(
	    &client->outbox, stored->topic, stored->payload, stored->qos, stored->retain);

	if (m == NULL)
		return false;
	m->sequence = stored->sequence;
	m->queued = stored->queued;
	m->msg_id = stored->msg_id;
	m->stage = stored->stage;
	return true;
}

void backlog_clear(struct gw *gw, struct client *client)
{
	while (client->outbox.first != NULL)
		drop(gw, client, client->outbox.first);
	watch_room(gw, client);
}

void backlog_delivered(struct gw *gw, struct client *client)
{
	drop(gw, client, client->outbox.first);
	watch_room(gw, client);
}

void backlog_drop_head(struct gw *gw, struct client *client, const char *why)
{
	drop(gw, client, client->outbox.first);
	backlog_note_dropped(gw, client, why);
	watch_room(gw, client);
}
