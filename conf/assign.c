/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings from the command line, and what all ways of setting share. */
#include "conf/settings.h"

#include <stdlib.h>
#include <string.h>

#include "conf/record.h"
#include "conf/setting.h"

static bool out_of_memory(const char *option, struct conf_errors *errors)
{
	const struct conf_at at = { option, NULL };

	conf_error(errors, &at, "out of memory");
	return false;
}

/* --- PATH=VALUE --- */

/* The element that @number names, or NULL on a mistake. */
static void *element_of(const struct schema_row *list, void *base, const char *number,
    const struct conf_at *at, struct conf_errors *errors)
{
	size_t count = record_list_count(list, base);
	unsigned long i;

	if (number == NULL || *number == '\0' || number[strspn(number, "0123456789")] != '\0') {
		conf_error(errors, at, "\"%s\" is a list: name an element by its number, from 0",
		    list->name);
		return NULL;
	}
	i = strtoul(number, NULL, 10);
	if (i >= count) {
		conf_error(errors, at, "\"%s\" has no element %s (it has %zu, numbered from 0)",
		    list->name, number, count);
		return NULL;
	}
	return record_list_get(list, base, i);
}

/* The row of the setting at->path, and the struct it is in; NULL on a mistake.  @words is the path
 * again and is taken apart. */
static const struct schema_row *lookup(const struct schema *schema, void **base, char *words,
    const struct conf_at *at, struct conf_errors *errors)
{
	const struct schema_row *row;
	const char *word;

	while ((word = strsep(&words, ".")) != NULL) {
		row = schema_find(schema, word);
		if (row == NULL) {
			setting_unknown(schema, word, at, errors);
			return NULL;
		}
		if (row->type == SCHEMA_LIST) {
			*base = element_of(row, *base, strsep(&words, "."), at, errors);
			if (*base == NULL)
				return NULL;
		} else if (row->type != SCHEMA_GROUP) {
			if (words == NULL)
				return row;
			conf_error(errors, at, "no such setting; \"%s\" is no group", row->name);
			return NULL;
		}
		schema = &row->members;
	}
	conf_error(errors, at, "is a group; name a setting in it");
	return NULL;
}

/* @texts: NULL where there is @text instead. */
static bool assign(struct settings *settings, const struct conf_at *at, const char *text,
    const char *const *texts, struct conf_errors *errors)
{
	const struct schema_row *row;
	struct value value = { VALUE_ARRAY, .texts = texts };
	void *base = settings->base;
	char *words = strdup(at->path);

	if (words == NULL)
		return out_of_memory(at->place, errors);
	row = lookup(settings->schema, &base, words, at, errors);
	free(words);
	if (row == NULL)
		return false;
	if (texts == NULL)
		value = value_of_text(row, text);
	return setting_give(settings, row, base, &value, at, errors);
}

bool settings_assign(struct settings *settings, const char *option, const char *path,
    const char *text, struct conf_errors *errors)
{
	return assign(settings, &(struct conf_at){ option, path }, text, NULL, errors);
}

bool settings_assign_texts(struct settings *settings, const char *option, const char *path,
    const char *const *texts, struct conf_errors *errors)
{
	return assign(settings, &(struct conf_at){ option, path }, NULL, texts, errors);
}

bool settings_set(struct settings *settings, const char *option, const char *assignment,
    struct conf_errors *errors)
{
	const struct conf_at at = { option, NULL };
	const char *equals = strchr(assignment, '=');
	char *path;
	bool ok;

	/* The text may hold a password, so it is not repeated. */
	if (equals == NULL || equals == assignment) {
		conf_error(errors, &at, "must be SETTING=VALUE, such as timers.retry=15");
		return false;
	}
	path = strndup(assignment, (size_t)(equals - assignment));
	if (path == NULL)
		return out_of_memory(option, errors);
	ok = settings_assign(settings, option, path, equals + 1, errors);
	free(path);
	return ok;
}

/* --- elements of lists --- */

bool settings_add(
    struct settings *settings, const char *option, const char *list, struct conf_errors *errors)
{
	const struct schema_row *row = schema_find(settings->schema, list);
	const struct conf_at at = { option, NULL };

	if (record_list_count(row, settings->base) >= row->most) {
		conf_error(errors, &at, "more than %u are not possible", row->most);
		return false;
	}
	return record_list_add(row, settings->base) != NULL || out_of_memory(option, errors);
}

bool settings_assign_last(struct settings *settings, const char *option, const char *list,
    const char *name, const char *text, struct conf_errors *errors)
{
	const struct schema_row *row = schema_find(settings->schema, list);
	char path[SETTING_PATH_MAX];

	snprintf(
	    path, sizeof path, "%s.%zu.%s", list, record_list_count(row, settings->base) - 1, name);
	return settings_assign(settings, option, path, text, errors);
}

void settings_drop(struct settings *settings, const char *list)
{
	setting_empty(settings, schema_find(settings->schema, list), settings->base);
}
