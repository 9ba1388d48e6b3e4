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

struct paths {
	size_t n;
	char last[SETTING_PATH_MAX];
};

static void remember(void *ctx, const char *path)
{
	struct paths *paths = ctx;

	paths->n++;
	snprintf(paths->last, sizeof paths->last, "%s", path);
}

static struct paths needs_restart(const char *path, const char *value)
{
	struct conf *defaults = conf_new(), *other = conf_with(path, value);
	struct paths paths = { 0 }, back = { 0 }, itself = { 0 };

	conf_needs_restart(defaults, other, remember, &paths);
	conf_needs_restart(other, defaults, remember, &back);
	conf_needs_restart(other, other, remember, &itself);
	cr_assert_eq(itself.n, 0);
	cr_assert_eq(back.n, paths.n);
	cr_assert_str_eq(back.last, paths.last);
	conf_free(defaults);
	conf_free(other);
	return paths;
}

static const char *another_value(const struct schema_row *row)
{
	if (row->type == SCHEMA_COUNT)
		return "7";
	return row->type == SCHEMA_BOOL ? "true" : "other";
}

static void expect_named(const struct schema *schema, const char *group)
{
	char path[SETTING_PATH_MAX];

	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_row *row = &schema->rows[i];
		struct paths paths;

		setting_path(path, group, row->name);
		if (row->type == SCHEMA_CHOICE || strcmp(row->name, "logins_file") == 0)
			continue; /* those that are live */
		if (row->type == SCHEMA_GROUP) {
			expect_named(&row->members, path);
			continue;
		}
		paths = needs_restart(path, another_value(row));
		cr_assert_eq(paths.n, 1, "%s", path);
		cr_assert_str_eq(paths.last, path);
	}
}

Test(compare, every_setting_of_the_broker_needs_a_restart_by_its_name)
{
	expect_named(&schema_find(schema_conf(), "broker")->members, "broker");
}

Test(compare, what_changes_live_needs_none)
{
	cr_assert_eq(needs_restart("timers.retry", "1").n, 0);
	cr_assert_eq(needs_restart("limits.clients", "1").n, 0);
	cr_assert_eq(needs_restart("broker.outage", "store").n, 0);
	cr_assert_eq(needs_restart("broker.logins_file", "other").n, 0);
	cr_assert_eq(needs_restart("broker.unlisted_clients", "refuse").n, 0);
	cr_assert_eq(needs_restart("log.level", "error").n, 0);
	cr_assert_eq(needs_restart("listeners.0.address", "127.0.0.1:5").n, 0);
	cr_assert_eq(needs_restart("qos_minus_one.topics", "a/#").n, 0);
}

static struct paths compare_section(const struct conf *a, const struct conf *b, const char *section)
{
	struct paths paths = { 0 };

	settings_compare(&a->settings, &b->settings, section, remember, &paths);
	return paths;
}

Test(compare, filters_are_compared_one_by_one)
{
	struct conf *none = conf_new(), *one = conf_with("qos_minus_one.topics", "a/#");
	struct conf *same = conf_with("qos_minus_one.topics", "a/#");
	struct conf *other = conf_with("qos_minus_one.topics", "b/#");

	cr_assert_eq(compare_section(one, same, "qos_minus_one").n, 0);
	cr_assert_str_eq(compare_section(one, other, "qos_minus_one").last, "qos_minus_one.topics");
	cr_assert_eq(compare_section(none, one, "qos_minus_one").n, 1);
	cr_assert_eq(compare_section(one, none, "qos_minus_one").n, 1);
	cr_assert_eq(compare_section(none, none, "qos_minus_one").n, 0);
	conf_free(none);
	conf_free(one);
	conf_free(same);
	conf_free(other);
}

Test(compare, lists_are_compared_element_by_element)
{
	struct conf *one = conf_new(), *two = conf_new();
	struct conf *other = conf_with("listeners.0.hops", "3");
	struct conf_errors *errors = conf_errors_new();

	cr_assert_str_eq(compare_section(one, other, "listeners").last, "listeners.0.hops");
	cr_assert(conf_add_listener(two, "127.0.0.1:1884", errors));
	cr_assert_eq(compare_section(one, two, "listeners").n, 0);
	cr_assert(conf_add_listener(two, "127.0.0.1:1885", errors));
	cr_assert_str_eq(compare_section(one, two, "listeners").last, "listeners");
	conf_errors_free(errors);
	conf_free(one);
	conf_free(two);
	conf_free(other);
}

static bool same_listener_with(const char *path, const char *value)
{
	struct conf *defaults = conf_new(), *other = conf_with(path, value);
	bool same = conf_same_listener(&defaults->listeners[0], &other->listeners[0]);

	cr_assert(conf_same_listener(&other->listeners[0], &other->listeners[0]));
	cr_assert_eq(conf_same_listener(&other->listeners[0], &defaults->listeners[0]), same);
	conf_free(defaults);
	conf_free(other);
	return same;
}

Test(compare, a_listener_is_its_address_group_and_buffer)
{
	cr_assert_not(same_listener_with("listeners.0.address", "127.0.0.1:5"));
	cr_assert_not(same_listener_with("listeners.0.multicast", "225.1.1.1:5"));
	cr_assert_not(same_listener_with("listeners.0.interface", "lo"));
	cr_assert_not(same_listener_with("listeners.0.hops", "3"));
	cr_assert_not(same_listener_with("listeners.0.receive_buffer", "8192"));
	cr_assert(same_listener_with("listeners.0.max_packet", "200"));
	cr_assert(same_listener_with("listeners.0.qos_minus_one", "true"));
}
