/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/admission.h"
#include "gateway/core/topic_predef.h"
#include "tests/rng.h"

static struct sn_bytes bytes(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
}

static size_t find(const struct admission *table, const char *id)
{
	return admission_find(table, bytes(id));
}

Test(admission, without_a_table_all_may_connect)
{
	cr_expect_null(admission_refusal(NULL, bytes("a")));
}

Test(admission, the_first_rule_that_matches_counts)
{
	static const struct admission_rule rules[] = {
		{ "pump-1", false },
		{ "pump-?", false },
		{ "pump-2", false },
		{ "valve", false },
		{ "v*", false },
		{ "valve", true },
		{ "\xc3\xa4?", false },
	};
	struct admission *table = admission_new(rules, 7, false);

	cr_assert_not_null(table);
	cr_expect_eq(find(table, "pump-1"), 0);
	cr_expect_eq(find(table, "pump-2"), 1, "a pattern before an exact rule");
	cr_expect_eq(find(table, "pump-22"), ADMISSION_NONE);
	cr_expect_eq(find(table, "valve"), 3, "the first of two that are the same");
	cr_expect_eq(find(table, "valves"), 4);
	cr_expect_eq(find(table, "val"), 4);
	cr_expect_eq(find(table, "Valve"), ADMISSION_NONE);
	cr_expect_eq(find(table, "\xc3\xa4\xc3\xa4"), 6);
	admission_free(table);
}

Test(admission, a_client_id_ends_where_it_ends)
{
	static const struct admission_rule rules[] = { { "ab", false }, { "a?", false } };
	struct admission *table = admission_new(rules, 2, false);

	cr_expect_eq(admission_find(table, (struct sn_bytes){ (const uint8_t *)"abc", 2 }), 0);
	cr_expect_eq(
	    admission_find(table, (struct sn_bytes){ (const uint8_t *)"abc", 1 }), ADMISSION_NONE);
	cr_expect_eq(
	    admission_find(table, (struct sn_bytes){ (const uint8_t *)"a\xc3\xa4", 2 }), 1);
	cr_expect_eq(
	    admission_find(table, (struct sn_bytes){ (const uint8_t *)"ab\0", 3 }), ADMISSION_NONE);
	admission_free(table);
}

/* MAP-CONN-15 */
Test(admission, refuses_by_rule_and_others_if_told_so)
{
	static const struct admission_rule rules[] = { { "bad-*", true }, { "*-7", false } };
	struct admission *open = admission_new(rules, 2, false);
	struct admission *closed = admission_new(rules, 2, true);

	cr_expect_not_null(admission_refusal(open, bytes("bad-7")));
	cr_expect_not_null(admission_refusal(closed, bytes("bad-7")));
	cr_expect_null(admission_refusal(open, bytes("good-7")));
	cr_expect_null(admission_refusal(closed, bytes("good-7")));
	cr_expect_null(admission_refusal(open, bytes("other")));
	cr_expect_not_null(admission_refusal(closed, bytes("other")));
	admission_free(open);
	admission_free(closed);
}

Test(admission, of_no_rules)
{
	struct admission *table = admission_new(NULL, 0, true);

	cr_expect_eq(find(table, "a"), ADMISSION_NONE);
	cr_expect_not_null(admission_refusal(table, bytes("a")));
	admission_free(table);
}

static void make_text(struct rng *rng, const char *letters, char *out)
{
	uint32_t len = 1 + rng_below(rng, 3);
	uint32_t n = (uint32_t)strlen(letters);

	while (len-- > 0)
		*out++ = letters[rng_below(rng, n)];
	*out = '\0';
}

/* As going through the rules one by one would. */
Test(admission, finds_what_a_plain_search_finds)
{
	enum {
		RULES = 12
	};
	struct rng rng = { 15 };
	char patterns[RULES][4], id[4];
	struct admission_rule rules[RULES];
	unsigned hits = 0;

	for (int i = 0; i < 20000; i++) {
		struct admission *table;
		size_t want = 0;

		for (size_t j = 0; j < RULES; j++) {
			make_text(&rng, "abc*?", patterns[j]);
			rules[j] = (struct admission_rule){ patterns[j], false };
		}
		make_text(&rng, "abc", id);
		while (want < RULES && !topic_predef_pattern_matches(patterns[want], id))
			want++;
		table = admission_new(rules, RULES, false);
		cr_assert_eq(find(table, id), want < RULES ? want : ADMISSION_NONE, "%s", id);
		hits += want < RULES;
		admission_free(table);
	}
	cr_expect_gt(hits, 1000);
	cr_expect_lt(hits, 19990);
}
