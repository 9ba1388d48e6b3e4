/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"

/* Each test runs in a process of its own.  Its standard error becomes a socket that keeps what each
 * write(2) gave as a message of its own. */
static int reader = -1;

static void redirect(void)
{
	int pair[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	cr_assert_eq(dup2(pair[1], STDERR_FILENO), STDERR_FILENO);
	close(pair[1]);
	reader = pair[0];
}

/* The next message, or "" if there is none. */
static const char *written(void)
{
	static char buf[8192];
	ssize_t n = recv(reader, buf, sizeof buf - 1, MSG_DONTWAIT);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

/* Sets it to the device and inode of standard error, @wrong by so much, and @behind. */
static void set_journal_stream(struct stat wrong, const char *behind)
{
	char text[64];
	struct stat st;

	cr_assert_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(text, sizeof text, "%ju:%ju%s", (uintmax_t)(st.st_dev + wrong.st_dev),
	    (uintmax_t)(st.st_ino + wrong.st_ino), behind);
	cr_assert_eq(setenv("JOURNAL_STREAM", text, 1), 0);
}

static void into_journal(void)
{
	redirect();
	set_journal_stream((struct stat){ 0 }, "");
	log_init();
}

Test(log, names_of_levels)
{
	static const char *const names[] = { "error", "warning", "notice", "info", "debug" };
	static const char *const others[] = { "", "Info", "infos", "inf", "warn" };
	enum log_level level;

	for (size_t i = 0; i < 5; i++) {
		cr_assert(log_level_parse(names[i], &level), "%s", names[i]);
		cr_expect_eq(level, i);
		cr_expect_str_eq(log_level_name(level), names[i]);
	}
	for (size_t i = 0; i < 5; i++)
		cr_expect_not(log_level_parse(others[i], &level), "%s", others[i]);
}

Test(log, a_line_has_the_time_in_utc, .init = redirect)
{
	time_t before = time(NULL), stamp;
	struct tm tm = { 0 };
	const char *line, *rest;
	regex_t re;

	setenv("TZ", "XYZ-5", 1);
	tzset();
	log_info("%s %d", "text", 7);
	line = written();
	cr_assert_eq(regcomp(&re,
	                 "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
	                 "info: text 7\n$",
	                 REG_EXTENDED | REG_NOSUB),
	    0);
	cr_expect_eq(regexec(&re, line, 0, NULL, 0), 0, "%s", line);
	regfree(&re);
	rest = strptime(line, "%Y-%m-%dT%H:%M:%S", &tm);
	cr_assert_not_null(rest);
	stamp = timegm(&tm);
	cr_expect(stamp >= before && stamp <= time(NULL), "%s", line);
}

Test(log, levels_above_the_set_one_are_not_written, .init = redirect)
{
	for (int set = LOG_LEVEL_ERROR; set <= LOG_LEVEL_DEBUG; set++) {
		log_set_level((enum log_level)set);
		for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
			const char *line;

			log_line(LOG_MODULE_PROGRAM, (enum log_level)level, "x");
			line = written();
			cr_expect_eq(
			    log_enabled(LOG_MODULE_PROGRAM, (enum log_level)level), level <= set);
			cr_expect_eq(line[0] != '\0', level <= set, "%d at %d", level, set);
			if (level <= set)
				cr_expect_not_null(
				    strstr(line, log_level_name((enum log_level)level)));
		}
	}
}

Test(log, info_is_on_and_debug_off_at_the_start)
{
	cr_expect(log_enabled(LOG_MODULE_PROGRAM, LOG_LEVEL_INFO));
	cr_expect_not(log_enabled(LOG_MODULE_PROGRAM, LOG_LEVEL_DEBUG));
}

Test(log, the_journal_gets_priorities, .init = into_journal)
{
	static const char *const lines[] = { "<3>a\n", "<4>a\n", "<5>a\n", "<6>a\n", "<7>a\n" };

	log_set_level(LOG_LEVEL_DEBUG);
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		log_line(LOG_MODULE_PROGRAM, (enum log_level)level, "a");
		cr_expect_str_eq(written(), lines[level]);
	}
}

static void expect_time(const char *why)
{
	log_init();
	log_error("a");
	cr_expect_not_null(strstr(written(), "Z error: a\n"), "%s", why);
}

/* Who redirects standard error of a service leaves the variable behind. */
Test(log, a_journal_that_reads_something_else_does_not_count, .init = redirect)
{
	static const char *const none[] = { "", ":", "1", "x:y" };
	static const struct {
		struct stat wrong;
		const char *behind;
	} cases[] = {
		{ { .st_dev = 1 }, "" },
		{ { .st_ino = 1 }, "" },
		{ { 0 }, "0" },
		{ { 0 }, "." },
	};

	for (size_t i = 0; i < 4; i++) {
		set_journal_stream(cases[i].wrong, cases[i].behind);
		expect_time("another one");
	}
	for (size_t i = 0; i < 4; i++) {
		setenv("JOURNAL_STREAM", none[i], 1);
		expect_time(none[i]);
	}
	unsetenv("JOURNAL_STREAM");
	expect_time("no variable");
}

Test(log, control_characters_are_escaped, .init = into_journal)
{
	static const struct {
		const char *text, *line;
	} cases[] = {
		{ "a\nb", "<6>a\\x0ab\n" },
		{ "\n<3>forged\n", "<6>\\x0a<3>forged\\x0a\n" },
		{ "\r\t\x01\x1f\x7f", "<6>\\x0d\\x09\\x01\\x1f\\x7f\n" },
		{ "\x1b[31m", "<6>\\x1b[31m\n" },
		{ "\xc2\x80\xc2\x9b\xc2\x9f", "<6>\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\n" },
		{ "Gr\xc3\xbc\xc3\x9f\x65 \xc3\x9b \xe2\x82\x80 \xc2\xa0", /* 9f, 9b and 80 within
		                                                              others */
		    "<6>Gr\xc3\xbc\xc3\x9f\x65 \xc3\x9b \xe2\x82\x80 \xc2\xa0\n" },
		{ "\x9b", "<6>\x9b\n" },
		{ "\xc2", "<6>\xc2\n" },
		{ "", "<6>\n" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		log_info("%s", cases[i].text);
		cr_expect_str_eq(written(), cases[i].line);
		cr_expect_str_eq(written(), "", "one write for a line");
	}
}

/* What comes of @n times the character @c: all of it, or a line that says it was cut. */
static void try_length(size_t n, char c)
{
	char text[6000];
	size_t each = c == '\n' ? 4 : 1;
	const char *line;
	size_t len;

	memset(text, c, n);
	text[n] = '\0';
	log_info("%s", text);
	line = written();
	len = strlen(line);
	cr_assert_leq(len, 4096, "%zu octets of %zu characters", len, n);
	cr_assert_eq(strchr(line, '\n'), line + len - 1, "one line, %zu characters", n);
	if (len == 3 + n * each + 1)
		return;
	cr_assert_gt(n * each, 2000, "%zu characters were cut", n);
	cr_assert_str_eq(line + len - 4, "...\n");
}

Test(log, a_long_line_is_cut_and_says_so, .init = into_journal)
{
	for (size_t n = 0; n < 5999; n += n % 100 == 99 || (n > 900 && n < 2100) ? 1 : 100) {
		try_length(n, 'x');
		try_length(n, '\n');
	}
}

Test(log, errno_survives)
{
	close(STDERR_FILENO);
	errno = EADDRINUSE;
	log_error("nobody can read this");
	cr_expect_eq(errno, EADDRINUSE);
}

Test(log, a_module_has_a_level_of_its_own, .init = redirect)
{
	log_set_level(LOG_LEVEL_WARNING);
	log_set_module_level(LOG_MODULE_STORE, LOG_LEVEL_DEBUG);
	log_line(LOG_MODULE_STORE, LOG_LEVEL_DEBUG, "x");
	cr_expect_str_not_empty(written());
	log_notice("y");
	log_line(LOG_MODULE_CLIENTS, LOG_LEVEL_NOTICE, "z");
	cr_expect_str_empty(written());
	log_set_level(LOG_LEVEL_ERROR);
	cr_expect_not(log_enabled(LOG_MODULE_STORE, LOG_LEVEL_WARNING), "all are set");
}
