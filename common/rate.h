/* SPDX-License-Identifier: BSD-3-Clause */
/* A token bucket: at most @per_second on average and @burst at once. */
#ifndef COMMON_RATE_H
#define COMMON_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

/* All zero is a full bucket that was never used. */
struct rate {
	monotime_t last; /* when a token was last taken */
	int64_t spent;   /* millionths of a token that had not come back then */
};

/* Takes one token.  False, and nothing taken, if none is left.  @per_second 0: no limit; @burst 0
 * counts as 1.  Both may change from call to call. */
bool rate_take(struct rate *rate, monotime_t now, uint32_t per_second, uint32_t burst);

/* Milliseconds until rate_take() can succeed; 0 if it would now. */
uint32_t rate_wait_ms(const struct rate *rate, monotime_t now, uint32_t per_second, uint32_t burst);

#endif
