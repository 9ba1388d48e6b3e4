/* SPDX-License-Identifier: BSD-3-Clause */
/* The ports of a scenario's core: they note what it did, and check what must hold always. */
#include <string.h>

#include "common/err.h"
#include "sn_codec/sn_text.h"
#include "tests/scenarios/outputs.h"
#include "tests/scenarios/world_inside.h"

/* ---- datagrams ---- */

/* Checks a message and prints it; @peer NULL: broadcast. */
static void said(struct world *world, unsigned listener, unsigned radius, const char *peer,
    const uint8_t *data, size_t len)
{
	struct sn_packet packet;
	enum sn_status status = sn_decode(data, len, &packet);
	const char *wrong;

	if (status != SN_OK) {
		world_breaks(world, "the core sent no MQTT-SN message: %s", sn_status_name(status));
		return;
	}
	world_record(world, peer == NULL ? output_broadcast(listener, radius, &packet)
	                                 : output_packet(peer, radius, &packet));
	wrong = watch_out(world->watch, peer, &packet, data, len);
	if (wrong != NULL)
		world_breaks(world, "the core sent %s: %s", sn_type_name(packet.type), wrong);
	if (len > world->script->setup.config.listeners[listener].max_packet)
		world_breaks(
		    world, "the core sent %zu octets, more than max_packet (SN12-FRAME-08)", len);
	if (world->ended || world->killed)
		world_breaks(world, "the core sent something from gw_free()");
}

static bool listener_known(struct world *world, unsigned listener)
{
	if (listener < world->script->setup.config.n_listeners)
		return true;
	world_breaks(world, "the core sent from listener %u, which does not exist", listener);
	return false;
}

static void port_send(void *ctx, const struct peer *to, const uint8_t *data, size_t len)
{
	struct world *world = ctx;
	struct sn_packet packet;
	struct sn_encapsulated frame = { .inner = { data, len } };
	bool encapsulated =
	    sn_decode(data, len, &packet) == SN_OK && packet.type == SN_ENCAPSULATED;
	char peer[PEER_NAME_MAX];

	if (encapsulated)
		frame = packet.encapsulated;
	if (!listener_known(world, to->listener))
		return;
	if (peers_name(&world->peers, to->listener, &to->addr, encapsulated ? &frame : NULL, peer))
		said(world, to->listener, frame.radius, peer, frame.inner.data, frame.inner.len);
	else
		world_breaks(world, "the core sent to an address that no peer has");
}

static void port_broadcast(
    void *ctx, uint16_t listener, uint8_t radius, const uint8_t *data, size_t len)
{
	if (listener_known(ctx, listener))
		said(ctx, listener, radius, NULL, data, len);
}

static const char *port_identity(void *ctx, uint16_t listener, const struct netaddr *peer)
{
	const struct world *world = ctx;

	for (size_t i = world->n_proven; i-- > 0;) {
		const struct proven *proven = &world->proven[i];

		if (proven->listener == listener && netaddr_equal(&proven->address, peer))
			return proven->identity;
	}
	return NULL;
}

/* ---- upstream ---- */

/* What the next call of this port must return by "fail", once. */
static int failure(struct world *world, enum fail_port port)
{
	int rc = world->fail[port];

	world->fail[port] = 0;
	return rc;
}

static void asked(struct world *world, const struct up_session *session, struct up_call call)
{
	if (session->state == SESSION_CLOSED)
		world_breaks(world, "the core used the session of \"%s\" after closing it",
		    session->client_id);
	if (session->shared && call.verb >= VERB_SUBSCRIBE)
		world_breaks(world,
		    "the core asked the session of \"%s\", which shares its connection, for more than "
		    "to publish",
		    session->client_id);
	call.client = session->client_id;
	if (world->killed)
		return;
	world_record(world, output_up(&call));
}

static struct sn_bytes text_bytes(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
}

static struct up_session *port_open(void *ctx, struct client *owner, const struct up_spec *spec)
{
	struct world *world = ctx;
	struct up_call call = {
		.verb = VERB_CONNECT, .clean = spec->clean, .shared = spec->shared
	};
	struct up_session *session;

	if (failure(world, FAIL_OPEN) < 0)
		return NULL;
	if (session_find(world->sessions, spec->client_id) != NULL)
		world_breaks(world, "the core opened a second session for \"%s\"", spec->client_id);
	session = session_new(&world->sessions, spec->client_id, owner);
	session->shared = spec->shared;
	if (spec->shared && (!spec->clean || spec->will != NULL))
		world_breaks(world,
		    "the core let \"%s\" share with a will, or a session that is kept",
		    spec->client_id);
	if (spec->will != NULL) {
		call.will = true;
		call.topic = text_bytes(spec->will->topic);
		call.text = spec->will->message;
		call.qos = spec->will->qos;
		call.retain = spec->will->retain;
	}
	asked(world, session, call);
	return session;
}

static void port_reconnect(void *ctx, struct up_session *session)
{
	asked(ctx, session, (struct up_call){ .verb = VERB_RECONNECT });
	if (session->state == SESSION_CONNECTED)
		world_breaks(ctx, "the core reconnected the session of \"%s\", which is connected",
		    session->client_id);
	session->state = SESSION_CONNECTING;
}

static void port_close(void *ctx, struct up_session *session, enum up_farewell farewell)
{
	struct world *world = ctx;

	asked(world, session,
	    (struct up_call){ .verb = farewell == UP_ABORT ? VERB_ABORT : VERB_DISCONNECT });
	if (world->ended && farewell != UP_DISCONNECT)
		world_breaks(world, "gw_free() let the will of \"%s\" out", session->client_id);
	session->state = SESSION_CLOSED;
}

static int port_publish(void *ctx, struct up_session *session, const char *topic,
    struct sn_bytes payload, int qos, bool retain, uint16_t *token)
{
	struct world *world = ctx;
	int rc = failure(world, FAIL_PUBLISH);

	if (rc < 0)
		return rc;
	if (qos == 0 && session->state != SESSION_CONNECTED)
		return -ERR_STATE;
	asked(world, session,
	    (struct up_call){ .verb = VERB_PUBLISH,
	        .topic = text_bytes(topic),
	        .text = payload,
	        .qos = qos,
	        .retain = retain });
	if (qos > 0)
		*token = session_expect(session, UP_PUBLISHED);
	return 0;
}

static int port_subscribe(
    void *ctx, struct up_session *session, const char *filter, int qos, uint16_t *token)
{
	struct world *world = ctx;
	int rc = failure(world, FAIL_SUBSCRIBE);

	if (rc < 0)
		return rc;
	if (session->state != SESSION_CONNECTED)
		return -ERR_STATE;
	asked(world, session,
	    (struct up_call){ .verb = VERB_SUBSCRIBE, .text = text_bytes(filter), .qos = qos });
	*token = session_expect(session, UP_SUBSCRIBED);
	return 0;
}

static int port_unsubscribe(
    void *ctx, struct up_session *session, const char *filter, uint16_t *token)
{
	struct world *world = ctx;
	int rc = failure(world, FAIL_UNSUBSCRIBE);

	if (rc < 0)
		return rc;
	if (session->state != SESSION_CONNECTED)
		return -ERR_STATE;
	asked(world, session,
	    (struct up_call){ .verb = VERB_UNSUBSCRIBE, .text = text_bytes(filter) });
	*token = session_expect(session, UP_UNSUBSCRIBED);
	return 0;
}

static void port_pause(void *ctx, struct up_session *session, bool paused)
{
	asked(ctx, session, (struct up_call){ .verb = paused ? VERB_PAUSE : VERB_RESUME });
}

/* ---- notes and trace ---- */

static void port_note(void *ctx, const struct gw_note *note)
{
	struct world *world = ctx;

	if (world->script->setup.check_notes && !world->ended && !world->killed)
		world_record(world, output_note(note->kind, note->client_id));
}

/* Reads all that the trace is shown, so that a dangling pointer does not stay unseen. */
static void port_packet(void *ctx, const struct gw_packet *shown)
{
	struct world *world = ctx;
	char line[2000], peer[PEER_TEXT_MAX];

	if (world->script->setup.check_verdicts && !shown->out && shown->verdict != NULL)
		world_record(world, output_verdict(shown->verdict));
	world->shown += strlen(peer_print(shown->peer, peer));
	for (size_t i = 0; i < shown->len; i++)
		world->shown += shown->data[i];
	if (shown->client_id != NULL)
		world->shown += strlen(shown->client_id);
	if (shown->verdict != NULL)
		world->shown += strlen(shown->verdict);
	if (shown->packet != NULL)
		world->shown += sn_text_print(line, sizeof(line), shown->packet, SIZE_MAX);
}

struct gw_ports ports_of(struct world *world)
{
	return (struct gw_ports){
		.ctx = world,
		.send = port_send,
		.broadcast = port_broadcast,
		.identity = port_identity,
		.up_open = port_open,
		.up_reconnect = port_reconnect,
		.up_close = port_close,
		.up_publish = port_publish,
		.up_subscribe = port_subscribe,
		.up_unsubscribe = port_unsubscribe,
		.up_pause = port_pause,
		.note = port_note,
		.packet = port_packet,
		.store = world->keeping != NULL ? keeping_port(world->keeping) : NULL,
	};
}
