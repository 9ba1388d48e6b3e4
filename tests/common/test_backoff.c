/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <limits.h>

#include "common/backoff.h"
#include "tests/rng.h"

/* The definition, without a shift that could overflow. */
static uint32_t whole(uint32_t least, uint32_t most, unsigned attempt)
{
	uint64_t ms = least;

	for (unsigned i = 0; i < attempt && ms > 0 && ms < most; i++)
		ms *= 2;
	return ms < most ? (uint32_t)ms : most;
}

Test(backoff, doubles_up_to_the_most)
{
	static const uint32_t waits[] = { 1000, 2000, 4000, 8000, 10000, 10000 };

	for (unsigned i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		cr_expect_eq(backoff_ms(1000, 10000, i, UINT32_MAX), waits[i], "attempt %u", i);
		cr_expect_eq(backoff_ms(1000, 10000, i, 0), waits[i] / 2, "attempt %u", i);
	}
}

Test(backoff, stays_between_half_and_whole)
{
	static const uint32_t limits[] = { 0, 1, 2, 3, 1000, 60000, 0x7fffffff, 0x80000000,
		UINT32_MAX };
	static const unsigned attempts[] = { 0, 1, 5, 30, 31, 32, 33, 63, 64, 65, UINT_MAX - 1,
		UINT_MAX };
	const size_t n_limits = sizeof limits / sizeof limits[0];
	const size_t n_attempts = sizeof attempts / sizeof attempts[0];
	struct rng rng = { 1 };

	for (unsigned i = 0; i < 200000; i++) {
		uint32_t least = limits[rng_below(&rng, n_limits)];
		uint32_t most = limits[rng_below(&rng, n_limits)];
		unsigned attempt = attempts[rng_below(&rng, n_attempts)];
		uint64_t top = whole(least, most, attempt);
		uint64_t got = backoff_ms(least, most, attempt, (uint32_t)rng_next(&rng));

		cr_assert_leq(got, top, "least %u most %u attempt %u", least, most, attempt);
		cr_assert_geq(2 * got, top, "least %u most %u attempt %u", least, most, attempt);
	}
}

Test(backoff, jitter_uses_the_whole_range)
{
	bool seen[51] = { false };

	for (uint32_t i = 0; i < 1000; i++)
		seen[backoff_ms(100, 100, 0, i * (UINT32_MAX / 1000)) - 50] = true;
	for (size_t i = 0; i < sizeof seen; i++)
		cr_expect(seen[i], "never %zu ms", 50 + i);
}
