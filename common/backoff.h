/* SPDX-License-Identifier: BSD-3-Clause */
/* How long to wait before the next try: doubling from @least to @most, with jitter so that many who
 * lost the same peer do not come back together.  No clock, and no randomness of its own. */
#ifndef COMMON_BACKOFF_H
#define COMMON_BACKOFF_H

#include <stdint.h>

/* The wait in milliseconds before try number @attempt (0 is the first): a value between one half
 * and the whole of min(@least_ms << @attempt, @most_ms), chosen by @random (any 32 bits). */
uint32_t backoff_ms(uint32_t least_ms, uint32_t most_ms, unsigned attempt, uint32_t random);

#endif
