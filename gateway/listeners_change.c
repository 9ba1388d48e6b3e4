/* SPDX-License-Identifier: BSD-3-Clause */
/* From one list of listeners to another, while the gateway runs. */
#include "config.h"

#include <stdlib.h>

#include "common/err.h"
#include "common/log.h"
#include "gateway/dtls/credentials.h"
#include "gateway/dtls_settings.h"
#include "gateway/listener.h"

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
	const struct dtls_ports ports = listener_dtls_ports(change->items[place]);
	const struct listener *old = predecessor(change, place);

	dtls->config = dtls_settings_config(conf);
	dtls->credentials = dtls_settings_credentials(conf);
	if (dtls->credentials == NULL)
		return false;
	if (old != NULL && old->dtls != NULL) {
		int rc = dtls_reserve(old->dtls, &dtls->config);

		if (rc < 0)
			log_error("cannot listen: %s", err_text(rc));
		return rc == 0;
	}
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
	const struct dtls_ports ports = listener_dtls_ports(listener);

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
