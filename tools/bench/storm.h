/* SPDX-License-Identifier: BSD-3-Clause */
/* Sensors that connect all at once, as after a power cut; then they sleep, and the gateway has
 * nothing to do. */
#ifndef BENCH_STORM_H
#define BENCH_STORM_H

#include <stdint.h>

#include "tools/bench/figures.h"
#include "tools/bench/sensors.h"

struct storm_config {
	struct sensors_config sensors;
	uint32_t at_once;     /* that many try to connect at a time */
	uint32_t idle_s;      /* for GATEWAY_LOAD, after they have settled; 0: they do not sleep */
	uint32_t gateway_pid; /* 0: nobody's CPU time and memory are told */
};

/* RATE: connections per second; answers: from a sensor's first CONNECT to CONNACK.  0, or -1 after
 * a message on standard error. */
int storm_measure(
    const struct storm_config *config, enum path path, unsigned round, struct figures *figures);

#endif
