/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/backoff.h"

uint32_t backoff_ms(uint32_t least_ms, uint32_t most_ms, unsigned attempt, uint32_t random)
{
	uint64_t whole = (uint64_t)least_ms << (attempt < 32 ? attempt : 32);
	uint64_t half;

	if (whole > most_ms)
		whole = most_ms;
	half = (whole + 1) / 2;
	return (uint32_t)(half + (random * (whole - half + 1) >> 32));
}
