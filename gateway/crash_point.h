/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crash points, for tests of "commit, then speak": the process kills itself with SIGKILL at a named
 * step of a turn.  Only with configure --enable-crash-points; otherwise nothing is compiled.
 *
 * The environment says when: MQTTSN_CRASH=POINT:N kills at the N-th passage of POINT, and
 * MQTTSN_CRASH=POINT:N:LATER at the first passage of LATER after that.  The steps of a turn:
 *
 *   datagram   one was read
 *   connected, refused, lost, published, subscribed, unsubscribed, message
 *              the broker's connection told that (enum up_event_kind)
 *   handled    the core has dealt with it, and told the store
 *   committed  the store has it
 *   upstream   what is for the broker was written
 *   sent       what is for the clients was sent
 */
#ifndef GATEWAY_CRASH_POINT_H
#define GATEWAY_CRASH_POINT_H

#include <stdbool.h>

#include "gateway/core/ports.h"

struct crash_point {
	char point[16];
	unsigned long passages; /* to come; 0: it had them all, or nothing is armed */
	char later[16];
	bool armed;
};

#ifdef ENABLE_CRASH_POINTS

/* Reads the environment.  False: what it says makes no sense. */
bool crash_point_arm(struct crash_point *crash);

void crash_point_pass(struct crash_point *crash, const char *point);
void crash_point_event(struct crash_point *crash, enum up_event_kind kind);

#else

static inline bool crash_point_arm(struct crash_point *crash)
{
	(void)crash;
	return true;
}

static inline void crash_point_pass(struct crash_point *crash, const char *point)
{
	(void)crash;
	(void)point;
}

static inline void crash_point_event(struct crash_point *crash, enum up_event_kind kind)
{
	(void)crash;
	(void)kind;
}

#endif

#endif
