/* SPDX-License-Identifier: BSD-3-Clause */
/* Strings, and what is written as one. */
#include "conf/value_type.h"

#include <stdlib.h>
#include <string.h>

#include "common/netaddr.h"
#include "conf/host.h"
#include "gateway/core/topic_name.h"

#define DEFAULT_PORT 1884 /* of MQTT-SN */

static struct sn_bytes bytes_of(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
}

bool value_store_address(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	(void)row;
	if (netaddr_parse(member, value->text, DEFAULT_PORT) < 0) {
		conf_error(errors, at, "\"%s\" is no address, such as 127.0.0.1:1884 or [::1]:1884",
		    value->text);
		return false;
	}
	return true;
}

void value_print_address(const struct schema_row *row, const void *member, FILE *to)
{
	char text[NETADDR_TEXT_MAX];

	(void)row;
	fprintf(to, "\"%s\"", netaddr_print(member, text));
}

static const char *what_is_wrong(const struct schema_row *row, const char *text)
{
	if (row->type == SCHEMA_TEXT && !topic_utf8_valid(bytes_of(text)))
		return "is no valid UTF-8";
	if (row->type == SCHEMA_TOPIC && !topic_name_valid(bytes_of(text)))
		return "is no topic name (valid UTF-8 without '+' and '#')";
	return NULL;
}

bool value_store_text(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	char **text = member;
	const char *wrong;
	char range[SCHEMA_RANGE_MAX], *copy;

	if (!value_in_range(row, (long long)strlen(value->text))) {
		conf_error(errors, at, "must be %s, not of %zu", schema_range(row, range),
		    strlen(value->text));
		return false;
	}
	wrong = what_is_wrong(row, value->text);
	if (wrong != NULL) {
		conf_error(errors, at, "\"%s\" %s", value->text, wrong);
		return false;
	}
	copy = strdup(value->text);
	if (copy == NULL) {
		conf_error(errors, at, "out of memory");
		return false;
	}
	free(*text);
	*text = copy;
	return true;
}

void value_print_quoted(const char *text, FILE *to)
{
	fputc('"', to);
	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(to, "\\%c", *c);
		else if ((unsigned char)*c < 0x20 || *c == 0x7f)
			fprintf(to, "\\x%02x", (unsigned char)*c);
		else
			fputc(*c, to);
	}
	fputc('"', to);
}

void value_print_text(const struct schema_row *row, const void *member, FILE *to)
{
	(void)row;
	value_print_quoted(*(char *const *)member, to);
}

void value_clear_text(void *member)
{
	free(*(char **)member);
	*(char **)member = NULL;
}

static bool equal_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool value_equal_text(const void *a, const void *b)
{
	return equal_text(*(char *const *)a, *(char *const *)b);
}

/* --- arrays of strings --- */

static void free_texts(char **texts)
{
	for (char **f = texts; f != NULL && *f != NULL; f++)
		free(*f);
	free(texts);
}

void value_clear_texts(void *member)
{
	free_texts(*(char ***)member);
	*(char ***)member = NULL;
}

static const char *what_is_wrong_in(const struct schema_row *row, const char *text)
{
	if (row->type == SCHEMA_FILTERS && !topic_filter_valid(bytes_of(text)))
		return "is no topic filter";
	if (row->type == SCHEMA_HOSTS && !host_valid(text))
		return "is no host, such as broker.example.org:1883 or [::1]:1883";
	return NULL;
}

static bool check_texts(const struct schema_row *row, const char *const *texts, size_t *n,
    const struct conf_at *at, struct conf_errors *errors)
{
	char range[SCHEMA_RANGE_MAX];
	bool good = true;

	for (*n = 0; texts[*n] != NULL; (*n)++) {
		const char *wrong = what_is_wrong_in(row, texts[*n]);

		if (wrong != NULL) {
			conf_error(errors, at, "\"%s\" %s", texts[*n], wrong);
			good = false;
		}
	}
	if (!value_in_range(row, (long long)*n)) {
		conf_error(errors, at, "must be %s, not of %zu", schema_range(row, range), *n);
		good = false;
	}
	return good;
}

static char **copy_texts(const char *const *texts, size_t n)
{
	char **copy = calloc(n + 1, sizeof *copy);

	for (size_t i = 0; copy != NULL && i < n; i++) {
		copy[i] = strdup(texts[i]);
		if (copy[i] == NULL) {
			free_texts(copy);
			return NULL;
		}
	}
	return copy;
}

/* An array of strings, or a string for one; an empty array for none. */
bool value_store_texts(const struct schema_row *row, void *member, const struct value *value,
    const struct conf_at *at, struct conf_errors *errors)
{
	const char *const one[] = { value->text, NULL };
	const char *const *texts = value->kind == VALUE_TEXT ? one : value->texts;
	char **copy;
	size_t n;

	if (texts == NULL) {
		conf_error(errors, at, "must hold strings only");
		return false;
	}
	if (!check_texts(row, texts, &n, at, errors))
		return false;
	copy = n > 0 ? copy_texts(texts, n) : NULL;
	if (n > 0 && copy == NULL) {
		conf_error(errors, at, "out of memory");
		return false;
	}
	value_clear_texts(member);
	*(char ***)member = copy;
	return true;
}

bool value_equal_texts(const void *one, const void *other)
{
	char *const *a = *(char **const *)one, *const *b = *(char **const *)other;

	if (a == NULL || b == NULL)
		return a == b;
	while (*a != NULL && equal_text(*a, *b)) {
		a++;
		b++;
	}
	return *a == *b; /* both ended */
}

void value_print_texts(const struct schema_row *row, const void *member, FILE *to)
{
	const char *before = "[ ";

	(void)row;
	for (char *const *f = *(char **const *)member; *f != NULL; f++) {
		fputs(before, to);
		value_print_quoted(*f, to);
		before = ", ";
	}
	fputs(" ]", to);
}
