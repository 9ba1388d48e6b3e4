/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Monotonic time.  A struct, so that a point in time cannot be mixed with a count of something.
 */
#ifndef COMMON_MONOTIME_H
#define COMMON_MONOTIME_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
	int64_t us; /* microseconds since some start */
} monotime_t;

/* CLOCK_MONOTONIC.  Not for gateway/core: there, time is an argument. */
monotime_t monotime_now(void);

static inline monotime_t monotime_add_ms(monotime_t t, int64_t ms)
{
	return (monotime_t){ t.us + ms * 1000 };
}

/* Milliseconds from @from to @to, rounded up; negative if @to comes first. */
static inline int64_t monotime_ms_between(monotime_t from, monotime_t to)
{
	int64_t us = to.us - from.us;

	return us > 0 ? (us + 999) / 1000 : us / 1000;
}

static inline bool monotime_before(monotime_t a, monotime_t b)
{
	return a.us < b.us;
}

#endif
