/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the core asks for (struct gw_ports), done by the parts around it.  What goes to the broker
 * is shown to the tracer on its way.
 */
#ifndef GATEWAY_CORE_PORTS_H
#define GATEWAY_CORE_PORTS_H

#include "common/turn.h"
#include "gateway/conf/conf.h"
#include "gateway/core/gw.h"

struct listeners;
struct notes;
struct tracer;
struct upstream;

/* The parts; they outlive the core. */
struct core_ports {
	struct turn *turn;
	struct listeners *listeners;
	struct upstream *upstream;
	struct notes *notes;
	struct tracer *tracer;
	struct conf *const *conf; /* the one in force */
};

/* For gw_new(); @store may be NULL.  Without the port of the trace, which is core_ports_packet().
 */
struct gw_ports core_ports(struct core_ports *ports, const struct gw_store *store);

/* Shows @packet to the tracer; @ctx is the struct core_ports. */
void core_ports_packet(void *ctx, const struct gw_packet *packet);

/* The client id of @owner; NULL: of the gateway's own session. */
const char *core_ports_client_id(const struct core_ports *ports, const struct client *owner);

#endif
