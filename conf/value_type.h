/* SPDX-License-Identifier: BSD-3-Clause */
/* What belongs to each type of setting; for value.c and its parts. */
#ifndef CONF_VALUE_TYPE_H
#define CONF_VALUE_TYPE_H

#include "conf/value.h"

typedef bool store_fn(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors);
typedef void print_fn(const struct schema_row *row, const void *member, FILE *to);
typedef void clear_fn(void *member);
typedef bool equal_fn(const void *a, const void *b); /* of members */

store_fn value_store_bool, value_store_count, value_store_seconds, value_store_choice;
print_fn value_print_bool, value_print_count, value_print_seconds, value_print_choice;

store_fn value_store_address, value_store_text, value_store_texts;
print_fn value_print_address, value_print_text, value_print_texts;
clear_fn value_clear_text, value_clear_texts;
equal_fn value_equal_text, value_equal_texts;

/* @text as a string of the file. */
void value_print_quoted(const char *text, FILE *to);

bool value_in_range(const struct schema_row *row, long long n);

#endif
