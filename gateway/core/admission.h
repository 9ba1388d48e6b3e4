/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which clients may connect: rules by patterns of client ids ('*' any run of characters, '?' one),
 * of which the first that matches counts (MAP-CONN-15).  What else hangs on a rule, such as a
 * login, is known to whoever made the table, by the rule's number.
 */
#ifndef CORE_ADMISSION_H
#define CORE_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>

#include "sn_codec/sn_codec.h"

struct admission;

struct admission_rule {
	const char *pattern;
	bool refuse;
	bool has_login; /* these are users of their own at the broker */
};

/* A table of @n rules, copied; what no rule matches is refused if @refuse_others.  NULL when out of
 * memory.  Rules without wildcards may be many: they are not gone through one by one. */
struct admission *admission_new(const struct admission_rule *rules, size_t n, bool refuse_others);

/* Frees @table.  NULL is fine; returns NULL. */
struct admission *admission_free(struct admission *table);

/* The number of the first rule that matches, or ADMISSION_NONE. */
#define ADMISSION_NONE SIZE_MAX
size_t admission_find(const struct admission *table, struct sn_bytes client_id);

/* Why the client may not connect, a constant; NULL: it may, as all may where @table is NULL. */
const char *admission_refusal(const struct admission *table, struct sn_bytes client_id);

/* Whether the client is a user of its own at the broker. */
bool admission_has_login(const struct admission *table, struct sn_bytes client_id);

#endif
