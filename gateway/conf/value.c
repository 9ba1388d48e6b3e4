/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/conf/value.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/netaddr.h"
#include "gateway/core/topic_name.h"

#define DEFAULT_PORT 1884

typedef bool store_fn(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors);
typedef void print_fn(const struct schema_row *row, const void *member, FILE *to);

struct value_type {
	const char *noun; /* "must be NOUN" */
	enum value_kind kind;
	bool quoted;
	bool owned; /* the member is a char * */
	store_fn *store;
	print_fn *print;
};

static const struct value_type *type_of(const struct schema_row *row);

static void *member_of(const struct schema_row *row, void *base)
{
	return (char *)base + row->offset;
}

static const void *const_member_of(const struct schema_row *row, const void *base)
{
	return (const char *)base + row->offset;
}

static struct sn_bytes bytes_of(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
}

/* --- mistakes --- */

static const char *const kind_nouns[] = {
	[VALUE_BOOL] = "a boolean",
	[VALUE_INTEGER] = "an integer",
	[VALUE_REAL] = "a fraction",
	[VALUE_GROUP] = "a group",
	[VALUE_LIST] = "a list",
	[VALUE_ARRAY] = "an array",
};

void value_wrong_type(const struct schema_row *row, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	const char *noun = type_of(row)->noun;

	if (value->kind == VALUE_TEXT)
		conf_error(errors, at, "must be %s, not \"%s\"", noun, value->text);
	else
		conf_error(errors, at, "must be %s, not %s", noun, kind_nouns[value->kind]);
}

static bool in_range(const struct schema_row *row, long long n)
{
	return (n == 0 && row->or_zero) || (n >= row->least && n <= row->most);
}

static bool out_of_range(const struct schema_row *row, const char *what, const struct conf_at *at,
    struct conf_errors *errors)
{
	char range[SCHEMA_RANGE_MAX];

	conf_error(errors, at, "%s is out of range (%s)", what, schema_range(row, range));
	return false;
}

/* --- numbers --- */

static uint32_t get_uint(const struct schema_row *row, const void *member)
{
	switch (row->size) {
	case sizeof(uint8_t):
		return *(const uint8_t *)member;
	case sizeof(uint16_t):
		return *(const uint16_t *)member;
	default:
		return *(const uint32_t *)member;
	}
}

static void set_uint(const struct schema_row *row, void *member, uint32_t n)
{
	switch (row->size) {
	case sizeof(uint8_t):
		*(uint8_t *)member = (uint8_t)n;
		break;
	case sizeof(uint16_t):
		*(uint16_t *)member = (uint16_t)n;
		break;
	default:
		*(uint32_t *)member = n;
	}
}

static bool store_bool(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	if (value->kind != VALUE_BOOL) {
		value_wrong_type(row, value, at, errors);
		return false;
	}
	*(bool *)member = value->boolean;
	return true;
}

static void print_bool(const struct schema_row *row, const void *member, FILE *to)
{
	(void)row;
	fputs(*(const bool *)member ? "true" : "false", to);
}

static bool store_count(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	char what[32];

	if (value->kind != VALUE_INTEGER) {
		value_wrong_type(row, value, at, errors);
		return false;
	}
	if (!in_range(row, value->integer)) {
		snprintf(what, sizeof what, "%lld", value->integer);
		return out_of_range(row, what, at, errors);
	}
	set_uint(row, member, (uint32_t)value->integer);
	return true;
}

static void print_count(const struct schema_row *row, const void *member, FILE *to)
{
	fprintf(to, "%" PRIu32, get_uint(row, member));
}

/* -1 where there is no such time, and for a time that would round to "off". */
static long long ms_of_seconds(double seconds)
{
	double ms = seconds * 1000 + 0.5;

	if (!isfinite(ms) || seconds < 0 || ms > UINT32_MAX || (seconds > 0 && ms < 1))
		return -1;
	return (long long)ms;
}

static bool store_seconds(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	char what[32];
	double seconds;
	long long ms;

	if (value->kind != VALUE_INTEGER && value->kind != VALUE_REAL) {
		value_wrong_type(row, value, at, errors);
		return false;
	}
	seconds = value->kind == VALUE_REAL ? value->real : (double)value->integer;
	ms = ms_of_seconds(seconds);
	if (!in_range(row, ms)) {
		snprintf(what, sizeof what, "%.12g", seconds);
		return out_of_range(row, what, at, errors);
	}
	*(uint32_t *)member = (uint32_t)ms;
	return true;
}

static void print_seconds(const struct schema_row *row, const void *member, FILE *to)
{
	(void)row;
	/* %.10g holds any 32 bits of milliseconds exactly. */
	fprintf(to, "%.10g", *(const uint32_t *)member / 1000.0);
}

static bool store_choice(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	char range[SCHEMA_RANGE_MAX];

	if (value->kind != VALUE_TEXT) {
		value_wrong_type(row, value, at, errors);
		return false;
	}
	for (uint32_t i = 0; row->choices[i] != NULL; i++) {
		if (strcmp(row->choices[i], value->text) == 0) {
			set_uint(row, member, i);
			return true;
		}
	}
	conf_error(errors, at, "\"%s\" is none of %s", value->text, schema_range(row, range));
	return false;
}

static void print_choice(const struct schema_row *row, const void *member, FILE *to)
{
	fprintf(to, "\"%s\"", row->choices[get_uint(row, member)]);
}

/* --- texts --- */

static bool store_address(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	if (value->kind != VALUE_TEXT) {
		value_wrong_type(row, value, at, errors);
		return false;
	}
	if (netaddr_parse(member, value->text, DEFAULT_PORT) < 0) {
		conf_error(errors, at, "\"%s\" is no address, such as 127.0.0.1:1884 or [::1]:1884",
		    value->text);
		return false;
	}
	return true;
}

static void print_address(const struct schema_row *row, const void *member, FILE *to)
{
	char text[NETADDR_TEXT_MAX];

	(void)row;
	fprintf(to, "\"%s\"", netaddr_print(member, text));
}

static const char *what_is_wrong(const struct schema_row *row, const char *text)
{
	if (row->type == SCHEMA_TEXT && !topic_utf8_valid(bytes_of(text)))
		return "is no valid UTF-8";
	if (row->type == SCHEMA_TOPIC && !topic_name_valid(bytes_of(text)))
		return "is no topic name (valid UTF-8 without '+' and '#')";
	return NULL;
}

static bool store_text(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	char **text = member;
	const char *wrong;
	char range[SCHEMA_RANGE_MAX], *copy;

	if (value->kind != VALUE_TEXT) {
		value_wrong_type(row, value, at, errors);
		return false;
	}
	if (!in_range(row, (long long)strlen(value->text))) {
		conf_error(errors, at, "must be %s, not of %zu", schema_range(row, range),
		    strlen(value->text));
		return false;
	}
	wrong = what_is_wrong(row, value->text);
	if (wrong != NULL) {
		conf_error(errors, at, "\"%s\" %s", value->text, wrong);
		return false;
	}
	copy = strdup(value->text);
	if (copy == NULL) {
		conf_error(errors, at, "out of memory");
		return false;
	}
	free(*text);
	*text = copy;
	return true;
}

static void print_quoted(const char *text, FILE *to)
{
	fputc('"', to);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(to, "\\%c", *c);
		else if ((unsigned char)*c < 0x20 || *c == 0x7f)
			fprintf(to, "\\x%02x", (unsigned char)*c);
		else
			fputc(*c, to);
	}
	fputc('"', to);
}

static void print_text(const struct schema_row *row, const void *member, FILE *to)
{
	(void)row;
	print_quoted(*(char *const *)member, to);
}

/* --- what belongs to each type --- */

static const struct value_type types[] = {
	[SCHEMA_BOOL] = { "true or false", VALUE_BOOL, false, false, store_bool, print_bool },
	[SCHEMA_COUNT] = { "an integer", VALUE_INTEGER, false, false, store_count, print_count },
	[SCHEMA_SECONDS] = { "a number of seconds", VALUE_REAL, false, false, store_seconds,
	    print_seconds },
	[SCHEMA_TEXT] = { "a string", VALUE_TEXT, true, true, store_text, print_text },
	[SCHEMA_TOPIC] = { "a string", VALUE_TEXT, true, true, store_text, print_text },
	[SCHEMA_FILE] = { "a string", VALUE_TEXT, true, true, store_text, print_text },
	[SCHEMA_SECRET] = { "a string", VALUE_TEXT, true, true, store_text, NULL },
	[SCHEMA_ADDRESS] = { "a string", VALUE_TEXT, true, false, store_address, print_address },
	[SCHEMA_CHOICE] = { "a string", VALUE_TEXT, true, false, store_choice, print_choice },
	[SCHEMA_GROUP] = { "a group { ... }", VALUE_GROUP, false, false, NULL, NULL },
	[SCHEMA_LIST] = { "a list ( { ... }, { ... } )", VALUE_LIST, false, false, NULL, NULL },
};

static const struct value_type *type_of(const struct schema_row *row)
{
	return &types[row->type];
}

bool value_store(const struct schema_row *row, void *base, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	return type_of(row)->store(row, member_of(row, base), value, at, errors);
}

const char *value_text(const struct schema_row *row, const void *base)
{
	return type_of(row)->owned ? *(char *const *)const_member_of(row, base) : NULL;
}

bool value_is_set(const struct schema_row *row, const void *base)
{
	return !type_of(row)->owned || value_text(row, base) != NULL;
}

void value_print(const struct schema_row *row, const void *base, FILE *to)
{
	type_of(row)->print(row, const_member_of(row, base), to);
}

void value_print_text(const struct schema_row *row, const char *text, FILE *to)
{
	if (type_of(row)->quoted)
		print_quoted(text, to);
	else
		fputs(text, to);
}

void value_clear(const struct schema_row *row, void *base)
{
	if (type_of(row)->owned) {
		free(*(char **)member_of(row, base));
		*(char **)member_of(row, base) = NULL;
	}
}

/* --- from the command line --- */

static bool parse_bool(const char *text, struct value *out)
{
	bool yes = strcasecmp(text, "true") == 0;

	if (!yes && strcasecmp(text, "false") != 0)
		return false;
	*out = (struct value){ VALUE_BOOL, .boolean = yes };
	return true;
}

static bool is_whole_number(const char *text)
{
	text += *text == '-' || *text == '+';
	if (strncasecmp(text, "0x", 2) == 0)
		return text[2] != '\0' &&
		       text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] == '\0';
	return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* As in the file: decimal, or hexadecimal with "0x"; a leading 0 is not octal. */
static bool parse_integer(const char *text, struct value *out)
{
	bool hex;

	if (!is_whole_number(text))
		return false;
	hex = strpbrk(text, "xX") != NULL;
	/* Beyond its range strtoll() gives the nearest value, which is out of any range here. */
	*out = (struct value){ VALUE_INTEGER, .integer = strtoll(text, NULL, hex ? 16 : 10) };
	return true;
}

static bool parse_real(const char *text, struct value *out)
{
	char *end;
	double real = strtod(text, &end);

	if (end == text || *end != '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
		return false;
	*out = (struct value){ VALUE_REAL, .real = real };
	return true;
}

struct value value_of_text(const struct schema_row *row, const char *text)
{
	struct value value = { VALUE_TEXT, .text = text };

	switch (type_of(row)->kind) {
	case VALUE_BOOL:
		parse_bool(text, &value);
		break;
	case VALUE_INTEGER:
	case VALUE_REAL:
		if (!parse_integer(text, &value))
			parse_real(text, &value);
		break;
	default:
		break;
	}
	return value;
}
