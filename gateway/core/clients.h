/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All clients, found by client id or by the peer that is bound to them.  Keyed hashes: both are
 * chosen by peers.
 */
#ifndef CORE_CLIENTS_H
#define CORE_CLIENTS_H

#include <stddef.h>

#include "common/siphash.h"
#include "gateway/core/client.h"

struct clients {
	struct siphash_key key;
	struct client *by_id;
	struct client *by_peer;
	struct client *removed; /* to be freed at the end of the entry point */
	uint64_t last_key;
	size_t count;
	size_t in_state[CLIENT_STATES];
};

struct client *clients_find_id(const struct clients *clients, struct sn_bytes id);
struct client *clients_find_peer(const struct clients *clients, const struct peer *peer);

/* A new client without a peer, state disconnected; @id copied.  NULL when out of memory; the limit
 * is the caller's to check. */
struct client *clients_add(struct gw *gw, struct sn_bytes id);

/* Binds @peer (copied) to the client; whoever had it must have been unbound.  0 or -ERR_NOMEM (then
 * no peer is bound). */
int clients_bind(struct clients *clients, struct client *client, const struct peer *peer);
void clients_unbind(struct clients *clients, struct client *client);

/* Gives the peers of all clients the new numbers of their listeners, by the old ones.  A client for
 * which there is no memory is lost. */
void clients_renumber(struct gw *gw, const uint16_t *moved);

/* Takes the client out of all tables; it is freed by clients_sweep(). */
void clients_remove(struct gw *gw, struct client *client);

/* Frees what was removed. */
void clients_sweep(struct gw *gw);

#endif
