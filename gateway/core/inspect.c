/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/inspect.h"

#include "gateway/core/core.h"

static const char *const link_names[] = {
	[LINK_CLOSED] = "closed",
	[LINK_CONNECTING] = "connecting",
	[LINK_UP] = "up",
	[LINK_WAITING] = "waiting",
};

uint8_t inspect_gateway_id(const struct gw *gw)
{
	return gw->config.gateway_id;
}

size_t inspect_count(const struct gw *gw, enum client_state state)
{
	return gw->clients.in_state[state];
}

void inspect_client(const struct client *client, struct client_view *out)
{
	*out = (struct client_view){
		.id = client->id,
		.peer = client->peer,
		.state = client->state,
		.clean = client->clean,
		.supervised = client->supervision.set,
		.until = client->supervision.due,
		.heard = client->heard.us != 0,
		.heard_at = client->heard,
		.keep_alive = client->keep_alive,
		.sleep_duration = client->sleep_duration,
		.link = link_names[client->link.state],
		.shares_link = client->link.shared,
		.queued = client->outbox.count,
		.queued_octets = client->outbox.bytes,
		.spooled = client->spool.count,
		.spooled_octets = client->spool.bytes,
		.subscriptions = client->subs.count,
		.topics = topic_reg_count(client->topics),
		.published = client->published,
		.delivered = client->delivered,
	};
}

/* --- the walk --- */

static uint32_t reverse_bits(uint32_t v)
{
	v = (v & 0x55555555u) << 1 | (v >> 1 & 0x55555555u);
	v = (v & 0x33333333u) << 2 | (v >> 2 & 0x33333333u);
	v = (v & 0x0f0f0f0fu) << 4 | (v >> 4 & 0x0f0f0f0fu);
	v = (v & 0x00ff00ffu) << 8 | (v >> 8 & 0x00ff00ffu);
	return v << 16 | v >> 16;
}

/* The walk goes from bucket to bucket of the hash table, in the order of their numbers read from
 * the lowest bit.  A table that grows splits each bucket in two, which then are neighbours in that
 * order: what is behind the place stays behind it. */
bool inspect_clients(const struct gw *gw, inspect_place *place,
    void (*client)(void *ctx, const struct client_view *view), void *ctx)
{
	const UT_hash_table *table;
	const UT_hash_handle *at;
	uint32_t step;

	if (gw->clients.by_id == NULL) {
		*place = 0;
		return false;
	}
	table = gw->clients.by_id->by_id.tbl;
	step = 1u << (32 - table->log2_num_buckets);
	at = table->buckets[reverse_bits(*place) & (table->num_buckets - 1)].hh_head;
	for (; at != NULL; at = at->hh_next) {
		struct client_view view;

		inspect_client(ELMT_FROM_HH(table, at), &view);
		client(ctx, &view);
	}
	*place = (*place & ~(step - 1)) + step;
	return *place != 0;
}

/* --- one client --- */

const struct client *inspect_find(const struct gw *gw, struct sn_bytes id)
{
	return clients_find_id(&gw->clients, id);
}

bool inspect_subscription(const struct client *client, size_t i, struct subscription_view *out)
{
	const struct subscription *sub;

	if (i >= client->subs.count)
		return false;
	sub = client->subs.items[i];
	*out = (struct subscription_view){ .filter = sub->filter, .qos = sub->qos };
	return true;
}

/* Ids are given out in a row from 1. */
bool inspect_topic(const struct client *client, size_t i, struct topic_view *out)
{
	const struct topic *topic;

	if (i >= topic_reg_count(client->topics))
		return false;
	topic = topic_reg_by_id(client->topics, (uint16_t)(i + 1));
	*out = (struct topic_view){ .id = topic->id, .name = topic->name, .told = topic->told };
	return true;
}

bool inspect_will(const struct client *client, struct up_will *out)
{
	if (client->will == NULL)
		return false;
	*out = will_for_broker(client->will);
	return true;
}

bool inspect_unanswered(const struct client *client, struct unanswered_view *out)
{
	const struct pending *pending = &client->pending;

	if (pending->type == PENDING_NONE || pending->type == PENDING_HOLD)
		return false;
	*out = (struct unanswered_view){
		.type = pending->type,
		.msg_id = pending->msg_id,
		.repeats = pending->repeats,
	};
	return true;
}

size_t inspect_in_flight(const struct client *client)
{
	size_t n = 0;

	for (size_t i = 0; i < client->inbound.count; i++)
		n += client->inbound.items[i].stage == INBOUND_FORWARDED;
	return n;
}

size_t inspect_queue(const struct client *client, struct message_view *out, size_t room)
{
	size_t n = 0;

	for (const struct message *m = client->outbox.first; m != NULL && n < room; m = m->next) {
		out[n++] = (struct message_view){
			.topic = m->octets,
			.octets = m->payload_len,
			.qos = m->qos,
			.since = m->queued,
		};
	}
	return n;
}

bool inspect_is_congested(const struct client *client)
{
	return client->pending.type == PENDING_HOLD;
}
