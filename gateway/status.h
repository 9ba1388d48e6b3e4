/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The line that systemctl status shows:
 *	12 clients (9 active, 2 asleep, 0 connecting), broker connections 11 of 11, ...
 */
#ifndef GATEWAY_STATUS_H
#define GATEWAY_STATUS_H

#include <stdint.h>

#include "common/monotime.h"

#define STATUS_MAX 256

struct gw;
struct upstream;

/* All zero at the start. */
struct status {
	monotime_t at; /* when the line was last made, and what had been counted */
	uint64_t heard;
	uint64_t said;
};

/* Rates are those since the last line.  Returns @buf, of STATUS_MAX octets. */
const char *status_print(struct status *status, monotime_t now, const struct gw *gw,
    const struct upstream *upstream, char *buf);

#endif
