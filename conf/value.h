/* SPDX-License-Identifier: BSD-3-Clause */
/* The value of one setting, between text or libconfig on one side and a member of a struct on the
 * other. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/errors.h"
#include "conf/schema.h"

enum value_kind {
	VALUE_BOOL,
	VALUE_INTEGER,
	VALUE_REAL,
	VALUE_TEXT,
	VALUE_GROUP, /* these have no value here */
	VALUE_LIST,
	VALUE_ARRAY,
};

struct value {
	enum value_kind kind;
	union {
		bool boolean;
		long long integer;
		double real;
		const char *text;
		const char *const *texts; /* of an array, ends with NULL; NULL: not of strings */
	};
};

/* Text from the command line as a value for @row: a text it stays where it does not fit the row's
 * type. */
struct value value_of_text(const struct schema_row *row, const char *text);

/* Checks @value and stores it in the struct at @base.  False if there was a mistake. */
bool value_store(const struct schema_row *row, void *base, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors);

/* Adds the mistake "must be ..., not ...". */
void value_wrong_type(const struct schema_row *row, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors);

/* What is stored for a row of text, topic, file or secret: NULL if it is not set, as always for the
 * other types. */
const char *value_text(const struct schema_row *row, const void *base);

/* False for a text that is not set, and where there are no filters. */
bool value_is_set(const struct schema_row *row, const void *base);

/* Whether two structs have the same stored. */
bool value_equal(const struct schema_row *row, const void *a, const void *b);

/* Prints what is stored, in the syntax of the file; it must be set and no secret. */
void value_print(const struct schema_row *row, const void *base, FILE *to);

/* Prints a default or example as it stands in a file. */
void value_print_preset(const struct schema_row *row, const char *text, FILE *to);

/* Frees what is stored. */
void value_clear(const struct schema_row *row, void *base);

#endif
