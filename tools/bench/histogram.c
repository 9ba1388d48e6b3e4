/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/histogram.h"

#include <math.h>

/* The first 2 x STEPS classes hold one value each; then each doubling has STEPS of them. */
static unsigned class_of(uint32_t value)
{
	unsigned doublings = 0;

	while (value >> doublings >= 2 * HISTOGRAM_STEPS)
		doublings++;
	return doublings * HISTOGRAM_STEPS + (value >> doublings);
}

static uint64_t least_of(unsigned class)
{
	unsigned doublings = class < 2 * HISTOGRAM_STEPS ? 0 : class / HISTOGRAM_STEPS - 1;

	return (uint64_t)(class - doublings * HISTOGRAM_STEPS) << doublings;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	if (value > UINT32_MAX)
		value = UINT32_MAX;
	h->n++;
	h->count[class_of((uint32_t)value)]++;
	if (value > h->most)
		h->most = value;
}

uint64_t histogram_at(const struct histogram *h, double share)
{
	uint64_t rank = (uint64_t)ceil(share * (double)h->n);
	uint64_t seen = 0;

	if (h->n == 0)
		return 0;
	if (rank < 1)
		rank = 1;
	for (unsigned class = 0; class < HISTOGRAM_CLASSES; class ++) {
		seen += h->count[class];
		if (seen >= rank)
			return least_of(class);
	}
	return h->most;
}
