/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/gw.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/connect.h"
#include "gateway/core/core.h"
#include "gateway/core/encap.h"
#include "gateway/core/identity.h"
#include "gateway/core/keep.h"
#include "gateway/core/ping.h"
#include "gateway/core/pub_in.h"
#include "gateway/core/pub_out.h"
#include "gateway/core/qos_minus_one.h"
#include "gateway/core/register.h"
#include "gateway/core/say.h"
#include "gateway/core/sleep.h"
#include "gateway/core/subscribe.h"
#include "gateway/core/will_update.h"

/* In which states a message is listened to. */
enum {
	IN_SETUP = 1u << CLIENT_CONNECTING,
	IN_SESSION = 1u << CLIENT_ACTIVE | 1u << CLIENT_ASLEEP | 1u << CLIENT_AWAKE,
};

/* What a peer that has no session is told (SN12-DISC-06). */
enum stranger {
	IGNORED,
	TOLD_DISCONNECT
};

typedef void handler_fn(struct gw *gw, struct client *client, const struct sn_packet *packet);

/* A duration of 0 could not be supervised, and means no sleep (SN12-SLEEP-21). */
static void disconnect(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	if (packet->disconnect.duration > 0 && client->state != CLIENT_CONNECTING)
		sleep_begin(gw, client, packet->disconnect.duration);
	else
		client_leave(gw, client, NULL);
}

/* The messages that a session serves.  CONNECT stands apart: it makes the session. */
static const struct handler {
	handler_fn *handle;
	unsigned states;
	enum stranger stranger;
} handlers[256] = {
	[SN_WILLTOPIC] = { connect_willtopic, IN_SETUP, IGNORED },
	[SN_WILLMSG] = { connect_willmsg, IN_SETUP, IGNORED },
	[SN_REGISTER] = { register_register, IN_SESSION, TOLD_DISCONNECT },
	[SN_REGACK] = { pub_out_regack, IN_SESSION, IGNORED },
	[SN_PUBLISH] = { pub_in_publish, IN_SESSION, TOLD_DISCONNECT },
	[SN_PUBACK] = { pub_out_puback, IN_SESSION, IGNORED },
	[SN_PUBCOMP] = { pub_out_pubcomp, IN_SESSION, IGNORED },
	[SN_PUBREC] = { pub_out_pubrec, IN_SESSION, IGNORED },
	[SN_PUBREL] = { pub_in_pubrel, IN_SESSION, TOLD_DISCONNECT },
	[SN_SUBSCRIBE] = { subscribe_subscribe, IN_SESSION, TOLD_DISCONNECT },
	[SN_UNSUBSCRIBE] = { subscribe_unsubscribe, IN_SESSION, TOLD_DISCONNECT },
	[SN_PINGREQ] = { ping_pingreq, IN_SESSION, TOLD_DISCONNECT },
	[SN_PINGRESP] = { ping_pingresp, IN_SESSION, IGNORED },
	[SN_WILLTOPICUPD] = { will_update_topic, IN_SESSION, TOLD_DISCONNECT },
	[SN_WILLMSGUPD] = { will_update_message, IN_SESSION, TOLD_DISCONNECT },
	[SN_DISCONNECT] = { disconnect, IN_SETUP | IN_SESSION, TOLD_DISCONNECT },
};

static void begin(struct gw *gw, monotime_t now)
{
	gw->now = now;
}

static void end(struct gw *gw)
{
	keep_changed_clients(gw);
	clients_sweep(gw);
}

struct gw *gw_new(
    const struct gw_config *config, const struct gw_ports *ports, struct siphash_key seed)
{
	struct gw *gw = calloc(1, sizeof *gw);

	if (gw == NULL)
		return NULL;
	gw->config = *config;
	gw->ports = *ports;
	gw->clients.key = seed;
	gw->random = seed.k0 ^ seed.k1;
	own_init(&gw->own);
	discovery_init(&gw->discovery);
	gw->deadlines = deadlines_new(gw);
	if (gw->deadlines == NULL || deadlines_reserve(gw->deadlines, GW_DEADLINES) < 0)
		return gw_free(gw);
	return gw;
}

struct gw *gw_free(struct gw *gw)
{
	struct client *client, *next;

	if (gw == NULL)
		return NULL;
	gw->ports.store = NULL; /* it keeps what it has */
	HASH_ITER (by_id, gw->clients.by_id, client, next) {
		link_close(gw, client, UP_DISCONNECT);
		clients_remove(gw, client);
	}
	clients_sweep(gw);
	if (gw->deadlines != NULL)
		own_close(gw);
	free(gw->restored.clients);
	deadlines_free(gw->deadlines);
	free(gw);
	return NULL;
}

/* It must be bound to an address. */
static void send_away(struct gw *gw, struct client *client, const char *why)
{
	if (client->state == CLIENT_CONNECTING)
		connect_abandon(gw, client);
	else
		client_leave(gw, client, why);
}

void gw_close_listener(struct gw *gw, monotime_t now, uint16_t listener)
{
	struct client *client, *next;

	begin(gw, now);
	HASH_ITER (by_id, gw->clients.by_id, client, next) {
		if (client->peer != NULL && client->peer->listener == listener)
			send_away(gw, client, "its listener is closed");
	}
	end(gw);
}

static void send_barred_away(struct gw *gw)
{
	struct client *client, *next;

	HASH_ITER (by_id, gw->clients.by_id, client, next) {
		const char *why = connect_barred(gw, client_id_bytes(client));

		if (why != NULL && client->peer != NULL)
			send_away(gw, client, why);
	}
}

void gw_peer_proven(struct gw *gw, monotime_t now, const struct peer *peer)
{
	struct client *client = clients_find_peer(&gw->clients, peer);

	if (client == NULL)
		return;
	begin(gw, now);
	if (!identity_allows(gw, peer, client_id_bytes(client)))
		connect_push_out(gw, client);
	else
		restore_keys_agreed(gw, client);
	end(gw);
}

void gw_configure(
    struct gw *gw, monotime_t now, const struct gw_config *config, const uint16_t *moved)
{
	bool renamed = strcmp(config->own.client_id, gw->config.own.client_id) != 0;

	begin(gw, now);
	gw->config = *config;
	if (moved != NULL)
		clients_renumber(gw, moved);
	send_barred_away(gw);
	own_configure(gw, renamed);
	discovery_configure(gw);
	end(gw);
}

void gw_trace_to(struct gw *gw, void (*packet)(void *ctx, const struct gw_packet *packet))
{
	gw->ports.packet = packet;
}

void gw_start(struct gw *gw, monotime_t now)
{
	begin(gw, now);
	discovery_start(gw);
	own_start(gw);
	restore_finish(gw);
	end(gw);
}

/* SplitMix64 (Steele, Lea, Flood): small, and good enough for jitter. */
uint32_t gw_random(struct gw *gw)
{
	uint64_t z = gw->random += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)(z >> 32);
}

/* Of a CONNECT that is being handled. */
static struct sn_bytes claimed_id(const struct heard *heard)
{
	if (heard == NULL || heard->packet == NULL || heard->packet->type != SN_CONNECT)
		return (struct sn_bytes){ 0 };
	return heard->packet->connect.client_id;
}

void gw_note_value(struct gw *gw, enum gw_note_kind kind, const struct client *client,
    const char *detail, long value)
{
	struct gw_note note = {
		.kind = kind,
		.client_id = client != NULL ? client->id : NULL,
		.peer = client != NULL && client->peer != NULL ? client->peer
		        : gw->heard != NULL                    ? gw->heard->peer
		                                               : NULL,
		.detail = detail,
		.value = value,
	};

	if (client == NULL)
		note.claimed = claimed_id(gw->heard);
	gw->ports.note(gw->ports.ctx, &note);
}

void gw_note(struct gw *gw, enum gw_note_kind kind, const struct client *client, const char *detail)
{
	gw_note_value(gw, kind, client, detail, 0);
}

void gw_refuse(struct gw *gw, const struct client *client, const char *why)
{
	if (gw->heard != NULL && gw->heard->verdict == NULL)
		gw->heard->verdict = why;
	gw_note(gw, NOTE_VIOLATION, client, why);
}

void gw_refuse_limit(struct gw *gw, const struct client *client, const char *limit)
{
	gw->metrics.limit_hits++;
	if (gw->heard != NULL && gw->heard->verdict == NULL)
		gw->heard->verdict = limit;
	gw_note(gw, NOTE_LIMIT, client, limit);
}

void gw_trace_heard(struct gw *gw)
{
	struct heard *h = gw->heard;

	if (h == NULL || h->shown)
		return;
	h->shown = true;
	if (gw->ports.packet == NULL)
		return;
	gw->ports.packet(gw->ports.ctx, &(struct gw_packet){
	                                    .peer = h->peer,
	                                    .client_id = h->client_id,
	                                    .data = h->data,
	                                    .len = h->len,
	                                    .packet = h->packet,
	                                    .verdict = h->verdict,
	                                });
}

static void drop(struct gw *gw, enum gw_note_kind kind, const char *why)
{
	gw->heard->verdict = why;
	gw_note(gw, kind, NULL, why);
}

/* Both for all strangers together and for each address: one that floods us does not use up the
 * answers that others wait for. */
static bool may_answer_stranger(struct gw *gw, const struct peer *from)
{
	uint32_t per_second = gw->config.limits.stranger_answers;
	uint32_t per_address = per_second > 10 ? per_second / 10 : per_second;
	uint64_t bucket =
	    siphash(&gw->clients.key, from->addr.ip, sizeof from->addr.ip) % STRANGER_BUCKETS;

	return rate_take(&gw->strangers_by_address[bucket], gw->now, per_address, per_address) &&
	       rate_take(&gw->strangers, gw->now, per_second, per_second);
}

/* A message from a peer without a session: DISCONNECT makes a node that lost its session connect
 * again, at a bounded rate, and never longer than the question (SN12-DISC-05 to -08, SN12-ERR-02).
 */
static void answer_stranger(struct gw *gw, const struct peer *from, const struct sn_packet *packet)
{
	gw->metrics.strangers++;
	gw->heard->verdict = "no session";
	if (handlers[packet->type].stranger == IGNORED)
		return;
	if (may_answer_stranger(gw, from))
		say_plain(gw, from, SN_DISCONNECT);
	else
		gw->metrics.rate_limited++;
}

static void serve(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	const struct handler *h = &handlers[packet->type];

	if (!rate_take(
	        &client->packets, gw->now, gw->config.limits.packets, gw->config.limits.packets)) {
		gw->metrics.rate_limited++;
		gw->heard->verdict = "limits.packets";
		return;
	}
	if (h->handle == NULL || !(h->states & 1u << client->state)) {
		gw->metrics.unexpected++;
		gw_refuse(gw, client, "not expected now");
		return;
	}
	h->handle(gw, client, packet);
}

static void dispatch(
    struct gw *gw, const struct peer *from, struct client *client, const struct sn_packet *packet)
{
	if (client != NULL)
		client_heard(gw, client, from);
	switch (packet->type) {
	case SN_CONNECT:
		connect_connect(gw, from, client, packet);
		return;
	case SN_SEARCHGW:
		discovery_searchgw(gw, from, packet);
		return;
	case SN_ADVERTISE:
		discovery_advertise(gw, from, packet);
		return;
	case SN_GWINFO:
		discovery_gwinfo(gw, from, packet);
		return;
	case SN_PINGREQ:
		if (packet->pingreq.client_id.len > 0)
			client = sleep_find(gw, from, client, packet->pingreq.client_id);
		break;
	case SN_PUBLISH:
		if (packet->publish.flags.qos >= 0)
			break;
		qos_minus_one_publish(gw, from, client, &packet->publish);
		return;
	}
	if (client != NULL)
		serve(gw, client, packet);
	else
		answer_stranger(gw, from, packet);
}

/* One packet, unwrapped. */
static void take(struct gw *gw, const struct peer *from, const uint8_t *data, size_t len)
{
	struct sn_packet packet;
	struct heard heard = { .peer = from, .data = data, .len = len };
	enum sn_status status = sn_decode(data, len, &packet);
	struct client *client = clients_find_peer(&gw->clients, from);

	gw->heard = &heard;
	heard.client_id = client != NULL ? client->id : NULL;
	if (status != SN_OK) {
		gw->metrics.malformed++;
		drop(gw, NOTE_MALFORMED, sn_status_name(status));
	} else if (packet.type == SN_ENCAPSULATED) {
		gw->metrics.bad_encapsulation++;
		drop(gw, NOTE_MALFORMED, "nested encapsulation");
	} else {
		heard.packet = &packet;
		gw->metrics.rx[packet.type]++;
		dispatch(gw, from, client, &packet);
	}
	gw_trace_heard(gw);
	gw->heard = NULL;
}

void gw_rx(struct gw *gw, monotime_t now, const struct peer *from, const uint8_t *data, size_t len)
{
	struct peer node;

	begin(gw, now);
	assert(from->listener < gw->config.n_listeners && !from->encapsulated);
	if (encap_unwrap(from, &data, &len, &node))
		from = &node;
	take(gw, from, data, len);
	end(gw);
}

void gw_broker_reached(struct gw *gw, const struct up_event *event)
{
	gw->broker_away = false;
	if (gw->broker == event->broker)
		return;
	if (gw->broker != 0) {
		gw->metrics.broker_changes++;
		gw_note(gw, NOTE_BROKER, NULL, event->broker_name);
	}
	gw->broker = event->broker;
}

static void up_published(struct gw *gw, struct client *client, const struct up_event *event)
{
	if (!spool_published(gw, client, event->token))
		pub_in_published(gw, client, event->token);
}

static void up_subscribed(struct gw *gw, struct client *client, const struct up_event *event)
{
	subscribe_subscribed(gw, client, event->token, event->granted_qos);
}

static void up_unsubscribed(struct gw *gw, struct client *client, const struct up_event *event)
{
	subscribe_unsubscribed(gw, client, event->token);
}

void gw_up_event(struct gw *gw, monotime_t now, struct client *owner, const struct up_event *event)
{
	static void (*const on[])(struct gw *, struct client *, const struct up_event *) = {
		[UP_CONNECTED] = link_event,
		[UP_REFUSED] = link_event,
		[UP_LOST] = link_event,
		[UP_PUBLISHED] = up_published,
		[UP_SUBSCRIBED] = up_subscribed,
		[UP_UNSUBSCRIBED] = up_unsubscribed,
		[UP_MESSAGE] = pub_out_message,
	};

	begin(gw, now);
	if (owner == NULL) {
		own_event(gw, event);
	} else {
		on[event->kind](gw, owner, event);
		link_refresh(gw, owner);
		link_finish(gw, owner);
	}
	end(gw);
}

void gw_advance(struct gw *gw, monotime_t now)
{
	begin(gw, now);
	deadlines_advance(gw->deadlines, now);
	end(gw);
}

bool gw_next_deadline(const struct gw *gw, monotime_t *when)
{
	return deadlines_next(gw->deadlines, when);
}

void gw_shutdown(struct gw *gw, monotime_t now)
{
	struct client *client, *next;

	begin(gw, now);
	gw->stopping = true;
	HASH_ITER (by_id, gw->clients.by_id, client, next) {
		if (gw->ports.store != NULL) {
			link_finish(gw, client);
			continue;
		}
		if (client->peer != NULL)
			send_away(gw, client, "the gateway stops");
		spool_abandon(gw, client);
		link_close(gw, client, UP_DISCONNECT);
	}
	own_close(gw);
	end(gw);
}

static const char OPERATOR[] = "the operator's wish";

int gw_disconnect_client(struct gw *gw, monotime_t now, struct sn_bytes id)
{
	struct client *client = clients_find_id(&gw->clients, id);

	if (client == NULL)
		return -ERR_INVALID;
	if (client->peer == NULL)
		return -ERR_STATE;
	begin(gw, now);
	send_away(gw, client, OPERATOR);
	end(gw);
	return 0;
}

int gw_forget_client(struct gw *gw, monotime_t now, struct sn_bytes id)
{
	struct client *client = clients_find_id(&gw->clients, id);

	if (client == NULL)
		return -ERR_INVALID;
	begin(gw, now);
	spool_clear(gw, client);
	if (client->peer != NULL) {
		client->clean = true; /* the session ends with the connection */
		send_away(gw, client, OPERATOR);
	} else {
		gw_note(gw, NOTE_EXPIRED, client, OPERATOR);
		link_close(gw, client, UP_DISCONNECT);
		clients_remove(gw, client);
	}
	end(gw);
	return 0;
}

const struct gw_metrics *gw_metrics(const struct gw *gw)
{
	return &gw->metrics;
}

const char *gw_client_id(const struct client *client)
{
	return client->id;
}

size_t gw_client_count(const struct gw *gw)
{
	return gw->clients.count;
}
