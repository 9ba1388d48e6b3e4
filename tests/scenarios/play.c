/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plays scenarios on the core.  Exit status 0: everything came as expected; 1: something else came;
 * 2: a scenario cannot be read.  With -v each act is printed with what it caused, in the form of a
 * scenario.  With -m it is played again and again, each time with another allocation of the core
 * failing.  With -s it is played with a store, which is compared with the core after each act.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/scenarios/failing.h"
#include "tests/scenarios/script.h"
#include "tests/scenarios/world.h"

enum {
	PLAYED,
	FAILED,
	UNREADABLE
};

#define ACT_WIDTH 60 /* of the left column with -v */

static bool matches(const struct expected *expected, const struct output *output)
{
	if (strcmp(expected->text, output->text) != 0)
		return false;
	return !expected->timed ||
	       (output->at >= expected->from_us && output->at <= expected->to_us);
}

static bool as_expected(const struct step *step, const struct output *outputs, size_t n)
{
	if (n != step->n_expected)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!matches(&step->expected[i], &outputs[i]))
			return false;
	return true;
}

/* "500ms", "90s" */
static void print_duration(char *text, size_t size, int64_t us)
{
	if (us % 1000000 == 0)
		snprintf(text, size, "%" PRId64 "s", us / 1000000);
	else
		snprintf(text, size, "%.6gms", (double)us / 1000);
}

static void print_expected(char *text, size_t size, const struct expected *expected)
{
	char from[40], to[40];

	print_duration(from, sizeof(from), expected->from_us);
	print_duration(to, sizeof(to), expected->to_us);
	if (!expected->timed)
		snprintf(text, size, "%s", expected->text);
	else if (expected->from_us == expected->to_us)
		snprintf(text, size, "at %s %s", from, expected->text);
	else
		snprintf(text, size, "at %s..%s %s", from, to, expected->text);
}

/* The time is told where it matters: in the course of "pass". */
static void print_output(
    char *text, size_t size, const struct step *step, const struct output *output)
{
	char at[40];

	print_duration(at, sizeof(at), output->at);
	if (step->kind == ACT_PASS)
		snprintf(text, size, "at %s %s", at, output->text);
	else
		snprintf(text, size, "%s", output->text);
}

/* Both lists side by side; '!' marks the lines that differ. */
static void report(
    const struct script *script, const struct step *step, const struct output *outputs, size_t n)
{
	size_t lines = n > step->n_expected ? n : step->n_expected;

	printf("%s:%u: %s\n", script->name, step->line, step->text);
	printf("      %-*s got\n", ACT_WIDTH, "expected");
	for (size_t i = 0; i < lines; i++) {
		bool wanted = i < step->n_expected, came = i < n;
		bool same = wanted && came && matches(&step->expected[i], &outputs[i]);
		char left[1000] = "(nothing)", right[1000] = "(nothing)";

		if (wanted)
			print_expected(left, sizeof(left), &step->expected[i]);
		if (came)
			print_output(right, sizeof(right), step, &outputs[i]);
		printf("    %c %-*s", same ? ' ' : '!', ACT_WIDTH, left);
		if (strlen(left) > ACT_WIDTH)
			printf("\n      %-*s", ACT_WIDTH, "");
		printf(" %s\n", right);
	}
}

static void print_played(const struct step *step, const struct output *outputs, size_t n)
{
	char text[1000];

	printf("%-*s |", ACT_WIDTH, step->text);
	for (size_t i = 0; i < n; i++) {
		print_output(text, sizeof(text), step, &outputs[i]);
		printf("%s %s", i == 0 ? "" : ";", text);
	}
	putchar('\n');
}

static int play_step(
    struct world *world, const struct script *script, const struct step *step, bool verbose)
{
	const struct output *outputs;
	const char *broken;
	size_t n;

	world_play(world, step);
	outputs = world_outputs(world, &n);
	broken = world_broken(world);
	if (verbose)
		print_played(step, outputs, n);
	if (broken == NULL && as_expected(step, outputs, n))
		return PLAYED;
	report(script, step, outputs, n);
	if (broken != NULL)
		printf("    ! %s\n", broken);
	return FAILED;
}

/* Ends the core and sees whether it left everything in order. */
static int end_world(struct world *world, const struct script *script)
{
	world_end(world);
	if (world_broken(world) == NULL)
		return PLAYED;
	printf("%s: at the end: %s\n", script->name, world_broken(world));
	return FAILED;
}

static int play_script(struct script *script, bool verbose)
{
	struct world *world = world_new(script);
	int result = PLAYED;

	for (size_t i = 0; i < script->n_steps && result == PLAYED; i++)
		result = play_step(world, script, &script->steps[i], verbose);
	if (result == PLAYED)
		result = end_world(world, script);
	world_free(world);
	return result;
}

/* Plays all acts with a store, whatever comes of them, and compares it with the core after each. */
static int play_keeping(struct script *script)
{
	struct world *world = world_new(script);
	int result = PLAYED;

	world_be_lenient(world);
	world_check_keeping(world);
	for (size_t i = 0; i < script->n_steps && result == PLAYED; i++) {
		world_play(world, &script->steps[i]);
		if (world_broken(world) == NULL)
			continue;
		printf("%s:%u: %s\n    ! %s\n", script->name, script->steps[i].line,
		    script->steps[i].text, world_broken(world));
		result = FAILED;
	}
	world_free(world);
	return result;
}

/* Plays all acts with allocation number @nth of the core failing, whatever comes of them. */
static int play_failing(struct script *script, long nth)
{
	struct world *world = world_new(script);
	int result;

	world_be_lenient(world);
	failing_set(nth);
	for (size_t i = 0; i < script->n_steps; i++)
		world_play(world, &script->steps[i]);
	result = end_world(world, script);
	if (result != PLAYED)
		printf("    with allocation %ld failing\n", nth);
	world_free(world);
	return result;
}

static struct script *read_script(const char *path)
{
	FILE *in = fopen(path, "r");
	struct script *script;

	if (in == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return NULL;
	}
	script = script_read(in, path, stderr);
	fclose(in);
	return script;
}

static int play_file(const char *path, bool verbose, bool keeping)
{
	struct script *script = read_script(path);
	int result = script == NULL ? UNREADABLE
	             : keeping      ? play_keeping(script)
	                            : play_script(script, verbose);

	script_free(script);
	return result;
}

/* Read anew for each round, as scenarios may change their configuration. */
static int play_file_failing(const char *path)
{
	int result = PLAYED;
	long nth = 1;

	do {
		struct script *script = read_script(path);

		if (script == NULL)
			return UNREADABLE;
		result = play_failing(script, nth++);
		script_free(script);
	} while (result == PLAYED && failing_happened());
	return result;
}

int main(int argc, char **argv)
{
	bool verbose = false, failing = false, keeping = false;
	int worst = PLAYED, option;

	while ((option = getopt(argc, argv, "vms")) != -1) {
		verbose |= option == 'v';
		failing |= option == 'm';
		keeping |= option == 's';
		if (option == '?')
			return UNREADABLE;
	}
	if (optind == argc) {
		fprintf(stderr, "usage: play [-v] [-m] [-s] SCENARIO.sns...\n");
		return UNREADABLE;
	}
	for (int i = optind; i < argc; i++) {
		int result =
		    failing ? play_file_failing(argv[i]) : play_file(argv[i], verbose, keeping);

		worst = result > worst ? result : worst;
	}
	return worst;
}
