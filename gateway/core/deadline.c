/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/deadline.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

#define ROOM_LEAST 16

struct deadlines {
	void *ctx;
	/* The heap grows from the front.  At the back stand, in no order, those that were set for a
	 * time that deadlines_advance() is just working off: they wait for its next call. */
	struct deadline **at;
	size_t room;
	size_t heaped;
	size_t waiting;
	bool advancing;
	monotime_t now; /* while advancing */
};

struct deadlines *deadlines_new(void *ctx)
{
	struct deadlines *heap = calloc(1, sizeof *heap);

	if (heap != NULL)
		heap->ctx = ctx;
	return heap;
}

struct deadlines *deadlines_free(struct deadlines *heap)
{
	if (heap != NULL)
		free(heap->at);
	free(heap);
	return NULL;
}

void deadline_init(struct deadline *deadline, deadline_fn *expired)
{
	*deadline = (struct deadline){ .expired = expired };
}

int deadlines_reserve(struct deadlines *heap, size_t n)
{
	size_t room = heap->room > 0 ? heap->room : ROOM_LEAST;
	struct deadline **at;

	if (n <= heap->room)
		return 0;
	if (n > UINT32_MAX / 2)
		return -ERR_NOMEM;
	while (room < n)
		room *= 2;
	at = reallocarray(heap->at, room, sizeof *at);
	if (at == NULL)
		return -ERR_NOMEM;
	memmove(
	    at + room - heap->waiting, at + heap->room - heap->waiting, heap->waiting * sizeof *at);
	heap->at = at;
	heap->room = room;
	return 0;
}

static void place(struct deadlines *heap, size_t i, struct deadline *d)
{
	heap->at[i] = d;
	d->slot = (uint32_t)i + 1;
}

/* Finds the place of @d from @i towards the root. */
static void sift_up(struct deadlines *heap, size_t i, struct deadline *d)
{
	while (i > 0) {
		size_t parent = (i - 1) / 2;

		if (!monotime_before(d->filed, heap->at[parent]->filed))
			break;
		place(heap, i, heap->at[parent]);
		i = parent;
	}
	place(heap, i, d);
}

/* Finds the place of @d from @i towards the leaves. */
static void sift_down(struct deadlines *heap, size_t i, struct deadline *d)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= heap->heaped)
			break;
		if (child + 1 < heap->heaped &&
		    monotime_before(heap->at[child + 1]->filed, heap->at[child]->filed))
			child++;
		if (!monotime_before(heap->at[child]->filed, d->filed))
			break;
		place(heap, i, heap->at[child]);
		i = child;
	}
	place(heap, i, d);
}

static void heap_insert(struct deadlines *heap, struct deadline *d)
{
	d->filed = d->due;
	sift_up(heap, heap->heaped++, d);
}

static void heap_remove(struct deadlines *heap, struct deadline *d)
{
	size_t i = d->slot - 1;
	struct deadline *last = heap->at[--heap->heaped];

	if (last == d)
		return;
	if (monotime_before(last->filed, d->filed))
		sift_up(heap, i, last);
	else
		sift_down(heap, i, last);
}

/* The slot of one that waits counts from the back, so that it outlives more room. */
static struct deadline **waiting_at(struct deadlines *heap, size_t slot)
{
	return &heap->at[heap->room - slot];
}

static void waiting_insert(struct deadlines *heap, struct deadline *d)
{
	d->waits = true;
	d->slot = (uint32_t)++heap->waiting;
	*waiting_at(heap, d->slot) = d;
}

static void waiting_remove(struct deadlines *heap, struct deadline *d)
{
	struct deadline *last = *waiting_at(heap, heap->waiting--);

	d->waits = false;
	last->slot = d->slot;
	*waiting_at(heap, d->slot) = last;
}

void deadline_set(struct deadlines *heap, struct deadline *deadline, monotime_t due)
{
	bool wait = heap->advancing && !monotime_before(heap->now, due);

	assert(deadline->expired != NULL);
	if (deadline->slot != 0 && !deadline->waits && !wait &&
	    !monotime_before(due, deadline->filed)) {
		deadline->due = due;
		return;
	}
	deadline_clear(heap, deadline);
	assert(heap->heaped + heap->waiting < heap->room);
	deadline->set = true;
	deadline->due = due;
	if (wait)
		waiting_insert(heap, deadline);
	else
		heap_insert(heap, deadline);
}

void deadline_clear(struct deadlines *heap, struct deadline *deadline)
{
	if (deadline->slot == 0)
		return;
	if (deadline->waits)
		waiting_remove(heap, deadline);
	else
		heap_remove(heap, deadline);
	deadline->slot = 0;
	deadline->set = false;
}

/* The first one that is due, or NULL.  Those that were moved later find their new place here. */
static struct deadline *first_due(struct deadlines *heap)
{
	while (heap->heaped > 0) {
		struct deadline *d = heap->at[0];

		if (monotime_before(heap->now, d->filed))
			return NULL;
		if (!monotime_before(d->filed, d->due))
			return d;
		d->filed = d->due;
		sift_down(heap, 0, d);
	}
	return NULL;
}

void deadlines_advance(struct deadlines *heap, monotime_t now)
{
	struct deadline *d;

	assert(!heap->advancing);
	heap->advancing = true;
	heap->now = now;
	while ((d = first_due(heap)) != NULL) {
		deadline_clear(heap, d);
		d->expired(heap->ctx, d);
	}
	heap->advancing = false;
	while (heap->waiting > 0) {
		d = *waiting_at(heap, heap->waiting);
		waiting_remove(heap, d);
		heap_insert(heap, d);
	}
}

bool deadlines_next(const struct deadlines *heap, monotime_t *when)
{
	assert(!heap->advancing);
	if (heap->heaped == 0)
		return false;
	*when = heap->at[0]->filed;
	return true;
}
