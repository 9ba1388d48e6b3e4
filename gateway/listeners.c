/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/listeners.h"

#include <stdlib.h>

#include "common/err.h"
#include "common/listen_fds.h"
#include "common/log.h"
#include "gateway/dtls/credentials.h"
#include "gateway/dtls/dtls.h"
#include "gateway/dtls_settings.h"
#include "gateway/io/multicast.h"

/* What may wait to be sent on one listener: a message of the broker to every client of a large
 * gateway. */
#define SEND_DATAGRAMS 16384
#define SEND_OCTETS    (16u << 20)

struct listener {
	struct listeners *all;
	uint16_t index; /* GW_LISTENER_GONE: what it hears is for nobody any more */
	struct udp_listener *udp;
	struct multicast *multicast;   /* NULL: none */
	struct dtls *dtls;             /* NULL: none */
	struct listener *next_leaving; /* in struct listeners */
};

struct listeners {
	struct event_base *base;
	struct listen_fds *inherited;
	struct listeners_hooks hooks;
	size_t n;
	struct listener **items;
	struct listener *leaving; /* to be closed when they have been flushed */
};

/* The DTLS of a listener of the new list: its own, or that of the old listener at its address. */
struct dtls_change {
	struct credentials *credentials; /* NULL: the listener has none */
	struct dtls_config config;
	struct dtls *fresh; /* NULL: the old one goes on */
};

struct listeners_change {
	struct listeners *all;
	size_t n;
	struct listener **items;
	bool *fresh; /* those opened for the new list, not taken over */
	struct dtls_change *dtls;
	uint16_t *moved; /* by the old numbers */
};

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

static struct dtls_ports dtls_ports(struct listener *listener)
{
	return (struct dtls_ports){ listener, on_dtls_send, on_dtls_message, on_dtls_opened,
		on_dtls_failed };
}

/* --- one listener --- */

static struct listener *listener_free(struct listener *listener)
{
	if (listener == NULL)
		return NULL;
	multicast_close(listener->multicast);
	dtls_free(listener->dtls);
	udp_listener_close(listener->udp);
	free(listener);
	return NULL;
}

static void listener_flush(struct listener *listener)
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

/* @shared: the port may be that of a listener that is about to go.  NULL on failure, logged. */
static struct listener *listener_open(
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

/* Likewise, with DTLS where the configuration says so. */
static struct listener *listener_open_whole(
    struct listeners *all, size_t index, const struct conf_listener *conf)
{
	struct listener *listener = listener_open(all, index, conf, false);
	struct dtls_ports ports;

	if (listener == NULL || !conf_has_dtls(conf))
		return listener;
	ports = dtls_ports(listener);
	listener->dtls = dtls_settings_open(conf, &ports);
	return listener->dtls != NULL ? listener : listener_free(listener);
}

/* --- all of them --- */

struct listeners *listeners_open(struct event_base *base, struct listen_fds *inherited,
    const struct conf *conf, const struct listeners_hooks *hooks)
{
	struct listeners *all = calloc(1, sizeof *all);

	if (all != NULL)
		all->items = calloc(conf->n_listeners, sizeof(struct listener *));
	if (all == NULL || all->items == NULL) {
		log_error("cannot listen: %s", err_text(-ERR_NOMEM));
		return listeners_close(all);
	}
	all->base = base;
	all->inherited = inherited;
	all->hooks = *hooks;
	for (size_t i = 0; i < conf->n_listeners; i++) {
		all->items[i] = listener_open_whole(all, i, &conf->listeners[i]);
		if (all->items[i] == NULL)
			return listeners_close(all);
		all->n++;
	}
	return all;
}

static void close_leaving(struct listeners *all)
{
	while (all->leaving != NULL) {
		struct listener *listener = all->leaving;

		all->leaving = listener->next_leaving;
		listener_flush(listener);
		listener_free(listener);
	}
}

struct listeners *listeners_close(struct listeners *all)
{
	if (all == NULL)
		return NULL;
	close_leaving(all);
	for (size_t i = 0; i < all->n; i++)
		listener_free(all->items[i]);
	free(all->items);
	free(all);
	return NULL;
}

void listeners_send(struct listeners *all, uint16_t index, const struct netaddr *to,
    const struct netaddr *local, const uint8_t *data, size_t len)
{
	struct listener *listener = all->items[index];

	if (listener->dtls != NULL)
		dtls_send(listener->dtls, to, local, data, len);
	else
		udp_send(listener->udp, to, local, data, len);
}

const char *listeners_identity(
    const struct listeners *all, uint16_t index, const struct netaddr *peer)
{
	const struct dtls *dtls = all->items[index]->dtls;

	return dtls != NULL ? dtls_identity(dtls, peer) : NULL;
}

void listeners_advance(struct listeners *all, monotime_t now)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->items[i]->dtls != NULL)
			dtls_advance(all->items[i]->dtls, now);
	}
}

bool listeners_next_deadline(const struct listeners *all, monotime_t *when)
{
	bool any = false;
	monotime_t next;

	for (size_t i = 0; i < all->n; i++) {
		const struct dtls *dtls = all->items[i]->dtls;

		if (dtls == NULL || !dtls_next_deadline(dtls, &next))
			continue;
		if (!any || monotime_before(next, *when))
			*when = next;
		any = true;
	}
	return any;
}

void listeners_farewell(struct listeners *all)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->items[i]->dtls != NULL)
			dtls_farewell(all->items[i]->dtls);
	}
}

void listeners_broadcast(
    struct listeners *all, uint16_t index, uint8_t hops, const uint8_t *data, size_t len)
{
	if (all->items[index]->multicast != NULL)
		multicast_send(all->items[index]->multicast, hops, data, len);
}

void listeners_flush(struct listeners *all)
{
	for (size_t i = 0; i < all->n; i++)
		listener_flush(all->items[i]);
	close_leaving(all);
}

size_t listeners_count(const struct listeners *all)
{
	return all->n;
}

const struct udp_listener *listeners_udp(const struct listeners *all, size_t index)
{
	return all->items[index]->udp;
}

const struct dtls *listeners_dtls(const struct listeners *all, size_t index)
{
	return all->items[index]->dtls;
}

/* --- another list --- */

/* The new place of an old listener: that with its address which no other has got yet. */
static uint16_t find_place(
    const struct conf *next, const struct conf_listener *old, const uint16_t *moved, size_t n_moved)
{
	for (size_t place = 0; place < next->n_listeners; place++) {
		bool taken = false;

		for (size_t i = 0; i < n_moved; i++)
			taken = taken || moved[i] == place;
		if (!taken && netaddr_equal(&next->listeners[place].bind, &old->bind))
			return (uint16_t)place;
	}
	return GW_LISTENER_GONE;
}

static void find_places(
    struct listeners_change *change, const struct conf *old, const struct conf *next)
{
	for (size_t i = 0; i < old->n_listeners; i++) {
		uint16_t place = find_place(next, &old->listeners[i], change->moved, i);

		change->moved[i] = place;
		if (place != GW_LISTENER_GONE &&
		    conf_same_listener(&old->listeners[i], &next->listeners[place]))
			change->items[place] = change->all->items[i];
	}
}

/* True if the old listener is not in the new list as it is. */
static bool goes(const struct listeners_change *change, size_t old)
{
	uint16_t place = change->moved[old];

	return place == GW_LISTENER_GONE || change->items[place] != change->all->items[old];
}

/* From 127.0.0.1 to all addresses, say: the old socket still has the port when the new one wants
 * it. */
static bool is_port_of_leaver(const struct listeners_change *change, uint16_t port)
{
	for (size_t i = 0; i < change->all->n; i++) {
		if (goes(change, i) && udp_address(change->all->items[i]->udp)->port == port)
			return true;
	}
	return false;
}

static bool open_fresh(struct listeners_change *change, const struct conf *next)
{
	for (size_t i = 0; i < change->n; i++) {
		const struct conf_listener *conf = &next->listeners[i];

		if (change->items[i] != NULL)
			continue;
		change->items[i] =
		    listener_open(change->all, i, conf, is_port_of_leaver(change, conf->bind.port));
		if (change->items[i] == NULL)
			return false;
		change->fresh[i] = true;
	}
	return true;
}

/* The old listener whose place is @place; NULL: none. */
static struct listener *predecessor(const struct listeners_change *change, size_t place)
{
	for (size_t i = 0; i < change->all->n; i++) {
		if (change->moved[i] == place)
			return change->all->items[i];
	}
	return NULL;
}

static bool prepare_dtls(
    struct listeners_change *change, size_t place, const struct conf_listener *conf)
{
	struct dtls_change *dtls = &change->dtls[place];
	const struct dtls_ports ports = dtls_ports(change->items[place]);
	const struct listener *old = predecessor(change, place);

	dtls->config = dtls_settings_config(conf);
	dtls->credentials = dtls_settings_credentials(conf);
	if (dtls->credentials == NULL)
		return false;
	if (old != NULL && old->dtls != NULL)
		return dtls_reserve(old->dtls, &dtls->config) == 0;
	dtls->fresh = dtls_settings_new(dtls->credentials, &dtls->config, &ports);
	return dtls->fresh != NULL;
}

static bool prepare_all_dtls(struct listeners_change *change, const struct conf *next)
{
	for (size_t i = 0; i < change->n; i++) {
		if (conf_has_dtls(&next->listeners[i]) &&
		    !prepare_dtls(change, i, &next->listeners[i]))
			return false;
	}
	return true;
}

/* Before the old list goes. */
static void commit_dtls(struct listeners_change *change, size_t place, monotime_t now)
{
	struct listener *listener = change->items[place], *old = predecessor(change, place);
	struct dtls_change *dtls = &change->dtls[place];
	const struct dtls_ports ports = dtls_ports(listener);

	if (dtls->fresh != NULL) {
		listener->dtls = dtls->fresh;
		dtls->fresh = NULL;
	} else if (dtls->credentials != NULL) {
		struct dtls *going_on = old->dtls;

		old->dtls = NULL;
		listener->dtls = going_on;
		dtls_configure(going_on, now, dtls->credentials, &dtls->config, &ports);
	} else if (listener->dtls != NULL) { /* it speaks in clear from now on */
		dtls_farewell(listener->dtls);
		listener->dtls = dtls_free(listener->dtls);
	}
}

static void share_ports_of_leavers(const struct listeners_change *change, bool shared)
{
	for (size_t i = 0; i < change->all->n; i++) {
		if (goes(change, i))
			udp_share_port(change->all->items[i]->udp, shared);
	}
}

struct listeners_change *listeners_prepare(
    struct listeners *all, const struct conf *old, const struct conf *next)
{
	struct listeners_change *change = calloc(1, sizeof *change);
	bool good;

	if (change != NULL) {
		change->all = all;
		change->n = next->n_listeners;
		change->items = calloc(change->n, sizeof(struct listener *));
		change->fresh = calloc(change->n, sizeof *change->fresh);
		change->dtls = calloc(change->n, sizeof *change->dtls);
		change->moved = calloc(old->n_listeners, sizeof *change->moved);
	}
	if (change == NULL || change->items == NULL || change->fresh == NULL ||
	    change->dtls == NULL || change->moved == NULL) {
		log_error("cannot listen: %s", err_text(-ERR_NOMEM));
		return listeners_change_free(change);
	}
	find_places(change, old, next);
	share_ports_of_leavers(change, true);
	good = open_fresh(change, next);
	share_ports_of_leavers(change, false);
	good = good && prepare_all_dtls(change, next);
	return good ? change : listeners_change_free(change);
}

const uint16_t *listeners_moved(const struct listeners_change *change)
{
	return change->moved;
}

static void log_listener(const char *what, const struct listener *listener)
{
	char address[NETADDR_TEXT_MAX];

	log_notice("%s %s", what, netaddr_print(udp_address(listener->udp), address));
}

/* @listens_on: what it still hears is for its successor; in clear, not if keys had been agreed. */
static void leave(
    struct listeners *all, struct listener *listener, uint16_t successor, bool listens_on)
{
	if (successor == GW_LISTENER_GONE)
		log_listener("no longer listening on", listener);
	if (listener->dtls != NULL)
		dtls_farewell(listener->dtls);
	listener->index = listens_on ? successor : GW_LISTENER_GONE;
	listener->next_leaving = all->leaving;
	all->leaving = listener;
}

void listeners_commit(struct listeners *all, monotime_t now, struct listeners_change *change)
{
	for (size_t i = 0; i < all->n; i++) {
		uint16_t place = change->moved[i];
		bool secure =
		    all->items[i]->dtls != NULL ||
		    (place != GW_LISTENER_GONE && change->dtls[place].credentials != NULL);

		if (place != GW_LISTENER_GONE)
			commit_dtls(change, place, now);
		if (goes(change, i))
			leave(all, all->items[i], place, !secure);
	}
	for (size_t i = 0; i < change->n; i++) {
		if (predecessor(change, i) == NULL)
			commit_dtls(change, i, now);
	}
	free(all->items);
	all->n = change->n;
	all->items = change->items;
	change->items = NULL;
	for (size_t i = 0; i < all->n; i++) {
		all->items[i]->index = (uint16_t)i;
		if (change->fresh[i])
			log_listener("listening on", all->items[i]);
	}
}

struct listeners_change *listeners_change_free(struct listeners_change *change)
{
	if (change == NULL)
		return NULL;
	for (size_t i = 0; change->items != NULL && change->fresh != NULL && i < change->n; i++) {
		if (change->fresh[i])
			listener_free(change->items[i]);
	}
	for (size_t i = 0; change->dtls != NULL && i < change->n; i++) {
		dtls_free(change->dtls[i].fresh);
		credentials_drop(change->dtls[i].credentials);
	}
	free(change->dtls);
	free(change->items);
	free(change->fresh);
	free(change->moved);
	free(change);
	return NULL;
}
