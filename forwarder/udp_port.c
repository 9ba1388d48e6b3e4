/* SPDX-License-Identifier: BSD-3-Clause */
#include "forwarder/udp_port.h"

#include "common/err.h"
#include "common/log.h"

/* What may wait to be sent: a message to every node of a large network. */
#define SEND_DATAGRAMS 16384
#define SEND_OCTETS    (16u << 20)

static bool join_group(struct udp_port *port, struct event_base *base, const struct conf_port *conf,
    udp_datagram_fn *on_datagram, void *ctx)
{
	const struct multicast_config config = {
		.group = conf->multicast,
		.interface = conf->interface,
		.hops = (uint8_t)conf->hops,
	};
	char group[NETADDR_TEXT_MAX];
	int rc;

	if (conf->multicast.family == 0)
		return true;
	rc = multicast_open(&port->group, base, port->udp, &config, on_datagram, ctx);
	if (rc < 0)
		log_error("cannot join %s%s%s: %s", netaddr_print(&conf->multicast, group),
		    conf->interface != NULL ? " on " : "",
		    conf->interface != NULL ? conf->interface : "", err_text(rc));
	return rc == 0;
}

bool udp_port_open(struct udp_port *port, struct event_base *base, const struct conf_port *conf,
    udp_datagram_fn *on_datagram, void *ctx)
{
	const struct udp_config config = {
		.bind = conf->bind,
		.receive_buffer = conf->receive_buffer,
		.send_datagrams = SEND_DATAGRAMS,
		.send_octets = SEND_OCTETS,
	};
	char address[NETADDR_TEXT_MAX];
	int rc;

	*port = (struct udp_port){ 0 };
	rc = udp_listener_open(&port->udp, base, &config, on_datagram, ctx);
	if (rc < 0) {
		log_error(
		    "cannot listen on %s: %s", netaddr_print(&conf->bind, address), err_text(rc));
		return false;
	}
	if (udp_receive_buffer(port->udp) < conf->receive_buffer)
		log_warning("%s: the system allows a receive buffer of %u octets, not %u "
		            "(net.core.rmem_max): bursts may be lost",
		    netaddr_print(udp_address(port->udp), address), udp_receive_buffer(port->udp),
		    conf->receive_buffer);
	return join_group(port, base, conf, on_datagram, ctx);
}

void udp_port_close(struct udp_port *port)
{
	port->group = multicast_close(port->group);
	port->udp = udp_listener_close(port->udp);
}

void udp_port_flush(const struct udp_port *port)
{
	if (port->udp != NULL)
		udp_flush(port->udp);
	if (port->group != NULL)
		multicast_flush(port->group);
}
