/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "conf/setting.h"
#include "tests/conf/fixture.h"

/* Defaults but for one setting. */
static struct conf *conf_with(const char *path, const char *value)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();
	char assignment[128];

	snprintf(assignment, sizeof assignment, "%s=%s", path, value);
	cr_assert(conf_set(conf, "--set", assignment, errors), "%s", assignment);
	conf_errors_free(errors);
	return conf;
}

static bool same_broker_with(const char *path, const char *value)
{
	struct conf *defaults = conf_new(), *other = conf_with(path, value);
	bool same = conf_same_broker(defaults, other);

	cr_assert(conf_same_broker(other, other));
	cr_assert_eq(conf_same_broker(other, defaults), same);
	conf_free(defaults);
	conf_free(other);
	return same;
}

static bool same_listeners_with(const char *path, const char *value)
{
	struct conf *defaults = conf_new(), *other = conf_with(path, value);
	bool same = conf_same_listeners(defaults, other);

	cr_assert(conf_same_listeners(other, other));
	cr_assert_eq(conf_same_listeners(other, defaults), same);
	conf_free(defaults);
	conf_free(other);
	return same;
}

static const char *another_value(const struct schema_row *row)
{
	if (row->type == SCHEMA_COUNT)
		return "7";
	return row->type == SCHEMA_BOOL ? "true" : "other";
}

static void expect_difference(const struct schema *schema, const char *group)
{
	char path[SETTING_PATH_MAX];

	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_row *row = &schema->rows[i];

		setting_path(path, group, row->name);
		if (row->type == SCHEMA_GROUP)
			expect_difference(&row->members, path);
		else if (strcmp(row->name, "password_file") != 0) /* what is in it counts */
			cr_assert_not(same_broker_with(path, another_value(row)), "%s", path);
	}
}

Test(compare, every_setting_of_the_broker_makes_another_broker)
{
	expect_difference(&schema_find(schema_conf(), "broker")->members, "broker");
}

Test(compare, the_broker_is_the_same_whatever_else_changes)
{
	cr_assert(same_broker_with("timers.retry", "1"));
	cr_assert(same_broker_with("listeners.0.address", "127.0.0.1:5"));
}

Test(compare, listeners_are_their_addresses_and_groups)
{
	cr_assert_not(same_listeners_with("listeners.0.address", "127.0.0.1:5"));
	cr_assert_not(same_listeners_with("listeners.0.multicast", "225.1.1.1:5"));
	cr_assert_not(same_listeners_with("listeners.0.interface", "lo"));
	cr_assert_not(same_listeners_with("listeners.0.hops", "3"));
	cr_assert_not(same_listeners_with("listeners.0.receive_buffer", "8192"));
	cr_assert(same_listeners_with("listeners.0.max_packet", "200"));
	cr_assert(same_listeners_with("listeners.0.qos_minus_one", "true"));
	cr_assert(same_listeners_with("timers.retry", "1"));
}

Test(compare, one_listener_more_is_another_set)
{
	struct conf *one = conf_new(), *two = conf_new();
	struct conf_errors *errors = conf_errors_new();

	cr_assert(conf_add_listener(two, "127.0.0.1:1884", errors));
	cr_assert(conf_same_listeners(one, two));
	cr_assert(conf_add_listener(two, "127.0.0.1:1885", errors));
	cr_assert_not(conf_same_listeners(one, two));
	cr_assert_not(conf_same_listeners(two, one));
	conf_errors_free(errors);
	conf_free(one);
	conf_free(two);
}
