/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages: so many publishers send so many of them, and a subscriber at the broker counts what
 * arrives - or each publisher has a receiver of its own, which is a sensor too.
 *
 * At QoS 1 and 2 every publisher waits for the acknowledgement before its next message, and perhaps
 * only some of them publish at a time, in turns.  At QoS 0
 * and -1 either a window bounds what is on its way from all publishers to the subscriber, or they
 * send at a fixed rate, whatever becomes of it.
 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"
#include "tools/bench/figures.h"
#include "tools/bench/publishers.h"

#define RUN_PAYLOAD_MIN 24 /* every message carries its run, publisher, number and time */

struct run_config {
	struct netaddr broker; /* where the subscriber listens */
	struct publishers_config publishers;
	uint32_t messages;
	uint32_t at_once;     /* QoS 1 and 2: so many publishers wait for an answer at a time */
	uint32_t window;      /* QoS 0 and -1 */
	uint32_t rate;        /* messages per second of all, QoS 0 and -1; 0: by the window */
	uint32_t payload;     /* octets, RUN_PAYLOAD_MIN..PUBLISHERS_PAYLOAD_MAX */
	uint32_t gateway_pid; /* or the relay's: its CPU time and memory are told; 0: nobody's */
	uint32_t broker_pid;
};

/* Sets the figures of @path and @round.  0, or -1 after a message on standard error. */
int run_measure(const struct run_config *config, const struct publishers_ops *ops, enum path path,
    unsigned round, struct figures *figures);

#endif
