/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/histogram.h"

#include <criterion/criterion.h>

static struct histogram h;

Test(histogram, an_empty_one_tells_nothing)
{
	cr_assert_eq(histogram_at(&h, 0.5), 0);
	cr_assert_eq(h.n, 0);
}

Test(histogram, small_values_are_exact)
{
	for (uint64_t value = 1; value <= 60; value++)
		histogram_add(&h, value);
	cr_assert_eq(histogram_at(&h, 0), 1);
	cr_assert_eq(histogram_at(&h, 0.5), 30);
	cr_assert_eq(histogram_at(&h, 0.99), 60);
	cr_assert_eq(histogram_at(&h, 1), 60);
	cr_assert_eq(h.most, 60);
}

/* Each value alone: what is read is not above it, and less than a thirty-second below. */
Test(histogram, classes_are_narrow_everywhere)
{
	for (uint64_t value = 1; value <= UINT32_MAX; value += 1 + value / 7) {
		uint64_t read;

		h = (struct histogram){ 0 };
		histogram_add(&h, value);
		read = histogram_at(&h, 0.5);
		cr_assert(read <= value && value - read <= value / 32, "%lu read as %lu",
		    (unsigned long)value, (unsigned long)read);
	}
}

Test(histogram, values_keep_their_order)
{
	uint64_t last = 0;

	for (int i = 0; i < 32; i++)
		histogram_add(&h, UINT64_C(1) << i);
	for (int i = 1; i <= 32; i++) {
		uint64_t read = histogram_at(&h, i / 32.0);

		cr_assert_gt(read, last);
		last = read;
	}
	cr_assert_eq(last, UINT64_C(1) << 31);
}

Test(histogram, what_is_too_long_counts_as_the_longest)
{
	histogram_add(&h, UINT64_MAX);
	cr_assert_eq(h.most, UINT32_MAX);
	cr_assert_geq(histogram_at(&h, 1), UINT32_MAX / 33 * 32);
}
