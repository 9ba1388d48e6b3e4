/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "sn_codec/sn_text.h"
#include "tests/scenarios/memory.h"
#include "tests/scenarios/outputs.h"
#include "tests/scenarios/sessions.h"
#include "tests/scenarios/watch.h"

#define NAMES_MAX 2000

/* A core that never comes to rest is stopped after so many calls without time passing. */
#define ADVANCES_MAX 10000

/* Longest name of a peer: its own, listener, and node id in hex. */
#define PEER_NAME_MAX (64 + 2 * SN_NODE_ID_MAX)

struct world {
	struct script *script;
	struct gw *gw;
	struct watch *watch;
	struct up_session *sessions;
	monotime_t now;
	monotime_t begun; /* when the act began */
	struct output *outputs;
	size_t n_outputs;
	int fail[FAIL_PORTS];   /* what the next call returns, 0: success */
	char *names[NAMES_MAX]; /* of addresses: number i is 10.0.x.y with x.y = i + 1 */
	size_t n_names;
	bool ended;
	size_t shown; /* sum of all that the trace was shown */
	char broken[300];
};

__attribute__((format(printf, 2, 3))) static void breaks(
    struct world *world, const char *format, ...)
{
	va_list args;

	if (world->broken[0] != '\0')
		return;
	va_start(args, format);
	vsnprintf(world->broken, sizeof(world->broken), format, args);
	va_end(args);
}

const char *world_broken(const struct world *world)
{
	return world->broken[0] == '\0' ? NULL : world->broken;
}

static void record(struct world *world, char *text)
{
	world->outputs =
	    memory_check(realloc(world->outputs, (world->n_outputs + 1) * sizeof(*world->outputs)));
	world->outputs[world->n_outputs++] =
	    (struct output){ .text = text, .at = world->now.us - world->begun.us };
}

static void forget_outputs(struct world *world)
{
	for (size_t i = 0; i < world->n_outputs; i++)
		free(world->outputs[i].text);
	world->n_outputs = 0;
}

const struct output *world_outputs(const struct world *world, size_t *n)
{
	*n = world->n_outputs;
	return world->outputs;
}

/* ---- peers
 * -------------------------------------------------------------------------------------------------------
 */

/* The address of the name that @text begins with; made up when first met. */
static struct netaddr address_of(struct world *world, const char *text)
{
	size_t len = strcspn(text, ":/");
	size_t i;

	for (i = 0; i < world->n_names; i++)
		if (strlen(world->names[i]) == len && memcmp(world->names[i], text, len) == 0)
			break;
	if (i == world->n_names) {
		if (i == NAMES_MAX) {
			fputs("too many peers\n", stderr);
			exit(99);
		}
		world->names[world->n_names++] = memory_check(strndup(text, len));
	}
	return (struct netaddr){
		.ip = { 10, 0, (uint8_t)((i + 1) >> 8), (uint8_t)(i + 1) },
		.port = 1024,
		.family = 4,
	};
}

/* The name of an address; NULL if none was made up for it. */
static const char *name_of(const struct world *world, const struct netaddr *addr)
{
	size_t i = (size_t)(addr->ip[2] << 8 | addr->ip[3]) - 1;

	return addr->family == 4 && addr->port == 1024 && i < world->n_names ? world->names[i]
	                                                                     : NULL;
}

static void print_peer(
    char *text, const char *name, unsigned listener, const struct sn_encapsulated *frame)
{
	int at = snprintf(text, PEER_NAME_MAX, "%s", name);

	if (listener > 0)
		at += snprintf(text + at, PEER_NAME_MAX - (size_t)at, ":%u", listener);
	if (frame != NULL)
		text[at++] = '/';
	for (size_t i = 0; frame != NULL && i < frame->node_id.len; i++)
		at +=
		    snprintf(text + at, PEER_NAME_MAX - (size_t)at, "%02x", frame->node_id.data[i]);
	text[at] = '\0';
}

/* ---- ports: datagrams
 * -------------------------------------------------------------------------------------------- */

/* Checks a message and prints it; @peer NULL: broadcast. */
static void said(struct world *world, unsigned listener, unsigned radius, const char *peer,
    const uint8_t *data, size_t len)
{
	struct sn_packet packet;
	enum sn_status status = sn_decode(data, len, &packet);
	const char *wrong;

	if (status != SN_OK) {
		breaks(world, "the core sent no MQTT-SN message: %s", sn_status_name(status));
		return;
	}
	record(world, peer == NULL ? output_broadcast(listener, radius, &packet)
	                           : output_packet(peer, radius, &packet));
	wrong = watch_out(world->watch, peer, &packet, data, len);
	if (wrong != NULL)
		breaks(world, "the core sent %s: %s", sn_type_name(packet.type), wrong);
	if (len > world->script->setup.listeners[listener].max_packet)
		breaks(
		    world, "the core sent %zu octets, more than max_packet (SN12-FRAME-08)", len);
	if (world->ended)
		breaks(world, "the core sent something from gw_free()");
}

static bool listener_known(struct world *world, unsigned listener)
{
	if (listener < world->script->setup.config.n_listeners)
		return true;
	breaks(world, "the core sent from listener %u, which does not exist", listener);
	return false;
}

static void port_send(
    void *ctx, uint16_t listener, const struct netaddr *to, const uint8_t *data, size_t len)
{
	struct world *world = ctx;
	const char *name = name_of(world, to);
	char peer[PEER_NAME_MAX];
	struct sn_packet frame;

	if (!listener_known(world, listener))
		return;
	if (name == NULL) {
		breaks(world, "the core sent to an address that no peer has");
		return;
	}
	if (sn_decode(data, len, &frame) != SN_OK || frame.type != SN_ENCAPSULATED) {
		print_peer(peer, name, listener, NULL);
		said(world, listener, 0, peer, data, len);
		return;
	}
	print_peer(peer, name, listener, &frame.encapsulated);
	said(world, listener, frame.encapsulated.radius, peer, frame.encapsulated.inner.data,
	    frame.encapsulated.inner.len);
}

static void port_broadcast(
    void *ctx, uint16_t listener, uint8_t radius, const uint8_t *data, size_t len)
{
	if (listener_known(ctx, listener))
		said(ctx, listener, radius, NULL, data, len);
}

/* ---- ports: upstream
 * --------------------------------------------------------------------------------------------- */

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
		breaks(world, "the core used the session of \"%s\" after closing it",
		    session->client_id);
	call.client = session->client_id;
	record(world, output_up(&call));
}

static struct sn_bytes text_bytes(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
}

static struct up_session *port_open(void *ctx, struct client *owner, const struct up_spec *spec)
{
	struct world *world = ctx;
	struct up_call call = { .verb = VERB_CONNECT, .clean = spec->clean };
	struct up_session *session;

	if (failure(world, FAIL_OPEN) < 0)
		return NULL;
	if (session_find(world->sessions, spec->client_id) != NULL)
		breaks(world, "the core opened a second session for \"%s\"", spec->client_id);
	session = session_new(&world->sessions, spec->client_id, owner);
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
		breaks(ctx, "the core reconnected the session of \"%s\", which is connected",
		    session->client_id);
	session->state = SESSION_CONNECTING;
}

static void port_close(void *ctx, struct up_session *session, enum up_farewell farewell)
{
	struct world *world = ctx;

	asked(world, session,
	    (struct up_call){ .verb = farewell == UP_ABORT ? VERB_ABORT : VERB_DISCONNECT });
	if (world->ended && farewell != UP_DISCONNECT)
		breaks(world, "gw_free() let the will of \"%s\" out", session->client_id);
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

/* ---- ports: notes and trace
 * -------------------------------------------------------------------------------------- */

static void port_note(void *ctx, const struct gw_note *note)
{
	struct world *world = ctx;

	if (world->script->setup.check_notes && !world->ended)
		record(world, output_note(note->kind, note->client_id));
}

/* Reads all that the trace is shown, so that a dangling pointer does not stay unseen. */
static void port_packet(void *ctx, const struct gw_packet *shown)
{
	struct world *world = ctx;
	char line[2000], peer[PEER_TEXT_MAX];

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

/* ---- acts
 * --------------------------------------------------------------------------------------------------------
 */

/* Lets time pass until @end, from deadline to deadline. */
static void run_until(struct world *world, monotime_t end)
{
	monotime_t due;
	int still = 0;

	while (gw_next_deadline(world->gw, &due) && !monotime_before(end, due)) {
		still = monotime_before(world->now, due) ? 0 : still + 1;
		if (still > ADVANCES_MAX) {
			breaks(world, "the core asks for the same deadline over and over");
			return;
		}
		if (monotime_before(world->now, due))
			world->now = due;
		gw_advance(world->gw, world->now);
	}
	world->now = end;
	gw_advance(world->gw, world->now);
}

static void heard(struct world *world, const char *peer, const uint8_t *data, size_t len)
{
	struct sn_packet packet;

	if (sn_decode(data, len, &packet) == SN_OK)
		watch_in(world->watch, peer, &packet);
}

static void rx(struct world *world, const char *name, const uint8_t *data, size_t len)
{
	const char *colon = strchr(name, ':');
	struct peer from = { .addr = address_of(world, name) };

	from.listener = colon == NULL ? 0 : (uint16_t)(colon[1] - '0');
	if (listener_known(world, from.listener))
		gw_rx(world->gw, world->now, &from, data, len);
}

/* "f/aabb": wraps the message as the forwarder f does. */
static void rx_encapsulated(
    struct world *world, const char *name, const char *hex, const uint8_t *data, size_t len)
{
	uint8_t node[SN_NODE_ID_MAX];
	struct sn_packet frame = { .type = SN_ENCAPSULATED };
	size_t size = len + 3 + SN_NODE_ID_MAX, out_len;
	uint8_t *out = memory_check(malloc(size));
	unsigned octet;

	frame.encapsulated.node_id.data = node;
	for (; sscanf(hex, "%2x", &octet) == 1; hex += 2)
		node[frame.encapsulated.node_id.len++] = (uint8_t)octet;
	frame.encapsulated.inner = (struct sn_bytes){ data, len };
	if (sn_encode(out, size, &frame, &out_len) == SN_OK)
		rx(world, name, out, out_len);
	else
		breaks(world, "this cannot be encapsulated");
	free(out);
}

static void play_packet(struct world *world, const struct step *step)
{
	const char *slash = strchr(step->packet.peer, '/');

	heard(world, step->packet.peer, step->packet.data, step->packet.len);
	if (slash == NULL)
		rx(world, step->packet.peer, step->packet.data, step->packet.len);
	else
		rx_encapsulated(
		    world, step->packet.peer, slash + 1, step->packet.data, step->packet.len);
}

/* Moves the session as the event says.  NULL, or why the event is not possible. */
static const char *broker_does(struct up_session *session, const struct step *step, uint16_t *token)
{
	switch (step->up.event.kind) {
	case UP_CONNECTED:
	case UP_REFUSED:
		if (session->state != SESSION_CONNECTING)
			return "is not connecting";
		session->state =
		    step->up.event.kind == UP_CONNECTED ? SESSION_CONNECTED : SESSION_IDLE;
		return NULL;
	case UP_LOST:
		if (session->state != SESSION_CONNECTED)
			return "is not connected";
		session_lost(session);
		return NULL;
	case UP_MESSAGE:
		return session->state == SESSION_CONNECTED ? NULL : "is not connected";
	default:
		if (session->state != SESSION_CONNECTED)
			return "is not connected";
		return session_answer(session, step->up.event.kind, step->up.nth, token)
		           ? NULL
		           : "asked for nothing that this would answer";
	}
}

static void play_up(struct world *world, const struct step *step)
{
	struct up_session *session = session_find(world->sessions, step->up.client);
	struct up_event event = step->up.event;
	const char *wrong =
	    session == NULL ? "does not exist" : broker_does(session, step, &event.token);

	if (wrong != NULL)
		breaks(world, "the upstream session of \"%s\" %s", step->up.client, wrong);
	else
		gw_up_event(world->gw, world->now, session->owner, &event);
}

static void play_fail(struct world *world, const struct step *step)
{
	world->fail[step->fail.port] = step->fail.rc;
}

static void play_pass(struct world *world, const struct step *step)
{
	run_until(world, (monotime_t){ world->now.us + step->pass_us });
}

static void compare(struct world *world, const char *what, uint64_t got, uint64_t expected)
{
	if (got != expected)
		breaks(world, "%s: expected %" PRIu64 ", got %" PRIu64, what, expected, got);
}

static void play_metric(struct world *world, const struct step *step)
{
	compare(world, step->count.name, *act_metric(gw_metrics(world->gw), step->count.name),
	    step->count.value);
}

static void play_clients(struct world *world, const struct step *step)
{
	compare(world, "clients", gw_client_count(world->gw), step->count.value);
}

static void play_shutdown(struct world *world, const struct step *step)
{
	(void)step;
	gw_shutdown(world->gw, world->now);
}

static void play_start(struct world *world, const struct step *step)
{
	(void)step;
	gw_start(world->gw, world->now);
}

static void play_configure(struct world *world, const struct step *step)
{
	struct setup *setup = &world->script->setup;
	struct topic_predef *old = setup_copy_predefined(setup);
	const char *wrong;

	setup_line(setup, &step->configure, &wrong);
	gw_configure(world->gw, &setup->config);
	topic_predef_free(old);
}

void world_play(struct world *world, const struct step *step)
{
	static void (*const acts[])(struct world * world, const struct step *step) = {
		[ACT_PACKET] = play_packet,
		[ACT_UP] = play_up,
		[ACT_FAIL] = play_fail,
		[ACT_PASS] = play_pass,
		[ACT_METRIC] = play_metric,
		[ACT_CLIENTS] = play_clients,
		[ACT_START] = play_start,
		[ACT_SHUTDOWN] = play_shutdown,
		[ACT_CONFIGURE] = play_configure,
	};

	forget_outputs(world);
	world->begun = world->now;
	acts[step->kind](world, step);
	run_until(world, world->now);
}

/* ---- life
 * --------------------------------------------------------------------------------------------------------
 */

struct world *world_new(struct script *script)
{
	static const struct siphash_key seed = { 0x0706050403020100, 0x0F0E0D0C0B0A0908 };
	struct world *world = memory_check(calloc(1, sizeof(*world)));
	const struct gw_ports ports = {
		.ctx = world,
		.send = port_send,
		.broadcast = port_broadcast,
		.up_open = port_open,
		.up_reconnect = port_reconnect,
		.up_close = port_close,
		.up_publish = port_publish,
		.up_subscribe = port_subscribe,
		.up_unsubscribe = port_unsubscribe,
		.up_pause = port_pause,
		.note = port_note,
		.packet = port_packet,
	};

	world->script = script;
	world->now.us = 1000000000;
	world->watch = watch_new();
	world->gw = memory_check(gw_new(&script->setup.config, &ports, seed));
	return world;
}

void world_end(struct world *world)
{
	forget_outputs(world);
	world->begun = world->now;
	world->ended = true;
	world->gw = gw_free(world->gw);
	for (struct up_session *session = world->sessions; session != NULL; session = session->next)
		if (session->state != SESSION_CLOSED)
			breaks(world, "gw_free() left the upstream session of \"%s\" open",
			    session->client_id);
}

struct world *world_free(struct world *world)
{
	if (world == NULL)
		return NULL;
	world->ended = true;
	gw_free(world->gw);
	forget_outputs(world);
	free(world->outputs);
	sessions_free(&world->sessions);
	watch_free(world->watch);
	for (size_t i = 0; i < world->n_names; i++)
		free(world->names[i]);
	free(world);
	return NULL;
}
