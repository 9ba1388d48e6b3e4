/* SPDX-License-Identifier: BSD-3-Clause */
/* Bare UDP: a process that sends back what it gets.  What the system alone takes for a round trip,
 * and for many of them at once. */
#ifndef BENCH_ECHO_H
#define BENCH_ECHO_H

#include <stdint.h>

#include "tools/bench/figures.h"

struct echo_config {
	uint32_t messages;
	uint32_t window;  /* on their way at once */
	uint32_t payload; /* octets, at most 1024 */
};

/* Sets RATE and the answer times of @path and @round.  0, or -1 after a message on standard error.
 */
int echo_measure(
    const struct echo_config *config, enum path path, unsigned round, struct figures *figures);

#endif
