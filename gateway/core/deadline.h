/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deadlines: a binary heap of nodes that live inside their owners.  Moving a deadline later only
 * moves a number (the heap finds out when the old time comes), so renewing a keep-alive costs
 * nothing.
 */
#ifndef CORE_DEADLINE_H
#define CORE_DEADLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"

struct deadlines;
struct deadline;

typedef void deadline_fn(void *ctx, struct deadline *deadline);

/* Embed in the owner; deadline_init() before use. */
struct deadline {
	deadline_fn *expired; /* gets the context of the heap; finds the owner by offsetof */
	monotime_t due;       /* valid while set */
	monotime_t filed;     /* the time under which the heap holds it: at or before @due */
	uint32_t slot;        /* its place there; 0: none */
	bool waits;           /* for the next deadlines_advance(), outside the heap */
	bool set;
};

/* NULL when out of memory. @ctx is handed to each expiry function. */
struct deadlines *deadlines_new(void *ctx);

/* Frees the heap, not the owners.  NULL is fine; returns NULL. */
struct deadlines *deadlines_free(struct deadlines *heap);

void deadline_init(struct deadline *deadline, deadline_fn *expired);

/* Makes room for @n deadlines at once in all, so that deadline_set() cannot fail for as many.
 * 0 or -ERR_NOMEM; to be called with the number of deadlines that exist before a new owner is
 * accepted. */
int deadlines_reserve(struct deadlines *heap, size_t n);

/* Sets or moves it.  Room must have been reserved. */
void deadline_set(struct deadlines *heap, struct deadline *deadline, monotime_t due);

/* Takes it off.  It must be called before the owner is freed. */
void deadline_clear(struct deadlines *heap, struct deadline *deadline);

/* Calls `expired` for each deadline with due <= @now, in order of time; those may set, clear and
 * free deadlines, their own included.  One that is set meanwhile for <= @now waits for the next
 * call. */
void deadlines_advance(struct deadlines *heap, monotime_t now);

/* The earliest time at which deadlines_advance() may have work (never too late, perhaps too early).
 * False if there is none.  Not to be asked within an expiry function. */
bool deadlines_next(const struct deadlines *heap, monotime_t *when);

#endif
