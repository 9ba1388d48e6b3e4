/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/output.h"

#include <string.h>

/* ---- the pieces of a format ---- */

static void print_hex(FILE *out, struct sn_bytes data, const char *digits)
{
	for (size_t i = 0; i < data.len; i++) {
		putc(digits[data.data[i] >> 4], out);
		putc(digits[data.data[i] & 15], out);
	}
}

static void print_time(FILE *out, const char *format, struct timespec when)
{
	char text[128];
	struct tm parts;

	localtime_r(&when.tv_sec, &parts);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the user chooses what @X is */
	fwrite(text, 1, strftime(text, sizeof text, format, &parts), out);
#pragma GCC diagnostic pop
}

static void print_bytes(FILE *out, struct sn_bytes data)
{
	if (data.len > 0)
		fwrite(data.data, 1, data.len, out);
}

static void print_parameter(
    FILE *out, char which, const struct sn_client_message *m, struct timespec when)
{
	switch (which) {
	case '%':
		putc('%', out);
		break;
	case 'I':
		print_time(out, "%Y-%m-%dT%H:%M:%S%z", when);
		break;
	case 'l':
		fprintf(out, "%zu", m->data.len);
		break;
	case 'm':
		fprintf(out, "%u", m->msg_id);
		break;
	case 'p':
		print_bytes(out, m->data);
		break;
	case 'q':
		fprintf(out, "%d", m->qos);
		break;
	case 'r':
		fprintf(out, "%d", m->retain);
		break;
	case 't':
		fputs(m->topic, out);
		break;
	case 'U':
		fprintf(out, "%lld.%09ld", (long long)when.tv_sec, when.tv_nsec);
		break;
	case 'x':
		print_hex(out, m->data, "0123456789abcdef");
		break;
	case 'X':
		print_hex(out, m->data, "0123456789ABCDEF");
		break;
	}
}

static void print_at(FILE *out, char which, struct timespec when)
{
	char format[3] = { '%', which, '\0' };

	if (which == '@')
		putc('@', out);
	else if (which == 'N')
		fprintf(out, "%09ld", when.tv_nsec);
	else
		print_time(out, format, when);
}

static const char escapes[][2] = {
	{ '\\', '\\' },
	{ '0', '\0' },
	{ 'a', '\a' },
	{ 'e', '\033' },
	{ 'n', '\n' },
	{ 'r', '\r' },
	{ 't', '\t' },
	{ 'v', '\v' },
};

/* The row of an escape, or NULL. */
static const char *find_escape(char which)
{
	for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++)
		if (escapes[i][0] == which)
			return escapes[i];
	return NULL;
}

/* ---- the whole ---- */

const char *output_check(const char *format)
{
	for (const char *p = format; *p != '\0'; p++) {
		if (strchr("%@\\", *p) == NULL)
			continue;
		if (p[1] == '\0' || (*p == '%' && strchr("%IlmpqrtUxX", p[1]) == NULL) ||
		    (*p == '\\' && find_escape(p[1]) == NULL))
			return p;
		p++;
	}
	return NULL;
}

static void print_format(
    FILE *out, const char *format, const struct sn_client_message *m, struct timespec when)
{
	for (const char *p = format; *p != '\0'; p++) {
		switch (*p) {
		case '%':
			print_parameter(out, *++p, m, when);
			break;
		case '@':
			print_at(out, *++p, when);
			break;
		case '\\':
			putc(find_escape(*++p)[1], out);
			break;
		default:
			putc(*p, out);
		}
	}
}

bool output_print(FILE *out, const struct output_style *style, const struct sn_client_message *m,
    struct timespec when)
{
	const char *format = style->format;

	if (format == NULL)
		format = style->verbose ? "%t %p" : "%p";
	print_format(out, format, m, when);
	if (!style->no_newline)
		putc('\n', out);
	return fflush(out) == 0 && !ferror(out);
}
