/* SPDX-License-Identifier: BSD-3-Clause */
#define LOG_MODULE LOG_MODULE_STORE
#include "gateway/persist.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/err.h"
#include "common/log.h"
#include "gateway/store/store.h"

struct persist {
	struct store *store; /* NULL: nothing is kept */
	struct gw_store port;
	bool failing; /* told */
	monotime_t again;
};

static bool open_store(struct persist *p, const struct conf_persistence *conf)
{
	const struct store_config config = {
		.directory = conf->directory,
		.durability =
		    conf->durability == CONF_DURABILITY_POWER ? STORE_POWER : STORE_PROCESS,
		.max_size = (uint64_t)conf->max_size << 20,
		.fresh_on_damage = conf->on_damage == CONF_DAMAGE_FRESH,
	};
	char *error, *warning;

	p->store = store_open(&config, &error, &warning);
	if (warning != NULL)
		log_warning("store: %s", warning);
	if (p->store == NULL)
		log_error("cannot start: %s", error != NULL ? error : err_text(-ERR_NOMEM));
	else
		p->port = store_port(p->store);
	free(error);
	free(warning);
	return p->store != NULL;
}

struct persist *persist_open(const struct conf_persistence *conf)
{
	struct persist *p = calloc(1, sizeof *p);

	if (p == NULL) {
		log_error("cannot start: %s", err_text(-ERR_NOMEM));
		return NULL;
	}
	if (!conf_is_persistent(conf) || open_store(p, conf))
		return p;
	return persist_close(p);
}

struct persist *persist_close(struct persist *p)
{
	if (p != NULL)
		store_close(p->store);
	free(p);
	return NULL;
}

const struct gw_store *persist_port(const struct persist *p)
{
	return p->store != NULL ? &p->port : NULL;
}

bool persist_name_listeners(struct persist *p, const struct conf *conf)
{
	struct netaddr *addresses;
	bool good;

	if (p->store == NULL)
		return true;
	addresses = calloc(conf->n_listeners, sizeof *addresses);
	for (size_t i = 0; addresses != NULL && i < conf->n_listeners; i++)
		addresses[i] = conf->listeners[i].bind;
	good = addresses != NULL && store_name_listeners(p->store, addresses, conf->n_listeners);
	free(addresses);
	if (!good)
		log_error("store: %s", err_text(-ERR_NOMEM));
	return good;
}

bool persist_restore(struct persist *p, struct gw *gw, monotime_t now)
{
	struct gw_store sink;

	if (p->store == NULL)
		return true;
	sink = gw_restorer(gw, now);
	if (store_load(p->store, &sink))
		return true;
	log_error("cannot start: %s", store_error(p->store));
	return false;
}

static void save_all(void *ctx, const struct gw_store *to)
{
	gw_save_all(ctx, to);
}

static void try_again(struct persist *p, struct gw *gw, monotime_t now)
{
	if (store_try_again(p->store, save_all, gw)) {
		p->failing = false;
		log_notice("store: works again and has everything");
	} else {
		p->again = monotime_add_ms(now, PERSIST_RETRY_MS);
		log_info("store: still failing: %s", store_error(p->store));
	}
}

void persist_commit(struct persist *p, struct gw *gw, monotime_t now)
{
	if (p->store == NULL)
		return;
	if (p->failing) {
		if (!monotime_before(now, p->again))
			try_again(p, gw, now);
		return;
	}
	if (store_commit(p->store))
		return;
	p->failing = true;
	p->again = monotime_add_ms(now, PERSIST_RETRY_MS);
	log_error("store: %s; going on in memory: what changes from now on does not survive the "
	          "gateway until the store works again (tried every %d s)",
	    store_error(p->store), PERSIST_RETRY_MS / 1000);
}

void persist_rest(struct persist *p)
{
	if (p->store != NULL)
		store_rest(p->store);
}

bool persist_next_deadline(const struct persist *p, monotime_t *when)
{
	*when = p->again;
	return p->failing;
}

const struct store *persist_store(const struct persist *p)
{
	return p->store;
}

void persist_log_counters(const struct persist *p)
{
	const struct store_counters *c;

	if (p->store == NULL)
		return;
	c = store_counters(p->store);
	log_notice("counter: store commits %" PRIu64 ", failures %" PRIu64 ", recoveries %" PRIu64
	           ", octets %" PRIu64 "%s",
	    c->commits, c->failures, c->recoveries, store_size(p->store),
	    store_is_failing(p->store) ? ", failing" : "");
}
