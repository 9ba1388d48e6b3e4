/* SPDX-License-Identifier: BSD-3-Clause */
/* What a measurement has shown, for each path and round; told as a table and as a line of JSON. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stdio.h>

#include "tools/bench/histogram.h"

#define ROUNDS_MAX 99

enum path {
	PATH_DIRECT, /* or the other baseline */
	PATH_RELAY,  /* the least that stands between (tools/bench/relay.c) */
	PATH_GATEWAY,
	PATH_SHARED, /* another gateway, whose clients share connections */
	PATHS,
};

enum figure {
	RATE,        /* per second, of whatever is measured */
	LATENCY_P50, /* microseconds, from the publisher to the receiver */
	LATENCY_P99,
	LATENCY_P999,
	LATENCY_MAX,
	ANSWER_P50, /* microseconds, from a request to its answer */
	ANSWER_P99,
	ANSWER_P999,
	ANSWER_MAX,
	BROKER_CPU, /* seconds per 100,000 */
	GATEWAY_CPU,
	GATEWAY_LOAD,   /* per cent of one processor */
	GATEWAY_MEMORY, /* megabytes, resident */
	CLIENT_MEMORY,  /* octets more for each client */
	LOST,           /* these are counts, added up over the rounds */
	REPEATED,
	RESENT,
	KERNEL_DROPS,
	FAILED,
	FIGURES,
};

struct figures {
	unsigned rounds;
	double of[PATHS][FIGURES][ROUNDS_MAX]; /* NAN: not measured */
};

void figures_init(struct figures *figures, unsigned rounds);

void figures_set(
    struct figures *figures, enum path path, unsigned round, enum figure figure, double value);

/* The four of @first..., from microseconds. */
void figures_set_times(struct figures *figures, enum path path, unsigned round, enum figure first,
    const struct histogram *times);

/* The median of the rounds, or their sum for a count; NAN if it was not measured. */
double figures_value(const struct figures *figures, enum path path, enum figure figure);

/* The median of the rounds' ratios, @path to direct; GATEWAY_CPU is compared with the broker's own
 * when it is asked directly.  NAN for counts, and where one of the two is missing. */
double figures_ratio(const struct figures *figures, enum path path, enum figure figure);

/* A table in Markdown, with a row for each figure that was measured, and columns for the relay
 * and the gateway with shared connections if there were such.  @what: its caption; @baseline: the
 * name of PATH_DIRECT, or NULL if there is only the gateway. */
void figures_print_table(
    const struct figures *figures, FILE *file, const char *what, const char *baseline);

/* One line. */
void figures_print_json(
    const struct figures *figures, FILE *file, const char *what, const char *baseline);

#endif
