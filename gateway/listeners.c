/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/listeners.h"

#include <stdlib.h>

#include "common/err.h"
#include "common/log.h"
#include "gateway/io/multicast.h"

/* What may wait to be sent on one listener: a message of the broker to every client of a large
 * gateway. */
#define SEND_DATAGRAMS 16384
#define SEND_OCTETS    (16u << 20)

struct listener {
	struct listeners *all;
	uint16_t index;
	struct udp_listener *udp;
	struct multicast *multicast; /* NULL: none */
};

struct listeners {
	struct event_base *base;
	listeners_datagram_fn *on_datagram;
	void *ctx;
	size_t n;
	struct listener items[];
};

static void on_datagram(void *ctx, struct udp_listener *udp, const struct netaddr *from,
    const uint8_t *data, size_t len)
{
	const struct listener *listener = ctx;

	(void)udp;
	listener->all->on_datagram(listener->all->ctx, listener->index, from, data, len);
}

static bool join_group(struct listener *listener, const struct conf_listener *conf)
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
	rc = multicast_open(&listener->multicast, listener->all->base, listener->udp, &config,
	    on_datagram, listener);
	if (rc < 0)
		log_error("cannot join %s%s%s: %s", netaddr_print(&conf->multicast, group),
		    conf->interface != NULL ? " on " : "",
		    conf->interface != NULL ? conf->interface : "", err_text(rc));
	return rc == 0;
}

static bool open_listener(struct listeners *all, const struct conf_listener *conf)
{
	struct listener *listener = &all->items[all->n];
	const struct udp_config config = {
		.bind = conf->bind,
		.receive_buffer = conf->receive_buffer,
		.send_datagrams = SEND_DATAGRAMS,
		.send_octets = SEND_OCTETS,
	};
	char address[NETADDR_TEXT_MAX];
	int rc;

	listener->all = all;
	listener->index = (uint16_t)all->n;
	rc = udp_listener_open(&listener->udp, all->base, &config, on_datagram, listener);
	if (rc < 0) {
		log_error(
		    "cannot listen on %s: %s", netaddr_print(&conf->bind, address), err_text(rc));
		return false;
	}
	all->n++;
	if (!join_group(listener, conf))
		return false;
	if (udp_receive_buffer(listener->udp) < conf->receive_buffer)
		log_warning("%s: the system allows a receive buffer of %u octets, not %u "
		            "(net.core.rmem_max): bursts may be lost",
		    netaddr_print(udp_address(listener->udp), address),
		    udp_receive_buffer(listener->udp), conf->receive_buffer);
	return true;
}

struct listeners *listeners_open(
    struct event_base *base, const struct conf *conf, listeners_datagram_fn *datagram, void *ctx)
{
	struct listeners *all = calloc(1, sizeof *all + conf->n_listeners * sizeof all->items[0]);

	if (all == NULL) {
		log_error("cannot listen: %s", err_text(-ERR_NOMEM));
		return NULL;
	}
	all->base = base;
	all->on_datagram = datagram;
	all->ctx = ctx;
	for (size_t i = 0; i < conf->n_listeners; i++) {
		if (!open_listener(all, &conf->listeners[i]))
			return listeners_close(all);
	}
	return all;
}

struct listeners *listeners_close(struct listeners *all)
{
	if (all == NULL)
		return NULL;
	for (size_t i = 0; i < all->n; i++) {
		multicast_close(all->items[i].multicast);
		udp_listener_close(all->items[i].udp);
	}
	free(all);
	return NULL;
}

void listeners_send(struct listeners *all, uint16_t index, const struct netaddr *to,
    const uint8_t *data, size_t len)
{
	udp_send(all->items[index].udp, to, data, len);
}

void listeners_broadcast(
    struct listeners *all, uint16_t index, uint8_t hops, const uint8_t *data, size_t len)
{
	if (all->items[index].multicast != NULL)
		multicast_send(all->items[index].multicast, hops, data, len);
}

void listeners_flush(struct listeners *all)
{
	for (size_t i = 0; i < all->n; i++) {
		udp_flush(all->items[i].udp);
		if (all->items[i].multicast != NULL)
			multicast_flush(all->items[i].multicast);
	}
}

size_t listeners_count(const struct listeners *all)
{
	return all->n;
}

const struct udp_listener *listeners_udp(const struct listeners *all, size_t index)
{
	return all->items[index].udp;
}
