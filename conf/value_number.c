/* SPDX-License-Identifier: BSD-3-Clause */
/* Booleans, numbers, times and names that stand for numbers. */
#include "conf/value_type.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool out_of_range(const struct schema_row *row, const char *what, const struct conf_at *at,
    struct conf_errors *errors)
{
	char range[SCHEMA_RANGE_MAX];

	conf_error(errors, at, "%s is out of range (%s)", what, schema_range(row, range));
	return false;
}

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

bool value_store_bool(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	(void)row;
	(void)at;
	(void)errors;
	*(bool *)member = value->boolean;
	return true;
}

void value_print_bool(const struct schema_row *row, const void *member, FILE *to)
{
	(void)row;
	fputs(*(const bool *)member ? "true" : "false", to);
}

bool value_store_count(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	char what[32];

	if (!value_in_range(row, value->integer)) {
		snprintf(what, sizeof what, "%lld", value->integer);
		return out_of_range(row, what, at, errors);
	}
	set_uint(row, member, (uint32_t)value->integer);
	return true;
}

void value_print_count(const struct schema_row *row, const void *member, FILE *to)
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

bool value_store_seconds(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	char what[32];
	double seconds;
	long long ms;

	seconds = value->kind == VALUE_REAL ? value->real : (double)value->integer;
	ms = ms_of_seconds(seconds);
	if (!value_in_range(row, ms)) {
		snprintf(what, sizeof what, "%.12g", seconds);
		return out_of_range(row, what, at, errors);
	}
	*(uint32_t *)member = (uint32_t)ms;
	return true;
}

void value_print_seconds(const struct schema_row *row, const void *member, FILE *to)
{
	(void)row;
	/* %.10g holds any 32 bits of milliseconds exactly. */
	fprintf(to, "%.10g", *(const uint32_t *)member / 1000.0);
}

bool value_store_choice(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	char range[SCHEMA_RANGE_MAX];

	for (uint32_t i = 0; row->choices[i] != NULL; i++) {
		if (strcmp(row->choices[i], value->text) == 0) {
			set_uint(row, member, i);
			return true;
		}
	}
	conf_error(errors, at, "\"%s\" is none of %s", value->text, schema_range(row, range));
	return false;
}

void value_print_choice(const struct schema_row *row, const void *member, FILE *to)
{
	fprintf(to, "\"%s\"", row->choices[get_uint(row, member)]);
}
