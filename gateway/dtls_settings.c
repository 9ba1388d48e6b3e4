/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/dtls_settings.h"

#include <stdio.h>
#include <sys/random.h>

#include "common/err.h"
#include "common/log.h"
#include "conf/setting.h"
#include "gateway/dtls/credentials.h"

static struct credentials *read_files(
    const struct conf_listener *listener, credentials_mistake_fn *mistake, void *ctx)
{
	const struct credentials_files files = {
		.cert = listener->dtls.cert,
		.key = listener->dtls.key,
		.ca = listener->dtls.ca,
		.cert_optional = listener->dtls.cert_optional,
		.psk = listener->dtls.psk_file,
	};

	return credentials_new(&files, mistake, ctx);
}

/* --- to check --- */

struct check {
	const char *path; /* of the group */
	struct conf_errors *errors;
};

static void add_mistake(void *ctx, const char *place, const char *what)
{
	const struct check *check = ctx;
	const struct conf_at at = { place, check->path };

	conf_error(check->errors, &at, "%s", what);
}

bool dtls_settings_check(const struct conf *conf, struct conf_errors *errors)
{
	bool good = true;

	for (size_t i = 0; i < conf->n_listeners; i++) {
		char path[SETTING_PATH_MAX];
		struct check check = { path, errors };
		struct credentials *credentials;

		if (!conf_has_dtls(&conf->listeners[i]))
			continue;
		snprintf(path, sizeof path, "listeners.%zu.dtls", i);
		credentials = read_files(&conf->listeners[i], add_mistake, &check);
		good = credentials != NULL && good;
		credentials_drop(credentials);
	}
	return good;
}

/* --- to use --- */

static void log_mistake(void *ctx, const char *place, const char *what)
{
	(void)ctx;
	log_error("%s: %s", place, what);
}

struct credentials *dtls_settings_credentials(const struct conf_listener *listener)
{
	return read_files(listener, log_mistake, NULL);
}

struct dtls_config dtls_settings_config(const struct conf_listener *listener)
{
	return (struct dtls_config){
		.mtu = listener->dtls.mtu,
		.peers = listener->dtls.peers,
		.handshakes = listener->dtls.handshakes,
		.handshake_timeout = listener->dtls.handshake_timeout,
		.idle = listener->dtls.idle,
	};
}

struct dtls *dtls_settings_new(struct credentials *credentials, const struct dtls_config *config,
    const struct dtls_ports *ports)
{
	struct siphash_key seed;
	struct dtls *dtls;

	if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
		log_error("cannot listen: no random numbers: %s", err_text(-ERR_SYSTEM));
		return NULL;
	}
	dtls = dtls_new(credentials, config, ports, seed);
	if (dtls == NULL)
		log_error("cannot listen: %s", err_text(-ERR_NOMEM));
	return dtls;
}

struct dtls *dtls_settings_open(
    const struct conf_listener *listener, const struct dtls_ports *ports)
{
	const struct dtls_config config = dtls_settings_config(listener);
	struct credentials *credentials = dtls_settings_credentials(listener);
	struct dtls *dtls = NULL;

	if (credentials != NULL)
		dtls = dtls_settings_new(credentials, &config, ports);
	credentials_drop(credentials);
	return dtls;
}
