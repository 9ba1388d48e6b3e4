/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/options.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/figures.h"
#include "tools/bench/publishers.h"
#include "tools/bench/run.h"

const char bench_usage[] =
    "usage: mqttsn-bench [MODE] [OPTION...]\n"
    "\n"
    "  publish   sensors publish, a subscriber at the broker counts; the same straight to the broker (the default)\n"
    "  deliver   as publish, but each publisher has a receiver that is a sensor, too\n"
    "  connect   sensors connect all at once; with --idle they sleep for a while afterwards\n"
    "  sleep     sensors sleep, --messages for each of them are kept, and they wake to fetch them\n"
    "  echo      bare UDP, which needs no gateway\n"
    "\n"
    "  --gateway ADDRESS:PORT, --broker ADDRESS:PORT\n"
    "  --relay ADDRESS:PORT   publish: through tools/bench/relay as well\n"
    "  --shared ADDRESS:PORT  publish, connect: through another gateway as well, whose clients share connections\n"
    "  --gateway-pid PID, --broker-pid PID, --relay-pid PID, --shared-pid PID   whose CPU time and memory to measure\n"
    "  --sensors N      (10); also --publishers\n"
    "  --forwarders N   that the sensors are behind (0: each has a socket of its own)\n"
    "  --messages N     in a round, of all publishers together (100000); sleep: for each sleeper\n"
    "  --qos -1..2      (0)\n"
    "  --window N       QoS 0 and -1, echo: messages on their way at once (100); at QoS 1 and 2 it is one for each sensor\n"
    "  --rate N         QoS 0 and -1: messages per second, whatever becomes of them (0: by the window)\n"
    "  --payload N      octets (64)\n"
    "  --at-once N      that many sensors connect or wake at a time, or at QoS 1 and 2 publish (0: all)\n"
    "  --idle N         connect: seconds to sleep, whose CPU time is told, after as many to settle, ten at most (0)\n"
    "  --stay 0|1       connect: whether they stay when it is over, asleep after --idle, for other measurements (0)\n"
    "  --direct 0|1     publish, deliver: whether to send straight to the broker, too (1)\n"
    "  --rounds N       medians are told (5)\n";

static const char *const modes[] = {
	[MODE_PUBLISH] = "publish",
	[MODE_DELIVER] = "deliver",
	[MODE_CONNECT] = "connect",
	[MODE_SLEEP] = "sleep",
	[MODE_ECHO] = "echo",
};

static const struct option {
	const char *name;
	size_t offset;
	bool is_address;
	int64_t least;
	int64_t most;
} table[] = {
	{ "--gateway", offsetof(struct bench_options, gateway), true, 0, 0 },
	{ "--broker", offsetof(struct bench_options, broker), true, 0, 0 },
	{ "--relay", offsetof(struct bench_options, relay), true, 0, 0 },
	{ "--shared", offsetof(struct bench_options, shared), true, 0, 0 },
	{ "--gateway-pid", offsetof(struct bench_options, gateway_pid), false, 1, INT32_MAX },
	{ "--broker-pid", offsetof(struct bench_options, broker_pid), false, 1, INT32_MAX },
	{ "--relay-pid", offsetof(struct bench_options, relay_pid), false, 1, INT32_MAX },
	{ "--shared-pid", offsetof(struct bench_options, shared_pid), false, 1, INT32_MAX },
	{ "--sensors", offsetof(struct bench_options, sensors), false, 1, 100000 },
	{ "--publishers", offsetof(struct bench_options, sensors), false, 1, 100000 },
	{ "--forwarders", offsetof(struct bench_options, forwarders), false, 0, 1000 },
	{ "--messages", offsetof(struct bench_options, messages), false, 0, 100000000 },
	{ "--qos", offsetof(struct bench_options, qos), false, -1, 2 },
	{ "--window", offsetof(struct bench_options, window), false, 1, 100000 },
	{ "--rate", offsetof(struct bench_options, rate), false, 0, 10000000 },
	{ "--payload", offsetof(struct bench_options, payload), false, RUN_PAYLOAD_MIN,
	    PUBLISHERS_PAYLOAD_MAX },
	{ "--at-once", offsetof(struct bench_options, at_once), false, 0, 100000 },
	{ "--idle", offsetof(struct bench_options, idle), false, 0, 3000 },
	{ "--stay", offsetof(struct bench_options, stay), false, 0, 1 },
	{ "--direct", offsetof(struct bench_options, direct), false, 0, 1 },
	{ "--rounds", offsetof(struct bench_options, rounds), false, 1, ROUNDS_MAX },
};

const char *bench_mode_name(enum bench_mode mode)
{
	return modes[mode];
}

static bool read_mode(struct bench_options *options, const char *word)
{
	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		if (strcmp(word, modes[i]) != 0)
			continue;
		options->mode = (enum bench_mode)i;
		return true;
	}
	return false;
}

static const struct option *find(const char *word)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		if (strcmp(word, table[i].name) == 0)
			return &table[i];
	}
	return NULL;
}

/* Each number is an int32_t or uint32_t whose range fits both. */
static bool read_value(struct bench_options *options, const struct option *option, const char *text)
{
	void *member = (char *)options + option->offset;
	int32_t number;
	long value;
	char *end;

	if (option->is_address)
		return netaddr_parse(member, text, 0) == 0;
	value = strtol(text, &end, 10);
	if (end == text || *end != '\0' || value < option->least || value > option->most)
		return false;
	number = (int32_t)value;
	memcpy(member, &number, sizeof number);
	return true;
}

static const char *missing(const struct bench_options *options)
{
	if (options->help || options->mode == MODE_ECHO)
		return NULL;
	if (options->gateway.family == 0)
		return "--gateway is missing";
	if (options->mode != MODE_CONNECT && options->broker.family == 0)
		return "--broker is missing";
	if (options->mode != MODE_SLEEP && options->messages == 0)
		return "--messages must not be 0";
	if (options->mode == MODE_DELIVER && options->qos < 0)
		return "receivers need a QoS of 0 or more";
	return NULL;
}

const char *bench_options_read(struct bench_options *options, int argc, const char *const *argv)
{
	static char wrong[128];

	*options = (struct bench_options){ .sensors = 10,
		.messages = 100000,
		.window = 100,
		.payload = 64,
		.rounds = 5,
		.direct = 1 };
	for (int i = 1; i < argc; i++) {
		const struct option *option = find(argv[i]);

		if (strcmp(argv[i], "--help") == 0) {
			options->help = true;
		} else if (i == 1 && read_mode(options, argv[i])) {
			continue;
		} else if (option == NULL) {
			snprintf(wrong, sizeof wrong, "'%.60s' is not known", argv[i]);
			return wrong;
		} else if (++i == argc || !read_value(options, option, argv[i])) {
			snprintf(wrong, sizeof wrong, "%s: '%.60s' is not possible", option->name,
			    i < argc ? argv[i] : "");
			return wrong;
		}
	}
	if (options->at_once == 0)
		options->at_once = options->sensors;
	return missing(options);
}
