/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The changes of one turn, noted down until they are committed: the port of the core, behind which
 * every store collects.  Of a piece only the last change stays, and a message that is put and
 * dropped between two commits leaves nothing.
 */
#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/store.h"
#include "gateway/store/piece.h"

enum change_kind {
	CHANGE_FORGET, /* all pieces of the client but its messages; of @piece only the key counts
	                */
	CHANGE_PUT,
	CHANGE_MARK, /* of a message: its id and stage */
	CHANGE_DROP, /* of @piece only the name counts */
};

/* The store that collects. */
struct changes_owner {
	void *ctx;
	bool (*has_room)(void *ctx);
	/* Called after a change when changes_size() is above @most; may take them with
	 * changes_each() and changes_taken().  NULL: never. */
	void (*full)(void *ctx);
	size_t most;
};

struct changes;

/* NULL when out of memory. */
struct changes *changes_new(const struct changes_owner *owner);

/* NULL is fine; returns NULL. */
struct changes *changes_free(struct changes *changes);

/* The port that collects here. */
struct gw_store changes_port(struct changes *changes);

bool changes_any(const struct changes *changes);

/* Octets of memory, roughly. */
size_t changes_size(const struct changes *changes);

/* 0; -ERR_NOMEM: a change could not be noted down, and what is noted is not all. */
int changes_error(const struct changes *changes);

/* The changes, of each client CHANGE_FORGET first.  Stops when @visit returns a failure, and
 * returns it. */
typedef int changes_visit_fn(void *ctx, enum change_kind kind, const struct piece *piece);
int changes_each(const struct changes *changes, changes_visit_fn *visit, void *ctx);

/* Forgets them: the store has them now. */
void changes_taken(struct changes *changes);

/* Forgets them, and the error: the store will never have them. */
void changes_lost(struct changes *changes);

/* The store has messages up to this number.  Those above it that are put and dropped cancel out. */
void changes_stored(struct changes *changes, uint64_t sequence);

/* From now on changes are not noted down (or again). */
void changes_ignore(struct changes *changes, bool ignore);

#endif
