/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/store/piece.h"

#include <stdlib.h>
#include <string.h>

/* --- copying: once to count the octets, once to fill them --- */

struct room {
	uint8_t *start; /* NULL: only count */
	size_t used;
};

/* What needs alignment has to come first. */
static void *take(struct room *room, const void *data, size_t len)
{
	uint8_t *copy = room->start != NULL ? room->start + room->used : NULL;

	if (data == NULL)
		return NULL;
	room->used += len;
	if (copy != NULL && len > 0)
		memcpy(copy, data, len);
	return copy;
}

static const char *take_text(struct room *room, const char *text)
{
	return text != NULL ? take(room, text, strlen(text) + 1) : NULL;
}

static struct sn_bytes take_bytes(struct room *room, struct sn_bytes bytes)
{
	return (struct sn_bytes){ take(room, bytes.data, bytes.len), bytes.len };
}

static void take_client(struct room *room, const struct stored_client *from, struct piece *to)
{
	struct up_will *will = take(room, from->will, sizeof *will);
	const struct peer *peer = from->peer;

	to->client.peer = take(room, peer, peer != NULL ? peer_size(peer) : 0);
	to->client.id = take_text(room, from->id);
	to->client.will = will;
	if (from->will == NULL)
		return;
	const char *topic = take_text(room, from->will->topic);
	struct sn_bytes message = take_bytes(room, from->will->message);

	if (will != NULL) {
		will->topic = topic;
		will->message = message;
	}
}

static void take_name(struct room *room, const struct piece *from, struct piece *to)
{
	uint8_t kind = (uint8_t)from->kind;
	uint64_t number = 0;
	size_t start = room->used;

	switch (from->kind) {
	case PIECE_TOPIC:
		number = from->topic.id;
		break;
	case PIECE_RECEIVED:
		number = from->received.msg_id;
		break;
	case PIECE_MESSAGE:
		number = from->message.sequence;
		break;
	default:
		break;
	}
	to->name = take(room, &kind, sizeof kind);
	if (from->kind != PIECE_MESSAGE) /* those are numbered across clients */
		take(room, &from->key, sizeof from->key);
	take(room, &number, sizeof number);
	if (from->kind == PIECE_SUBSCRIPTION)
		take_text(room, from->subscription.filter);
	to->name_len = room->used - start;
}

static void take_all(struct room *room, const struct piece *from, struct piece *to)
{
	switch (from->kind) {
	case PIECE_CLIENT:
		take_client(room, &from->client, to);
		break;
	case PIECE_TOPIC:
		to->topic.name = take_bytes(room, from->topic.name);
		break;
	case PIECE_SUBSCRIPTION:
		to->subscription.filter = take_text(room, from->subscription.filter);
		break;
	case PIECE_MESSAGE:
		to->message.topic = take_text(room, from->message.topic);
		to->message.payload = take_bytes(room, from->message.payload);
		break;
	default:
		break;
	}
	take_name(room, from, to);
}

struct piece *piece_copy(const struct piece *from)
{
	struct piece counted = *from;
	struct room room = { 0 };
	struct piece *to;

	take_all(&room, from, &counted);
	to = malloc(sizeof *to + room.used);
	if (to == NULL)
		return NULL;
	*to = *from;
	to->size = sizeof *to + room.used;
	room = (struct room){ .start = (uint8_t *)(to + 1) };
	take_all(&room, from, to);
	return to;
}

/* --- telling --- */

void piece_tell(const struct piece *piece, const struct gw_store *sink)
{
	switch (piece->kind) {
	case PIECE_CLIENT:
		sink->put_client(sink->ctx, &piece->client);
		break;
	case PIECE_TOPIC:
		sink->put_topic(sink->ctx, piece->key, &piece->topic);
		break;
	case PIECE_SUBSCRIPTION:
		sink->put_subscription(sink->ctx, piece->key, &piece->subscription);
		break;
	case PIECE_RECEIVED:
		sink->put_received(sink->ctx, piece->key, &piece->received);
		break;
	case PIECE_MESSAGE:
		sink->put_message(sink->ctx, piece->key, &piece->message);
		break;
	case PIECE_KINDS:
		break;
	}
}
