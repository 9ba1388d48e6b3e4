/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mqttsn-bench - how fast is the gateway, and what does it cost?  The same messages go through the
 * gateway and straight to the broker, in turns, and the table compares the two.  tools/bench.sh
 * starts all that it needs.
 */
#include <getopt.h>
#include <mosquitto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/netaddr.h"
#include "tools/bench/run.h"

#define ROUNDS_MAX 99

struct options {
	struct run_config run;
	struct netaddr gateway;
	uint32_t rounds;
};

/* What one path has shown, a value for each round. */
struct series {
	double rate[ROUNDS_MAX];        /* messages per second */
	double gateway_cpu[ROUNDS_MAX]; /* seconds per 100,000 messages */
	double broker_cpu[ROUNDS_MAX];
	struct run_result sum;
};

enum bench_option {
	OPT_GATEWAY = 1,
	OPT_GATEWAY_PID,
	OPT_BROKER,
	OPT_BROKER_PID,
	OPT_PUBLISHERS,
	OPT_MESSAGES,
	OPT_QOS,
	OPT_WINDOW,
	OPT_PAYLOAD,
	OPT_ROUNDS,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "gateway", required_argument, NULL, OPT_GATEWAY },
	{ "gateway-pid", required_argument, NULL, OPT_GATEWAY_PID },
	{ "broker", required_argument, NULL, OPT_BROKER },
	{ "broker-pid", required_argument, NULL, OPT_BROKER_PID },
	{ "publishers", required_argument, NULL, OPT_PUBLISHERS },
	{ "messages", required_argument, NULL, OPT_MESSAGES },
	{ "qos", required_argument, NULL, OPT_QOS },
	{ "window", required_argument, NULL, OPT_WINDOW },
	{ "payload", required_argument, NULL, OPT_PAYLOAD },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
    "usage: mqttsn-bench --gateway ADDRESS:PORT --broker ADDRESS:PORT [OPTION...]\n"
    "  --gateway-pid PID, --broker-pid PID   whose CPU time to measure\n"
    "  --publishers N   sensors, or clients of the broker (10)\n"
    "  --messages N     in a round, of all publishers together (100000)\n"
    "  --qos 0|1        (0)\n"
    "  --window N       QoS 0: messages on their way at once (100); at QoS 1 it is one for each publisher\n"
    "  --payload N      octets (64)\n"
    "  --rounds N       through the gateway and directly; medians are told (5)\n";

static bool number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*out = (uint32_t)n;
	return *text >= '0' && *text <= '9' && *end == '\0' && n >= least && n <= most;
}

static bool set_option(struct options *options, int option, const char *value)
{
	struct run_config *run = &options->run;

	switch (option) {
	case OPT_GATEWAY:
		return netaddr_parse(&options->gateway, value, 0) == 0;
	case OPT_BROKER:
		return netaddr_parse(&run->broker, value, 0) == 0;
	case OPT_GATEWAY_PID:
		return number(value, 1, INT32_MAX, &run->gateway_pid);
	case OPT_BROKER_PID:
		return number(value, 1, INT32_MAX, &run->broker_pid);
	case OPT_PUBLISHERS:
		return number(value, 1, 10000, &run->publishers.count);
	case OPT_MESSAGES:
		return number(value, 1, 100000000, &run->messages);
	case OPT_QOS:
		return number(value, 0, 1, &run->publishers.qos);
	case OPT_WINDOW:
		return number(value, 1, 100000, &run->window);
	case OPT_PAYLOAD:
		return number(value, RUN_PAYLOAD_MIN, PUBLISHERS_PAYLOAD_MAX, &run->payload);
	case OPT_ROUNDS:
		return number(value, 1, ROUNDS_MAX, &options->rounds);
	default:
		return false;
	}
}

static bool read_options(struct options *options, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (!set_option(options, option, optarg)) {
			if (option > 0 && option < OPT_HELP)
				fprintf(
				    stderr, "mqttsn-bench: '%s' is not possible there\n", optarg);
			return false;
		}
	}
	return optind == argc && options->gateway.family != 0 && options->run.broker.family != 0;
}

static bool play(const struct options *options, const struct publishers_ops *ops, unsigned round,
    struct series *series)
{
	struct run_config config = options->run;
	struct run_result result;
	double per_100k;

	config.publishers.server = ops == &publishers_direct ? config.broker : options->gateway;
	if (run_measure(&config, ops, &result) != 0)
		return false;
	per_100k = 100000.0 / (double)config.messages;
	series->rate[round] = (double)result.received / result.seconds;
	series->gateway_cpu[round] = result.gateway_cpu * per_100k;
	series->broker_cpu[round] = result.broker_cpu * per_100k;
	series->sum.lost += result.lost;
	series->sum.repeated += result.repeated;
	series->sum.resent += result.resent;
	return true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *values, unsigned n)
{
	double sorted[ROUNDS_MAX];

	for (unsigned i = 0; i < n; i++)
		sorted[i] = values[i];
	qsort(sorted, n, sizeof sorted[0], compare);
	return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* The median of the ratios, as two values of one round were taken under the same weather. */
static double ratio(const double *values, const double *to, unsigned n)
{
	double ratios[ROUNDS_MAX];

	for (unsigned i = 0; i < n; i++)
		ratios[i] = values[i] / to[i];
	return median(ratios, n);
}

static void print_table(
    const struct options *options, const struct series *gateway, const struct series *direct)
{
	const struct run_config *run = &options->run;
	unsigned n = options->rounds;

	printf("| QoS %d, %u publishers, %u x %u messages of %u octets, ", run->publishers.qos,
	    run->publishers.count, n, run->messages, run->payload);
	printf("%u on their way | direct | gateway | ratio |\n",
	    run->publishers.qos == 0 ? run->window : run->publishers.count);
	printf("|---|---:|---:|---:|\n");
	printf("| messages per second at the broker | %.0f | %.0f | %.2f |\n",
	    median(direct->rate, n), median(gateway->rate, n),
	    ratio(gateway->rate, direct->rate, n));
	printf("| CPU s per 100,000: broker | %.2f | %.2f | %.2f |\n",
	    median(direct->broker_cpu, n), median(gateway->broker_cpu, n),
	    ratio(gateway->broker_cpu, direct->broker_cpu, n));
	printf("| CPU s per 100,000: gateway (ratio: to the broker's, direct) | | %.2f | %.2f |\n",
	    median(gateway->gateway_cpu, n), ratio(gateway->gateway_cpu, direct->broker_cpu, n));
	printf("| lost, repeated, sent again (all rounds) | %lu, %lu, %lu | %lu, %lu, %lu | |\n\n",
	    (unsigned long)direct->sum.lost, (unsigned long)direct->sum.repeated,
	    (unsigned long)direct->sum.resent, (unsigned long)gateway->sum.lost,
	    (unsigned long)gateway->sum.repeated, (unsigned long)gateway->sum.resent);
}

int main(int argc, char **argv)
{
	static struct series gateway, direct;
	struct options options = {
		.run = { .messages = 100000, .window = 100, .payload = 64, .publishers.count = 10 },
		.rounds = 5,
	};
	int status = EXIT_SUCCESS;

	if (!read_options(&options, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	mosquitto_lib_init();
	for (unsigned round = 0; round < options.rounds && status == EXIT_SUCCESS; round++) {
		if (!play(&options, &publishers_direct, round, &direct) ||
		    !play(&options, &publishers_sensors, round, &gateway))
			status = EXIT_FAILURE;
	}
	if (status == EXIT_SUCCESS)
		print_table(&options, &gateway, &direct);
	mosquitto_lib_cleanup();
	return status;
}
