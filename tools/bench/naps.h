/* SPDX-License-Identifier: BSD-3-Clause */
/* Sleeping sensors: messages are kept for them, and they wake to fetch them. */
#ifndef BENCH_NAPS_H
#define BENCH_NAPS_H

#include <stdint.h>

#include "tools/bench/figures.h"
#include "tools/bench/sensors.h"

struct naps_config {
	struct sensors_config sensors;
	struct netaddr broker;
	uint32_t messages; /* that wait for each sleeper */
	uint32_t payload;  /* octets */
	uint32_t at_once;  /* so many wake at a time */
	uint32_t gateway_pid;
};

/* RATE: sleepers that woke, fetched their messages and fell asleep again, per second; answers: from
 * PINGREQ to PINGRESP.  0, or -1 after a message on standard error. */
int naps_measure(
    const struct naps_config *config, enum path path, unsigned round, struct figures *figures);

#endif
