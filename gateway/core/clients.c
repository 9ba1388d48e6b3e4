/* SPDX-License-Identifier: BSD-3-Clause */
/* A table that cannot grow must not end the process: the element is just not added. */
#define HASH_NONFATAL_OOM 1
#include "gateway/core/clients.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/connect.h"
#include "gateway/core/core.h"
#include "gateway/core/keep.h"

/* To be kept in a variable: uthash's macros use their argument more than once. */
static unsigned hash(const struct clients *clients, const void *data, size_t len)
{
	return (unsigned)siphash(&clients->key, data, len);
}

struct client *clients_find_id(const struct clients *clients, struct sn_bytes id)
{
	unsigned value = hash(clients, id.data, id.len);
	struct client *found = NULL;

	HASH_FIND_BYHASHVALUE(by_id, clients->by_id, id.data, id.len, value, found);
	return found;
}

struct client *clients_find_peer(const struct clients *clients, const struct peer *peer)
{
	struct sn_bytes key = peer_identity(peer);
	unsigned value = hash(clients, key.data, key.len);
	struct client *found = NULL;

	HASH_FIND_BYHASHVALUE(by_peer, clients->by_peer, key.data, key.len, value, found);
	return found;
}

static struct client *free_client(struct client *client)
{
	if (client == NULL)
		return NULL;
	connect_setup_free(client->setup);
	will_free(client->will);
	topic_reg_free(client->topics);
	free(client->peer);
	free(client->id);
	free(client);
	return NULL;
}

static struct client *new_client(struct sn_bytes id)
{
	struct client *client = calloc(1, sizeof *client);

	if (client == NULL)
		return NULL;
	client->id = strndup((const char *)id.data, id.len);
	client->topics = topic_reg_new();
	if (client->id == NULL || client->topics == NULL)
		return free_client(client);
	client_init(client);
	return client;
}

struct client *clients_add(struct gw *gw, struct sn_bytes id)
{
	struct clients *clients = &gw->clients;
	struct client *client;
	unsigned value;

	if (deadlines_reserve(
	        gw->deadlines, (clients->count + 1) * CLIENT_DEADLINES + GW_DEADLINES) < 0)
		return NULL;
	client = new_client(id);
	if (client == NULL)
		return NULL;
	value = hash(clients, id.data, id.len);
	HASH_ADD_KEYPTR_BYHASHVALUE(by_id, clients->by_id, client->id, id.len, value, client);
	if (client->by_id.tbl == NULL)
		return free_client(client);
	client->key = ++clients->last_key;
	clients->count++;
	clients->in_state[client->state]++;
	return client;
}

/* Puts the client under its peer into @table.  0 or -ERR_NOMEM (then no peer is bound). */
static int add_peer(struct clients *clients, struct client **table, struct client *client)
{
	struct sn_bytes key = peer_identity(client->peer);
	unsigned value = hash(clients, key.data, key.len);

	HASH_ADD_KEYPTR_BYHASHVALUE(by_peer, *table, key.data, key.len, value, client);
	if (client->by_peer.tbl != NULL)
		return 0;
	free(client->peer);
	client->peer = NULL;
	return -ERR_NOMEM;
}

int clients_bind(struct clients *clients, struct client *client, const struct peer *peer)
{
	size_t len = peer_size(peer);

	clients_unbind(clients, client);
	client->peer = malloc(len);
	if (client->peer == NULL)
		return -ERR_NOMEM;
	memcpy(client->peer, peer, len);
	return add_peer(clients, &clients->by_peer, client);
}

void clients_unbind(struct clients *clients, struct client *client)
{
	if (client->peer == NULL)
		return;
	HASH_DELETE(by_peer, clients->by_peer, client);
	free(client->peer);
	client->peer = NULL;
}

/* A table of its own: two clients may swap their numbers. */
void clients_renumber(struct gw *gw, const uint16_t *moved)
{
	struct clients *clients = &gw->clients;
	struct client *renumbered = NULL, *client, *next;

	HASH_ITER (by_peer, clients->by_peer, client, next) {
		HASH_DELETE(by_peer, clients->by_peer, client);
		client->peer->listener = moved[client->peer->listener];
		keep_client(gw, client);
		if (add_peer(clients, &renumbered, client) == 0)
			continue;
		if (client->state == CLIENT_CONNECTING)
			connect_abandon(gw, client);
		else
			client_lose(gw, client, "out of memory");
	}
	clients->by_peer = renumbered;
}

void clients_remove(struct gw *gw, struct client *client)
{
	struct clients *clients = &gw->clients;

	client_clear_session(gw, client);
	spool_clear(gw, client);
	client->removed = true;
	pending_stop(gw, client);
	deadline_clear(gw->deadlines, &client->supervision);
	clients_unbind(clients, client);
	HASH_DELETE(by_id, clients->by_id, client);
	clients->count--;
	clients->in_state[client->state]--;
	client->next_removed = clients->removed;
	clients->removed = client;
}

void clients_sweep(struct gw *gw)
{
	while (gw->clients.removed != NULL) {
		struct client *client = gw->clients.removed;

		gw->clients.removed = client->next_removed;
		free_client(client);
	}
}
