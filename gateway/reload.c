/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/reload.h"

#include "common/log.h"
#include "gateway/capacity.h"
#include "gateway/core/gw.h"
#include "gateway/listeners.h"
#include "gateway/log_levels.h"
#include "gateway/trace_settings.h"

static void name_restart(void *ctx, const char *path)
{
	(void)ctx;
	log_warning("reload: %s has changed, which needs a restart", path);
}

static void close_gone(const struct reload *r, monotime_t now, const uint16_t *moved)
{
	for (size_t i = 0; i < r->old->n_listeners; i++) {
		if (moved[i] == GW_LISTENER_GONE)
			gw_close_listener(r->gw, now, (uint16_t)i);
	}
}

bool reload_apply(const struct reload *r, monotime_t now, const struct conf *conf)
{
	struct listeners_change *change = listeners_prepare(r->listeners, r->old, conf);
	struct gw_config core = conf->core;

	if (change == NULL) {
		log_error("reload: the old configuration stays");
		return false;
	}
	close_gone(r, now, listeners_moved(change));
	listeners_commit(r->listeners, now, change);
	trace_settings_listeners(r->tracer, r->listeners, conf);
	core.share_connections = r->started->core.share_connections;
	core.shared_id = r->started->core.shared_id;
	gw_configure(r->gw, now, &core, listeners_moved(change));
	listeners_change_free(change);
	log_levels_set(&conf->log);
	if (conf->core.limits.clients > r->old->core.limits.clients)
		capacity_provide(
		    conf->core.limits.clients, r->started->broker.shared_connections > 0);
	trace_settings_apply(r->tracer, now, conf);
	conf_needs_restart(r->started, conf, name_restart, NULL);
	log_notice("reload: done");
	return true;
}
