/* SPDX-License-Identifier: BSD-3-Clause */
#include "common/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEXT_SIZE 2048
#define LINE_SIZE 4096 /* PIPE_BUF: a pipe takes this much in one piece */

static const struct {
	const char *name;
	int priority; /* of syslog */
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", 3 },
	[LOG_LEVEL_WARNING] = { "warning", 4 },
	[LOG_LEVEL_NOTICE] = { "notice", 5 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
};

static enum log_level enabled[LOG_MODULES] = {
	LOG_LEVEL_INFO,
	LOG_LEVEL_INFO,
	LOG_LEVEL_INFO,
	LOG_LEVEL_INFO,
	LOG_LEVEL_INFO,
	LOG_LEVEL_INFO,
};
static bool for_journal = false;

bool log_level_parse(const char *name, enum log_level *out)
{
	for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
		if (strcmp(levels[i].name, name) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

const char *log_level_name(enum log_level level)
{
	return levels[level].name;
}

/* As systemd.exec(5) asks: the variable is inherited, also by those whose standard error was
 * redirected since. */
void log_init(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	uintmax_t device, inode;
	char end;
	struct stat st;

	for_journal = stream != NULL && fstat(STDERR_FILENO, &st) == 0 &&
	              sscanf(stream, "%ju:%ju%c", &device, &inode, &end) == 2 &&
	              device == st.st_dev && inode == st.st_ino;
}

bool log_is_for_journal(void)
{
	return for_journal;
}

void log_set_level(enum log_level level)
{
	for (int module = 0; module < LOG_MODULES; module++)
		enabled[module] = level;
}

void log_set_module_level(enum log_module module, enum log_level level)
{
	enabled[module] = level;
}

bool log_enabled(enum log_module module, enum log_level level)
{
	return level <= enabled[module];
}

static size_t put_prefix(char *line, enum log_level level)
{
	struct timespec now;
	struct tm tm;
	size_t n;

	if (for_journal)
		return (size_t)snprintf(line, LINE_SIZE, "<%d>", levels[level].priority);
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	n = strftime(line, LINE_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	return n + (size_t)snprintf(line + n, LINE_SIZE - n, ".%03ldZ %s: ", now.tv_nsec / 1000000,
	               levels[level].name);
}

/* C0, DEL, and both octets of C1 (U+0080 to U+009F), which terminals obey too. */
static bool is_control(const char *text, const char *p)
{
	const uint8_t *c = (const uint8_t *)p;

	if (*c == 0xc2)
		return c[1] >= 0x80 && c[1] <= 0x9f;
	if (*c >= 0x80 && *c <= 0x9f)
		return p > text && c[-1] == 0xc2;
	return *c < 0x20 || *c == 0x7f;
}

/* Returns the octets of the whole line; @n of them are there before. */
static size_t put_text(char *line, size_t n, const char *text, bool cut)
{
	static const char tail[] = "...\n";
	const size_t room = LINE_SIZE - sizeof tail - 4; /* for one more escape and the tail */
	const char *p;

	for (p = text; *p != '\0' && n <= room; p++) {
		if (is_control(text, p))
			n += (size_t)snprintf(line + n, 5, "\\x%02x", (uint8_t)*p);
		else
			line[n++] = *p;
	}
	if (!cut && *p == '\0') {
		line[n++] = '\n';
		return n;
	}
	memcpy(line + n, tail, sizeof tail - 1);
	return n + sizeof tail - 1;
}

void log_line(enum log_module module, enum log_level level, const char *format, ...)
{
	char text[TEXT_SIZE], line[LINE_SIZE];
	int saved = errno;
	int len;
	size_t n;
	va_list ap;

	if (!log_enabled(module, level))
		return;
	va_start(ap, format);
	len = vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	if (len >= 0) {
		n = put_prefix(line, level);
		n = put_text(line, n, text, (size_t)len >= sizeof text);
		/* A log that cannot be written has nobody to tell. */
		while (write(STDERR_FILENO, line, n) < 0 && errno == EINTR)
			;
	}
	errno = saved;
}
