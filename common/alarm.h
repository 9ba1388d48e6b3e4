/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A timer of the kernel on the event loop (timerfd_create(2)).  One of libevent's is handed to the
 * kernel anew by every wait for events, which in a virtual machine may be an exit to its host each
 * time; this one only when it is set.  For what is always armed while packets come and go.
 */
#ifndef COMMON_ALARM_H
#define COMMON_ALARM_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

struct alarm;
struct event_base;

typedef void alarm_fn(void *ctx);

/* Not set yet.  NULL when out of memory or of descriptors. */
struct alarm *alarm_new(struct event_base *base, alarm_fn *fn, void *ctx);

/* NULL is fine; returns NULL. */
struct alarm *alarm_free(struct alarm *alarm);

/* Goes off once at @when, at once if that is over.  What was set before is forgotten. */
void alarm_at(struct alarm *alarm, monotime_t when);

/* Goes off once, at @when at the latest: what is set for a time before that stays as it is. */
void alarm_by(struct alarm *alarm, monotime_t when);

/* Goes off every @us microseconds, from now on. */
void alarm_every(struct alarm *alarm, uint32_t us);

void alarm_stop(struct alarm *alarm);

/* Whether it will go off. */
bool alarm_is_set(const struct alarm *alarm);

#endif
