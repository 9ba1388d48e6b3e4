/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

static struct figures figures;

static void set(enum path path, enum figure figure, double a, double b, double c)
{
	figures_set(&figures, path, 0, figure, a);
	figures_set(&figures, path, 1, figure, b);
	figures_set(&figures, path, 2, figure, c);
}

static void start(void)
{
	figures_init(&figures, 3);
}

TestSuite(figures, .init = start);

Test(figures, medians_and_sums)
{
	set(PATH_GATEWAY, RATE, 30, 10, 20);
	set(PATH_GATEWAY, LOST, 3, 0, 1);
	cr_assert_eq(figures_value(&figures, PATH_GATEWAY, RATE), 20);
	cr_assert_eq(figures_value(&figures, PATH_GATEWAY, LOST), 4);
	cr_assert(isnan(figures_value(&figures, PATH_DIRECT, RATE)));
	figures_set(&figures, PATH_GATEWAY, 2, RATE, NAN);
	cr_assert_eq(figures_value(&figures, PATH_GATEWAY, RATE), 20, "of two: their middle");
}

Test(figures, a_ratio_is_the_median_of_the_rounds)
{
	set(PATH_DIRECT, RATE, 10, 100, 1000);
	set(PATH_GATEWAY, RATE, 5, 80, 600);
	cr_assert_float_eq(figures_ratio(&figures, PATH_GATEWAY, RATE), 0.6, 1e-9);
	cr_assert(isnan(figures_ratio(&figures, PATH_GATEWAY, LATENCY_P50)));
}

Test(figures, the_gateway_is_compared_with_the_broker)
{
	set(PATH_DIRECT, BROKER_CPU, 2, 2, 2);
	set(PATH_GATEWAY, BROKER_CPU, 8, 8, 8);
	set(PATH_GATEWAY, GATEWAY_CPU, 1, 1, 1);
	cr_assert_float_eq(figures_ratio(&figures, PATH_GATEWAY, GATEWAY_CPU), 0.5, 1e-9);
}

Test(figures, times_without_a_sample_are_not_measured)
{
	struct histogram times = { 0 };

	figures_set_times(&figures, PATH_GATEWAY, 0, ANSWER_P50, &times);
	cr_assert(isnan(figures_value(&figures, PATH_GATEWAY, ANSWER_P50)));
	histogram_add(&times, 40);
	histogram_add(&times, 50);
	figures_set_times(&figures, PATH_GATEWAY, 0, ANSWER_P50, &times);
	cr_assert_eq(figures_value(&figures, PATH_GATEWAY, ANSWER_P50), 40);
	cr_assert_eq(figures_value(&figures, PATH_GATEWAY, ANSWER_MAX), 50);
}

static char *printed(
    void (*print)(const struct figures *, FILE *, const char *, const char *), const char *baseline)
{
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	print(&figures, file, "what", baseline);
	fclose(file);
	return text;
}

Test(figures, tables)
{
	char *text;

	set(PATH_DIRECT, RATE, 10, 10, 10);
	set(PATH_GATEWAY, RATE, 5, 5, 5);
	set(PATH_GATEWAY, LOST, 0, 0, 0);
	text = printed(figures_print_table, "direct");
	cr_assert_str_eq(text, "| what | direct | gateway | ratio |\n|---|---:|---:|---:|\n"
	                       "| per second | 10 | 5 | 0.50 |\n| lost | | 0 | |\n\n");
	free(text);
	text = printed(figures_print_table, NULL);
	cr_assert_str_eq(
	    text, "| what | gateway |\n|---|---:|\n| per second | 5 |\n| lost | 0 |\n\n");
	free(text);
}

Test(figures, json)
{
	char *text;

	set(PATH_DIRECT, RATE, 10, 10, 10);
	set(PATH_GATEWAY, RATE, 5, 5, 5);
	text = printed(figures_print_json, "direct");
	cr_assert_str_eq(text, "{\"what\":\"what\",\"rounds\":3,\"direct\":{\"rate\":10},"
	                       "\"ratio\":{\"rate\":0.500},\"gateway\":{\"rate\":5}}\n");
	free(text);
	text = printed(figures_print_json, NULL);
	cr_assert_str_eq(text, "{\"what\":\"what\",\"rounds\":3,\"gateway\":{\"rate\":5}}\n");
	free(text);
}

Test(figures, the_relay_has_columns_of_its_own)
{
	char *text;

	set(PATH_DIRECT, BROKER_CPU, 4, 4, 4);
	set(PATH_RELAY, RATE, 8, 8, 8);
	set(PATH_RELAY, GATEWAY_CPU, 1, 1, 1);
	set(PATH_GATEWAY, RATE, 5, 5, 5);
	set(PATH_GATEWAY, GATEWAY_CPU, 3, 3, 3);
	text = printed(figures_print_table, "direct");
	cr_assert_str_eq(text, "| what | direct | relay | ratio | gateway | ratio |\n"
	                       "|---|---:|---:|---:|---:|---:|\n"
	                       "| per second | | 8 | | 5 | |\n"
	                       "| CPU s per 100,000: broker | 4.00 | | | | |\n"
	                       "| CPU s per 100,000: gateway | | 1.00 | 0.25 | 3.00 | 0.75 |\n\n");
	free(text);
	text = printed(figures_print_json, "direct");
	cr_assert_str_eq(text, "{\"what\":\"what\",\"rounds\":3,\"direct\":{\"broker_cpu_s\":4.00},"
	                       "\"ratio\":{\"gateway_cpu_s\":0.750},"
	                       "\"relay\":{\"rate\":8,\"gateway_cpu_s\":1.00},"
	                       "\"relay_ratio\":{\"gateway_cpu_s\":0.250},"
	                       "\"gateway\":{\"rate\":5,\"gateway_cpu_s\":3.00}}\n");
	free(text);
}

Test(figures, so_has_the_gateway_with_shared_connections)
{
	char *text;

	set(PATH_DIRECT, RATE, 10, 10, 10);
	set(PATH_GATEWAY, RATE, 5, 5, 5);
	set(PATH_SHARED, RATE, 8, 8, 8);
	text = printed(figures_print_table, "direct");
	cr_assert_str_eq(text, "| what | direct | gateway | ratio | shared | ratio |\n"
	                       "|---|---:|---:|---:|---:|---:|\n"
	                       "| per second | 10 | 5 | 0.50 | 8 | 0.80 |\n\n");
	free(text);
	text = printed(figures_print_table, NULL);
	cr_assert_str_eq(
	    text, "| what | gateway | shared |\n|---|---:|---:|\n| per second | 5 | 8 |\n\n");
	free(text);
	text = printed(figures_print_json, "direct");
	cr_assert_str_eq(text, "{\"what\":\"what\",\"rounds\":3,\"direct\":{\"rate\":10},"
	                       "\"ratio\":{\"rate\":0.500},\"shared\":{\"rate\":8},"
	                       "\"shared_ratio\":{\"rate\":0.800},\"gateway\":{\"rate\":5}}\n");
	free(text);
	text = printed(figures_print_json, NULL);
	cr_assert_str_eq(text, "{\"what\":\"what\",\"rounds\":3,\"shared\":{\"rate\":8},"
	                       "\"gateway\":{\"rate\":5}}\n");
	free(text);
}
