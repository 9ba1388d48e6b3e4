/* SPDX-License-Identifier: BSD-3-Clause */
/* The time of a turn of the loop: whoever asks first decides, and it stays until the turn ends. */
#ifndef COMMON_TURN_H
#define COMMON_TURN_H

#include <stdbool.h>

#include "common/monotime.h"

struct turn {
	bool has_time;
	monotime_t now;
};

static inline monotime_t turn_now(struct turn *turn)
{
	if (!turn->has_time) {
		turn->has_time = true;
		turn->now = monotime_now();
	}
	return turn->now;
}

static inline void turn_end(struct turn *turn)
{
	turn->has_time = false;
}

#endif
