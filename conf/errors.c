/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "conf/errors.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"

struct conf_errors {
	char *text; /* all lines, each with its newline */
	size_t len;
	size_t count;
	size_t lost; /* of these, not in the text for lack of memory */
};

struct conf_errors *conf_errors_new(void)
{
	return calloc(1, sizeof(struct conf_errors));
}

struct conf_errors *conf_errors_free(struct conf_errors *errors)
{
	if (errors != NULL)
		free(errors->text);
	free(errors);
	return NULL;
}

size_t conf_errors_count(const struct conf_errors *errors)
{
	return errors->count;
}

void conf_errors_print(const struct conf_errors *errors, FILE *to)
{
	if (errors->text != NULL)
		fputs(errors->text, to);
	if (errors->lost > 0)
		fprintf(to, "out of memory; mistakes not shown: %zu\n", errors->lost);
}

void conf_errors_log(const struct conf_errors *errors)
{
	const char *line = errors->text;

	while (line != NULL && *line != '\0') {
		size_t len = strcspn(line, "\n");

		log_error("%.*s", (int)len, line);
		line += len + 1; /* each has its newline */
	}
	if (errors->lost > 0)
		log_error("out of memory; mistakes not shown: %zu", errors->lost);
}

void conf_errors_tell(const struct conf_errors *errors)
{
	if (log_is_for_journal())
		conf_errors_log(errors);
	else
		conf_errors_print(errors, stderr);
}

static char *line_new(const struct conf_at *at, const char *format, va_list args)
{
	char *what, *line;
	int rc;

	if (vasprintf(&what, format, args) < 0)
		return NULL;
	if (at->path != NULL)
		rc = asprintf(&line, "%s: %s: %s\n", at->place, at->path, what);
	else
		rc = asprintf(&line, "%s: %s\n", at->place, what);
	free(what);
	return rc < 0 ? NULL : line;
}

static bool append(struct conf_errors *errors, const char *line)
{
	size_t len = strlen(line);
	char *text = realloc(errors->text, errors->len + len + 1);

	if (text == NULL)
		return false;
	memcpy(text + errors->len, line, len + 1);
	errors->text = text;
	errors->len += len;
	return true;
}

void conf_error(struct conf_errors *errors, const struct conf_at *at, const char *format, ...)
{
	va_list args;
	char *line;

	if (errors == NULL)
		return;
	va_start(args, format);
	line = line_new(at, format, args);
	va_end(args);

	errors->count++;
	if (line == NULL || !append(errors, line))
		errors->lost++;
	free(line);
}
