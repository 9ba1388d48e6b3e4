/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A word to the service manager (sd_notify(3)), for a unit of Type=notify, and the watchdog it
 * keeps (sd_watchdog_enabled(3)).  Without a service manager nothing is sent.
 *
 * struct sdnotify watches the clock for both: the loop asks it when it wants to be called next, so
 * that a loop that hangs is noticed by the service manager.
 */
#ifndef COMMON_SDNOTIFY_H
#define COMMON_SDNOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"

#define SDNOTIFY_STATUS_MS 5000 /* between two lines of status */
#define SDNOTIFY_TEXT_MAX  512  /* of a message; longer ones are cut */

struct sdnotify {
	bool on;              /* there is a service manager */
	int64_t watchdog_us;  /* between two signs of life; 0: none are wanted */
	monotime_t next_sign; /* of life */
	monotime_t next_status;
};

/* Reads the environment ($NOTIFY_SOCKET, $WATCHDOG_USEC, $WATCHDOG_PID). */
void sdnotify_init(struct sdnotify *s, monotime_t now);

/* The program serves; reads its configuration anew (then sdnotify_ready() follows); is about to
 * end. */
void sdnotify_ready(const struct sdnotify *s);
void sdnotify_reloading(const struct sdnotify *s, monotime_t now);
void sdnotify_stopping(const struct sdnotify *s);

/* One line for people, as systemctl status shows it. */
void sdnotify_status(const struct sdnotify *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* When sdnotify_advance() should be called.  False: never. */
bool sdnotify_next_deadline(const struct sdnotify *s, monotime_t *when);

/* Gives the sign of life that is due.  True if it is time for a new sdnotify_status(). */
bool sdnotify_advance(struct sdnotify *s, monotime_t now);

#endif
