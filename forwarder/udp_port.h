/* SPDX-License-Identifier: BSD-3-Clause */
/* A UDP port of the configuration, perhaps with a multicast group. */
#ifndef FORWARDER_UDP_PORT_H
#define FORWARDER_UDP_PORT_H

#include <stdbool.h>

#include "forwarder/conf/conf.h"
#include "gateway/io/multicast.h"
#include "gateway/io/udp.h"

struct udp_port {
	struct udp_listener *udp;
	struct multicast *group; /* NULL: none */
};

/* False on failure, logged; udp_port_close() is still to be called. */
bool udp_port_open(struct udp_port *port, struct event_base *base, const struct conf_port *conf,
    udp_datagram_fn *on_datagram, void *ctx);

void udp_port_close(struct udp_port *port);

/* Sends what is queued. */
void udp_port_flush(const struct udp_port *port);

#endif
