/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/topic_predef.h"
#include "tests/rng.h"

static void add(struct topic_predef *table, const char *pattern, uint16_t id, const char *name)
{
	cr_assert_eq(topic_predef_add(table, pattern, id, name), 0, "%u %s", id, name);
}

/* NULL: there must be none. */
static void expect_name(
    const struct topic_predef *table, const char *client_id, uint16_t id, const char *want)
{
	char buf[64];
	size_t len = 0;
	const char *name = topic_predef_name(table, client_id, id, buf, sizeof buf, &len);

	if (want == NULL) {
		cr_expect_null(name, "%u is %s", id, name);
		return;
	}
	cr_assert_not_null(name, "no %u, want %s", id, want);
	cr_expect_str_eq(name, want);
	cr_expect_eq(len, strlen(want));
}

/* SN12-TOPIC-08 */
Test(topic_predef, common_entries_are_for_everyone)
{
	struct topic_predef *table = topic_predef_new();

	add(table, NULL, 1, "one");
	add(table, NULL, 65534, "last");
	expect_name(table, "a", 1, "one");
	expect_name(table, NULL, 1, "one");
	expect_name(table, "a", 65534, "last");
	expect_name(table, "a", 2, NULL);
	expect_name(table, "a", 0, NULL);
	expect_name(table, "a", 65535, NULL);
	topic_predef_free(table);
}

/* SN12-TOPIC-08 */
Test(topic_predef, a_pattern_goes_before_the_common_entry_and_the_first_one_before_others)
{
	struct topic_predef *table = topic_predef_new();

	add(table, NULL, 7, "common");
	add(table, "pump-*", 7, "pumps");
	add(table, "pump-1", 7, "never");
	add(table, "valve-?", 7, "valves");
	add(table, "pump-*", 8, "eight");
	expect_name(table, "pump-1", 7, "pumps");
	expect_name(table, "valve-1", 7, "valves");
	expect_name(table, "valve-10", 7, "common");
	expect_name(table, "pump-1", 8, "eight");
	expect_name(table, "valve-1", 8, NULL);
	topic_predef_free(table);
}

/* SN12-QM1-04 */
Test(topic_predef, a_sender_without_a_session_sees_common_entries_only)
{
	struct topic_predef *table = topic_predef_new();

	add(table, "*", 7, "pattern");
	expect_name(table, NULL, 7, NULL);
	add(table, NULL, 7, "common");
	expect_name(table, NULL, 7, "common");
	expect_name(table, "", 7, "pattern");
	topic_predef_free(table);
}

/* SN12-TOPIC-09 */
Test(topic_predef, the_placeholder_stands_for_the_client)
{
	struct topic_predef *table = topic_predef_new();

	add(table, "*", 1, "${client}");
	add(table, "*", 2, "s/${client}/t");
	add(table, "*", 3, "${client}${client}/${client}");
	add(table, "*", 4, "${clients}/$client/{client}");
	add(table, "*", 5, "${${client}");
	expect_name(table, "n1", 1, "n1");
	expect_name(table, "n1", 2, "s/n1/t");
	expect_name(table, "n1", 3, "n1n1/n1");
	expect_name(table, "n1", 4, "${clients}/$client/{client}");
	expect_name(table, "n1", 5, "${n1");
	expect_name(table, "${client}", 2, "s/${client}/t");
	topic_predef_free(table);
}

/* A client may choose its id; it must not become a wildcard upstream (SN12-FIELD-13). */
Test(topic_predef, no_name_comes_of_an_id_that_makes_it_invalid)
{
	struct topic_predef *table = topic_predef_new();

	add(table, "*", 1, "s/${client}/t");
	add(table, "*", 2, "${client}");
	expect_name(table, "+", 1, NULL);
	expect_name(table, "#", 1, NULL);
	expect_name(table, "a\xff", 1, NULL);
	expect_name(table, "", 1, "s//t");
	expect_name(table, "", 2, NULL);
	topic_predef_free(table);
}

Test(topic_predef, a_name_that_does_not_fit_is_none)
{
	struct topic_predef *table = topic_predef_new();
	char buf[16];
	size_t len;

	add(table, "*", 1, "ab/${client}/cd");
	for (size_t size = 0; size <= sizeof buf; size++) {
		const char *name = topic_predef_name(table, "1234", 1, buf, size, &len);

		cr_expect_eq(name != NULL, size > strlen("ab/1234/cd"), "%zu octets", size);
	}
	topic_predef_free(table);
}

/* SN12-FIELD-09 */
Test(topic_predef, refuses_what_makes_no_sense)
{
	struct topic_predef *table = topic_predef_new();
	static const char *const bad[] = { "", "a/#", "+/a", "\xff" };

	cr_expect_eq(topic_predef_add(table, NULL, 0x0000, "a"), -ERR_INVALID);
	cr_expect_eq(topic_predef_add(table, NULL, 0xffff, "a"), -ERR_INVALID);
	cr_expect_eq(topic_predef_add(table, NULL, 1, "a/${client}"), -ERR_INVALID);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_expect_eq(topic_predef_add(table, "*", 1, bad[i]), -ERR_INVALID, "%zu", i);
	cr_expect_eq(topic_predef_count(table), 0);
	add(table, NULL, 1, "a");
	add(table, "x", 1, "b");
	cr_expect_eq(topic_predef_add(table, NULL, 1, "c"), -ERR_EXISTS);
	cr_expect_eq(topic_predef_add(table, "x", 1, "b"), -ERR_EXISTS);
	expect_name(table, "y", 1, "a");
	expect_name(table, "x", 1, "b");
	topic_predef_free(table);
}

Test(topic_predef, entries_come_in_the_order_they_were_added)
{
	struct topic_predef *table = topic_predef_new();
	char text[16];

	for (uint16_t i = 0; i < 300; i++) {
		snprintf(text, sizeof text, "n/%u", i);
		add(table, i % 3 == 0 ? NULL : text, (uint16_t)(i * 37 % 300 + 1), text);
	}
	cr_expect_eq(topic_predef_count(table), 300);
	for (uint16_t i = 0; i < 300; i++) {
		const char *pattern, *name;
		uint16_t id;

		topic_predef_entry(table, i, &pattern, &id, &name);
		snprintf(text, sizeof text, "n/%u", i);
		cr_expect_str_eq(name, text);
		cr_expect_eq(id, i * 37 % 300 + 1);
		if (i % 3 == 0)
			cr_expect_null(pattern);
		else
			cr_expect_str_eq(pattern, text);
		expect_name(table, text, id, text);
	}
	topic_predef_free(table);
}

Test(topic_predef, what_is_added_is_copied)
{
	struct topic_predef *table = topic_predef_new();
	char pattern[] = "p*", name[] = "name";

	add(table, pattern, 1, name);
	memset(pattern, 'x', 2);
	memset(name, 'x', 4);
	expect_name(table, "p1", 1, "name");
	topic_predef_free(table);
}

Test(topic_predef, free_takes_null_and_returns_null)
{
	cr_expect_null(topic_predef_free(NULL));
}

/* ---- patterns ---- */

Test(topic_predef, patterns)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "?", "", false },
		{ "a*b*c", "a-b-b-c", true },
		{ "a*b*c", "a-b-c-", false },
		{ "*aab", "aaaab", true },
		{ "**??", "a", false },
		{ "**??", "ab", true },
		{ "[a]", "a", false }, /* no sets */
		{ "[a]", "[a]", true },
		{ "\\*", "\\x", true }, /* no escapes */
		{ "A", "a", false },
		{ "?", "\xc3\xa4", true }, /* a character, not an octet */
		{ "??", "\xc3\xa4", false },
		{ "*?", "\xf0\x9f\x8c\xa1", true },
		{ "*\xa4", "\xc3\xa4", false },
		{ "?", "\xf0", true }, /* no UTF-8, and no step beyond the end */
		{ "??", "\xf0", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		cr_expect_eq(topic_predef_pattern_matches(cases[i].pattern, cases[i].text),
		    cases[i].matches, "%s on %s", cases[i].pattern, cases[i].text);
}

static void make_text(struct rng *rng, const char *letters, char *out)
{
	uint32_t len = rng_below(rng, 9);
	uint32_t n = (uint32_t)strlen(letters);

	while (len-- > 0)
		*out++ = letters[rng_below(rng, n)];
	*out = '\0';
}

Test(topic_predef, patterns_agree_with_fnmatch)
{
	struct rng rng = { 6 };
	unsigned hits = 0;
	char pattern[9], text[9];

	for (int i = 0; i < 300000; i++) {
		bool matches;

		make_text(&rng, "ab**?", pattern);
		make_text(&rng, "ab", text);
		matches = topic_predef_pattern_matches(pattern, text);
		cr_assert_eq(matches, fnmatch(pattern, text, 0) == 0, "%s on %s", pattern, text);
		hits += matches;
	}
	cr_expect_gt(hits, 10000);
}
