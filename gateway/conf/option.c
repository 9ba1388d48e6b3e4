/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings from the command line that have an option of their own. */
#include "gateway/conf/conf.h"

#include "conf/host.h"

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

static bool set_first_broker(
    struct conf *conf, const char *option, const char *text, struct conf_errors *errors)
{
	const struct conf_at at = { option, NULL };
	char *copy = strdup(text);
	char *host, *port;
	bool ok = false;

	if (copy == NULL)
		return out_of_memory(option, errors);
	if (!host_split(copy, &host, &port)) {
		conf_error(errors, &at, "\"%s\" must be HOST or HOST:PORT", text);
		goto out;
	}
	ok = settings_assign(&conf->settings, option, "broker.host", host, errors);
	if (port != NULL)
		ok &= settings_assign(&conf->settings, option, "broker.port", port, errors);
out:
	free(copy);
	return ok;
}

static bool add_broker(
    struct conf *conf, const char *option, const char *text, struct conf_errors *errors)
{
	const struct conf_at at = { option, NULL };
	const char *texts[CONF_FALLBACKS_MAX + 2] = { 0 };
	size_t n = 0;

	while (conf->broker.fallbacks != NULL && conf->broker.fallbacks[n] != NULL) {
		texts[n] = conf->broker.fallbacks[n];
		n++;
	}
	if (n == CONF_FALLBACKS_MAX) {
		conf_error(errors, &at, "more than %d are not possible", CONF_FALLBACKS_MAX + 1);
		return false;
	}
	texts[n] = text;
	return settings_assign_texts(&conf->settings, option, "broker.fallbacks", texts, errors);
}

bool conf_set_broker(struct conf *conf, const char *text, struct conf_errors *errors)
{
	static const char *const none[] = { NULL };
	const char *option = "--broker";

	if (conf->broker_option)
		return add_broker(conf, option, text, errors);
	if (conf->broker.fallbacks != NULL &&
	    !settings_assign_texts(&conf->settings, option, "broker.fallbacks", none, errors))
		return false;
	conf->broker_option = set_first_broker(conf, option, text, errors);
	return conf->broker_option;
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
