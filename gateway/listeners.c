/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/listeners.h"

#include <stdlib.h>

#include "common/err.h"
#include "common/log.h"
#include "gateway/io/multicast.h"
#include "gateway/listener.h"

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
		all->items[i] = listener_open(all, i, &conf->listeners[i], false);
		if (all->items[i] == NULL)
			return listeners_close(all);
		all->n++;
		if (!listener_open_dtls(all->items[i], &conf->listeners[i]))
			return listeners_close(all);
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
