/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/topic_table.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

#define IDS (UINT16_MAX + 1)

/* Half a megabyte of pointers, of which the system gives us the pages that are in use. */
struct topic_table {
	size_t octets;
	char *names[IDS];
};

struct topic_table *topic_table_new(void)
{
	return calloc(1, sizeof(struct topic_table));
}

struct topic_table *topic_table_free(struct topic_table *table)
{
	if (table == NULL)
		return NULL;
	topic_table_clear(table);
	free(table);
	return NULL;
}

static void forget(struct topic_table *table, size_t id)
{
	if (table->names[id] == NULL)
		return;
	table->octets -= strlen(table->names[id]) + 1;
	free(table->names[id]);
	table->names[id] = NULL;
}

int topic_table_bind(struct topic_table *table, uint16_t id, struct sn_bytes name)
{
	char *copy;

	if (id == 0 || id == UINT16_MAX)
		return -ERR_INVALID;
	if (name.len == 0 || memchr(name.data, '\0', name.len) != NULL)
		return -ERR_INVALID;
	if (table->octets + name.len + 1 > TOPIC_TABLE_OCTETS_MAX)
		return -ERR_LIMIT;
	copy = strndup((const char *)name.data, name.len);
	if (copy == NULL)
		return -ERR_NOMEM;
	forget(table, id);
	table->names[id] = copy;
	table->octets += name.len + 1;
	return 0;
}

const char *topic_table_name(const struct topic_table *table, uint16_t id)
{
	return table->names[id];
}

void topic_table_clear(struct topic_table *table)
{
	if (table->octets == 0)
		return;
	for (size_t id = 0; id < IDS; id++)
		forget(table, id);
}
