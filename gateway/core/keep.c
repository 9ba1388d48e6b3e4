/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/keep.h"

#include "gateway/core/core.h"

bool keep_has_room(const struct gw *gw)
{
	const struct gw_store *store = gw->ports.store;

	return store == NULL || store->has_room(store->ctx);
}

/* ---- the client ---- */

void keep_client(struct gw *gw, struct client *client)
{
	if (gw->ports.store == NULL || client->changed)
		return;
	client->changed = true;
	client->next_changed = gw->changed;
	gw->changed = client;
}

/* What was kept of one in setup stays as it was before; at most it is told as a stored session. */
static void put_client(const struct gw_store *store, const struct client *client)
{
	bool in_setup = client->state == CLIENT_CONNECTING;
	struct stored_client stored = {
		.key = client->key,
		.id = client->id,
		.state = in_setup ? CLIENT_DISCONNECTED : client->state,
		.peer = in_setup ? NULL : client->peer,
		.clean = client->clean,
		.has_deadline = client->supervision.set && !in_setup,
		.keep_alive = client->keep_alive,
		.sleep_duration = client->sleep_duration,
		.deadline = client->supervision.due,
	};
	struct up_will will;

	if (client->will != NULL) {
		will = will_for_broker(client->will);
		stored.will = &will;
	}
	store->put_client(store->ctx, &stored);
}

void keep_changed_clients(struct gw *gw)
{
	while (gw->changed != NULL) {
		struct client *client = gw->changed;

		gw->changed = client->next_changed;
		client->changed = false;
		if (client->removed || client->state == CLIENT_CONNECTING)
			continue;
		client->kept = true;
		put_client(gw->ports.store, client);
	}
}

void keep_address_left(struct gw *gw, const struct client *client)
{
	if (gw->ports.store != NULL && client->kept)
		put_client(gw->ports.store, client);
}

void keep_drop_client(struct gw *gw, struct client *client)
{
	if (gw->ports.store == NULL || !client->kept)
		return;
	gw->ports.store->drop_client(gw->ports.store->ctx, client->key);
}

/* ---- what belongs to it ---- */

static void put_topic(
    const struct gw_store *store, const struct client *client, const struct topic *topic)
{
	store->put_topic(store->ctx, client->key,
	    &(struct stored_topic){
	        .id = topic->id,
	        .name = { (const uint8_t *)topic->name, topic->len },
	        .told = topic->told,
	        .used = topic->used,
	    });
}

static void put_subscription(
    const struct gw_store *store, const struct client *client, const struct subscription *sub)
{
	store->put_subscription(store->ctx, client->key,
	    &(struct stored_subscription){
	        .filter = sub->filter,
	        .qos = sub->qos,
	        .by_short = sub->by_short,
	        .predefined_id = sub->predefined_id,
	    });
}

static void put_received(
    const struct gw_store *store, const struct client *client, const struct inbound *received)
{
	store->put_received(store->ctx, client->key,
	    &(struct stored_received){
	        .msg_id = received->msg_id,
	        .topic_id = received->topic_id,
	        .digest = received->digest,
	    });
}

static void put_message(
    const struct gw_store *store, const struct client *client, const struct message *m)
{
	store->put_message(store->ctx, client->key,
	    &(struct stored_message){
	        .way = STORED_OUT,
	        .sequence = m->sequence,
	        .topic = m->octets,
	        .payload = message_payload(m),
	        .qos = m->qos,
	        .stage = m->stage,
	        .retain = m->retain,
	        .msg_id = m->msg_id,
	        .queued = m->queued,
	    });
}

void keep_topic(struct gw *gw, const struct client *client, const struct topic *topic)
{
	if (gw->ports.store != NULL)
		put_topic(gw->ports.store, client, topic);
}

void keep_subscription(
    struct gw *gw, const struct client *client, const struct subscription *subscription)
{
	if (gw->ports.store != NULL)
		put_subscription(gw->ports.store, client, subscription);
}

void keep_drop_subscription(
    struct gw *gw, const struct client *client, const struct subscription *subscription)
{
	const struct gw_store *store = gw->ports.store;

	if (store != NULL)
		store->drop_subscription(store->ctx, client->key, subscription->filter);
}

void keep_received(struct gw *gw, const struct client *client, const struct inbound *received)
{
	if (gw->ports.store != NULL)
		put_received(gw->ports.store, client, received);
}

void keep_drop_received(struct gw *gw, const struct client *client, const struct inbound *received)
{
	const struct gw_store *store = gw->ports.store;

	if (store != NULL)
		store->drop_received(store->ctx, client->key, received->msg_id);
}

void keep_message(struct gw *gw, const struct client *client, struct message *m)
{
	if (gw->ports.store == NULL || (m->qos == 0 && client->state != CLIENT_ASLEEP))
		return;
	m->sequence = ++gw->last_sequence;
	put_message(gw->ports.store, client, m);
}

void keep_message_stage(struct gw *gw, const struct client *client, const struct message *m)
{
	const struct gw_store *store = gw->ports.store;

	if (store != NULL && m->sequence > 0)
		store->mark_message(
		    store->ctx, client->key, STORED_OUT, m->sequence, m->msg_id, m->stage);
}

void keep_drop_message(struct gw *gw, const struct client *client, const struct message *m)
{
	const struct gw_store *store = gw->ports.store;

	if (store != NULL && m->sequence > 0)
		store->drop_message(store->ctx, client->key, STORED_OUT, m->sequence);
}

/* ---- everything anew ---- */

static void save(struct client *client, const struct gw_store *sink)
{
	put_client(sink, client);
	for (uint32_t id = 1; id <= topic_reg_count(client->topics); id++)
		put_topic(sink, client, topic_reg_by_id(client->topics, (uint16_t)id));
	for (uint16_t i = 0; i < client->subs.count; i++)
		put_subscription(sink, client, client->subs.items[i]);
	for (uint16_t i = 0; i < client->inbound.count; i++)
		if (client->inbound.items[i].stage == INBOUND_RECEIVED)
			put_received(sink, client, &client->inbound.items[i]);
	for (const struct message *m = client->outbox.first; m != NULL; m = m->next)
		if (m->sequence > 0)
			put_message(sink, client, m);
	spool_save(client, sink);
}

void gw_save_all(struct gw *gw, const struct gw_store *sink)
{
	struct client *client, *next;

	HASH_ITER (by_id, gw->clients.by_id, client, next) {
		if (client->kept)
			save(client, sink);
	}
}
