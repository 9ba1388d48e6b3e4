/* SPDX-License-Identifier: BSD-3-Clause */
#define HASH_NONFATAL_OOM 1
#include "gateway/store/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <uthash.h>

#include "common/err.h"
#include "gateway/store/changes.h"

struct kept {
	UT_hash_handle hh;
	struct piece *piece;
};

struct memory_store {
	struct changes *changes;
	struct kept *kept;
	bool has_room;
};

static bool has_room(void *ctx)
{
	struct memory_store *store = ctx;

	return store->has_room;
}

struct memory_store *memory_store_new(void)
{
	struct memory_store *store = calloc(1, sizeof *store);

	if (store == NULL)
		return NULL;
	store->has_room = true;
	store->changes = changes_new(&(struct changes_owner){ .ctx = store, .has_room = has_room });
	return store->changes != NULL ? store : memory_store_free(store);
}

static void remove_kept(struct memory_store *store, struct kept *kept)
{
	HASH_DELETE(hh, store->kept, kept);
	free(kept->piece);
	free(kept);
}

void memory_store_clear(struct memory_store *store)
{
	struct kept *kept, *next;

	changes_lost(store->changes);
	HASH_ITER (hh, store->kept, kept, next)
		remove_kept(store, kept);
	changes_stored(store->changes, 0);
}

struct memory_store *memory_store_free(struct memory_store *store)
{
	if (store == NULL)
		return NULL;
	if (store->changes != NULL)
		memory_store_clear(store);
	changes_free(store->changes);
	free(store);
	return NULL;
}

struct gw_store memory_store_port(struct memory_store *store)
{
	return changes_port(store->changes);
}

void memory_store_set_room(struct memory_store *store, bool room)
{
	store->has_room = room;
}

/* --- commit --- */

static struct kept *find(const struct memory_store *store, const struct piece *piece)
{
	struct kept *found = NULL;

	HASH_FIND(hh, store->kept, piece->name, piece->name_len, found);
	return found;
}

static void forget(struct memory_store *store, uint64_t key)
{
	struct kept *kept, *next;

	HASH_ITER (hh, store->kept, kept, next) {
		if (kept->piece->key == key && kept->piece->kind != PIECE_MESSAGE)
			remove_kept(store, kept);
	}
}

static int put(struct memory_store *store, const struct piece *piece)
{
	struct kept *kept = calloc(1, sizeof *kept);
	struct kept *old = find(store, piece);

	if (kept != NULL)
		kept->piece = piece_copy(piece);
	if (kept == NULL || kept->piece == NULL)
		goto fail;
	if (old != NULL) {
		assert(old->piece->key == piece->key); /* a number is used twice */
		remove_kept(store, old);
	}
	HASH_ADD_KEYPTR(hh, store->kept, kept->piece->name, kept->piece->name_len, kept);
	if (kept->hh.tbl != NULL)
		return 0;
fail:
	if (kept != NULL)
		free(kept->piece);
	free(kept);
	return -ERR_NOMEM;
}

static int apply(void *ctx, enum change_kind kind, const struct piece *piece)
{
	struct memory_store *store = ctx;
	struct kept *old = kind != CHANGE_FORGET ? find(store, piece) : NULL;

	switch (kind) {
	case CHANGE_FORGET:
		forget(store, piece->key);
		break;
	case CHANGE_PUT:
		return put(store, piece);
	case CHANGE_MARK:
		if (old != NULL) {
			old->piece->message.msg_id = piece->message.msg_id;
			old->piece->message.stage = piece->message.stage;
		}
		break;
	case CHANGE_DROP:
		if (old != NULL)
			remove_kept(store, old);
		break;
	}
	return 0;
}

int memory_store_commit(struct memory_store *store)
{
	int rc = changes_error(store->changes);

	if (rc == 0)
		rc = changes_each(store->changes, apply, store);
	if (rc == 0)
		changes_taken(store->changes);
	else
		changes_lost(store->changes);
	return rc;
}

void memory_store_crash(struct memory_store *store)
{
	changes_lost(store->changes);
}

/* --- load --- */

static bool has_client(const struct memory_store *store, uint64_t key)
{
	struct piece *name = piece_copy(&(struct piece){ PIECE_CLIENT, key });
	bool has = name != NULL && find(store, name) != NULL;

	free(name);
	return has;
}

static uint64_t number(const struct piece *piece)
{
	switch (piece->kind) {
	case PIECE_CLIENT:
		return piece->key;
	case PIECE_TOPIC:
		return piece->topic.id;
	case PIECE_MESSAGE:
		return piece->message.sequence;
	default:
		return 0;
	}
}

static int in_order(const struct kept *a, const struct kept *b)
{
	uint64_t x = number(a->piece), y = number(b->piece);

	if (a->piece->kind != b->piece->kind)
		return a->piece->kind < b->piece->kind ? -1 : 1;
	return x < y ? -1 : x > y;
}

void memory_store_load(struct memory_store *store, const struct gw_store *sink)
{
	const struct kept *kept;

	HASH_SRT(hh, store->kept, in_order);
	for (kept = store->kept; kept != NULL; kept = kept->hh.next)
		if (has_client(store, kept->piece->key))
			piece_tell(kept->piece, sink);
}

size_t memory_store_count(const struct memory_store *store)
{
	return HASH_COUNT(store->kept);
}
