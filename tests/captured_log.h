/* SPDX-License-Identifier: BSD-3-Clause */
/* What a test's code writes to the log. */
#ifndef TESTS_CAPTURED_LOG_H
#define TESTS_CAPTURED_LOG_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static FILE *captured_log;

/* From now on. */
static void capture_log(void)
{
	captured_log = tmpfile();
	cr_assert_not_null(captured_log);
	cr_assert_eq(dup2(fileno(captured_log), STDERR_FILENO), STDERR_FILENO);
}

/* How many lines hold @text; "" counts all. */
static int lines_with(const char *text)
{
	char line[8192];
	int n = 0;

	rewind(captured_log);
	while (fgets(line, sizeof line, captured_log) != NULL) {
		if (strstr(line, text) != NULL)
			n++;
	}
	return n;
}

#endif
