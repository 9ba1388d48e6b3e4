/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/spool.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/core.h"
#include "gateway/core/keep.h"
#include "gateway/core/store.h"
#include "gateway/core/topic_name.h"

struct spooled {
	struct spooled *next;
	uint64_t sequence;
	monotime_t queued;
	size_t payload_len;
	uint16_t topic_len;
	uint16_t token; /* 0: not with the broker */
	uint8_t qos;
	bool retain;
	char octets[]; /* the topic name, terminated, then the payload */
};

enum {
	TRY_AGAIN_MS = 1000 /* the upstream side was out of memory */
};

/* ---- the queue ---- */

static size_t size_for(size_t topic_len, size_t payload_len)
{
	return sizeof(struct spooled) + topic_len + 1 + payload_len;
}

static size_t size_of(const struct spooled *s)
{
	return size_for(s->topic_len, s->payload_len);
}

static struct sn_bytes payload_of(const struct spooled *s)
{
	return (struct sn_bytes){ (const uint8_t *)s->octets + s->topic_len + 1, s->payload_len };
}

static struct spooled *new_spooled(const char *topic, struct sn_bytes payload)
{
	size_t topic_len = strlen(topic);
	struct spooled *s = malloc(size_for(topic_len, payload.len));

	if (s == NULL)
		return NULL;
	*s = (struct spooled){ .topic_len = (uint16_t)topic_len, .payload_len = payload.len };
	memcpy(s->octets, topic, topic_len + 1);
	if (payload.len > 0)
		memcpy(s->octets + topic_len + 1, payload.data, payload.len);
	return s;
}

/* Where one that is with the broker already belongs: behind the others that are.  Else the end. */
static struct spooled **place_for(struct spool *spool, const struct spooled *s)
{
	struct spooled **at = &spool->first;

	if (s->token == 0)
		return spool->last != NULL ? &spool->last->next : at;
	while (*at != spool->next)
		at = &(*at)->next;
	return at;
}

static void insert(struct gw *gw, struct spool *spool, struct spooled *s)
{
	struct spooled **at = place_for(spool, s);

	s->next = *at;
	*at = s;
	if (s->next == NULL)
		spool->last = s;
	if (s->token != 0)
		spool->open++;
	else if (spool->next == NULL)
		spool->next = s;
	spool->count++;
	spool->bytes += (uint32_t)size_of(s);
	gw->spooled += size_of(s);
}

/* Takes out and frees the one at @at; @before stands in front of it, NULL: nothing. */
static void remove_at(
    struct gw *gw, struct spool *spool, struct spooled **at, struct spooled *before)
{
	struct spooled *s = *at;

	*at = s->next;
	if (spool->last == s)
		spool->last = before;
	if (spool->next == s)
		spool->next = s->next;
	spool->open -= s->token != 0;
	spool->count--;
	spool->bytes -= (uint32_t)size_of(s);
	gw->spooled -= size_of(s);
	free(s);
}

/* ---- the store ---- */

static void put(const struct gw_store *store, const struct client *client, const struct spooled *s)
{
	if (store == NULL)
		return;
	store->put_message(store->ctx, client->key,
	    &(struct stored_message){
	        .way = STORED_IN,
	        .sequence = s->sequence,
	        .topic = s->octets,
	        .payload = payload_of(s),
	        .qos = s->qos,
	        .retain = s->retain,
	        .queued = s->queued,
	    });
}

static void drop(struct gw *gw, struct client *client, struct spooled **at, struct spooled *before)
{
	const struct gw_store *store = gw->ports.store;

	if (store != NULL)
		store->drop_message(store->ctx, client->key, STORED_IN, (*at)->sequence);
	remove_at(gw, &client->spool, at, before);
}

bool spool_restore(struct gw *gw, struct client *client, const struct stored_message *stored)
{
	struct spooled *s = new_spooled(stored->topic, stored->payload);

	if (s == NULL)
		return false;
	s->sequence = stored->sequence;
	s->queued = stored->queued;
	s->qos = stored->qos;
	s->retain = stored->retain;
	insert(gw, &client->spool, s);
	return true;
}

void spool_save(const struct client *client, const struct gw_store *sink)
{
	for (const struct spooled *s = client->spool.first; s != NULL; s = s->next)
		put(sink, client, s);
}

/* ---- what comes in ---- */

bool spool_is_used(const struct gw *gw, const struct client *client)
{
	return !spool_is_empty(&client->spool) ||
	       (gw->config.outage == GW_OUTAGE_STORE &&
	           (!link_is_up(&client->link) || client->outbox.paused));
}

/* The name of the limit that one more publish of @size octets would break, or NULL. */
static const char *limit_reached(const struct gw *gw, const struct spool *spool, size_t size)
{
	if (spool->count >= gw->config.limits.outage_messages)
		return "limits.outage_messages";
	if (spool->bytes + size > gw->config.limits.outage_bytes)
		return "limits.outage_bytes";
	if (gw->spooled + size > gw->config.limits.outage_bytes_total)
		return "limits.outage_bytes_total";
	if (!keep_has_room(gw))
		return "the store has no room";
	return NULL;
}

int spool_add(struct gw *gw, struct client *client, const struct spool_publish *publish)
{
	size_t topic_len = strlen(publish->topic);
	struct sn_bytes name = { (const uint8_t *)publish->topic, topic_len };
	const char *limit;
	struct spooled *s;

	if (!topic_name_valid(name))
		return -ERR_INVALID;
	limit = limit_reached(gw, &client->spool, size_for(topic_len, publish->payload.len));
	if (limit != NULL) {
		gw_refuse_limit(gw, client, limit);
		return -ERR_LIMIT;
	}
	s = new_spooled(publish->topic, publish->payload);
	if (s == NULL)
		return -ERR_NOMEM;
	s->sequence = ++gw->last_sequence;
	s->queued = gw->now;
	s->qos = (uint8_t)publish->qos;
	s->retain = publish->retain;
	s->token = publish->token;
	insert(gw, &client->spool, s);
	put(gw->ports.store, client, s);
	gw->metrics.publishes_stored++;
	return 0;
}

/* ---- what goes out ---- */

/* The one that is next, and the one before it.  NULL: none waits. */
static struct spooled **find_next(struct spool *spool, struct spooled **before)
{
	struct spooled **at = &spool->first;

	*before = NULL;
	if (spool->next == NULL)
		return NULL;
	while (*at != spool->next) {
		*before = *at;
		at = &(*at)->next;
	}
	return at;
}

/* False if no more can be sent now. */
static bool send_next(struct gw *gw, struct client *client)
{
	struct spool *spool = &client->spool;
	struct spooled *before, **at = find_next(spool, &before);
	struct spooled *s;
	int rc;

	if (at == NULL || spool->open >= gw->config.limits.publish_window)
		return false;
	s = *at;
	gw_trace_heard(gw);
	rc = gw->ports.up_publish(gw->ports.ctx, client->link.session, s->octets, payload_of(s),
	    s->qos, s->retain, s->qos > 0 ? &s->token : NULL);
	if (rc == -ERR_INVALID) { /* the library knows better than spool_add() did */
		gw->metrics.publishes_dropped++;
		gw_note(gw, NOTE_DROPPED, client, "the broker's side cannot take it");
		drop(gw, client, at, before);
		return true;
	}
	if (rc < 0) {
		link_pump_later(gw, client, TRY_AGAIN_MS);
		return false;
	}
	gw->metrics.publishes_in++;
	client->published++;
	if (s->qos == 0) {
		drop(gw, client, at, before);
		return true;
	}
	spool->open++;
	spool->next = s->next;
	return true;
}

void spool_pump(struct gw *gw, struct client *client)
{
	if (gw->stopping || !link_is_up(&client->link) || link_is_to_change(client))
		return;
	while (send_next(gw, client))
		;
}

bool spool_published(struct gw *gw, struct client *client, uint16_t token)
{
	struct spool *spool = &client->spool;
	struct spooled *before = NULL;

	for (struct spooled **at = &spool->first; *at != spool->next; at = &(*at)->next) {
		if ((*at)->token == token) {
			drop(gw, client, at, before);
			spool_pump(gw, client);
			return true;
		}
		before = *at;
	}
	return false;
}

void spool_link_closed(struct client *client)
{
	struct spool *spool = &client->spool;

	for (struct spooled *s = spool->first; s != spool->next; s = s->next)
		s->token = 0;
	spool->next = spool->first;
	spool->open = 0;
}

void spool_abandon(struct gw *gw, struct client *client)
{
	uint32_t count = client->spool.count;

	if (count == 0)
		return;
	gw->metrics.publishes_dropped += count;
	gw_note_value(
	    gw, NOTE_DROPPED, client, "acknowledged, and the broker does not have it", count);
}

void spool_clear(struct gw *gw, struct client *client)
{
	while (!spool_is_empty(&client->spool))
		drop(gw, client, &client->spool.first, NULL);
}
