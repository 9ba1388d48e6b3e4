/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "common/rate.h"
#include "tests/rng.h"

static const monotime_t start = { 123456789 };

Test(rate, gives_the_burst_and_no_more)
{
	struct rate rate = { 0 };

	cr_expect_eq(rate_wait_ms(&rate, start, 10, 3), 0);
	for (int i = 0; i < 3; i++)
		cr_expect(rate_take(&rate, start, 10, 3), "token %d", i);
	cr_expect_not(rate_take(&rate, start, 10, 3));
	cr_expect_eq(rate_wait_ms(&rate, start, 10, 3), 100);
}

/* 1/3 s is no whole number of microseconds: no drift may come of it. */
Test(rate, keeps_the_pace_exactly)
{
	struct rate rate = { 0 };
	unsigned taken = 0;

	for (int64_t ms = 0; ms < 1000000; ms++)
		taken += rate_take(&rate, monotime_add_ms(start, ms), 3, 5);
	cr_expect_eq(taken, 5 + 2999);
	cr_expect(rate_take(&rate, monotime_add_ms(start, 1000000), 3, 5));
	cr_expect_not(rate_take(&rate, monotime_add_ms(start, 1000000), 3, 5));
}

Test(rate, zero_per_second_is_no_limit)
{
	struct rate rate = { 0 };

	for (int i = 0; i < 1000; i++)
		cr_assert(rate_take(&rate, start, 0, 1));
	cr_expect_eq(rate_wait_ms(&rate, start, 0, 1), 0);
}

Test(rate, burst_zero_counts_as_one)
{
	struct rate rate = { 0 };

	cr_expect(rate_take(&rate, start, 1, 0));
	cr_expect_not(rate_take(&rate, start, 1, 0));
	cr_expect(rate_take(&rate, monotime_add_ms(start, 1000), 1, 0));
}

Test(rate, a_clock_that_steps_back_gives_nothing)
{
	struct rate rate = { 0 };

	cr_expect(rate_take(&rate, start, 1, 1));
	cr_expect_not(rate_take(&rate, monotime_add_ms(start, -5000), 1, 1));
	cr_expect_not(rate_take(&rate, monotime_add_ms(start, 999), 1, 1));
	cr_expect(rate_take(&rate, monotime_add_ms(start, 1000), 1, 1));
}

/* The textbook bucket: it fills with time and is emptied by tokens. */
struct bucket {
	__int128 level; /* millionths of a token */
	monotime_t last;
};

static bool bucket_take(struct bucket *b, monotime_t now, uint32_t per_second, uint32_t burst)
{
	const __int128 token = 1000000;

	b->level += (__int128)(now.us - b->last.us) * per_second;
	if (b->level > burst * token)
		b->level = burst * token;
	b->last = now;
	if (b->level < token)
		return false;
	b->level -= token;
	return true;
}

Test(rate, agrees_with_a_bucket)
{
	struct rng rng = { 2 };

	for (int run = 0; run < 300; run++) {
		uint32_t per_second = 1 + rng_below(&rng, run % 2 ? 20 : 3000000);
		uint32_t burst = 1 + rng_below(&rng, 8);
		uint32_t step = 1 + 3000000 / per_second;
		struct rate rate = { 0 };
		struct bucket bucket = { (__int128)burst * 1000000, start };
		monotime_t now = start;

		for (int i = 0; i < 300; i++) {
			now.us += rng_below(&rng, rng_below(&rng, 20) == 0 ? 100 * step : step);
			cr_assert_eq(rate_take(&rate, now, per_second, burst),
			    bucket_take(&bucket, now, per_second, burst),
			    "run %d, step %d: %u per second, burst %u", run, i, per_second, burst);
		}
	}
}

Test(rate, the_wait_is_enough_and_not_a_millisecond_too_long)
{
	struct rng rng = { 3 };

	for (int run = 0; run < 3000; run++) {
		uint32_t per_second = 1 + rng_below(&rng, 2000);
		uint32_t burst = 1 + rng_below(&rng, 8);
		struct rate rate = { 0 }, early;
		monotime_t now = { start.us + rng_below(&rng, 1000000) };
		uint32_t wait;

		while (rate_take(&rate, now, per_second, burst))
			now.us += rng_below(&rng, 1000);
		wait = rate_wait_ms(&rate, now, per_second, burst);
		cr_assert_gt(wait, 0);
		early = rate;
		cr_assert_not(rate_take(&early, monotime_add_ms(now, wait - 1), per_second, burst));
		cr_assert(rate_take(&rate, monotime_add_ms(now, wait), per_second, burst));
	}
}

Test(rate, extreme_values_do_not_overflow)
{
	static const uint32_t counts[] = { 1, 2, 1000, UINT32_MAX - 1, UINT32_MAX };
	static const int64_t times[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1,
		INT64_MAX };
	const size_t n_counts = sizeof counts / sizeof counts[0];
	const size_t n_times = sizeof times / sizeof times[0];
	struct rng rng = { 4 };

	for (int run = 0; run < 1000; run++) {
		struct rate rate = { 0 };

		cr_assert(rate_take(&rate, (monotime_t){ times[rng_below(&rng, n_times)] },
		    counts[rng_below(&rng, n_counts)], counts[rng_below(&rng, n_counts)]));
		for (int i = 0; i < 50; i++) {
			monotime_t now = { times[rng_below(&rng, n_times)] };
			uint32_t per_second = counts[rng_below(&rng, n_counts)];
			uint32_t burst = counts[rng_below(&rng, n_counts)];
			bool free_now = rate_wait_ms(&rate, now, per_second, burst) == 0;

			cr_assert_eq(rate_take(&rate, now, per_second, burst), free_now);
		}
	}
}

/* A reload may make the bucket smaller while a large burst is owed. */
Test(rate, a_wait_beyond_its_type_is_its_most)
{
	struct rate rate = { .last = start, .spent = UINT32_MAX * INT64_C(1000000) };

	cr_expect_eq(rate_wait_ms(&rate, start, 1, 1), UINT32_MAX);
	cr_expect_not(rate_take(&rate, start, 1, 1));
}
