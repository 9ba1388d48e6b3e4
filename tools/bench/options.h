/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line of mqttsn-bench. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/netaddr.h"

enum bench_mode {
	MODE_PUBLISH, /* publishers at the gateway, a subscriber at the broker */
	MODE_DELIVER, /* each publisher has a receiver at the gateway */
	MODE_CONNECT, /* all connect at once */
	MODE_SLEEP,   /* sleepers fetch what was kept for them */
	MODE_ECHO,    /* bare UDP */
};

struct bench_options {
	enum bench_mode mode;
	struct netaddr gateway;
	struct netaddr broker;
	struct netaddr relay; /* of family 0: none */
	struct netaddr shared;
	uint32_t gateway_pid; /* 0: none */
	uint32_t broker_pid;
	uint32_t relay_pid;
	uint32_t shared_pid;
	uint32_t sensors;
	uint32_t forwarders;
	uint32_t messages; /* in a round; MODE_SLEEP: for each sleeper */
	int32_t qos;
	uint32_t window;
	uint32_t rate;
	uint32_t payload;
	uint32_t at_once;
	uint32_t idle;
	uint32_t stay; /* 0 or 1 */
	uint32_t rounds;
	uint32_t direct; /* 0 or 1: straight to the broker, too */
	bool help;
};

extern const char bench_usage[];

/* NULL, or what is wrong (text that lives until the next call). */
const char *bench_options_read(struct bench_options *options, int argc, const char *const *argv);

/* "publish", "deliver", ... */
const char *bench_mode_name(enum bench_mode mode);

#endif
