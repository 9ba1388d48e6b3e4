/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writes JSON (RFC 8259), one value after the other.  Whatever the texts hold, the output is UTF-8:
 * octets that are none come out as U+FFFD.
 *
 * @name is that of the member; NULL in an array, and at the top.
 */
#ifndef ADMIN_JSON_H
#define ADMIN_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/admin/text.h"

struct json {
	struct text *text;
	bool more; /* a value stands before the next one */
};

void json_begin(struct json *json, const char *name, char bracket); /* '{' or '[' */
void json_end(struct json *json, char bracket);                     /* '}' or ']' */

void json_text(struct json *json, const char *name, const char *value, size_t len);
void json_string(struct json *json, const char *name, const char *value); /* NULL: null */
void json_count(struct json *json, const char *name, uint64_t value);
void json_seconds(struct json *json, const char *name, int64_t ms); /* as 1.234 */
void json_bool(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);

#endif
