/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables themselves: what holds for every row. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <string.h>

#include "common/log.h"
#include "common/netaddr.h"
#include "conf/setting.h"
#include "tests/conf/fixture.h"

#define NAME_LEN 31 /* what schema_nearest() has room for */

typedef void schema_fn(const struct schema_row *row, const char *path, bool in_list);

static void walk(const struct schema *schema, const char *group, bool in_list, schema_fn *fn)
{
	char path[SETTING_PATH_MAX], inner[SETTING_PATH_MAX];

	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_row *row = &schema->rows[i];

		setting_path(path, group, row->name);
		fn(row, path, in_list);
		if (row->type == SCHEMA_GROUP)
			walk(&row->members, path, in_list, fn);
		if (row->type == SCHEMA_LIST)
			walk(&row->members, setting_path(inner, path, "4294967295"), true, fn);
	}
}

static void check_name(const struct schema_row *row, const char *path, bool in_list)
{
	(void)in_list;
	cr_assert(islower((unsigned char)row->name[0]), "%s", path);
	cr_assert_eq(strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(row->name),
	    "%s", path);
	cr_assert_leq(strlen(row->name), NAME_LEN, "%s", path);
	cr_assert_lt(strlen(path), SETTING_PATH_MAX - 1, "%s", path);
}

Test(schema, names_are_plain_and_paths_fit)
{
	walk(schema_conf(), "", false, check_name);
}

/* conf/load.c and option.c know the path of a list by its name. */
static void check_list(const struct schema_row *row, const char *path, bool in_list)
{
	(void)in_list;
	if (row->type == SCHEMA_LIST)
		cr_assert_str_eq(path, row->name);
}

Test(schema, lists_stand_outside_of_groups)
{
	walk(schema_conf(), "", false, check_list);
}

static void check_unique(const struct schema_row *row, const char *path, bool in_list)
{
	(void)in_list;
	for (size_t i = 0; i < row->members.n; i++)
		cr_assert_eq(schema_find(&row->members, row->members.rows[i].name),
		    &row->members.rows[i], "%s: %s is there twice", path,
		    row->members.rows[i].name);
}

Test(schema, names_are_unique_in_their_group)
{
	const struct schema_row all = { "all", SCHEMA_GROUP, .members = *schema_conf() };

	check_unique(&all, "all", false);
	walk(schema_conf(), "", false, check_unique);
}

static void check_help(const struct schema_row *row, const char *path, bool in_list)
{
	(void)in_list;
	cr_assert_not_null(row->help, "%s", path);
	cr_assert_eq(row->help[strlen(row->help) - 1], '.', "%s: the help is no sentence", path);
}

Test(schema, every_row_has_a_help_of_whole_sentences)
{
	walk(schema_conf(), "", false, check_help);
}

static void check_preset(const struct schema_row *row, const char *path, bool in_list)
{
	if (row->type == SCHEMA_GROUP || row->type == SCHEMA_LIST) {
		cr_assert_gt(row->members.n, 0, "%s", path);
		return;
	}
	cr_assert_neq(row->preset != NULL, row->example != NULL, "%s", path);
	cr_assert(in_list || !row->required, "%s", path);
	cr_assert(!row->required || row->preset == NULL, "%s", path);
}

Test(schema, every_setting_has_a_default_or_an_example)
{
	walk(schema_conf(), "", false, check_preset);
}

static void check_size(const struct schema_row *row, const char *path, bool in_list)
{
	(void)in_list;
	cr_assert_leq(row->least, row->most, "%s", path);
	switch (row->type) {
	case SCHEMA_BOOL:
		cr_assert_eq(row->size, sizeof(bool), "%s", path);
		break;
	case SCHEMA_COUNT:
		cr_assert(row->size == 1 || row->size == 2 || row->size == 4, "%s", path);
		cr_assert_leq(row->most, UINT32_MAX >> (8 * (4 - row->size)), "%s", path);
		cr_assert_gt(row->most, 0, "%s", path);
		break;
	case SCHEMA_SECONDS:
		cr_assert_eq(row->size, sizeof(uint32_t), "%s", path);
		cr_assert_gt(row->most, 0, "%s", path);
		break;
	case SCHEMA_TEXT:
	case SCHEMA_TOPIC:
	case SCHEMA_FILE:
	case SCHEMA_SECRET:
		cr_assert_eq(row->size, sizeof(char *), "%s", path);
		cr_assert_gt(row->most, 0, "%s", path);
		break;
	case SCHEMA_FILTERS:
	case SCHEMA_HOSTS:
		cr_assert_eq(row->size, sizeof(char **), "%s", path);
		break;
	case SCHEMA_ADDRESS:
		cr_assert_eq(row->size, sizeof(struct netaddr), "%s", path);
		break;
	case SCHEMA_CHOICE:
		cr_assert_eq(row->size, sizeof(enum log_level), "%s", path);
		cr_assert_not_null(row->choices, "%s", path);
		break;
	case SCHEMA_GROUP:
	case SCHEMA_LIST:
		break;
	}
}

Test(schema, members_have_the_size_and_range_of_their_type)
{
	walk(schema_conf(), "", false, check_size);
}

Test(schema, log_levels_are_those_of_the_log)
{
	const struct schema_row *log = schema_find(schema_conf(), "log");
	const struct schema_row *level = schema_find(&log->members, "level");
	int i;

	for (i = 0; level->choices[i] != NULL; i++)
		cr_assert_str_eq(level->choices[i], log_level_name((enum log_level)i));
	cr_assert_eq(i, LOG_LEVEL_DEBUG + 1);
}

static const char *range_of(const char *group, const char *name)
{
	static char buf[SCHEMA_RANGE_MAX];
	const struct schema_row *row = schema_find(schema_conf(), group);

	return schema_range(name != NULL ? schema_find(&row->members, name) : row, buf);
}

Test(schema, ranges_are_told_in_words)
{
	cr_assert_str_eq(range_of("gateway", "id"), "1 to 255");
	cr_assert_str_eq(range_of("broker", "keep_alive"), "0, or 5 to 65535 seconds");
	cr_assert_str_eq(range_of("timers", "retry"), "0.1 to 3600 seconds");
	cr_assert_str_eq(range_of("listeners", "discovery"), "true or false");
	cr_assert_str_eq(range_of("listeners", "address"), "\"ADDRESS:PORT\"");
	cr_assert_str_eq(range_of("listeners", NULL), "a list of 1 to 64 groups");
	cr_assert_str_eq(range_of("log", NULL), "{ ... }");
	cr_assert_str_eq(range_of("qos_minus_one", "topics"), "[ ... ] of 0 to 1000 topic filters");
	cr_assert_str_eq(range_of("predefined", "topic"), "a topic name of 1 to 65535 octets");
	cr_assert_str_eq(
	    range_of("log", "level"), "\"error\", \"warning\", \"notice\", \"info\", \"debug\"");
}

static const char *nearest_to(const char *name)
{
	const struct schema_row *timers = schema_find(schema_conf(), "timers");
	const struct schema_row *row = schema_nearest(&timers->members, name);

	return row != NULL ? row->name : "none";
}

Test(schema, the_nearest_name_is_near)
{
	cr_assert_str_eq(nearest_to("rety"), "retry");
	cr_assert_str_eq(nearest_to("retrys"), "retry");
	cr_assert_str_eq(nearest_to("Retries"), "retries");
	cr_assert_str_eq(nearest_to("connect-timeout"), "connect_timeout");
	cr_assert_str_eq(nearest_to("reconect_most"), "reconnect_most");
	cr_assert_str_eq(nearest_to("hlod"), "hold");
	cr_assert_str_eq(nearest_to("banana"), "none");
	cr_assert_str_eq(nearest_to("x"), "none");
	cr_assert_str_eq(nearest_to("a_name_that_is_far_too_long_to_be_any_of_them"), "none");
}
