/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>

#include "conf/record.h"
#include "conf/setting.h"
#include "conf/settings.h"
#include "conf/value.h"

struct comparison {
	settings_path_fn *tell;
	void *ctx;
};

static void compare_members(const struct comparison *c, const struct schema *schema,
    const char *group, const void *a, const void *b);

/* Element by element; what one list has more is told as the list. */
static void compare_lists(const struct comparison *c, const struct schema_row *list,
    const char *path, const void *a, const void *b)
{
	size_t n = record_list_count(list, a);
	char element[SETTING_PATH_MAX], number[24];

	if (record_list_count(list, b) != n) {
		c->tell(c->ctx, path);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		snprintf(number, sizeof number, "%zu", i);
		setting_path(element, path, number);
		compare_members(c, &list->members, element, record_list_get(list, a, i),
		    record_list_get(list, b, i));
	}
}

static void compare_row(const struct comparison *c, const struct schema_row *row, const char *group,
    const void *a, const void *b)
{
	char path[SETTING_PATH_MAX];

	setting_path(path, group, row->name);
	if (row->type == SCHEMA_GROUP)
		compare_members(c, &row->members, path, a, b);
	else if (row->type == SCHEMA_LIST)
		compare_lists(c, row, path, a, b);
	else if (!value_equal(row, a, b))
		c->tell(c->ctx, path);
}

static void compare_members(const struct comparison *c, const struct schema *schema,
    const char *group, const void *a, const void *b)
{
	for (size_t i = 0; i < schema->n; i++)
		compare_row(c, &schema->rows[i], group, a, b);
}

void settings_compare(const struct settings *a, const struct settings *b, const char *section,
    settings_path_fn *tell, void *ctx)
{
	const struct schema_row *row = schema_find(a->schema, section);
	const struct comparison c = { tell, ctx };

	assert(row != NULL && a->schema == b->schema);
	compare_row(&c, row, "", a->base, b->base);
}
