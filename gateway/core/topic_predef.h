/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Predefined topic ids (section 6.7): from the configuration, for all clients or for those whose
 * client id matches a pattern ('*' any run of characters, '?' one).  A name may hold "${client}",
 * which stands for the client's id (SN12-TOPIC-09).
 */
#ifndef CORE_TOPIC_PREDEF_H
#define CORE_TOPIC_PREDEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sn_codec/sn_codec.h"

struct topic_predef;

/* An empty table, or NULL when out of memory. */
struct topic_predef *topic_predef_new(void);

/* Frees @table.  NULL is fine; returns NULL. */
struct topic_predef *topic_predef_free(struct topic_predef *table);

/* Adds @id -> @name, both copied, for clients that match @pattern (NULL: all).
 * 0; -ERR_EXISTS if the same id is there with the same pattern; -ERR_INVALID for an id of 0 or
 * 0xFFFF (5.3.11), a name that is no topic name, or "${client}" without a pattern; -ERR_NOMEM. */
int topic_predef_add(
    struct topic_predef *table, const char *pattern, uint16_t id, const char *name);

/* The name behind @id for the client, the entry of a pattern before the common one (of several
 * patterns, the one added first); @client_id NULL: a sender without a session, common entries only
 * (SN12-QM1-04).  The name is terminated and *@len set.  It lives in the table, or, where it held
 * "${client}", in @buf of @size octets until the caller reuses that.  NULL if there is none, it
 * does not fit @buf, or the id of the client makes it no topic name. */
const char *topic_predef_name(const struct topic_predef *table, const char *client_id, uint16_t id,
    char *buf, size_t size, size_t *len);

/* How many entries; and entry @i (in the order of topic_predef_add()) for printing. */
size_t topic_predef_count(const struct topic_predef *table);
void topic_predef_entry(const struct topic_predef *table, size_t i, const char **pattern,
    uint16_t *id, const char **name);

/* True if @text matches @pattern ('*' and '?'); the same for a text without a terminator. */
bool topic_predef_pattern_matches(const char *pattern, const char *text);
bool topic_predef_pattern_matches_bytes(const char *pattern, struct sn_bytes text);

#endif
