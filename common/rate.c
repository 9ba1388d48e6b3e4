/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/rate.h"

/* Counting in millionths of a token makes a microsecond worth exactly @per_second of them. */
#define TOKEN INT64_C(1000000)

/* What is still owed at @now. */
static int64_t owed(const struct rate *rate, monotime_t now, uint32_t per_second)
{
	uint64_t elapsed;

	if (monotime_before(now, rate->last))
		return rate->spent;
	elapsed = (uint64_t)now.us - (uint64_t)rate->last.us;
	if (elapsed > (uint64_t)rate->spent / per_second)
		return 0;
	return rate->spent - (int64_t)elapsed * per_second;
}

/* What must come back before a token can be taken; negative or 0 if one can be. */
static int64_t missing(int64_t spent, uint32_t burst)
{
	return spent + TOKEN - (burst > 0 ? burst : 1) * TOKEN;
}

bool rate_take(struct rate *rate, monotime_t now, uint32_t per_second, uint32_t burst)
{
	int64_t spent;

	if (per_second == 0)
		return true;
	spent = owed(rate, now, per_second);
	if (missing(spent, burst) > 0)
		return false;
	rate->spent = spent + TOKEN;
	if (monotime_before(rate->last, now))
		rate->last = now;
	return true;
}

uint32_t rate_wait_ms(const struct rate *rate, monotime_t now, uint32_t per_second, uint32_t burst)
{
	int64_t lack, us, ms;

	if (per_second == 0)
		return 0;
	lack = missing(owed(rate, now, per_second), burst);
	if (lack <= 0)
		return 0;
	us = (lack + per_second - 1) / per_second;
	ms = (us + 999) / 1000;
	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}
