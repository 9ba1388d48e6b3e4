/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>

#include "conf/origin.h"

static struct origins *some(void)
{
	struct origins *o = origins_new();

	cr_assert_not_null(o);
	cr_assert_eq(origins_set(o, "listeners.1", "a.conf:3"), 0);
	cr_assert_eq(origins_set(o, "listeners.1.address", "a.conf:4"), 0);
	cr_assert_eq(origins_set(o, "listeners.10", "a.conf:9"), 0);
	cr_assert_eq(origins_set(o, "timers.retry", "a.conf:20"), 0);
	return o;
}

Test(origin, the_last_place_counts)
{
	struct origins *o = some();

	cr_assert_str_eq(origins_find(o, "timers.retry"), "a.conf:20");
	cr_assert_eq(origins_set(o, "timers.retry", "--set"), 0);
	cr_assert_str_eq(origins_find(o, "timers.retry"), "--set");
	origins_free(o);
}

Test(origin, find_wants_the_very_path)
{
	struct origins *o = some();

	cr_assert_null(origins_find(o, "timers"));
	cr_assert_null(origins_find(o, "timers.retries"));
	cr_assert_null(origins_find(o, "listeners.1.max_packet"));
	origins_free(o);
}

Test(origin, place_is_that_of_the_group_around)
{
	struct origins *o = some();

	cr_assert_str_eq(origins_place(o, "listeners.1.address"), "a.conf:4");
	cr_assert_str_eq(origins_place(o, "listeners.1.max_packet"), "a.conf:3");
	cr_assert_str_eq(origins_place(o, "listeners.10.address"), "a.conf:9");
	cr_assert_str_eq(origins_place(o, "listeners.2.address"), "default");
	cr_assert_str_eq(origins_place(o, "broker"), "default");
	origins_free(o);
}

Test(origin, forget_takes_all_below)
{
	struct origins *o = some();

	origins_forget(o, "listeners.1");
	cr_assert_null(origins_find(o, "listeners.1"));
	cr_assert_null(origins_find(o, "listeners.1.address"));
	cr_assert_str_eq(origins_find(o, "listeners.10"), "a.conf:9");
	origins_forget(o, "listeners");
	cr_assert_null(origins_find(o, "listeners.10"));
	cr_assert_str_eq(origins_find(o, "timers.retry"), "a.conf:20");
	origins_free(o);
}

Test(origin, holds_many)
{
	struct origins *o = some();
	char path[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof path, "predefined.%d", i);
		cr_assert_eq(origins_set(o, path, path), 0);
	}
	cr_assert_str_eq(origins_find(o, "predefined.0"), "predefined.0");
	cr_assert_str_eq(origins_find(o, "predefined.999"), "predefined.999");
	cr_assert_null(origins_free(o));
	cr_assert_null(origins_free(NULL));
}
