/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mqttsn-bench - how fast is the gateway, and what does it cost?  What goes through the gateway
 * goes straight to the broker as well, in turns, and a table compares the two; a line of JSON says
 * the same.  tools/bench.sh starts all that it needs.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/bench/echo.h"
#include "tools/bench/figures.h"
#include "tools/bench/naps.h"
#include "tools/bench/options.h"
#include "tools/bench/process.h"
#include "tools/bench/run.h"
#include "tools/bench/storm.h"

/* One round of a mode: sets the figures of each path.  False after a message. */
typedef bool play_fn(const struct bench_options *o, unsigned round, struct figures *figures);

static struct sensors_config sensors_of(
    const struct bench_options *o, const struct netaddr *gateway)
{
	return (struct sensors_config){
		.gateway = *gateway, .count = o->sensors, .forwarders = o->forwarders, .clean = true
	};
}

static bool play_messages(const struct bench_options *o, unsigned round, struct figures *figures)
{
	static const struct netaddr nowhere; /* a path that is not taken */
	const struct {
		enum path path;
		const struct publishers_ops *ops;
		const struct netaddr *server;
		uint32_t pid;
	} paths[] = {
		{ PATH_DIRECT, &publishers_direct, o->direct ? &o->broker : &nowhere, 0 },
		{ PATH_RELAY, &publishers_sensors, &o->relay, o->relay_pid },
		{ PATH_GATEWAY, &publishers_sensors, &o->gateway, o->gateway_pid },
		{ PATH_SHARED, &publishers_sensors, &o->shared, o->shared_pid },
	};
	struct run_config config = {
		.broker = o->broker,
		.publishers = { .count = o->sensors,
		    .qos = o->qos,
		    .receivers = o->mode == MODE_DELIVER,
		    .forwarders = o->forwarders },
		.messages = o->messages,
		.at_once = o->at_once,
		.window = o->window,
		.rate = o->rate,
		.payload = o->payload,
		.broker_pid = o->broker_pid,
	};

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		if (paths[i].server->family == 0)
			continue;
		config.publishers.server = *paths[i].server;
		config.gateway_pid = paths[i].pid;
		if (run_measure(&config, paths[i].ops, paths[i].path, round, figures) != 0)
			return false;
	}
	return true;
}

static bool play_connect(const struct bench_options *o, unsigned round, struct figures *figures)
{
	struct storm_config config = {
		.sensors = sensors_of(o, &o->gateway),
		.at_once = o->at_once,
		.idle_s = o->idle,
		.gateway_pid = o->gateway_pid,
	};

	config.sensors.stay = o->stay;
	if (storm_measure(&config, PATH_GATEWAY, round, figures) != 0)
		return false;
	if (o->shared.family == 0)
		return true;
	config.sensors.gateway = o->shared;
	config.gateway_pid = o->shared_pid;
	return storm_measure(&config, PATH_SHARED, round, figures) == 0;
}

static bool play_sleep(const struct bench_options *o, unsigned round, struct figures *figures)
{
	const struct naps_config config = {
		.sensors = sensors_of(o, &o->gateway),
		.broker = o->broker,
		.messages = o->messages,
		.payload = o->payload,
		.at_once = o->at_once,
		.gateway_pid = o->gateway_pid,
	};

	return naps_measure(&config, PATH_GATEWAY, round, figures) == 0;
}

static bool play_echo(const struct bench_options *o, unsigned round, struct figures *figures)
{
	const struct echo_config config = {
		.messages = o->messages, .window = o->window, .payload = o->payload
	};

	return echo_measure(&config, PATH_DIRECT, round, figures) == 0;
}

static const struct {
	play_fn *play;
	const char *baseline; /* the name of PATH_DIRECT, or NULL */
} modes[] = {
	[MODE_PUBLISH] = { play_messages, "direct" },
	[MODE_DELIVER] = { play_messages, "direct" },
	[MODE_CONNECT] = { play_connect, NULL },
	[MODE_SLEEP] = { play_sleep, NULL },
	[MODE_ECHO] = { play_echo, "echo" },
};

/* What was measured, in words. */
static void describe(const struct bench_options *o, char *text, size_t size)
{
	char who[64], load[64] = "";

	snprintf(who, sizeof who,
	    o->forwarders > 0 ? "%u sensors behind %u forwarders" : "%u sensors", o->sensors,
	    o->forwarders);
	if (o->mode == MODE_ECHO)
		snprintf(who, sizeof who, "%u on their way", o->window);
	else if (o->rate > 0)
		snprintf(load, sizeof load, ", %u per second", o->rate);
	else if (o->qos <= 0 && o->mode <= MODE_DELIVER)
		snprintf(load, sizeof load, ", %u on their way", o->window);
	else if (o->at_once < o->sensors && o->mode <= MODE_DELIVER)
		snprintf(load, sizeof load, ", %u at a time", o->at_once);
	switch (o->mode) {
	case MODE_CONNECT:
		snprintf(
		    text, size, "connect: %s, %u at a time, %u rounds", who, o->at_once, o->rounds);
		break;
	case MODE_SLEEP:
		snprintf(text, size, "sleep: %s, %u messages for each, %u at a time, %u rounds",
		    who, o->messages, o->at_once, o->rounds);
		break;
	case MODE_ECHO:
		snprintf(text, size, "echo: %s, %u x %u datagrams", who, o->rounds, o->messages);
		break;
	default:
		snprintf(text, size, "%s: QoS %d, %s%s, %u x %u messages", bench_mode_name(o->mode),
		    o->qos, who, load, o->rounds, o->messages);
		break;
	}
}

static void show_progress(const struct bench_options *o, unsigned round)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: round %u of %u\r", bench_mode_name(o->mode), round + 1,
		    o->rounds);
}

int main(int argc, char **argv)
{
	static struct figures figures;
	struct bench_options options;
	const char *wrong = bench_options_read(&options, argc, (const char *const *)argv);
	int status = EXIT_SUCCESS;
	char what[200];

	if (wrong != NULL) {
		fprintf(stderr, "mqttsn-bench: %s; --help tells more\n", wrong);
		return 2;
	}
	if (options.help) {
		fputs(bench_usage, stdout);
		return EXIT_SUCCESS;
	}
	process_raise_descriptors();
	figures_init(&figures, options.rounds);
	for (unsigned round = 0; round < options.rounds && status == EXIT_SUCCESS; round++) {
		show_progress(&options, round);
		if (!modes[options.mode].play(&options, round, &figures))
			status = EXIT_FAILURE;
	}
	if (status == EXIT_SUCCESS) {
		const char *baseline = options.direct ? modes[options.mode].baseline : NULL;

		describe(&options, what, sizeof what);
		figures_print_table(&figures, stdout, what, baseline);
		figures_print_json(&figures, stdout, what, baseline);
	}
	return status;
}
