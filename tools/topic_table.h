/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The topic names that a gateway has given ids to, by SUBACK or by REGISTER, for one session of a
 * client.
 */
#ifndef TOOLS_TOPIC_TABLE_H
#define TOOLS_TOPIC_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "sn_codec/sn_codec.h"

/* How many octets of names a gateway can make us keep. */
#define TOPIC_TABLE_OCTETS_MAX ((size_t)32 * 1024 * 1024)

struct topic_table;

/* NULL when out of memory. */
struct topic_table *topic_table_new(void);

/* NULL is fine; returns NULL. */
struct topic_table *topic_table_free(struct topic_table *table);

/* Binds @name, which is copied, to @id in place of what was bound to it.
 * 0; -ERR_INVALID: the id is reserved (5.3.11), the name empty or with a U+0000; -ERR_LIMIT;
 * -ERR_NOMEM. */
int topic_table_bind(struct topic_table *table, uint16_t id, struct sn_bytes name);

/* The name of @id, or NULL.  Valid until the id is bound again or the table cleared. */
const char *topic_table_name(const struct topic_table *table, uint16_t id);

/* Forgets all. */
void topic_table_clear(struct topic_table *table);

#endif
