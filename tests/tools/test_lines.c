/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "tools/lines.h"

#define LONGEST 8

static int ends[2];
static struct lines *lines;

static void setup(void)
{
	cr_assert_eq(pipe(ends), 0);
	lines = lines_new(ends[0], LONGEST);
	cr_assert_not_null(lines);
}

static void teardown(void)
{
	lines = lines_free(lines);
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
}

TestSuite(lines, .init = setup, .fini = teardown);

static void put(const char *text)
{
	cr_assert_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

static void end(void)
{
	close(ends[1]);
	ends[1] = -1;
}

/* The next line, reading what there must be. */
static enum lines_state next(struct sn_bytes *line)
{
	enum lines_state state;

	while ((state = lines_next(lines, line)) == LINES_MORE)
		cr_assert_eq(lines_fill(lines), 0);
	return state;
}

static void expect_line(const char *text)
{
	struct sn_bytes line;

	cr_assert_eq(next(&line), LINES_LINE);
	cr_assert_eq(line.len, strlen(text));
	cr_assert_eq(memcmp(line.data, text, line.len), 0);
}

static void expect_end(void)
{
	struct sn_bytes line;

	cr_assert_eq(next(&line), LINES_END);
	cr_assert_eq(next(&line), LINES_END);
}

Test(lines, come_one_by_one)
{
	put("one\ntwo\n\nfour\n");
	end();
	expect_line("one");
	expect_line("two");
	expect_line("");
	expect_line("four");
	expect_end();
}

Test(lines, last_one_needs_no_newline)
{
	put("one\ntwo");
	end();
	expect_line("one");
	expect_line("two");
	expect_end();
}

Test(lines, nothing_is_no_line)
{
	end();
	expect_end();
}

Test(lines, are_put_together_from_pieces)
{
	struct sn_bytes line;

	cr_assert_eq(lines_next(lines, &line), LINES_MORE);
	put("ab");
	cr_assert_eq(lines_fill(lines), 0);
	cr_assert_eq(lines_next(lines, &line), LINES_MORE);
	put("cd\nef");
	expect_line("abcd");
	cr_assert_eq(lines_next(lines, &line), LINES_MORE);
	put("\n");
	expect_line("ef");
}

Test(lines, of_the_longest_length_are_taken)
{
	put("12345678\n12345678");
	end();
	expect_line("12345678");
	expect_line("12345678");
	expect_end();
}

Test(lines, longer_ones_are_not)
{
	struct sn_bytes line;

	put("1\n123456789\n");
	expect_line("1");
	cr_assert_eq(next(&line), LINES_TOO_LONG);
	cr_assert_eq(next(&line), LINES_TOO_LONG);
}

Test(lines, may_hold_any_octets)
{
	struct sn_bytes line;

	cr_assert_eq(write(ends[1], "a\0\r\n", 4), 4);
	cr_assert_eq(next(&line), LINES_LINE);
	cr_assert_eq(line.len, 3);
	cr_assert_eq(memcmp(line.data, "a\0\r", 3), 0);
}

Test(lines, tell_of_a_failure)
{
	struct lines *none = lines_new(-1, LONGEST);

	cr_assert_eq(lines_fill(none), -ERR_SYSTEM);
	lines_free(none);
}
