/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/value_type.h"

#include <string.h>

#include "common/netaddr.h"

struct value_type {
	const char *noun; /* "must be NOUN" */
	unsigned kinds;   /* of values that it takes */
	bool quoted;
	store_fn *store; /* of a value of these kinds */
	print_fn *print;
	clear_fn *clear; /* the member is a pointer, NULL: not set */
	equal_fn *equal; /* NULL: by the octets of the member */
};

#define KIND(name) (1u << VALUE_##name)

static const struct value_type types[] = {
	[SCHEMA_BOOL] = { "true or false", KIND(BOOL), false, value_store_bool, value_print_bool },
	[SCHEMA_COUNT] = { "an integer", KIND(INTEGER), false, value_store_count,
	    value_print_count },
	[SCHEMA_SECONDS] = { "a number of seconds", KIND(INTEGER) | KIND(REAL), false,
	    value_store_seconds, value_print_seconds },
	[SCHEMA_TEXT] = { "a string", KIND(TEXT), true, value_store_text, value_print_text,
	    value_clear_text, value_equal_text },
	[SCHEMA_TOPIC] = { "a string", KIND(TEXT), true, value_store_text, value_print_text,
	    value_clear_text, value_equal_text },
	[SCHEMA_FILE] = { "a string", KIND(TEXT), true, value_store_text, value_print_text,
	    value_clear_text, value_equal_text },
	[SCHEMA_SECRET] = { "a string", KIND(TEXT), true, value_store_text, NULL, value_clear_text,
	    value_equal_text },
	[SCHEMA_ADDRESS] = { "a string", KIND(TEXT), true, value_store_address,
	    value_print_address },
	[SCHEMA_FILTERS] = { "an array of strings [ \"...\", \"...\" ]", KIND(TEXT) | KIND(ARRAY),
	    true, value_store_texts, value_print_texts, value_clear_texts, value_equal_texts },
	[SCHEMA_HOSTS] = { "an array of strings [ \"...\", \"...\" ]", KIND(TEXT) | KIND(ARRAY),
	    true, value_store_texts, value_print_texts, value_clear_texts, value_equal_texts },
	[SCHEMA_CHOICE] = { "a string", KIND(TEXT), true, value_store_choice, value_print_choice },
	[SCHEMA_GROUP] = { "a group { ... }", KIND(GROUP) },
	[SCHEMA_LIST] = { "a list ( { ... }, { ... } )", KIND(LIST) },
};

static const struct value_type *type_of(const struct schema_row *row)
{
	return &types[row->type];
}

static void *member_of(const struct schema_row *row, void *base)
{
	return (char *)base + row->offset;
}

static const void *const_member_of(const struct schema_row *row, const void *base)
{
	return (const char *)base + row->offset;
}

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

bool value_in_range(const struct schema_row *row, long long n)
{
	return (n == 0 && row->or_zero) || (n >= row->least && n <= row->most);
}

bool value_store(const struct schema_row *row, void *base, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	const struct value_type *type = type_of(row);

	if (type->kinds & 1u << value->kind)
		return type->store(row, member_of(row, base), value, at, errors);
	value_wrong_type(row, value, at, errors);
	return false;
}

static bool is_text(const struct schema_row *row)
{
	return type_of(row)->clear == value_clear_text;
}

const char *value_text(const struct schema_row *row, const void *base)
{
	return is_text(row) ? *(char *const *)const_member_of(row, base) : NULL;
}

bool value_is_set(const struct schema_row *row, const void *base)
{
	if (row->type == SCHEMA_ADDRESS)
		return ((const struct netaddr *)const_member_of(row, base))->family != 0;
	if (type_of(row)->clear == NULL)
		return true;
	if (is_text(row))
		return value_text(row, base) != NULL;
	return *(char **const *)const_member_of(row, base) != NULL;
}

bool value_equal(const struct schema_row *row, const void *a, const void *b)
{
	equal_fn *equal = type_of(row)->equal;

	a = const_member_of(row, a);
	b = const_member_of(row, b);
	return equal != NULL ? equal(a, b) : memcmp(a, b, row->size) == 0;
}

void value_print(const struct schema_row *row, const void *base, FILE *to)
{
	type_of(row)->print(row, const_member_of(row, base), to);
}

void value_print_preset(const struct schema_row *row, const char *text, FILE *to)
{
	bool array = row->type == SCHEMA_FILTERS || row->type == SCHEMA_HOSTS;

	fputs(array ? "[ " : "", to);
	if (type_of(row)->quoted)
		value_print_quoted(text, to);
	else
		fputs(text, to);
	fputs(array ? " ]" : "", to);
}

void value_clear(const struct schema_row *row, void *base)
{
	if (type_of(row)->clear != NULL)
		type_of(row)->clear(member_of(row, base));
}
