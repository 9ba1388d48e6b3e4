/* SPDX-License-Identifier: BSD-3-Clause */
/* Ties the admin server to the core, the listeners and the broker's side. */
#ifndef GATEWAY_ADMIN_WIRING_H
#define GATEWAY_ADMIN_WIRING_H

#include <stdbool.h>

#include "common/monotime.h"
#include "gateway/conf/conf.h"

struct admin_wiring;
struct event_base;
struct gw;
struct listen_fds;
struct listeners;
struct persist;
struct tracer;
struct up_event;
struct upstream;

struct admin_parts {
	struct event_base *base;
	const struct conf *conf;      /* lives as long as the server */
	struct listen_fds *inherited; /* a socket "admin" with the right address is taken from it */
	struct gw *gw;
	struct listeners *listeners;
	struct upstream *upstream;
	const struct persist *persist;
	struct tracer *tracer;

	void *ctx; /* handed to each call */
	monotime_t (*now)(void *ctx);
	bool (*reload)(void *ctx); /* false: the old configuration stays */
};

/* Opens the server that the configuration asks for, and logs where.  NULL on failure, logged. */
struct admin_wiring *admin_wiring_open(const struct admin_parts *parts);

/* NULL is fine; returns NULL. */
struct admin_wiring *admin_wiring_close(struct admin_wiring *wiring);

/* What happened on the broker's side, to tell from it how the broker is.  NULL is fine. */
void admin_wiring_event(struct admin_wiring *wiring, const struct up_event *event);

#endif
