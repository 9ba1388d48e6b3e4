/* SPDX-License-Identifier: BSD-3-Clause */
/* Structs that a schema describes: their defaults, their lists, their end. */
#ifndef CONF_RECORD_H
#define CONF_RECORD_H

#include "conf/schema.h"

/* Sets the defaults in a struct that is all zero; a list gets as many default elements as it must
 * have. 0 or -ERR_NOMEM, then record_clear() is still to be called. */
int record_init(const struct schema *schema, void *base);

/* Frees all that the struct holds, not the struct. */
void record_clear(const struct schema *schema, void *base);

/* How many elements the list has; and element @i, which lives until elements are added or removed.
 */
size_t record_list_count(const struct schema_row *list, const void *base);
void *record_list_get(const struct schema_row *list, const void *base, size_t i);

/* Adds an element with defaults, or returns NULL when out of memory. */
void *record_list_add(const struct schema_row *list, void *base);

/* Removes the elements from number @n on. */
void record_list_cut(const struct schema_row *list, void *base, size_t n);

#endif
