/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/upstream/brokers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool init_one(struct pool_broker *broker, const struct upstream_broker *config,
    struct event_base *base, const char *resolv_conf, resolver_done_fn *done, void *ctx)
{
	bool brackets = strchr(config->host, ':') != NULL;

	broker->port = config->port;
	broker->host = strdup(config->host);
	if (asprintf(&broker->name, "%s%s%s:%u", brackets ? "[" : "", config->host,
	        brackets ? "]" : "", config->port) < 0)
		broker->name = NULL;
	broker->resolver = resolver_new(base, config->host, resolv_conf, done, ctx);
	return broker->host != NULL && broker->name != NULL && broker->resolver != NULL;
}

bool brokers_init(struct brokers *brokers, struct event_base *base,
    const struct upstream_config *config, resolver_done_fn *done, void *ctx)
{
	const struct upstream_broker first = { config->host, config->port };
	const char *resolv_conf =
	    config->resolv_conf != NULL ? config->resolv_conf : "/etc/resolv.conf";
	bool good = true;

	brokers->list = calloc(1 + config->n_fallbacks, sizeof(*brokers->list));
	if (brokers->list == NULL)
		return false;
	brokers->count = (uint8_t)(1 + config->n_fallbacks);
	for (uint8_t i = 0; i < brokers->count; i++)
		good &= init_one(&brokers->list[i], i == 0 ? &first : &config->fallbacks[i - 1],
		    base, resolv_conf, done, ctx);
	return good;
}

void brokers_free(struct brokers *brokers)
{
	for (uint8_t i = 0; i < brokers->count; i++) {
		free(brokers->list[i].host);
		free(brokers->list[i].name);
		resolver_free(brokers->list[i].resolver);
	}
	free(brokers->list);
	*brokers = (struct brokers){ 0 };
}
