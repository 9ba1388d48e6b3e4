/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>

#include "common/err.h"
#include "gateway/core/topic_reg.h"
#include "tests/bytes.h"
#include "tests/rng.h"

/* What bind() allows. */
static size_t limit = 10;

static struct topic *bind(struct topic_reg *reg, const char *name)
{
	struct topic *topic = NULL;

	cr_assert_eq(topic_reg_bind(reg, bytes(name), limit, &topic), 0, "%s", name);
	cr_assert_not_null(topic);
	return topic;
}

/* SN12-REG-03 */
Test(topic_reg, the_same_name_keeps_its_id)
{
	struct topic_reg *reg = topic_reg_new();
	struct topic *a = bind(reg, "a/b"), *b = bind(reg, "a/c");

	cr_expect_neq(a->id, b->id);
	a->used = true;
	a->told = true;
	cr_expect_eq(bind(reg, "a/b"), a);
	cr_expect_eq(bind(reg, "a/c"), b);
	cr_expect(a->used && a->told);
	cr_expect_eq(topic_reg_count(reg), 2);
	topic_reg_free(reg);
}

Test(topic_reg, names_are_copied_and_terminated)
{
	struct topic_reg *reg = topic_reg_new();
	char text[] = "sensor/1/temperature";
	struct topic *topic;

	cr_assert_eq(
	    topic_reg_bind(reg, (struct sn_bytes){ (uint8_t *)text, 8 }, limit, &topic), 0);
	memset(text, 'x', sizeof text);
	cr_expect_str_eq(topic->name, "sensor/1");
	cr_expect_eq(topic->len, 8);
	cr_expect_not(topic->used || topic->told || topic->muted);
	topic_reg_free(reg);
}

Test(topic_reg, what_is_not_bound_is_not_found)
{
	struct topic_reg *reg = topic_reg_new();

	cr_expect_null(topic_reg_by_id(reg, 1));
	cr_expect_null(topic_reg_by_name(reg, bytes("a")));
	bind(reg, "aa");
	cr_expect_null(topic_reg_by_id(reg, 0));
	cr_expect_null(topic_reg_by_id(reg, 2));
	cr_expect_null(topic_reg_by_id(reg, 0xffff));
	cr_expect_null(topic_reg_by_name(reg, bytes("a")));
	cr_expect_null(topic_reg_by_name(reg, bytes("aaa")));
	cr_expect_null(topic_reg_by_name(reg, bytes("ab")));
	topic_reg_free(reg);
}

/* SN12-REG-04: the caller answers "congestion". */
Test(topic_reg, a_full_table_refuses)
{
	struct topic_reg *reg = topic_reg_new(), *none = topic_reg_new();
	struct topic *topic;

	limit = 2;
	bind(reg, "a")->used = true;
	bind(reg, "b")->used = true;
	cr_expect_eq(topic_reg_bind(reg, bytes("c"), limit, &topic), -ERR_LIMIT);
	cr_expect_eq(topic_reg_bind(reg, bytes("c"), limit, &topic), -ERR_LIMIT);
	cr_expect_eq(bind(reg, "a")->id, 1, "what is there stays");
	cr_expect_eq(topic_reg_count(reg), 2);
	cr_expect_eq(topic_reg_bind(none, bytes("a"), 0, &topic), -ERR_LIMIT);
	topic_reg_free(reg);
	topic_reg_free(none);
}

/* SN12-REG-11 */
Test(topic_reg, a_full_table_gives_away_what_nobody_uses_oldest_first)
{
	struct topic_reg *reg = topic_reg_new();
	struct topic *topic;

	limit = 4;
	for (const char *const *name = (const char *const[]){ "a", "b", "c", "d", NULL };
	     *name != NULL; name++) {
		topic = bind(reg, *name);
		topic->told = topic->muted = true;
		topic->used = **name == 'b';
	}
	topic = bind(reg, "e");
	cr_expect_eq(topic->id, 1);
	cr_expect_not(topic->told || topic->muted || topic->used);
	cr_expect_null(topic_reg_by_name(reg, bytes("a")));
	cr_expect_eq(topic_reg_by_id(reg, 1), topic);
	cr_expect_eq(bind(reg, "f")->id, 3, "not the one in use");
	cr_expect_eq(bind(reg, "g")->id, 4);
	cr_expect_eq(bind(reg, "a")->id, 1, "round again");
	cr_expect_eq(bind(reg, "b")->id, 2);
	cr_expect_eq(topic_reg_count(reg), 4);
	topic_reg_free(reg);
}

Test(topic_reg, another_limit_counts_at_once_and_takes_nothing_away)
{
	struct topic_reg *reg = topic_reg_new();
	struct topic *topic;

	limit = 2;
	bind(reg, "a");
	bind(reg, "b")->used = true;
	cr_expect_eq(bind(reg, "c")->id, 1, "the only one to be had");
	limit = 4;
	cr_expect_eq(bind(reg, "d")->id, 3);
	cr_expect_eq(bind(reg, "e")->id, 4);
	cr_expect_eq(bind(reg, "f")->id, 1, "bound longest ago");
	limit = 1;
	for (uint16_t id = 1; id <= 4; id++)
		topic_reg_by_id(reg, id)->used = id != 4;
	cr_expect_eq(topic_reg_count(reg), 4);
	cr_expect_eq(bind(reg, "d")->id, 3);
	cr_expect_eq(bind(reg, "g")->id, 4);
	topic_reg_by_id(reg, 4)->used = true;
	cr_expect_eq(topic_reg_bind(reg, bytes("h"), limit, &topic), -ERR_LIMIT);
	topic_reg_free(reg);
}

Test(topic_reg, clear_starts_over)
{
	struct topic_reg *reg = topic_reg_new();

	limit = 2;
	bind(reg, "a");
	bind(reg, "b");
	bind(reg, "c");
	topic_reg_clear(reg);
	cr_expect_eq(topic_reg_count(reg), 0);
	cr_expect_null(topic_reg_by_id(reg, 1));
	cr_expect_null(topic_reg_by_name(reg, bytes("b")));
	for (int i = 1; i <= 2; i++)
		cr_expect_eq(bind(reg, i == 1 ? "x" : "b")->id, i);
	cr_expect_eq(bind(reg, "y")->id, 1);
	topic_reg_free(reg);
}

Test(topic_reg, free_takes_null_and_returns_null)
{
	cr_expect_null(topic_reg_free(NULL));
}

/* SN12-FIELD-09, SN12-REG-08: 0x0001 to 0xFFFE, each once, and nothing else. */
Test(topic_reg, all_ids_but_the_reserved_ones)
{
	static bool seen[0x10000];
	struct topic_reg *reg = topic_reg_new();
	char name[16];
	struct topic *topic;

	limit = TOPIC_IDS_MOST;
	for (unsigned i = 0; i < 65534; i++) {
		snprintf(name, sizeof name, "t/%u", i);
		topic = bind(reg, name);
		cr_assert_not(seen[topic->id], "id %u again", topic->id);
		seen[topic->id] = true;
	}
	cr_expect_not(seen[0x0000]);
	cr_expect_not(seen[0xffff]);
	cr_expect_null(topic_reg_by_id(reg, 0x0000));
	cr_expect_null(topic_reg_by_id(reg, 0xffff));
	for (uint16_t id = 1; id < 0xffff; id++) {
		topic = topic_reg_by_id(reg, id);
		topic->used = id != 77;
		cr_assert_eq(topic_reg_by_name(reg, bytes(topic->name)), topic);
	}
	topic = bind(reg, "one more");
	cr_expect_eq(topic->id, 77);
	topic->used = true;
	cr_expect_eq(topic_reg_bind(reg, bytes("too many"), limit, &topic), -ERR_LIMIT);
	topic_reg_free(reg);
}

/* ---- against a list ---- */

#define LIMIT_MOST 12
#define NAMES      20

struct row {
	const char *name;
	bool told, muted, used;
	unsigned bound; /* when */
};

struct world {
	struct topic_reg *reg;
	struct row rows[LIMIT_MOST]; /* of id 1 and on */
	unsigned limit, count, binds;
};

static struct row *row_of(struct world *w, const char *name)
{
	for (unsigned i = 0; i < w->count; i++) {
		if (strcmp(w->rows[i].name, name) == 0)
			return &w->rows[i];
	}
	return NULL;
}

static struct row *oldest_unused(struct world *w)
{
	struct row *oldest = NULL;

	for (unsigned i = 0; i < w->count; i++) {
		struct row *row = &w->rows[i];

		if (!row->used && (oldest == NULL || row->bound < oldest->bound))
			oldest = row;
	}
	return oldest;
}

static void bind_in_both(struct world *w, const char *name)
{
	struct row *row = row_of(w, name);
	struct topic *topic = NULL;
	int rc = topic_reg_bind(w->reg, bytes(name), w->limit, &topic);

	if (row == NULL) {
		row = w->count < w->limit ? &w->rows[w->count++] : oldest_unused(w);
		if (row != NULL)
			*row = (struct row){ .name = name, .bound = w->binds++ };
	}
	if (row == NULL) {
		cr_assert_eq(rc, -ERR_LIMIT);
		return;
	}
	cr_assert_eq(rc, 0);
	cr_assert_eq(topic->id, row - w->rows + 1);
}

static void compare(struct world *w, char names[NAMES][16])
{
	cr_assert_eq(topic_reg_count(w->reg), w->count);
	for (uint16_t id = 1; id <= LIMIT_MOST; id++) {
		const struct topic *topic = topic_reg_by_id(w->reg, id);
		const struct row *row = &w->rows[id - 1];

		cr_assert_eq(topic != NULL, id <= w->count);
		if (topic == NULL)
			continue;
		cr_assert_eq(topic->id, id);
		cr_assert_str_eq(topic->name, row->name);
		cr_assert_eq(topic->len, strlen(row->name));
		cr_assert(topic->told == row->told && topic->muted == row->muted &&
		          topic->used == row->used);
	}
	for (unsigned i = 0; i < NAMES; i++) {
		const struct row *row = row_of(w, names[i]);
		const struct topic *topic = topic_reg_by_name(w->reg, bytes(names[i]));

		cr_assert_eq(topic != NULL, row != NULL);
		cr_assert(topic == NULL || topic->id == row - w->rows + 1);
	}
}

static void step(struct world *w, struct rng *rng, char names[NAMES][16])
{
	uint16_t id = (uint16_t)rng_below(rng, LIMIT_MOST + 2);
	struct topic *topic = topic_reg_by_id(w->reg, id);

	switch (rng_below(rng, 40)) {
	case 0:
		topic_reg_clear(w->reg);
		w->count = 0;
		return;
	case 1:
		if (topic != NULL)
			topic->used = w->rows[id - 1].used = true;
		return;
	case 2:
		if (topic != NULL)
			topic->told = w->rows[id - 1].told = true;
		return;
	case 3:
		if (topic != NULL)
			topic->muted = w->rows[id - 1].muted = true;
		return;
	default:
		bind_in_both(w, names[rng_below(rng, NAMES)]);
	}
}

Test(topic_reg, agrees_with_a_list)
{
	char names[NAMES][16];

	for (unsigned i = 0; i < NAMES; i++)
		snprintf(names[i], sizeof names[i], "%.*s%u", i % 4, "a/b/", i);
	for (uint64_t run = 0; run < 400; run++) {
		struct rng rng = { run };
		struct world w = { .limit = 1 + rng_below(&rng, LIMIT_MOST) };

		w.reg = topic_reg_new();
		cr_assert_not_null(w.reg);
		for (int i = 0; i < 300; i++) {
			if (rng_below(&rng, 50) == 0)
				w.limit = 1 + rng_below(&rng, LIMIT_MOST);
			step(&w, &rng, names);
			compare(&w, names);
		}
		topic_reg_free(w.reg);
	}
}
