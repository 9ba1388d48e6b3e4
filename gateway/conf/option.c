/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings from the command line. */
#include "gateway/conf/conf.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/conf/record.h"
#include "gateway/conf/setting.h"

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
static const struct schema_row *lookup(
    void **base, char *words, const struct conf_at *at, struct conf_errors *errors)
{
	const struct schema *schema = schema_conf();
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

static bool give(struct conf *conf, const char *option, const char *path, const char *text,
    struct conf_errors *errors)
{
	const struct conf_at at = { option, path };
	const struct schema_row *row;
	struct value value;
	void *base = conf;
	char *words = strdup(path);

	if (words == NULL)
		return out_of_memory(option, errors);
	row = lookup(&base, words, &at, errors);
	free(words);
	if (row == NULL)
		return false;
	value = value_of_text(row, text);
	return setting_give(conf, row, base, &value, &at, errors);
}

bool conf_set(
    struct conf *conf, const char *option, const char *assignment, struct conf_errors *errors)
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
	ok = give(conf, option, path, equals + 1, errors);
	free(path);
	return ok;
}

/* --- elements of lists --- */

/* Gives a member of the element that was added last. */
static bool give_last(struct conf *conf, const char *option, const struct schema_row *list,
    const char *name, const char *text, struct conf_errors *errors)
{
	char path[SETTING_PATH_MAX];

	snprintf(
	    path, sizeof path, "%s.%zu.%s", list->name, record_list_count(list, conf) - 1, name);
	return give(conf, option, path, text, errors);
}

bool conf_add_listener(struct conf *conf, const char *text, struct conf_errors *errors)
{
	const struct schema_row *list = schema_find(schema_conf(), "listeners");

	if (!conf->listen_option) {
		conf->listen_option = true;
		setting_empty(conf, list, conf);
	}
	if (record_list_add(list, conf) == NULL)
		return out_of_memory("--listen", errors);
	return give_last(conf, "--listen", list, "address", text, errors);
}

/* Cuts "PATTERN:ID=TOPIC" apart; *@pattern is NULL where there is none. */
static bool split_predefined(char *text, char **pattern, char **id, char **topic)
{
	char *colon;

	*topic = strchr(text, '=');
	if (*topic == NULL)
		return false;
	*(*topic)++ = '\0';
	colon = strrchr(text, ':');
	*id = colon != NULL ? colon + 1 : text;
	*pattern = colon != NULL ? text : NULL;
	if (colon != NULL)
		*colon = '\0';
	return true;
}

static bool add_predefined(struct conf *conf, char *text, struct conf_errors *errors)
{
	const char *option = "--predefined";
	const struct schema_row *list = schema_find(schema_conf(), "predefined");
	const struct conf_at at = { option, NULL };
	char *pattern, *id, *topic;
	bool ok;

	if (!split_predefined(text, &pattern, &id, &topic)) {
		conf_error(errors, &at, "\"%s\" must be ID=TOPIC or PATTERN:ID=TOPIC", text);
		return false;
	}
	if (record_list_add(list, conf) == NULL)
		return out_of_memory(option, errors);
	ok = give_last(conf, option, list, "id", id, errors);
	ok &= give_last(conf, option, list, "topic", topic, errors);
	if (pattern != NULL)
		ok &= give_last(conf, option, list, "clients", pattern, errors);
	return ok;
}

bool conf_add_predefined(struct conf *conf, const char *text, struct conf_errors *errors)
{
	char *copy = strdup(text);
	bool ok;

	if (copy == NULL)
		return out_of_memory("--predefined", errors);
	ok = add_predefined(conf, copy, errors);
	free(copy);
	return ok;
}

/* --- the broker --- */

/* Cuts the port off "HOST:PORT" or "[IPV6]:PORT", and the brackets; *@port is NULL where there is
 * none.  More than one colon without brackets is an IPv6 address.  False if it is none of these. */
static bool split_host(char *text, char **host, char **port)
{
	char *end = strchr(text, ']');
	char *colon = strrchr(text, ':');

	*host = text;
	*port = NULL;
	if (*text == '[') {
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		*host = text + 1;
		colon = end[1] == ':' ? end + 1 : NULL;
		*end = '\0';
	} else if (colon != strchr(text, ':')) {
		colon = NULL;
	}
	if (colon != NULL) {
		*colon = '\0';
		*port = colon + 1;
	}
	return true;
}

bool conf_set_broker(struct conf *conf, const char *text, struct conf_errors *errors)
{
	const struct conf_at at = { "--broker", NULL };
	char *copy = strdup(text);
	char *host, *port;
	bool ok = false;

	if (copy == NULL)
		return out_of_memory(at.place, errors);
	if (!split_host(copy, &host, &port)) {
		conf_error(errors, &at, "\"%s\" must be HOST or HOST:PORT", text);
		goto out;
	}
	ok = give(conf, at.place, "broker.host", host, errors);
	if (port != NULL)
		ok &= give(conf, at.place, "broker.port", port, errors);
out:
	free(copy);
	return ok;
}
