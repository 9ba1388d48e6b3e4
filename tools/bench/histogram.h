/* SPDX-License-Identifier: BSD-3-Clause */
/* Counts of durations, from which percentiles are read.  Exact below 64; above, a class is at most
 * a thirty-second of its value wide. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
	HISTOGRAM_STEPS = 32,                     /* classes for each doubling */
	HISTOGRAM_CLASSES = 28 * HISTOGRAM_STEPS, /* up to 2^32 */
};

/* All zero is empty. */
struct histogram {
	uint64_t n;
	uint64_t most; /* the longest */
	uint32_t count[HISTOGRAM_CLASSES];
};

/* @value above 2^32 - 1 counts as that. */
void histogram_add(struct histogram *histogram, uint64_t value);

/* The value below or at which @share (0..1) of all are: the least one of its class; 0 if empty. */
uint64_t histogram_at(const struct histogram *histogram, double share);

#endif
