/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings from the command line that have an option of their own. */
#include "gateway/conf/conf.h"

#include <stdlib.h>
#include <string.h>

static bool out_of_memory(const char *option, struct conf_errors *errors)
{
	const struct conf_at at = { option, NULL };

	conf_error(errors, &at, "out of memory");
	return false;
}

bool conf_add_listener(struct conf *conf, const char *text, struct conf_errors *errors)
{
	struct settings *settings = &conf->settings;
	const char *option = "--listen", *list = "listeners";

	if (!conf->listen_option) {
		conf->listen_option = true;
		settings_drop(settings, list);
	}
	return settings_add(settings, option, list, errors) &&
	       settings_assign_last(settings, option, list, "address", text, errors);
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
	struct settings *settings = &conf->settings;
	const char *option = "--predefined", *list = "predefined";
	const struct conf_at at = { option, NULL };
	char *pattern, *id, *topic;
	bool ok;

	if (!split_predefined(text, &pattern, &id, &topic)) {
		conf_error(errors, &at, "\"%s\" must be ID=TOPIC or PATTERN:ID=TOPIC", text);
		return false;
	}
	if (!settings_add(settings, option, list, errors))
		return false;
	ok = settings_assign_last(settings, option, list, "id", id, errors);
	ok &= settings_assign_last(settings, option, list, "topic", topic, errors);
	if (pattern != NULL)
		ok &= settings_assign_last(settings, option, list, "clients", pattern, errors);
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
	ok = settings_assign(&conf->settings, at.place, "broker.host", host, errors);
	if (port != NULL)
		ok &= settings_assign(&conf->settings, at.place, "broker.port", port, errors);
out:
	free(copy);
	return ok;
}

/* --- the admin server --- */

bool conf_set_admin(struct conf *conf, const char *text, struct conf_errors *errors)
{
	return settings_assign(&conf->settings, "--admin", "admin.listen", text, errors);
}

bool conf_set_state_dir(struct conf *conf, const char *text, struct conf_errors *errors)
{
	return settings_assign(
	    &conf->settings, "--state-dir", "persistence.directory", text, errors);
}
