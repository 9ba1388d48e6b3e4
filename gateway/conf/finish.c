/* SPDX-License-Identifier: BSD-3-Clause */
/* What is made of the settings in the end. */
#include "config.h"

#include "gateway/conf/conf.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"
#include "gateway/conf/admin.h"
#include "gateway/conf/check.h"
#include "conf/errors.h"
#include "conf/file.h"
#include "conf/host.h"
#include "conf/origin.h"
#include "conf/setting.h"

static void out_of_memory(const struct conf *conf, const char *path, struct conf_errors *errors)
{
	const struct conf_at at = setting_at(&conf->settings, path);

	conf_error(errors, &at, "out of memory");
}

/* --- secrets --- */

/* Takes the secret @name of @group out of @file, which the setting @path has named. */
static void read_secret(struct conf *conf, const char *group, const char *name, const char *file,
    const char *path, struct conf_errors *errors)
{
	const struct conf_at at = setting_at(&conf->settings, path);
	const struct schema_row *row = schema_find(schema_conf(), group);
	char *line = file_first_line(file);
	struct value value = { VALUE_TEXT, .text = line };

	if (line == NULL)
		conf_error(errors, &at, "no %s can be read from \"%s\"", name, file);
	else
		value_store(schema_find(&row->members, name), conf, &value, &at, errors);
	free(line);
}

static void read_logins(struct conf *conf, struct conf_errors *errors)
{
	bool refuse_unlisted = conf->broker.unlisted_clients == CONF_UNLISTED_REFUSE;

	if (conf->broker.logins_file == NULL)
		return;
	logins_load(&conf->logins, conf->broker.logins_file, refuse_unlisted, errors);
	conf->core.admission = conf->logins.admission;
}

static void read_secrets(struct conf *conf, struct conf_errors *errors)
{
	if (conf->broker.password_file != NULL)
		read_secret(conf, "broker", "password", conf->broker.password_file,
		    "broker.password_file", errors);
	if (conf->admin.token_file != NULL)
		read_secret(
		    conf, "admin", "token", conf->admin.token_file, "admin.token_file", errors);
	read_logins(conf, errors);
}

/* --- listeners --- */

bool conf_has_dtls(const struct conf_listener *listener)
{
	return listener->dtls.cert != NULL || listener->dtls.psk_file != NULL;
}

/* A record of DTLS holds no more (RFC 5246, 6.2.1). */
#define DTLS_MESSAGE_MAX 16384

static struct gw_listener rules_of(const struct conf_listener *listener)
{
	struct gw_listener rules = listener->rules;

	rules.keys = conf_has_dtls(listener);
	if (rules.keys && rules.max_packet > DTLS_MESSAGE_MAX)
		rules.max_packet = DTLS_MESSAGE_MAX;
	return rules;
}

static void finish_listeners(struct conf *conf, struct conf_errors *errors)
{
	struct gw_listener *rules = calloc(conf->n_listeners, sizeof *rules);

	if (rules == NULL) {
		out_of_memory(conf, "listeners", errors);
		return;
	}
	for (size_t i = 0; i < conf->n_listeners; i++)
		rules[i] = rules_of(&conf->listeners[i]);
	conf->core_listeners = rules;
	conf->core.listeners = rules;
	conf->core.n_listeners = conf->n_listeners;
}

/* --- predefined topics --- */

/* The entry before number @n with the same id for the same clients. */
static size_t find_twin(const struct conf *conf, size_t n)
{
	const struct conf_predefined *entry = &conf->predefined[n];
	size_t i;

	for (i = 0; i < n; i++) {
		const struct conf_predefined *other = &conf->predefined[i];

		if (other->id == entry->id &&
		    (other->clients == NULL) == (entry->clients == NULL) &&
		    (entry->clients == NULL || strcmp(other->clients, entry->clients) == 0))
			break;
	}
	return i;
}

static void complain(const struct conf *conf, size_t n, int rc, struct conf_errors *errors)
{
	char path[SETTING_PATH_MAX], twin[SETTING_PATH_MAX];
	struct conf_at at;

	snprintf(path, sizeof path, "predefined.%zu.%s", n, rc == -ERR_EXISTS ? "id" : "topic");
	at = setting_at(&conf->settings, path);
	if (rc == -ERR_EXISTS) {
		snprintf(twin, sizeof twin, "predefined.%zu.id", find_twin(conf, n));
		conf_error(errors, &at, "%u is given at %s already", conf->predefined[n].id,
		    origins_place(conf->settings.origins, twin));
	} else if (rc == -ERR_INVALID) {
		conf_error(errors, &at, "${client} needs \"clients\" beside it");
	} else {
		conf_error(errors, &at, "%s", err_text(rc));
	}
}

static void add_predefined(struct conf *conf, size_t n, struct conf_errors *errors)
{
	const struct conf_predefined *entry = &conf->predefined[n];
	int rc;

	if (entry->id == 0 || entry->topic == NULL)
		return; /* a mistake that was reported where it was made */
	rc = topic_predef_add(conf->core_predefined, entry->clients, entry->id, entry->topic);
	if (rc < 0)
		complain(conf, n, rc, errors);
}

static void finish_predefined(struct conf *conf, struct conf_errors *errors)
{
	conf->core_predefined = topic_predef_new();
	if (conf->core_predefined == NULL) {
		out_of_memory(conf, "predefined", errors);
		return;
	}
	for (size_t i = 0; i < conf->n_predefined; i++)
		add_predefined(conf, i, errors);
	conf->core.predefined = conf->core_predefined;
}

/* --- the gateway's own session --- */

/* A client id that no other gateway at the broker has. */
static char *make_client_id(void)
{
	char host[HOST_NAME_MAX + 1];
	char *id;

	if (gethostname(host, sizeof host) < 0)
		snprintf(host, sizeof host, "localhost");
	host[sizeof host - 1] = '\0';
	return asprintf(&id, "mqttsn-gateway-%s-%ld", host, (long)getpid()) < 0 ? NULL : id;
}

static void finish_own(struct conf *conf, struct conf_errors *errors)
{
	char **topics = conf->own.qos_minus_one_topics;
	size_t n = 0;

	if (conf->own.client_id == NULL) {
		conf->core_client_id = make_client_id();
		if (conf->core_client_id == NULL)
			out_of_memory(conf, "gateway.client_id", errors);
	}
	conf->core.own.client_id =
	    conf->own.client_id != NULL ? conf->own.client_id : conf->core_client_id;
	while (topics != NULL && topics[n] != NULL)
		n++;
	conf->core.own.qos_minus_one_topics = (const char *const *)topics;
	conf->core.own.n_qos_minus_one_topics = n;
}

/* --- the brokers --- */

static void finish_fallbacks(struct conf *conf, struct conf_errors *errors)
{
	char **texts = conf->broker.fallbacks;
	size_t n = 0;

	while (texts != NULL && texts[n] != NULL)
		n++;
	if (n == 0)
		return;
	conf->fallbacks = calloc(n, sizeof *conf->fallbacks);
	for (size_t i = 0; conf->fallbacks != NULL && i < n; i++) {
		struct conf_fallback *fallback = &conf->fallbacks[i];
		char *copy = strdup(texts[i]), *host;

		if (copy == NULL)
			break;
		host_parse(copy, (uint16_t)conf->broker.port, &host, &fallback->port);
		fallback->host = strdup(host);
		free(copy);
		if (fallback->host == NULL)
			break;
		conf->n_fallbacks++;
	}
	if (conf->n_fallbacks < n)
		out_of_memory(conf, "broker.fallbacks", errors);
}

/* --- persistence, and the broker away --- */

bool conf_is_persistent(const struct conf_persistence *persistence)
{
	return persistence->directory != NULL && persistence->durability != CONF_DURABILITY_OFF;
}

static void finish_outage(struct conf *conf)
{
	bool store = conf->broker.outage == CONF_OUTAGE_STORE;

	if (conf->broker.outage == CONF_OUTAGE_AUTO)
		store = conf_is_persistent(&conf->persistence);
	conf->core.outage = store ? GW_OUTAGE_STORE : GW_OUTAGE_REFUSE;
}

bool conf_finish(struct conf *conf, struct conf_errors *errors)
{
	size_t before = conf_errors_count(errors);

	check_all(conf, errors);
	finish_listeners(conf, errors);
	finish_predefined(conf, errors);
	finish_own(conf, errors);
	finish_fallbacks(conf, errors);
	finish_outage(conf);
	conf->core.share_connections = conf->broker.shared_connections > 0;
	conf->core.shared_id = conf->core.own.client_id;
	admin_finish(conf, errors);
	if (conf_errors_count(errors) == before)
		read_secrets(conf, errors);
	return conf_errors_count(errors) == before;
}
