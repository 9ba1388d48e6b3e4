/* SPDX-License-Identifier: BSD-3-Clause */
/* One measurement: so many publishers send so many messages, and a subscriber at the broker counts
 * what arrives. At QoS 1 every publisher waits for the acknowledgement before its next message; at
 * QoS 0 a window bounds what is on its way from all publishers to the subscriber. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"
#include "tools/bench/publishers.h"

#define RUN_PAYLOAD_MIN 12 /* every message carries its run, publisher and number */

struct run_config {
	struct netaddr broker; /* where the subscriber listens */
	struct publishers_config publishers;
	uint32_t messages;
	uint32_t window;      /* QoS 0 */
	uint32_t payload;     /* octets, RUN_PAYLOAD_MIN..PUBLISHERS_PAYLOAD_MAX */
	uint32_t gateway_pid; /* whose CPU time is told; 0: nobody's */
	uint32_t broker_pid;
};

struct run_result {
	double seconds;     /* from the first publish to the last arrival or acknowledgement */
	double gateway_cpu; /* seconds */
	double broker_cpu;
	uint64_t received; /* at the broker's subscriber, each message once */
	uint64_t lost;
	uint64_t repeated; /* arrived once more, or out of order */
	uint64_t resent;   /* by the publishers, for want of an answer */
};

/* 0, or -1 after a message on standard error. */
int run_measure(
    const struct run_config *config, const struct publishers_ops *ops, struct run_result *result);

#endif
