/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/schema.h"

#include <string.h>
#include <sys/param.h>

const struct schema_row *schema_find(const struct schema *schema, const char *name)
{
	for (size_t i = 0; i < schema->n; i++) {
		if (strcmp(schema->rows[i].name, name) == 0)
			return &schema->rows[i];
	}
	return NULL;
}

#define NAME_ROOM 32 /* for the longest name in the tables */

/* How many characters to insert, delete or replace (Levenshtein); @b is one of ours. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_ROOM];
	size_t len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t corner = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t replace = corner + (a[i] != b[j]);

			corner = row[j + 1];
			row[j + 1] = MIN(replace, MIN(row[j], corner) + 1);
		}
	}
	return row[len];
}

const struct schema_row *schema_nearest(const struct schema *schema, const char *name)
{
	const struct schema_row *nearest = NULL;
	size_t least = strlen(name) / 3 + 1; /* further away is another word */

	for (size_t i = 0; i < schema->n; i++) {
		size_t d = distance(name, schema->rows[i].name);

		if (d <= least) {
			nearest = &schema->rows[i];
			least = d;
		}
	}
	return nearest;
}
