/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/monotime.h"

#include <time.h>

monotime_t monotime_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (monotime_t){ (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 };
}
