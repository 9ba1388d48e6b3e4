/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdlib.h>

#include "gateway/core/deadline.h"
#include "tests/rng.h"

/* ---- one at a time ---- */

struct timer {
	struct deadline deadline;
	struct deadlines *heap;
	unsigned expiries;
	unsigned place;  /* in the order of expiries */
	bool again;      /* set it again when it expires, ... */
	monotime_t next; /* ... for then */
};

/* The context of the heap counts all expiries. */
static void count(void *ctx, struct deadline *deadline)
{
	struct timer *t = (struct timer *)((char *)deadline - offsetof(struct timer, deadline));
	unsigned *total = ctx;

	cr_expect_not(deadline->set);
	t->place = (*total)++;
	t->expiries++;
	if (t->again)
		deadline_set(t->heap, deadline, t->next);
}

static struct deadlines *make(struct timer *timers, size_t n, unsigned *total)
{
	struct deadlines *heap = deadlines_new(total);

	cr_assert_not_null(heap);
	cr_assert_eq(deadlines_reserve(heap, n), 0);
	for (size_t i = 0; i < n; i++) {
		timers[i] = (struct timer){ .heap = heap };
		deadline_init(&timers[i].deadline, count);
	}
	return heap;
}

static monotime_t at(int64_t us)
{
	return (monotime_t){ us };
}

Test(deadline, expire_in_order_of_time)
{
	static const int64_t due[] = { 30, 10, 50, 20, 40 };
	struct timer t[5];
	unsigned total = 0;
	struct deadlines *heap = make(t, 5, &total);

	for (size_t i = 0; i < 5; i++)
		deadline_set(heap, &t[i].deadline, at(due[i]));
	deadlines_advance(heap, at(9));
	cr_expect_eq(total, 0);
	deadlines_advance(heap, at(40));
	cr_expect_eq(total, 4);
	for (size_t i = 0; i < 5; i++) {
		if (due[i] <= 40)
			cr_expect_eq(t[i].place, due[i] / 10 - 1, "the one due at %d", (int)due[i]);
	}
	deadlines_advance(heap, at(50));
	deadlines_advance(heap, at(1000));
	cr_expect_eq(total, 5, "each expires once");
	deadlines_free(heap);
}

Test(deadline, next_is_the_earliest_and_false_for_none)
{
	struct timer t[2];
	unsigned total = 0;
	struct deadlines *heap = make(t, 2, &total);
	monotime_t when;

	cr_expect_not(deadlines_next(heap, &when));
	deadline_set(heap, &t[0].deadline, at(20));
	deadline_set(heap, &t[1].deadline, at(10));
	cr_assert(deadlines_next(heap, &when));
	cr_expect_eq(when.us, 10);
	deadline_clear(heap, &t[1].deadline);
	cr_assert(deadlines_next(heap, &when));
	cr_expect_eq(when.us, 20);
	deadline_clear(heap, &t[0].deadline);
	deadline_clear(heap, &t[0].deadline);
	cr_expect_not(deadlines_next(heap, &when));
	deadlines_free(heap);
}

Test(deadline, moving_it_later_leaves_the_heap_alone_until_then)
{
	struct timer t[1];
	unsigned total = 0;
	struct deadlines *heap = make(t, 1, &total);
	monotime_t when;

	deadline_set(heap, &t[0].deadline, at(10));
	deadline_set(heap, &t[0].deadline, at(70));
	cr_expect_eq(t[0].deadline.filed.us, 10);
	deadlines_advance(heap, at(69));
	cr_expect_eq(total, 0);
	cr_assert(deadlines_next(heap, &when));
	cr_expect_eq(when.us, 70);
	deadlines_advance(heap, at(70));
	cr_expect_eq(total, 1);
	deadlines_free(heap);
}

Test(deadline, moving_it_earlier_counts_at_once)
{
	struct timer t[2];
	unsigned total = 0;
	struct deadlines *heap = make(t, 2, &total);

	deadline_set(heap, &t[0].deadline, at(20));
	deadline_set(heap, &t[1].deadline, at(90));
	deadline_set(heap, &t[1].deadline, at(10));
	deadlines_advance(heap, at(15));
	cr_expect_eq(t[0].expiries, 0);
	cr_expect_eq(t[1].expiries, 1);
	deadlines_free(heap);
}

/* Else a callback that asks for "at once" would keep the loop from its packets. */
Test(deadline, one_set_again_for_now_waits_for_the_next_call)
{
	struct timer t[1];
	unsigned total = 0;
	struct deadlines *heap = make(t, 1, &total);
	monotime_t when;

	t[0].again = true;
	t[0].next = at(5);
	deadline_set(heap, &t[0].deadline, at(10));
	for (unsigned i = 1; i <= 3; i++) {
		deadlines_advance(heap, at(10));
		cr_expect_eq(total, i);
		cr_assert(deadlines_next(heap, &when));
		cr_expect_eq(when.us, 5);
	}
	deadlines_free(heap);
}

Test(deadline, free_takes_null_and_returns_null)
{
	cr_expect_null(deadlines_free(NULL));
}

/* ---- many at once, against a list ---- */

#define OWNERS_MOST 80

struct owner {
	struct deadline deadline;
	/* what the list says */
	bool set;
	bool waits; /* was set while expiries ran, for a time that was there already */
	monotime_t due;
};

struct world {
	struct deadlines *heap;
	struct rng rng;
	monotime_t now;
	bool advancing;
	struct owner *owners[OWNERS_MOST];
	uint32_t n;
	unsigned expiries;
};

static void expired(void *ctx, struct deadline *deadline);

static void create(struct world *w)
{
	struct owner *o;

	if (w->n == OWNERS_MOST)
		return;
	cr_assert_eq(deadlines_reserve(w->heap, w->n + 1), 0);
	o = calloc(1, sizeof *o);
	cr_assert_not_null(o);
	deadline_init(&o->deadline, expired);
	w->owners[w->n++] = o;
}

static void destroy(struct world *w, uint32_t i)
{
	deadline_clear(w->heap, &w->owners[i]->deadline);
	free(w->owners[i]);
	w->owners[i] = w->owners[--w->n];
}

static void set(struct world *w, struct owner *o)
{
	o->due = at(w->now.us - 30 + rng_below(&w->rng, rng_below(&w->rng, 2) == 0 ? 200 : 32));
	o->set = true;
	o->waits = w->advancing && !monotime_before(w->now, o->due);
	deadline_set(w->heap, &o->deadline, o->due);
}

static void act(struct world *w)
{
	uint32_t i = w->n > 0 ? rng_below(&w->rng, w->n) : 0;
	uint32_t dice = rng_below(&w->rng, 20);

	if (w->n == 0 || dice < 3) {
		create(w);
	} else if (dice < 5) {
		destroy(w, i);
	} else if (dice < 9) {
		deadline_clear(w->heap, &w->owners[i]->deadline);
		w->owners[i]->set = false;
	} else {
		set(w, w->owners[i]);
	}
}

static void expired(void *ctx, struct deadline *deadline)
{
	struct world *w = ctx;
	struct owner *o = (struct owner *)((char *)deadline - offsetof(struct owner, deadline));

	cr_assert(w->advancing);
	cr_assert(o->set && !o->waits);
	cr_assert_not(monotime_before(w->now, o->due), "too early");
	for (uint32_t i = 0; i < w->n; i++) {
		const struct owner *other = w->owners[i];

		if (other->set && !other->waits)
			cr_assert_not(monotime_before(other->due, o->due), "out of order");
	}
	o->set = false;
	w->expiries++;
	for (uint32_t n = rng_below(&w->rng, 6); n > 0; n--)
		act(w);
}

static void check_next(const struct world *w)
{
	const struct owner *first = NULL;
	monotime_t when;

	for (uint32_t i = 0; i < w->n; i++) {
		const struct owner *o = w->owners[i];

		cr_assert_eq(o->deadline.set, o->set);
		if (!o->set)
			continue;
		cr_assert_eq(o->deadline.due.us, o->due.us);
		if (first == NULL || monotime_before(o->due, first->due))
			first = o;
	}
	cr_assert_eq(deadlines_next(w->heap, &when), first != NULL);
	if (first != NULL)
		cr_assert_not(monotime_before(first->due, when), "too late");
}

static void advance(struct world *w)
{
	monotime_t when;

	if (rng_below(&w->rng, 2) == 0)
		w->now.us += rng_below(&w->rng, 60);
	else if (deadlines_next(w->heap, &when) && monotime_before(w->now, when))
		w->now = when;
	w->advancing = true;
	deadlines_advance(w->heap, w->now);
	w->advancing = false;
	for (uint32_t i = 0; i < w->n; i++) {
		struct owner *o = w->owners[i];

		cr_assert(!o->set || o->waits || monotime_before(w->now, o->due), "missed");
		o->waits = false;
	}
}

Test(deadline, agrees_with_a_list)
{
	unsigned expiries = 0;

	for (uint64_t run = 0; run < 100; run++) {
		struct world w = { .rng = { run }, .now = at(1000) };

		w.heap = deadlines_new(&w);
		cr_assert_not_null(w.heap);
		for (int step = 0; step < 600; step++) {
			if (rng_below(&w.rng, 3) == 0)
				advance(&w);
			else
				act(&w);
			check_next(&w);
		}
		while (w.n > 0)
			destroy(&w, w.n - 1);
		expiries += w.expiries;
		deadlines_free(w.heap);
	}
	cr_expect_gt(expiries, 10000);
}
