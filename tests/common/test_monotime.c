/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <time.h>

#include "common/monotime.h"

Test(monotime, now_is_the_monotonic_clock)
{
	monotime_t before = monotime_now();
	struct timespec ts;
	monotime_t between, after;

	cr_assert_eq(clock_gettime(CLOCK_MONOTONIC, &ts), 0);
	between.us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
	after = monotime_now();
	cr_expect_not(monotime_before(between, before));
	cr_expect_not(monotime_before(after, between));
}

Test(monotime, add_counts_in_milliseconds)
{
	monotime_t t = { 5 };

	cr_expect_eq(monotime_add_ms(t, 3).us, 3005);
	cr_expect_eq(monotime_add_ms(t, -3).us, -2995);
	/* a sleep duration of 65535 s, in an hour-old process */
	cr_expect_eq(monotime_add_ms((monotime_t){ 3600000000 }, 65535000).us, 69135000000);
}

/* Rounded up, so that who sleeps so long does not wake too early. */
Test(monotime, between_rounds_up)
{
	static const struct {
		int64_t us, ms;
	} cases[] = {
		{ 0, 0 },
		{ 1, 1 },
		{ 999, 1 },
		{ 1000, 1 },
		{ 1001, 2 },
		{ -1, 0 },
		{ -999, 0 },
		{ -1000, -1 },
		{ -1001, -1 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		monotime_t from = { 777 }, to = { 777 + cases[i].us };

		cr_expect_eq(
		    monotime_ms_between(from, to), cases[i].ms, "%lld us", (long long)cases[i].us);
	}
}

Test(monotime, before_is_strict)
{
	monotime_t a = { 1 }, b = { 2 };

	cr_expect(monotime_before(a, b));
	cr_expect_not(monotime_before(b, a));
	cr_expect_not(monotime_before(a, a));
}
