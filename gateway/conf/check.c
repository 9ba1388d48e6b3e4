/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/conf/check.h"

#include <errno.h>
#include <string.h>

#include "conf/errors.h"
#include "conf/file.h"
#include "conf/origin.h"
#include "conf/record.h"
#include "conf/setting.h"

/* --- settings that need each other --- */

static const struct {
	const char *path, *needs;
} needs[] = {
	{ "broker.password", "broker.user" },
	{ "broker.password_file", "broker.user" },
	{ "broker.tls.cert", "broker.tls.key" },
	{ "broker.tls.key", "broker.tls.cert" },
	/* Who thinks of certificates and forgets the switch would send the password in clear. */
	{ "broker.tls.ca", "broker.tls.enabled" },
	{ "broker.tls.cert", "broker.tls.enabled" },
	{ "broker.tls.key", "broker.tls.enabled" },
	{ "broker.tls.insecure", "broker.tls.enabled" },
};

static bool was_given(const struct conf *conf, const char *path)
{
	return settings_given(&conf->settings, path);
}

static void check_company(const struct conf *conf, struct conf_errors *errors)
{
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
		const struct conf_at at = setting_at(&conf->settings, needs[i].path);

		if (was_given(conf, needs[i].path) && !was_given(conf, needs[i].needs))
			conf_error(errors, &at, "needs %s", needs[i].needs);
	}
	if (was_given(conf, "broker.password") && was_given(conf, "broker.password_file")) {
		const struct conf_at at = setting_at(&conf->settings, "broker.password_file");

		conf_error(errors, &at, "broker.password is given too");
	}
	if (conf->broker.unlisted_clients == CONF_UNLISTED_REFUSE &&
	    conf->broker.logins_file == NULL) {
		const struct conf_at at = setting_at(&conf->settings, "broker.unlisted_clients");

		conf_error(errors, &at, "needs broker.logins_file");
	}
	if (conf->core.timers.reconnect_least > conf->core.timers.reconnect_most) {
		const struct conf_at at = setting_at(&conf->settings, "timers.reconnect_most");

		conf_error(errors, &at, "is less than timers.reconnect_least");
	}
}

/* --- files --- */

static void check_file(
    const struct conf *conf, const char *file, const char *path, struct conf_errors *errors)
{
	const struct conf_at at = setting_at(&conf->settings, path);

	if (file_check(file) < 0)
		conf_error(errors, &at, "cannot read \"%s\": %s", file, strerror(errno));
}

static void check_files(const struct conf *conf, const struct schema *schema, const void *base,
    const char *group, struct conf_errors *errors);

static void check_list_files(const struct conf *conf, const struct schema_row *list,
    const void *base, struct conf_errors *errors)
{
	char path[SETTING_PATH_MAX];

	for (size_t i = 0; i < record_list_count(list, base); i++) {
		snprintf(path, sizeof path, "%s.%zu", list->name, i);
		check_files(conf, &list->members, record_list_get(list, base, i), path, errors);
	}
}

static void check_files(const struct conf *conf, const struct schema *schema, const void *base,
    const char *group, struct conf_errors *errors)
{
	char path[SETTING_PATH_MAX];

	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_row *row = &schema->rows[i];

		setting_path(path, group, row->name);
		if (row->type == SCHEMA_GROUP)
			check_files(conf, &row->members, base, path, errors);
		else if (row->type == SCHEMA_LIST)
			check_list_files(conf, row, base, errors);
		else if (row->type == SCHEMA_FILE && value_is_set(row, base))
			check_file(conf, value_text(row, base), path, errors);
	}
}

/* --- listeners --- */

/* True if the kernel would refuse the second of them.  Port 0 is one of its own choice. */
static bool same_port(const struct netaddr *a, const struct netaddr *b)
{
	if (a->port != b->port || a->port == 0 || a->family != b->family)
		return false;
	return netaddr_equal(a, b) || netaddr_is_any(a) || netaddr_is_any(b);
}

static void check_listener(const struct conf *conf, size_t n, struct conf_errors *errors)
{
	const struct netaddr *bind = &conf->listeners[n].bind;
	char path[SETTING_PATH_MAX];
	struct conf_at at;

	snprintf(path, sizeof path, "listeners.%zu.address", n);
	at = setting_at(&conf->settings, path);
	if (netaddr_is_multicast(bind))
		conf_error(errors, &at, "is a multicast address");
	for (size_t i = 0; i < n; i++) {
		if (same_port(&conf->listeners[i].bind, bind)) {
			conf_error(errors, &at, "the port is that of listeners.%zu", i);
			return;
		}
	}
}

static void check_multicast(const struct conf *conf, size_t n, struct conf_errors *errors)
{
	const struct conf_listener *listener = &conf->listeners[n];
	char path[SETTING_PATH_MAX];
	struct conf_at at;

	if (listener->multicast.family == 0)
		return;
	snprintf(path, sizeof path, "listeners.%zu.multicast", n);
	at = setting_at(&conf->settings, path);
	if (!netaddr_is_multicast(&listener->multicast))
		conf_error(errors, &at, "is no multicast address");
	else if (listener->multicast.family != listener->bind.family)
		conf_error(errors, &at, "is not of the family of the listener's address");
}

/* Who forgets one of two settings would speak in clear, or let everyone in. */
static void check_dtls(const struct conf *conf, size_t n, struct conf_errors *errors)
{
	const struct conf_listener *listener = &conf->listeners[n];
	const struct conf_dtls *dtls = &listener->dtls;
	const struct {
		bool wrong;
		const char *name, *why;
	} rules[] = {
		{ dtls->cert != NULL && dtls->key == NULL, "dtls.cert", "needs dtls.key" },
		{ dtls->key != NULL && dtls->cert == NULL, "dtls.key", "needs dtls.cert" },
		{ dtls->ca != NULL && dtls->cert == NULL, "dtls.ca", "needs dtls.cert" },
		{ dtls->cert_optional && dtls->ca == NULL, "dtls.cert_optional", "needs dtls.ca" },
		{ listener->rules.identity_is_client_id && !conf_has_dtls(listener),
		    "dtls.identity_is_client_id", "needs dtls.cert or dtls.psk_file" },
		{ conf_has_dtls(listener) && listener->multicast.family != 0, "multicast",
		    "is not possible with dtls: nobody has keys for a group" },
	};
	char path[SETTING_PATH_MAX];

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		struct conf_at at;

		if (!rules[i].wrong)
			continue;
		snprintf(path, sizeof path, "listeners.%zu.%s", n, rules[i].name);
		at = setting_at(&conf->settings, path);
		conf_error(errors, &at, "%s", rules[i].why);
	}
}

void check_all(const struct conf *conf, struct conf_errors *errors)
{
	check_company(conf, errors);
	check_files(conf, schema_conf(), conf, "", errors);
	for (size_t i = 0; i < conf->n_listeners; i++) {
		check_listener(conf, i, errors);
		check_multicast(conf, i, errors);
		check_dtls(conf, i, errors);
	}
}
