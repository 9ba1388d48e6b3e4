/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restoring: what a store has kept, told back to the core before gw_start().  The port's other way
 * round: its `put` calls make the pieces that they name.
 *
 * A piece that does not fit any more (its listener is gone) is left out, and a client whose address
 * cannot be bound comes back as a stored session: it will CONNECT.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/backlog.h"
#include "gateway/core/core.h"
#include "gateway/core/restore.h"

static struct client *find(struct gw *gw, uint64_t key)
{
	const struct restored *r = &gw->restored;
	size_t low = 0, high = r->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (r->clients[middle]->key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->count && r->clients[low]->key == key ? r->clients[low] : NULL;
}

static bool remember(struct restored *r, struct client *client)
{
	if (r->count == r->room) {
		size_t room = r->room > 0 ? 2 * r->room : 64;
		struct client **clients = reallocarray(r->clients, room, sizeof(struct client *));

		if (clients == NULL)
			return false;
		r->clients = clients;
		r->room = room;
	}
	assert(r->count == 0 || r->clients[r->count - 1]->key < client->key);
	r->clients[r->count++] = client;
	return true;
}

static void out_of_memory(struct gw *gw, const struct client *client)
{
	gw_note(gw, NOTE_NOMEM, client, "while restoring");
}

static bool has_connection(enum client_state state)
{
	return state == CLIENT_ACTIVE || state == CLIENT_ASLEEP || state == CLIENT_AWAKE;
}

static bool restore_peer(struct gw *gw, struct client *client, const struct peer *peer)
{
	return peer != NULL && peer->listener < gw->config.n_listeners &&
	       clients_find_peer(&gw->clients, peer) == NULL &&
	       clients_bind(&gw->clients, client, peer) == 0;
}

static void restore_will(struct gw *gw, struct client *client, const struct up_will *will)
{
	struct sn_bytes topic;

	if (will == NULL)
		return;
	topic = (struct sn_bytes){ (const uint8_t *)will->topic, strlen(will->topic) };
	client->will = will_new(topic, (uint8_t)will->qos, will->retain);
	if (client->will == NULL || will_set_message(client->will, will->message) < 0) {
		client->will = will_free(client->will);
		out_of_memory(gw, client);
	}
}

static void put_client(void *ctx, const struct stored_client *stored)
{
	struct gw *gw = ctx;
	struct sn_bytes id = { (const uint8_t *)stored->id, strlen(stored->id) };
	struct client *client = clients_find_id(&gw->clients, id);
	enum client_state state = stored->state;

	if (client != NULL || (client = clients_add(gw, id)) == NULL) {
		gw_note(gw, NOTE_NOMEM, NULL, "while restoring");
		return;
	}
	client->key = stored->key;
	if (gw->clients.last_key < stored->key)
		gw->clients.last_key = stored->key;
	client->kept = true;
	client->clean = stored->clean;
	client->keep_alive = stored->keep_alive;
	client->sleep_duration = stored->sleep_duration;
	client->last_msg_id = (uint16_t)gw_random(gw);
	if (state == CLIENT_CONNECTING) /* what it asked for is not kept */
		state = CLIENT_DISCONNECTED;
	if (has_connection(state) && !restore_peer(gw, client, stored->peer))
		state = CLIENT_LOST;
	client_restore(gw, client, state, stored->has_deadline, stored->deadline);
	restore_will(gw, client, stored->will);
	if (!remember(&gw->restored, client))
		out_of_memory(gw, client);
}

/* Ids are given out in a row.  One that cannot be had again would give a name to another; a limit
 * that is lower now takes none away. */
static void put_topic(void *ctx, uint64_t key, const struct stored_topic *stored)
{
	struct gw *gw = ctx;
	struct client *client = find(gw, key);
	struct topic *topic;

	if (client == NULL || topic_reg_count(client->topics) + 1u != stored->id)
		return;
	if (topic_reg_bind(client->topics, stored->name, TOPIC_IDS_MOST, &topic) < 0) {
		out_of_memory(gw, client);
		return;
	}
	if (topic->id != stored->id)
		return;
	topic->told = stored->told;
	topic->used = stored->used;
}

static void put_subscription(void *ctx, uint64_t key, const struct stored_subscription *stored)
{
	struct gw *gw = ctx;
	struct client *client = find(gw, key);

	if (client != NULL && !subscribe_restore_one(client, stored))
		out_of_memory(gw, client);
}

static void put_received(void *ctx, uint64_t key, const struct stored_received *stored)
{
	struct gw *gw = ctx;
	struct client *client = find(gw, key);

	if (client != NULL && !pub_in_restore_received(client, stored))
		out_of_memory(gw, client);
}

static void put_message(void *ctx, uint64_t key, const struct stored_message *stored)
{
	struct gw *gw = ctx;
	struct client *client = find(gw, key);

	if (stored->sequence > gw->last_sequence)
		gw->last_sequence = stored->sequence;
	if (client == NULL)
		return;
	if (stored->way == STORED_IN ? !spool_restore(gw, client, stored)
	                             : !backlog_restore(client, stored))
		out_of_memory(gw, client);
}

struct gw_store gw_restorer(struct gw *gw, monotime_t now)
{
	gw->now = now;
	return (struct gw_store){
		.ctx = gw,
		.put_client = put_client,
		.put_topic = put_topic,
		.put_subscription = put_subscription,
		.put_received = put_received,
		.put_message = put_message,
	};
}

/* ---- going on ---- */

static bool is_active(const struct client *client)
{
	return client->state == CLIENT_ACTIVE;
}

static bool is_sleeper(const struct client *client)
{
	return client->peer != NULL && !is_active(client);
}

static bool has_left_something(const struct client *client)
{
	return client->peer == NULL && !spool_is_empty(&client->spool);
}

/* Its session ended with the connection that could not be had again. */
static bool is_over(const struct client *client)
{
	return client->peer == NULL && client->clean && spool_is_empty(&client->spool);
}

/* Their links open one after the other, at the rate of reconnects. */
static void open_links(struct gw *gw, bool (*wanted)(const struct client *client))
{
	for (size_t i = 0; i < gw->restored.count; i++) {
		struct client *client = gw->restored.clients[i];

		if (wanted(client))
			link_restore(gw, client, &gw->restored.links);
	}
}

/* What is said to it would be in vain, and the repeats be used up before it has noticed that it
 * has no keys any more.  Behind a forwarder it is not told when there are some. */
static bool has_no_keys(const struct gw *gw, const struct client *client)
{
	return client->peer != NULL && !client->peer->encapsulated &&
	       gw->config.listeners[client->peer->listener].keys &&
	       (client->state == CLIENT_ACTIVE || client->state == CLIENT_AWAKE);
}

void restore_keys_agreed(struct gw *gw, struct client *client)
{
	if (client->pending.type != PENDING_HOLD)
		return;
	pending_stop(gw, client);
	pub_out_go_on(gw, client);
}

void restore_finish(struct gw *gw)
{
	struct restored *r = &gw->restored;

	open_links(gw, is_active);
	open_links(gw, is_sleeper);
	open_links(gw, has_left_something);
	for (size_t i = 0; i < r->count; i++) {
		if (is_over(r->clients[i]))
			clients_remove(gw, r->clients[i]);
		else if (has_no_keys(gw, r->clients[i]))
			pending_hold(gw, r->clients[i]);
		else
			pub_out_go_on(gw, r->clients[i]);
	}
	free(r->clients);
	*r = (struct restored){ 0 };
}
