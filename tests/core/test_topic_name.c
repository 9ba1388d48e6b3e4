/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/core/topic_name.h"
#include "tests/bytes.h"
#include "tests/rng.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* ---- text (SN12-FIELD-12) ---- */

static bool valid(const uint8_t *data, size_t len)
{
	return topic_utf8_valid((struct sn_bytes){ data, len });
}

/* Every string of up to three octets, counted: with n1 = 127 code points of one octet, n2 = 1920 of
 * two and n3 = 61440 of three (63488 less 2048 surrogates), no more and no fewer may be valid. */
Test(topic_name, utf8_of_up_to_three_octets)
{
	const unsigned n1 = 127, n2 = 1920, n3 = 61440;
	unsigned found[4] = { 0 };

	for (uint32_t i = 0; i < 0x1000000; i++) {
		const uint8_t text[] = { (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };

		found[3] += valid(text, 3);
		if (i < 0x10000)
			found[2] += valid(text + 1, 2);
		if (i < 0x100)
			found[1] += valid(text + 2, 1);
	}
	cr_expect_eq(found[1], n1);
	cr_expect_eq(found[2], n1 * n1 + n2);
	cr_expect_eq(found[3], n1 * n1 * n1 + 2 * n1 * n2 + n3);
	cr_expect(valid(NULL, 0));
}

Test(topic_name, utf8_of_four_octets)
{
	uint8_t text[4];

	for (uint32_t code = 0; code < 0x200000; code++) {
		text[0] = (uint8_t)(0xf0 | code >> 18);
		text[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
		text[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
		text[3] = (uint8_t)(0x80 | (code & 0x3f));
		cr_assert_eq(valid(text, 4), code >= 0x10000 && code <= 0x10ffff, "U+%06X", code);
	}
}

/* SN12-FIELD-12 */
Test(topic_name, ill_formed_utf8)
{
	static const char *const texts[] = {
		"\x80",                     /* a continuation alone */
		"a\xbf",                    /* likewise */
		"\xc3",                     /* cut short */
		"\xc3\x28",                 /* not a continuation */
		"\xe2\x82",                 /* cut short */
		"\xe2\x28\xa1",             /* not a continuation */
		"\xf0\x9f\x98",             /* cut short */
		"\xf0\x28\x8c\xbc",         /* not a continuation */
		"\xc0\x80",                 /* U+0000, overlong */
		"\xc0\xaf",                 /* '/', overlong */
		"\xe0\x80\xaf",             /* '/', overlong */
		"\xf0\x80\x80\xaf",         /* '/', overlong */
		"\xed\xa0\x80",             /* U+D800 */
		"\xed\xbf\xbf",             /* U+DFFF */
		"\xf4\x90\x80\x80",         /* U+110000 */
		"\xf8\x88\x80\x80\x80",     /* five octets */
		"\xfc\x84\x80\x80\x80\x80", /* six octets */
		"\xfe",
		"\xff",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		cr_expect_not(topic_utf8_valid(bytes(texts[i])), "text %zu", i);
		cr_expect_not(topic_name_valid(bytes(texts[i])), "text %zu", i);
		cr_expect_not(topic_filter_valid(bytes(texts[i])), "text %zu", i);
	}
	cr_expect_not(valid((const uint8_t *)"a\0b", 3));
	cr_expect_not(topic_name_valid((struct sn_bytes){ (const uint8_t *)"a\0", 2 }));
}

/* The octet behind the text must not be looked at, whatever the last one announces. */
Test(topic_name, utf8_is_not_read_beyond_its_end)
{
	for (unsigned first = 0; first < 256; first++) {
		uint8_t *text = malloc(1);

		cr_assert_not_null(text);
		*text = (uint8_t)first;
		cr_expect_eq(valid(text, 1), first > 0 && first < 0x80);
		free(text);
	}
}

/* ---- names (SN12-FIELD-13) ---- */

Test(topic_name, names)
{
	static const char *const good[] = { "a", "/", "//", "a/", "/a", "a//b", " ", "a b",
		"$SYS/x", "$", "$share/g/t", "caf\xc3\xa9/\xf0\x9f\x8c\xa1" };
	static const char *const bad[] = { "", "+", "#", "a/#", "a/+/b", "a+", "#a", "a#b", "/+" };

	for (size_t i = 0; i < COUNT(good); i++)
		cr_expect(topic_name_valid(bytes(good[i])), "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_expect_not(topic_name_valid(bytes(bad[i])), "%s", bad[i]);
	cr_expect_not(topic_name_valid((struct sn_bytes){ NULL, 0 }));
}

Test(topic_name, longest)
{
	uint8_t *text = malloc(65536);

	cr_assert_not_null(text);
	memset(text, 'x', 65536);
	cr_expect(topic_name_valid((struct sn_bytes){ text, 65535 }));
	cr_expect(topic_filter_valid((struct sn_bytes){ text, 65535 }));
	cr_expect_not(topic_name_valid((struct sn_bytes){ text, 65536 }));
	cr_expect_not(topic_filter_valid((struct sn_bytes){ text, 65536 }));
	free(text);
}

/* ---- filters (SN12-SUB-11, SN12-SUB-15) ---- */

Test(topic_name, filters)
{
	static const char *const good[] = { "a", "/", "#", "+", "/#", "+/#", "a/#", "a/+", "+/a",
		"/+", "+/+", "a/+/b/#", "//#", "$SYS/#", "$share/g/t", "$share/g/#", "$share/g/+/t",
		"$share/g//", "$share/g/$SYS/#", "$shared", "$shared/+", "$share2/+/a",
		"a/$share/+" };
	static const char *const bad[] = { "", "a#", "#/a", "a/#/b", "##", "a/b#", "#a", "+a", "a+",
		"++", "a/+b", "a/b+/c", "#/", "#+", "+#", "$share", "$share/", "$share/g",
		"$share/g/", "$share//t", "$share/+/t", "$share/#/t", "$share/g+/t", "$share/#",
		"$share/g/a#", "$share/g/#/a" };

	for (size_t i = 0; i < COUNT(good); i++)
		cr_expect(topic_filter_valid(bytes(good[i])), "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_expect_not(topic_filter_valid(bytes(bad[i])), "%s", bad[i]);
}

/* SN12-SUB-02, SN12-SUB-15: no topic id in the SUBACK */
Test(topic_name, patterns)
{
	static const struct {
		const char *filter;
		bool pattern, shared;
	} cases[] = {
		{ "a", false, false },
		{ "a/b/c", false, false },
		{ "/", false, false },
		{ "$SYS/x", false, false },
		{ "$shared/x", false, false },
		{ "a/$share/b", false, false },
		{ "+", true, false },
		{ "#", true, false },
		{ "a/+/c", true, false },
		{ "a/#", true, false },
		{ "$share/g/t", true, true },
		{ "$share/g/+", true, true },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sn_bytes filter = bytes(cases[i].filter);

		cr_expect_eq(
		    topic_filter_is_pattern(filter), cases[i].pattern, "%s", cases[i].filter);
		cr_expect_eq(
		    topic_filter_is_shared(filter), cases[i].shared, "%s", cases[i].filter);
	}
}

/* ---- matching ---- */

/* The examples of MQTT 3.1.1, 4.7, and what follows from its words (SN12-ARCH-07). */
Test(topic_name, matching)
{
	static const struct {
		const char *filter, *name;
		bool matches;
	} cases[] = {
		{ "sport/tennis/player1/#", "sport/tennis/player1", true },
		{ "sport/tennis/player1/#", "sport/tennis/player1/ranking", true },
		{ "sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true },
		{ "sport/tennis/player1/#", "sport/tennis/player12", false },
		{ "sport/#", "sport", true },
		{ "sport/#", "sport/", true },
		{ "sport/#", "sports", false },
		{ "sport/tennis/+", "sport/tennis/player1", true },
		{ "sport/tennis/+", "sport/tennis/player2", true },
		{ "sport/tennis/+", "sport/tennis/player1/ranking", false },
		{ "sport/+", "sport", false },
		{ "sport/+", "sport/", true },
		{ "+", "finance", true },
		{ "+/+", "/finance", true },
		{ "/+", "/finance", true },
		{ "+", "/finance", false },
		{ "#", "a", true },
		{ "#", "a/b/c", true },
		{ "#", "/", true },
		{ "+/+", "/", true },
		{ "+/tennis/#", "x/tennis", true },
		{ "a//b", "a//b", true },
		{ "a//b", "a/b", false },
		{ "a/+/b", "a//b", true },
		{ "a", "A", false },
		{ "a", "a/", false },
		{ "a/", "a", false },
		{ "/a", "a", false },
		{ "a", "ab", false },
		{ "ab", "a", false },
		/* $-topics: 4.7.2 */
		{ "#", "$SYS", false },
		{ "#", "$SYS/monitor/Clients", false },
		{ "+/monitor/Clients", "$SYS/monitor/Clients", false },
		{ "+", "$SYS", false },
		{ "$SYS/#", "$SYS/monitor/Clients", true },
		{ "$SYS/#", "$SYS", true },
		{ "$SYS/monitor/+", "$SYS/monitor/Clients", true },
		{ "$SYS", "$SYS", true },
		{ "a/#", "a/$b", true },
		{ "a/+", "a/$b", true },
		{ "#", "/$b", true },
		/* shared subscriptions: SN12-SUB-15 */
		{ "$share/g/a/b", "a/b", true },
		{ "$share/g/a/+", "a/b", true },
		{ "$share/g/#", "a/b", true },
		{ "$share/g/#", "$SYS/x", false },
		{ "$share/g/$SYS/#", "$SYS/x", true },
		{ "$share/g/a", "$share/g/a", false },
		{ "$share/g/a", "b", false },
		{ "$share/g//", "/", true },
		{ "$shared/g/a", "$shared/g/a", true },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		cr_assert(topic_filter_valid(bytes(cases[i].filter)), "%s", cases[i].filter);
		cr_expect_eq(topic_filter_matches(bytes(cases[i].filter), bytes(cases[i].name)),
		    cases[i].matches, "%s on %s", cases[i].filter, cases[i].name);
	}
}

/* The filter as a regular expression. */
static bool matches_as_regex(const char *filter, const char *name)
{
	char text[256] = "^";
	regex_t re;
	bool hit;

	if (name[0] == '$' && (filter[0] == '+' || filter[0] == '#'))
		return false;
	for (const char *p = filter; *p != '\0'; p++) {
		const char letter[] = { '[', *p, ']', '\0' };

		if (strcmp(p, "/#") == 0) {
			strcat(text, "(/.*)?");
			break;
		}
		if (*p == '#')
			strcat(text, ".*");
		else if (*p == '+')
			strcat(text, "[^/]*");
		else
			strcat(text, letter);
	}
	strcat(text, "$");
	cr_assert_eq(regcomp(&re, text, REG_EXTENDED | REG_NOSUB), 0, "%s", text);
	hit = regexec(&re, name, 0, NULL, 0) == 0;
	regfree(&re);
	return hit;
}

static void make_text(struct rng *rng, const char *letters, char *out)
{
	uint32_t len = 1 + rng_below(rng, 7);
	uint32_t n = (uint32_t)strlen(letters);

	while (len-- > 0)
		*out++ = letters[rng_below(rng, n)];
	*out = '\0';
}

Test(topic_name, agrees_with_regular_expressions)
{
	struct rng rng = { 5 };
	unsigned hits = 0, tried = 0;
	char filter[8], name[8];

	while (tried < 10000) {
		bool matches;

		make_text(&rng, "a//+#$", filter);
		make_text(&rng, "a//$", name);
		if (!topic_filter_valid(bytes(filter)))
			continue;
		tried++;
		matches = topic_filter_matches(bytes(filter), bytes(name));
		cr_assert_eq(matches, matches_as_regex(filter, name), "%s on %s", filter, name);
		hits += matches;
	}
	cr_expect_gt(hits, 500);
}
