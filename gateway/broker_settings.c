/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/broker_settings.h"

#include <stdlib.h>

#include "common/err.h"
#include "common/log.h"

struct upstream *broker_settings_open(
    struct event_base *base, const struct conf *conf, upstream_event_fn *on_event, void *ctx)
{
	const struct conf_broker *b = &conf->broker;
	struct upstream_broker fallbacks[CONF_FALLBACKS_MAX];
	const struct upstream_config config = {
		.host = b->host,
		.port = (uint16_t)b->port,
		.fallbacks = fallbacks,
		.n_fallbacks = conf->n_fallbacks,
		.user = b->user,
		.password = b->password,
		.tls = {
			.on = b->tls,
			.ca_file = b->tls_ca,
			.cert_file = b->tls_cert,
			.key_file = b->tls_key,
			.insecure = b->tls_insecure,
		},
		.keep_alive = (uint16_t)b->keep_alive,
		.id_prefix = b->id_prefix,
		.id_suffix = b->id_suffix,
		.shared = { b->shared_connections, conf->core.shared_id },
	};
	struct upstream *upstream;
	char *error = NULL;

	for (size_t i = 0; i < conf->n_fallbacks; i++)
		fallbacks[i] =
		    (struct upstream_broker){ conf->fallbacks[i].host, conf->fallbacks[i].port };
	upstream = upstream_new(base, &config, on_event, ctx, &error);
	if (upstream == NULL)
		log_error(
		    "cannot use the broker: %s", error != NULL ? error : err_text(-ERR_NOMEM));
	free(error);
	return upstream;
}
