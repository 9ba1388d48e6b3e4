/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A new configuration for the running gateway (SIGHUP).  Sessions live on (SN12-TOPIC-08).
 * Listeners come and go: a client of one that goes hears DISCONNECT, unless it sleeps; a listener
 * whose address stays keeps its clients.
 */
#ifndef GATEWAY_RELOAD_H
#define GATEWAY_RELOAD_H

#include <stdbool.h>

#include "common/monotime.h"
#include "gateway/conf/conf.h"

struct gw;
struct listeners;
struct tracer;

struct reload {
	const struct conf *started; /* with which the gateway started: what needs a restart is
	                               still as it says */
	const struct conf *old;     /* in force now */
	struct gw *gw;
	struct listeners *listeners;
	struct tracer *tracer;
};

/* Goes on with @conf, which must outlive the next reload or the gateway, and names the settings in
 * it that need a restart.  False if a listener cannot be opened, logged: nothing has changed. */
bool reload_apply(const struct reload *reload, monotime_t now, const struct conf *conf);

#endif
