/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/admin/json.h"

static struct text out;
static struct json json;

static void begin(void)
{
	json = (struct json){ .text = &out };
}

static void end(void)
{
	text_clear(&out);
}

TestSuite(json, .init = begin, .fini = end);

static void expect(const char *wanted)
{
	cr_expect_not(out.failed);
	cr_expect(out.len == strlen(wanted) && memcmp(out.data, wanted, out.len) == 0,
	    "got %.*s, wanted %s", (int)out.len, out.data, wanted);
}

Test(json, values_are_parted_by_commas)
{
	json_begin(&json, NULL, '{');
	json_count(&json, "a", UINT64_MAX);
	json_begin(&json, "b", '[');
	json_begin(&json, NULL, '{');
	json_end(&json, '}');
	json_bool(&json, NULL, true);
	json_bool(&json, NULL, false);
	json_end(&json, ']');
	json_begin(&json, "c", '[');
	json_end(&json, ']');
	json_null(&json, "d");
	json_string(&json, "e", NULL);
	json_string(&json, "f", "x");
	json_end(&json, '}');
	expect("{\"a\":18446744073709551615,\"b\":[{},true,false],\"c\":[],\"d\":null,\"e\":null,"
	       "\"f\":\"x\"}");
}

Test(json, seconds_have_three_places)
{
	json_begin(&json, NULL, '[');
	json_seconds(&json, NULL, 0);
	json_seconds(&json, NULL, 1234567);
	json_seconds(&json, NULL, 5);
	json_seconds(&json, NULL, -5);
	json_seconds(&json, NULL, INT64_MIN);
	json_end(&json, ']');
	expect("[0.000,1234.567,0.005,-0.005,-9223372036854775.808]");
}

static void expect_quoted(const char *value, size_t len, const char *wanted)
{
	end();
	begin();
	json_text(&json, NULL, value, len);
	expect(wanted);
}

#define QUOTED(value, wanted) expect_quoted(value, sizeof(value) - 1, "\"" wanted "\"")

Test(json, what_would_end_a_text_or_cannot_stand_in_it_is_escaped)
{
	QUOTED("", "");
	QUOTED("a\"b\\c/d", "a\\\"b\\\\c/d");
	QUOTED("\0\1\n\x1f\x7f", "\\u0000\\u0001\\u000a\\u001f\\u007f");
	QUOTED("</script>", "</script>");
}

Test(json, well_formed_utf8_stays)
{
	QUOTED("\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\xa1", "\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\xa1");
}

#define BAD "\xef\xbf\xbd"

Test(json, octets_that_are_no_utf8_are_replaced)
{
	QUOTED("\xff", BAD);
	QUOTED("a\xc3", "a" BAD);
	QUOTED("\xc3(", BAD "(");
	QUOTED("\x80z", BAD "z");
	QUOTED("\xc0\xaf", BAD BAD);                 /* overlong */
	QUOTED("\xed\xa0\x80", BAD BAD BAD);         /* a surrogate */
	QUOTED("\xf4\x90\x80\x80", BAD BAD BAD BAD); /* above U+10FFFF */
	QUOTED("\xf0\x9f\x8c", BAD BAD BAD);
}

/* Whatever two octets there are, the text is one token of valid JSON in ASCII or UTF-8. */
Test(json, all_pairs_of_octets_are_quoted_well)
{
	for (unsigned pair = 0; pair < 65536; pair++) {
		const char value[] = { (char)(pair >> 8), (char)pair };

		end();
		begin();
		json_text(&json, NULL, value, 2);
		cr_assert(out.len >= 4 && out.data[0] == '"' && out.data[out.len - 1] == '"');
		for (size_t i = 1; i < out.len - 1; i++) {
			cr_assert_geq((unsigned char)out.data[i], 0x20);
			if (out.data[i] == '\\')
				cr_assert(
				    strchr("\"\\u", out.data[++i]) != NULL && i < out.len - 1);
			else
				cr_assert_neq(out.data[i], '"');
		}
	}
}

Test(json, a_long_text_is_whole)
{
	size_t len = 100000;
	char *value = malloc(len);

	memset(value, 'x', len);
	json_text(&json, NULL, value, len);
	cr_expect_eq(out.len, len + 2);
	cr_expect_eq(memcmp(out.data + 1, value, len), 0);
	free(value);
}
