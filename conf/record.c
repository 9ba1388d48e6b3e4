/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "conf/value.h"

static char **array_of(const struct schema_row *list, const void *base)
{
	return (char **)((const char *)base + list->offset);
}

static size_t *count_of(const struct schema_row *list, const void *base)
{
	return (size_t *)((const char *)base + list->count_offset);
}

size_t record_list_count(const struct schema_row *list, const void *base)
{
	return *count_of(list, base);
}

void *record_list_get(const struct schema_row *list, const void *base, size_t i)
{
	assert(i < *count_of(list, base));
	return *array_of(list, base) + i * list->size;
}

void *record_list_add(const struct schema_row *list, void *base)
{
	char **array = array_of(list, base);
	size_t *count = count_of(list, base);
	char *element;

	/* There is room up to the next power of two. */
	if ((*count & (*count - 1)) == 0) {
		char *longer = reallocarray(*array, *count > 0 ? 2 * *count : 1, list->size);

		if (longer == NULL)
			return NULL;
		*array = longer;
	}
	element = *array + *count * list->size;
	memset(element, 0, list->size);
	if (record_init(&list->members, element) < 0) {
		record_clear(&list->members, element);
		return NULL;
	}
	(*count)++;
	return element;
}

void record_list_cut(const struct schema_row *list, void *base, size_t n)
{
	char **array = array_of(list, base);
	size_t *count = count_of(list, base);

	while (*count > n)
		record_clear(&list->members, *array + --*count * list->size);
	if (*count == 0) {
		free(*array);
		*array = NULL;
	}
}

static int list_init(const struct schema_row *list, void *base)
{
	for (uint32_t i = 0; i < list->least; i++) {
		if (record_list_add(list, base) == NULL)
			return -ERR_NOMEM;
	}
	return 0;
}

static int value_init(const struct schema_row *row, void *base)
{
	const struct conf_at at = { "default", row->name };
	struct value value;

	if (row->preset == NULL)
		return 0;
	value = value_of_text(row, row->preset);
	return value_store(row, base, &value, &at, NULL) ? 0 : -ERR_NOMEM;
}

int record_init(const struct schema *schema, void *base)
{
	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_row *row = &schema->rows[i];
		int rc;

		if (row->type == SCHEMA_GROUP)
			rc = record_init(&row->members, base);
		else if (row->type == SCHEMA_LIST)
			rc = list_init(row, base);
		else
			rc = value_init(row, base);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void record_clear(const struct schema *schema, void *base)
{
	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_row *row = &schema->rows[i];

		if (row->type == SCHEMA_GROUP)
			record_clear(&row->members, base);
		else if (row->type == SCHEMA_LIST)
			record_list_cut(row, base, 0);
		else
			value_clear(row, base);
	}
}
