/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/figures.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Reads as: the ratio of the gateway's figure to this one of the baseline. */
static const struct description {
	const char *key;
	const char *label;
	int decimals;
	bool is_count;
	bool has_ratio;
	enum figure to;
} descriptions[FIGURES] = {
	[RATE] = { "rate", "per second", 0, false, true, RATE },
	[LATENCY_P50] = { "latency_p50_us", "us to the receiver: median", 0, false, true,
	    LATENCY_P50 },
	[LATENCY_P99] = { "latency_p99_us", "us to the receiver: 99 %", 0, false, true,
	    LATENCY_P99 },
	[LATENCY_P999] = { "latency_p999_us", "us to the receiver: 99.9 %", 0, false, true,
	    LATENCY_P999 },
	[LATENCY_MAX] = { "latency_max_us", "us to the receiver: longest", 0, false, true,
	    LATENCY_MAX },
	[ANSWER_P50] = { "answer_p50_us", "us to the answer: median", 0, false, true, ANSWER_P50 },
	[ANSWER_P99] = { "answer_p99_us", "us to the answer: 99 %", 0, false, true, ANSWER_P99 },
	[ANSWER_P999] = { "answer_p999_us", "us to the answer: 99.9 %", 0, false, true,
	    ANSWER_P999 },
	[ANSWER_MAX] = { "answer_max_us", "us to the answer: longest", 0, false, true, ANSWER_MAX },
	[BROKER_CPU] = { "broker_cpu_s", "CPU s per 100,000: broker", 2, false, true, BROKER_CPU },
	[GATEWAY_CPU] = { "gateway_cpu_s", "CPU s per 100,000: gateway", 2, false, true,
	    BROKER_CPU },
	[GATEWAY_LOAD] = { "gateway_load_percent", "CPU of the gateway, % of a core", 2, false,
	    false, 0 },
	[GATEWAY_MEMORY] = { "gateway_memory_mb", "memory of the gateway, MB", 1, false, false, 0 },
	[CLIENT_MEMORY] = { "client_memory_octets", "memory of the gateway for each client, octets",
	    0, false, false, 0 },
	[LOST] = { "lost", "lost", 0, true, false, 0 },
	[REPEATED] = { "repeated", "came twice", 0, true, false, 0 },
	[RESENT] = { "resent", "sent again", 0, true, false, 0 },
	[KERNEL_DROPS] = { "kernel_drops", "dropped by the kernel", 0, true, false, 0 },
	[FAILED] = { "failed", "failed", 0, true, false, 0 },
};

void figures_init(struct figures *figures, unsigned rounds)
{
	figures->rounds = rounds;
	for (int path = 0; path < PATHS; path++)
		for (int figure = 0; figure < FIGURES; figure++)
			for (int round = 0; round < ROUNDS_MAX; round++)
				figures->of[path][figure][round] = NAN;
}

void figures_set(
    struct figures *figures, enum path path, unsigned round, enum figure figure, double value)
{
	figures->of[path][figure][round] = value;
}

void figures_set_times(struct figures *figures, enum path path, unsigned round, enum figure first,
    const struct histogram *times)
{
	static const double shares[] = { 0.5, 0.99, 0.999 };

	if (times->n == 0)
		return;
	for (unsigned i = 0; i < sizeof shares / sizeof shares[0]; i++)
		figures_set(
		    figures, path, round, first + i, (double)histogram_at(times, shares[i]));
	figures_set(figures, path, round, first + 3, (double)times->most);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts @values. */
static double median(double *values, unsigned n)
{
	if (n == 0)
		return NAN;
	qsort(values, n, sizeof values[0], compare);
	return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double figures_value(const struct figures *figures, enum path path, enum figure figure)
{
	double values[ROUNDS_MAX], sum = 0;
	unsigned n = 0;

	for (unsigned round = 0; round < figures->rounds; round++) {
		double value = figures->of[path][figure][round];

		if (isnan(value))
			continue;
		values[n++] = value;
		sum += value;
	}
	return n > 0 && descriptions[figure].is_count ? sum : median(values, n);
}

/* Of the ratios, as two values of one round were taken under the same weather. */
double figures_ratio(const struct figures *figures, enum path path, enum figure figure)
{
	const double *values = figures->of[path][figure];
	const double *to = figures->of[PATH_DIRECT][descriptions[figure].to];
	double ratios[ROUNDS_MAX];
	unsigned n = 0;

	if (!descriptions[figure].has_ratio)
		return NAN;
	for (unsigned round = 0; round < figures->rounds; round++) {
		if (!isnan(values[round]) && !isnan(to[round]) && to[round] > 0)
			ratios[n++] = values[round] / to[round];
	}
	return median(ratios, n);
}

/* The paths besides direct, in the order of their columns. */
static const struct {
	enum path path;
	const char *name;
} columns[] = {
	{ PATH_RELAY, "relay" },
	{ PATH_GATEWAY, "gateway" },
	{ PATH_SHARED, "shared" },
};

#define COLUMNS (sizeof columns / sizeof columns[0])

static bool has_path(const struct figures *figures, enum path path)
{
	return path == PATH_GATEWAY || !isnan(figures_value(figures, path, RATE));
}

static void print_cell(FILE *file, double value, int decimals)
{
	if (isnan(value))
		fputs(" |", file);
	else
		fprintf(file, " %.*f |", decimals, value);
}

static void print_cells(
    const struct figures *figures, FILE *file, enum path path, enum figure figure, bool ratio)
{
	print_cell(file, figures_value(figures, path, figure), descriptions[figure].decimals);
	if (ratio)
		print_cell(file, figures_ratio(figures, path, figure), 2);
}

static void print_head(
    const struct figures *figures, FILE *file, const char *what, const char *baseline)
{
	unsigned n = 0;

	fprintf(file, "| %s |", what);
	if (baseline != NULL) {
		fprintf(file, " %s |", baseline);
		n++;
	}
	for (size_t i = 0; i < COLUMNS; i++) {
		if (!has_path(figures, columns[i].path))
			continue;
		fprintf(file, baseline != NULL ? " %s | ratio |" : " %s |", columns[i].name);
		n += baseline != NULL ? 2 : 1;
	}
	fputs("\n|---|", file);
	while (n-- > 0)
		fputs("---:|", file);
	fputc('\n', file);
}

void figures_print_table(
    const struct figures *figures, FILE *file, const char *what, const char *baseline)
{
	print_head(figures, file, what, baseline);
	for (enum figure figure = 0; figure < FIGURES; figure++) {
		if (isnan(figures_value(figures, PATH_DIRECT, figure)) &&
		    isnan(figures_value(figures, PATH_GATEWAY, figure)))
			continue;
		fprintf(file, "| %s |", descriptions[figure].label);
		if (baseline != NULL)
			print_cells(figures, file, PATH_DIRECT, figure, false);
		for (size_t i = 0; i < COLUMNS; i++) {
			if (has_path(figures, columns[i].path))
				print_cells(
				    figures, file, columns[i].path, figure, baseline != NULL);
		}
		fputc('\n', file);
	}
	fputc('\n', file);
}

static void print_object(const struct figures *figures, FILE *file, enum path path)
{
	const char *separator = "";

	fputc('{', file);
	for (enum figure figure = 0; figure < FIGURES; figure++) {
		double value = figures_value(figures, path, figure);

		if (isnan(value))
			continue;
		fprintf(file, "%s\"%s\":%.*f", separator, descriptions[figure].key,
		    descriptions[figure].decimals, value);
		separator = ",";
	}
	fputc('}', file);
}

static void print_ratios(const struct figures *figures, FILE *file, enum path path)
{
	const char *separator = "";

	fputc('{', file);
	for (enum figure figure = 0; figure < FIGURES; figure++) {
		double value = figures_ratio(figures, path, figure);

		if (isnan(value))
			continue;
		fprintf(file, "%s\"%s\":%.3f", separator, descriptions[figure].key, value);
		separator = ",";
	}
	fputc('}', file);
}

static void print_path(const struct figures *figures, FILE *file, enum path path, const char *name,
    const char *baseline)
{
	if (!has_path(figures, path))
		return;
	fprintf(file, "\"%s\":", name);
	print_object(figures, file, path);
	if (baseline != NULL) {
		fprintf(file, ",\"%s_ratio\":", name);
		print_ratios(figures, file, path);
	}
	fputc(',', file);
}

void figures_print_json(
    const struct figures *figures, FILE *file, const char *what, const char *baseline)
{
	fprintf(file, "{\"what\":\"%s\",\"rounds\":%u,", what, figures->rounds);
	if (baseline != NULL) {
		fprintf(file, "\"%s\":", baseline);
		print_object(figures, file, PATH_DIRECT);
		fputs(",\"ratio\":", file);
		print_ratios(figures, file, PATH_GATEWAY);
		fputc(',', file);
	}
	print_path(figures, file, PATH_RELAY, "relay", baseline);
	print_path(figures, file, PATH_SHARED, "shared", baseline);
	fputs("\"gateway\":", file);
	print_object(figures, file, PATH_GATEWAY);
	fputs("}\n", file);
}
