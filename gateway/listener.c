/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/listener.h"

#include <stdlib.h>

#include "common/err.h"
#include "common/listen_fds.h"
#include "common/log.h"
#include "gateway/dtls_settings.h"
#include "gateway/io/multicast.h"

/* What may wait to be sent on one listener: a message of the broker to every client of a large
 * gateway. */
#define SEND_DATAGRAMS 16384
#define SEND_OCTETS    (16u << 20)

/* --- what it hears --- */

static void on_datagram(void *ctx, struct udp_listener *udp, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len)
{
	const struct listener *listener = ctx;
	const struct listeners_hooks *hooks = &listener->all->hooks;

	(void)udp;
	if (listener->index == GW_LISTENER_GONE)
		return;
	if (listener->dtls != NULL)
		dtls_receive(listener->dtls, monotime_now(), from, local, data, len);
	else
		hooks->message(hooks->ctx, listener->index, from, local, data, len);
}

/* --- DTLS --- */

static void on_dtls_send(void *ctx, const struct netaddr *to, const struct netaddr *local,
    const uint8_t *data, size_t len)
{
	const struct listener *listener = ctx;

	udp_send(listener->udp, to, local, data, len);
}

static void on_dtls_message(void *ctx, const struct netaddr *from, const struct netaddr *local,
    const uint8_t *data, size_t len)
{
	const struct listener *listener = ctx;
	const struct listeners_hooks *hooks = &listener->all->hooks;

	hooks->message(hooks->ctx, listener->index, from, local, data, len);
}

static void on_dtls_opened(void *ctx, const struct netaddr *peer)
{
	const struct listener *listener = ctx;
	const struct listeners_hooks *hooks = &listener->all->hooks;

	hooks->peer_proven(hooks->ctx, listener->index, peer);
}

static void on_dtls_failed(void *ctx, const struct netaddr *peer, const char *why)
{
	const struct listener *listener = ctx;
	const struct listeners_hooks *hooks = &listener->all->hooks;

	hooks->peer_failed(hooks->ctx, listener->index, peer, why);
}

struct dtls_ports listener_dtls_ports(struct listener *listener)
{
	return (struct dtls_ports){ listener, on_dtls_send, on_dtls_message, on_dtls_opened,
		on_dtls_failed };
}

/* --- opening and closing --- */

struct listener *listener_free(struct listener *listener)
{
	if (listener == NULL)
		return NULL;
	multicast_close(listener->multicast);
	dtls_free(listener->dtls);
	udp_listener_close(listener->udp);
	free(listener);
	return NULL;
}

void listener_flush(struct listener *listener)
{
	udp_flush(listener->udp);
	if (listener->multicast != NULL)
		multicast_flush(listener->multicast);
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

static bool open_udp(struct listener *listener, const struct conf_listener *conf, bool shared)
{
	const struct udp_config config = {
		.bind = conf->bind,
		.socket = listen_fds_udp(listener->all->inherited, &conf->bind),
		.shared = shared,
		.receive_buffer = conf->receive_buffer,
		.send_datagrams = SEND_DATAGRAMS,
		.send_octets = SEND_OCTETS,
	};
	char address[NETADDR_TEXT_MAX];
	int rc =
	    udp_listener_open(&listener->udp, listener->all->base, &config, on_datagram, listener);

	if (rc < 0) {
		log_error(
		    "cannot listen on %s: %s", netaddr_print(&conf->bind, address), err_text(rc));
		return false;
	}
	if (udp_receive_buffer(listener->udp) < conf->receive_buffer)
		log_warning("%s: the system allows a receive buffer of %u octets, not %u "
		            "(net.core.rmem_max): bursts may be lost",
		    netaddr_print(udp_address(listener->udp), address),
		    udp_receive_buffer(listener->udp), conf->receive_buffer);
	return true;
}

struct listener *listener_open(
    struct listeners *all, size_t index, const struct conf_listener *conf, bool shared)
{
	struct listener *listener = calloc(1, sizeof *listener);

	if (listener == NULL) {
		log_error("cannot listen: %s", err_text(-ERR_NOMEM));
		return NULL;
	}
	listener->all = all;
	listener->index = (uint16_t)index;
	if (!open_udp(listener, conf, shared) || !join_group(listener, conf))
		return listener_free(listener);
	return listener;
}

bool listener_open_dtls(struct listener *listener, const struct conf_listener *conf)
{
	const struct dtls_ports ports = listener_dtls_ports(listener);

	if (!conf_has_dtls(conf))
		return true;
	listener->dtls = dtls_settings_open(conf, &ports);
	return listener->dtls != NULL;
}
