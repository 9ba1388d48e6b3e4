/* SPDX-License-Identifier: BSD-3-Clause */
/* The limits of every setting, as its row says, and the forms that its value may have. */
#include "config.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conf/value.h"
#include "tests/conf/fixture.h"

static const struct conf_at at = { "here", "it" };

/* Whether the value is taken; if not, there must be one message. */
static bool takes(const struct schema_row *row, void *base, struct value value)
{
	struct conf_errors *errors = conf_errors_new();
	bool good = value_store(row, base, &value, &at, errors);

	cr_assert_eq(conf_errors_count(errors), good ? 0 : 1, "%s", row->name);
	conf_errors_free(errors);
	return good;
}

static struct value integer(long long n)
{
	return (struct value){ VALUE_INTEGER, .integer = n };
}

static struct value real(double x)
{
	return (struct value){ VALUE_REAL, .real = x };
}

static struct value text(const char *s)
{
	return (struct value){ VALUE_TEXT, .text = s };
}

static char *printed(const struct schema_row *row, const void *base)
{
	char *out = NULL;
	size_t len;
	FILE *to = open_memstream(&out, &len);

	value_print(row, base, to);
	fclose(to);
	return out;
}

static void expect_printed(const struct schema_row *row, const void *base, const char *expected)
{
	char *out = printed(row, base);

	cr_assert_str_eq(out, expected, "%s: %s, not %s", row->name, out, expected);
	free(out);
}

static void each(row_fn *fn)
{
	struct conf *conf = conf_new();

	cr_assert_not_null(conf);
	each_setting(conf, fn);
	conf_free(conf);
}

/* --- integers --- */

static void expect_count(const struct schema_row *row, void *base, long long n)
{
	char digits[32];

	snprintf(digits, sizeof digits, "%lld", n);
	cr_assert(takes(row, base, integer(n)), "%s = %lld", row->name, n);
	expect_printed(row, base, digits);
}

static void count_limits(const struct schema_row *row, void *base)
{
	if (row->type != SCHEMA_COUNT)
		return;
	expect_count(row, base, row->least);
	expect_count(row, base, row->most);
	if (row->or_zero)
		expect_count(row, base, 0);
	expect_count(row, base, row->least);
	cr_assert_not(takes(row, base, integer((long long)row->most + 1)), "%s", row->name);
	cr_assert_not(takes(row, base, integer((long long)row->most + 1 + UINT32_MAX)));
	cr_assert_not(takes(row, base, integer(-1)), "%s", row->name);
	if (row->least > 1 || (row->least == 1 && !row->or_zero))
		cr_assert_not(
		    takes(row, base, integer((long long)row->least - 1)), "%s", row->name);
	/* What was refused has changed nothing. */
	expect_count(row, base, row->least);
}

Test(value, integers_keep_their_range)
{
	each(count_limits);
}

/* --- times --- */

static void expect_ms(const struct schema_row *row, void *base, long long ms)
{
	const uint32_t *member = (const uint32_t *)((const char *)base + row->offset);

	cr_assert(takes(row, base, real((double)ms / 1000)), "%s = %lld ms", row->name, ms);
	cr_assert_eq(*member, ms, "%s = %lld ms", row->name, ms);
}

static void seconds_limits(const struct schema_row *row, void *base)
{
	if (row->type != SCHEMA_SECONDS)
		return;
	expect_ms(row, base, row->most);
	expect_ms(row, base, row->least);
	if (row->or_zero)
		expect_ms(row, base, 0);
	cr_assert_not(takes(row, base, real(((double)row->most + 1) / 1000)), "%s", row->name);
	cr_assert_not(takes(row, base, real(-0.001)), "%s", row->name);
	cr_assert_not(takes(row, base, integer(-1)), "%s", row->name);
	cr_assert_not(takes(row, base, integer(5000000000)), "%s", row->name);
	cr_assert_not(takes(row, base, real(INFINITY)), "%s", row->name);
	cr_assert_not(takes(row, base, real(NAN)), "%s", row->name);
	if (row->least > 0)
		cr_assert_not(
		    takes(row, base, real(((double)row->least - 1) / 1000)), "%s", row->name);
	/* Not rounded to "off". */
	cr_assert_not(takes(row, base, real(0.0004)), "%s", row->name);
}

Test(value, times_keep_their_range)
{
	each(seconds_limits);
}

static const struct schema_row *setting(const char *group, const char *name)
{
	return schema_find(&schema_find(schema_conf(), group)->members, name);
}

Test(value, times_are_stored_in_milliseconds_and_printed_in_seconds)
{
	struct conf *conf = conf_new();
	const struct schema_row *row = setting("timers", "retry");

	cr_assert(takes(row, conf, integer(12)));
	cr_assert_eq(conf->core.timers.retry, 12000);
	expect_printed(row, conf, "12");
	cr_assert(takes(row, conf, real(0.29)));
	cr_assert_eq(conf->core.timers.retry, 290);
	expect_printed(row, conf, "0.29");
	cr_assert(takes(row, conf, real(3599.999)));
	expect_printed(row, conf, "3599.999");
	conf_free(conf);
}

/* --- texts --- */

static bool is_text(const struct schema_row *row)
{
	return row->type == SCHEMA_TEXT || row->type == SCHEMA_TOPIC || row->type == SCHEMA_FILE ||
	       row->type == SCHEMA_SECRET;
}

static void text_limits(const struct schema_row *row, void *base)
{
	char *longest;

	if (!is_text(row))
		return;
	longest = malloc((size_t)row->most + 2);
	memset(longest, 'x', (size_t)row->most + 1);
	longest[row->most + 1] = '\0';
	cr_assert_not(takes(row, base, text(longest)), "%s", row->name);
	longest[row->most] = '\0';
	cr_assert(takes(row, base, text(longest)), "%s", row->name);
	longest[row->least] = '\0';
	cr_assert(takes(row, base, text(longest)), "%s", row->name);
	cr_assert_str_eq(value_text(row, base), longest);
	if (row->least > 0) {
		longest[row->least - 1] = '\0';
		cr_assert_not(takes(row, base, text(longest)), "%s", row->name);
	}
	free(longest);
}

Test(value, texts_keep_their_length)
{
	each(text_limits);
}

static void not_utf8(const struct schema_row *row, void *base)
{
	bool binary = row->type == SCHEMA_FILE || row->type == SCHEMA_SECRET;

	size_t len = row->least > 4 ? (size_t)row->least : 4;
	char *latin1;

	if (!is_text(row))
		return;
	latin1 = malloc(len + 1);
	memset(latin1, 'x', len);
	memcpy(latin1, "caf\xe9", 4);
	latin1[len] = '\0';
	cr_assert_eq(takes(row, base, text(latin1)), binary, "%s", row->name);
	free(latin1);
}

Test(value, texts_for_the_broker_are_utf8)
{
	each(not_utf8);
}

Test(value, topics_have_no_wildcard)
{
	struct conf_predefined entry = { 0 };
	const struct schema_row *row = setting("predefined", "topic");

	cr_assert(takes(row, &entry, text("a/b")));
	cr_assert_not(takes(row, &entry, text("a/+")));
	cr_assert_not(takes(row, &entry, text("#")));
	cr_assert_str_eq(entry.topic, "a/b");
	value_clear(row, &entry);
	cr_assert_null(entry.topic);
}

Test(value, texts_are_printed_so_that_they_read_back)
{
	struct conf *conf = conf_new();
	const struct schema_row *row = setting("broker", "user");

	cr_assert_not(value_is_set(row, conf));
	cr_assert(takes(row, conf, text("a\"b\\c\nd\x7f \xc3\xa4 # // 'e'")));
	cr_assert(value_is_set(row, conf));
	expect_printed(row, conf, "\"a\\\"b\\\\c\\x0ad\\x7f \xc3\xa4 # // 'e'\"");
	conf_free(conf);
}

static struct value array(const char *const *strings)
{
	return (struct value){ VALUE_ARRAY, .texts = strings };
}

Test(value, filters_are_an_array_or_one_string)
{
	static const char *const two[] = { "a/+/#", "b\"", NULL };
	static const char *const none[] = { NULL };
	struct conf *conf = conf_new();
	const struct schema_row *row = setting("qos_minus_one", "topics");

	cr_assert_not(value_is_set(row, conf));
	cr_assert(takes(row, conf, array(two)));
	expect_printed(row, conf, "[ \"a/+/#\", \"b\\\"\" ]");
	cr_assert_null(conf->own.qos_minus_one_topics[2]);
	cr_assert(takes(row, conf, text("c")));
	expect_printed(row, conf, "[ \"c\" ]");
	cr_assert(takes(row, conf, array(none)));
	cr_assert_not(value_is_set(row, conf));
	conf_free(conf);
}

Test(value, filters_are_valid_and_not_too_many)
{
	static const char *const wrong[] = { "a/#", "b/#/c", NULL };
	const struct schema_row *row = setting("qos_minus_one", "topics");
	const char **many = calloc((size_t)row->most + 2, sizeof *many);
	struct conf *conf = conf_new();

	cr_assert_not(takes(row, conf, array(wrong)));
	cr_assert_not(takes(row, conf, text("")));
	cr_assert_not(value_is_set(row, conf));
	for (size_t i = 0; i <= row->most; i++)
		many[i] = "a";
	cr_assert_not(takes(row, conf, array(many)));
	many[row->most] = NULL;
	cr_assert(takes(row, conf, array(many)));
	free(many);
	conf_free(conf);
}

Test(value, addresses)
{
	struct conf_listener l = { 0 };
	const struct schema_row *row = setting("listeners", "address");

	cr_assert(takes(row, &l, text("0.0.0.0:1885")));
	expect_printed(row, &l, "\"0.0.0.0:1885\"");
	cr_assert(takes(row, &l, text("127.0.0.1"))); /* the port of MQTT-SN */
	expect_printed(row, &l, "\"127.0.0.1:1884\"");
	cr_assert(takes(row, &l, text("[::1]:0")));
	expect_printed(row, &l, "\"[::1]:0\"");
	cr_assert_not(takes(row, &l, text("")));
	cr_assert_not(takes(row, &l, text("localhost:1884")));
	cr_assert_not(takes(row, &l, text("127.0.0.1:65536")));
	expect_printed(row, &l, "\"[::1]:0\"");
}

static void choices(const struct schema_row *row, void *base)
{
	if (row->type != SCHEMA_CHOICE)
		return;
	for (int i = 0; row->choices[i] != NULL; i++) {
		const int *member = (const int *)((const char *)base + row->offset);

		cr_assert(takes(row, base, text(row->choices[i])));
		cr_assert_eq(*member, i);
	}
	cr_assert_not(takes(row, base, text("")));
	cr_assert_not(takes(row, base, text("nonesuch")));
}

Test(value, choices)
{
	each(choices);
}

/* --- kinds --- */

static const struct value kinds[] = {
	{ VALUE_BOOL, .boolean = true },
	{ VALUE_INTEGER, .integer = 5 },
	{ VALUE_REAL, .real = 2.5 },
	{ VALUE_TEXT, .text = "127.0.0.1:1884" },
	{ VALUE_GROUP },
	{ VALUE_LIST },
	{ VALUE_ARRAY },
};

static bool fits(enum schema_type type, enum value_kind kind)
{
	switch (type) {
	case SCHEMA_BOOL:
		return kind == VALUE_BOOL;
	case SCHEMA_COUNT:
		return kind == VALUE_INTEGER;
	case SCHEMA_SECONDS:
		return kind == VALUE_INTEGER || kind == VALUE_REAL;
	default:
		return kind == VALUE_TEXT;
	}
}

static void wrong_kinds(const struct schema_row *row, void *base)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!fits(row->type, kinds[i].kind))
			cr_assert_not(takes(row, base, kinds[i]), "%s: %zu", row->name, i);
	}
}

Test(value, other_kinds_are_refused)
{
	each(wrong_kinds);
}

Test(value, the_message_names_both_kinds)
{
	static const char *const expected[] = {
		"here: it: must be an integer, not a boolean\n",
		"here: it: must be a string, not an integer\n",
		"here: it: must be true or false, not a fraction\n",
		"here: it: must be a number of seconds, not \"127.0.0.1:1884\"\n",
		"here: it: must be an integer, not a group\n",
		"here: it: must be a string, not a list\n",
		"here: it: must be true or false, not an array\n",
	};
	const struct schema_row *rows[] = {
		setting("broker", "port"), setting("broker", "user"), setting("log", "packets"),
		setting("timers", "retry"), setting("gateway", "id"),
		setting("listeners", "address"),
		setting("broker", "tls")->members.rows, /* "enabled" */
	};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct conf_errors *errors = conf_errors_new();
		char *message;

		value_wrong_type(rows[i], &kinds[i], &at, errors);
		message = text_of_errors(errors);
		cr_assert_str_eq(message, expected[i]);
		free(message);
		conf_errors_free(errors);
	}
}

/* --- from the command line --- */

static const struct {
	const char *group, *name, *text;
	struct value value;
} texts[] = {
	{ "log", "packets", "true", { VALUE_BOOL, .boolean = true } },
	{ "log", "packets", "False", { VALUE_BOOL, .boolean = false } },
	{ "log", "packets", "yes", { VALUE_TEXT } },
	{ "log", "packets", "1", { VALUE_TEXT } },
	{ "broker", "port", "8883", { VALUE_INTEGER, .integer = 8883 } },
	{ "broker", "port", "+8883", { VALUE_INTEGER, .integer = 8883 } },
	{ "broker", "port", "-1", { VALUE_INTEGER, .integer = -1 } },
	{ "broker", "port", "0x10", { VALUE_INTEGER, .integer = 16 } },
	{ "broker", "port", "010", { VALUE_INTEGER, .integer = 10 } },
	{ "broker", "port", "99999999999999999999", { VALUE_INTEGER, .integer = INT64_MAX } },
	{ "broker", "port", "2.5", { VALUE_REAL, .real = 2.5 } },
	{ "broker", "port", "", { VALUE_TEXT } },
	{ "broker", "port", "-", { VALUE_TEXT } },
	{ "broker", "port", "0x", { VALUE_TEXT } },
	{ "broker", "port", " 1", { VALUE_TEXT } },
	{ "broker", "port", "1 ", { VALUE_TEXT } },
	{ "broker", "port", "1s", { VALUE_TEXT } },
	{ "timers", "retry", "10", { VALUE_INTEGER, .integer = 10 } },
	{ "timers", "retry", "1.5", { VALUE_REAL, .real = 1.5 } },
	{ "timers", "retry", "1e1", { VALUE_REAL, .real = 10 } },
	{ "timers", "retry", ".5", { VALUE_REAL, .real = 0.5 } },
	{ "timers", "retry", "nan", { VALUE_TEXT } },
	{ "timers", "retry", "inf", { VALUE_TEXT } },
	{ "timers", "retry", "0x1p3", { VALUE_TEXT } },
	{ "broker", "user", "12", { VALUE_TEXT } },
	{ "broker", "user", "true", { VALUE_TEXT } },
};

Test(value, texts_are_read_as_the_row_wants)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const struct schema_row *row = setting(texts[i].group, texts[i].name);
		struct value got = value_of_text(row, texts[i].text);

		cr_assert_eq(got.kind, texts[i].value.kind, "\"%s\"", texts[i].text);
		switch (got.kind) {
		case VALUE_BOOL:
			cr_assert_eq(got.boolean, texts[i].value.boolean, "\"%s\"", texts[i].text);
			break;
		case VALUE_INTEGER:
			cr_assert_eq(got.integer, texts[i].value.integer, "\"%s\"", texts[i].text);
			break;
		case VALUE_REAL:
			cr_assert_float_eq(got.real, texts[i].value.real, 1e-12);
			break;
		default:
			cr_assert_str_eq(got.text, texts[i].text);
		}
	}
}

static void preset_is_good(const struct schema_row *row, void *base)
{
	const char *preset = row->preset != NULL ? row->preset : row->example;

	cr_assert(takes(row, base, value_of_text(row, preset)), "%s = %s", row->name, preset);
}

Test(value, defaults_and_examples_are_good_values)
{
	each(preset_is_good);
}
