/* SPDX-License-Identifier: BSD-3-Clause */
/* A table that cannot grow must not end the process: the element is just not added. */
#define HASH_NONFATAL_OOM 1
#include "gateway/store/changes.h"

#include <assert.h>
#include <stdlib.h>
#include <uthash.h>
#include <utlist.h>

#include "common/err.h"

struct change {
	UT_hash_handle hh;
	struct change *prev, *next; /* of the same client */
	enum change_kind kind;
	struct piece *piece;
};

struct client_changes {
	UT_hash_handle hh;
	uint64_t key;
	bool forget; /* before its changes */
	struct change *list;
};

struct changes {
	struct changes_owner owner;
	struct change *by_name;
	struct client_changes *clients; /* in the order of their first change */
	size_t size;
	uint64_t highest; /* sequence among the changes, and in the store */
	uint64_t stored;
	int error;
	bool ignore;
};

/* --- the tables --- */

static struct client_changes *find_client(struct changes *ch, uint64_t key)
{
	struct client_changes *found = NULL;

	HASH_FIND(hh, ch->clients, &key, sizeof key, found);
	return found;
}

static struct client_changes *need_client(struct changes *ch, uint64_t key)
{
	struct client_changes *client = find_client(ch, key);

	if (client != NULL)
		return client;
	client = calloc(1, sizeof *client);
	if (client == NULL)
		return NULL;
	client->key = key;
	HASH_ADD(hh, ch->clients, key, sizeof client->key, client);
	if (client->hh.tbl == NULL) {
		free(client);
		return NULL;
	}
	ch->size += sizeof *client;
	return client;
}

static struct change *find_change(struct changes *ch, const struct piece *piece)
{
	struct change *found = NULL;

	HASH_FIND(hh, ch->by_name, piece->name, piece->name_len, found);
	return found;
}

static size_t change_size(const struct change *change)
{
	return sizeof *change + change->piece->size;
}

static void remove_change(struct changes *ch, struct client_changes *client, struct change *change)
{
	ch->size -= change_size(change);
	HASH_DELETE(hh, ch->by_name, change);
	DL_DELETE(client->list, change);
	free(change->piece);
	free(change);
}

/* @piece is the change's on success. */
static int add_change(
    struct changes *ch, struct client_changes *client, enum change_kind kind, struct piece *piece)
{
	struct change *change = calloc(1, sizeof *change);

	if (change == NULL)
		return -ERR_NOMEM;
	change->kind = kind;
	change->piece = piece;
	HASH_ADD_KEYPTR(hh, ch->by_name, piece->name, piece->name_len, change);
	if (change->hh.tbl == NULL) {
		free(change);
		return -ERR_NOMEM;
	}
	DL_APPEND(client->list, change);
	ch->size += change_size(change);
	return 0;
}

/* --- what becomes of two changes of one piece --- */

static bool is_message(const struct piece *piece)
{
	return piece->kind == PIECE_MESSAGE;
}

/* True if @old says it all, perhaps changed for it. */
static bool absorb_mark(struct change *old, const struct piece *mark)
{
	if (old->kind == CHANGE_DROP)
		return true;
	old->piece->message.msg_id = mark->message.msg_id;
	old->piece->message.stage = mark->message.stage;
	return true;
}

/* True if nothing is left to be said: the store never heard of the message. */
static bool cancels_out(const struct changes *ch, const struct change *old)
{
	return old->kind == CHANGE_PUT && is_message(old->piece) &&
	       old->piece->message.sequence > ch->stored;
}

/* Makes room for a change of the same piece.  True if none is needed any more. */
static bool replace(struct changes *ch, struct client_changes *client, struct change *old,
    enum change_kind kind, const struct piece *piece)
{
	bool done;

	assert(old->piece->key == piece->key); /* else a message's number is used twice */
	if (kind == CHANGE_MARK)
		return absorb_mark(old, piece);
	done = kind == CHANGE_DROP && cancels_out(ch, old);
	remove_change(ch, client, old);
	return done;
}

static int note(struct changes *ch, enum change_kind kind, const struct piece *from)
{
	struct client_changes *client = need_client(ch, from->key);
	struct piece *piece = piece_copy(from);
	struct change *old;
	int rc = -ERR_NOMEM;

	if (client == NULL || piece == NULL)
		goto out;
	rc = 0;
	if (is_message(piece) && kind == CHANGE_PUT && piece->message.sequence > ch->highest)
		ch->highest = piece->message.sequence;
	old = find_change(ch, piece);
	if (old != NULL && replace(ch, client, old, kind, piece))
		goto out;
	rc = add_change(ch, client, kind, piece);
	if (rc == 0)
		piece = NULL;
out:
	free(piece);
	return rc;
}

static void add(void *ctx, enum change_kind kind, const struct piece *piece)
{
	struct changes *ch = ctx;
	const struct changes_owner *owner = &ch->owner;

	if (ch->ignore || ch->error < 0)
		return;
	ch->error = note(ch, kind, piece);
	if (ch->error == 0 && owner->full != NULL && ch->size > owner->most)
		owner->full(owner->ctx);
}

/* --- the port --- */

static void put_client(void *ctx, const struct stored_client *client)
{
	add(ctx, CHANGE_PUT, &(struct piece){ PIECE_CLIENT, client->key, .client = *client });
}

static void put_topic(void *ctx, uint64_t key, const struct stored_topic *topic)
{
	add(ctx, CHANGE_PUT, &(struct piece){ PIECE_TOPIC, key, .topic = *topic });
}

static void put_subscription(
    void *ctx, uint64_t key, const struct stored_subscription *subscription)
{
	add(ctx, CHANGE_PUT,
	    &(struct piece){ PIECE_SUBSCRIPTION, key, .subscription = *subscription });
}

static void drop_subscription(void *ctx, uint64_t key, const char *filter)
{
	add(ctx, CHANGE_DROP,
	    &(struct piece){ PIECE_SUBSCRIPTION, key, .subscription = { .filter = filter } });
}

static void put_received(void *ctx, uint64_t key, const struct stored_received *received)
{
	add(ctx, CHANGE_PUT, &(struct piece){ PIECE_RECEIVED, key, .received = *received });
}

static void drop_received(void *ctx, uint64_t key, uint16_t msg_id)
{
	add(ctx, CHANGE_DROP,
	    &(struct piece){ PIECE_RECEIVED, key, .received = { .msg_id = msg_id } });
}

static void put_message(void *ctx, uint64_t key, const struct stored_message *message)
{
	add(ctx, CHANGE_PUT, &(struct piece){ PIECE_MESSAGE, key, .message = *message });
}

static void mark_message(
    void *ctx, uint64_t key, enum stored_way way, uint64_t sequence, uint16_t msg_id, uint8_t stage)
{
	const struct stored_message mark = {
		.way = way, .sequence = sequence, .msg_id = msg_id, .stage = stage
	};

	add(ctx, CHANGE_MARK, &(struct piece){ PIECE_MESSAGE, key, .message = mark });
}

static void drop_message(void *ctx, uint64_t key, enum stored_way way, uint64_t sequence)
{
	const struct stored_message gone = { .way = way, .sequence = sequence };

	add(ctx, CHANGE_DROP, &(struct piece){ PIECE_MESSAGE, key, .message = gone });
}

/* What was noted of the client is void, but for what happens to its messages. */
static void drop_client(void *ctx, uint64_t key)
{
	struct changes *ch = ctx;
	struct client_changes *client;
	struct change *change, *next;

	if (ch->ignore || ch->error < 0)
		return;
	client = need_client(ch, key);
	if (client == NULL) {
		ch->error = -ERR_NOMEM;
		return;
	}
	client->forget = true;
	DL_FOREACH_SAFE (client->list, change, next)
		if (!is_message(change->piece))
			remove_change(ch, client, change);
}

static bool has_room(void *ctx)
{
	struct changes *ch = ctx;

	return ch->owner.has_room(ch->owner.ctx);
}

struct gw_store changes_port(struct changes *changes)
{
	return (struct gw_store){
		.ctx = changes,
		.put_client = put_client,
		.drop_client = drop_client,
		.put_topic = put_topic,
		.put_subscription = put_subscription,
		.drop_subscription = drop_subscription,
		.put_received = put_received,
		.drop_received = drop_received,
		.put_message = put_message,
		.mark_message = mark_message,
		.drop_message = drop_message,
		.has_room = has_room,
	};
}

/* --- for the store --- */

struct changes *changes_new(const struct changes_owner *owner)
{
	struct changes *ch = calloc(1, sizeof *ch);

	if (ch != NULL)
		ch->owner = *owner;
	return ch;
}

static void clear(struct changes *ch)
{
	struct client_changes *client, *next_client;
	struct change *change, *next;

	/* The table goes as a whole: taking out one by one would be half of the work of a turn. */
	HASH_CLEAR(hh, ch->by_name);
	HASH_ITER (hh, ch->clients, client, next_client) {
		DL_FOREACH_SAFE (client->list, change, next) {
			free(change->piece);
			free(change);
		}
		HASH_DELETE(hh, ch->clients, client);
		free(client);
	}
	ch->size = 0;
}

struct changes *changes_free(struct changes *ch)
{
	if (ch != NULL)
		clear(ch);
	free(ch);
	return NULL;
}

bool changes_any(const struct changes *ch)
{
	const struct client_changes *client;

	for (client = ch->clients; client != NULL; client = client->hh.next)
		if (client->forget || client->list != NULL)
			return true;
	return false;
}

size_t changes_size(const struct changes *ch)
{
	return ch->size;
}

int changes_error(const struct changes *ch)
{
	return ch->error;
}

int changes_each(const struct changes *ch, changes_visit_fn *visit, void *ctx)
{
	const struct client_changes *client;
	const struct change *change;
	int rc = 0;

	for (client = ch->clients; client != NULL && rc == 0; client = client->hh.next) {
		const struct piece whose = { .key = client->key };

		if (client->forget)
			rc = visit(ctx, CHANGE_FORGET, &whose);
		for (change = client->list; change != NULL && rc == 0; change = change->next)
			rc = visit(ctx, change->kind, change->piece);
	}
	return rc;
}

void changes_taken(struct changes *ch)
{
	clear(ch);
	changes_stored(ch, ch->highest);
}

void changes_lost(struct changes *ch)
{
	clear(ch);
	ch->error = 0;
	ch->highest = ch->stored;
}

void changes_stored(struct changes *ch, uint64_t sequence)
{
	ch->stored = sequence;
	if (sequence > ch->highest)
		ch->highest = sequence;
}

void changes_ignore(struct changes *ch, bool ignore)
{
	ch->ignore = ignore;
}
