/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/inspect.h"
#include "tests/scenarios/failing.h"
#include "tests/scenarios/memory.h"
#include "tests/scenarios/world_inside.h"

/* A core that never comes to rest is stopped after so many calls without time passing. */
#define ADVANCES_MAX 10000

void world_breaks(struct world *world, const char *format, ...)
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

void world_record(struct world *world, char *text)
{
	world->outputs =
	    memory_grow(world->outputs, (world->n_outputs + 1) * sizeof(*world->outputs));
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

/* ---- acts ---- */

/* Lets time pass until @end, from deadline to deadline. */
static void run_until(struct world *world, monotime_t end)
{
	monotime_t due;
	int still = 0;

	while (gw_next_deadline(world->gw, &due) && !monotime_before(end, due)) {
		still = monotime_before(world->now, due) ? 0 : still + 1;
		if (still > ADVANCES_MAX) {
			world_breaks(world, "the core asks for the same deadline over and over");
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
	struct peer from = peers_find(&world->peers, name);

	if (from.listener < world->script->setup.config.n_listeners)
		gw_rx(world->gw, world->now, &from, data, len);
	else
		world_breaks(world, "there is no listener %u", from.listener);
}

/* "f/aabb": wraps the message as the forwarder f does. */
static void rx_encapsulated(
    struct world *world, const char *name, const char *hex, const uint8_t *data, size_t len)
{
	uint8_t node[SN_NODE_ID_MAX];
	struct sn_packet frame = { .type = SN_ENCAPSULATED };
	size_t size = len + 3 + SN_NODE_ID_MAX, out_len;
	uint8_t *out = memory_get(size);
	unsigned octet;

	frame.encapsulated.node_id.data = node;
	for (; sscanf(hex, "%2x", &octet) == 1; hex += 2)
		node[frame.encapsulated.node_id.len++] = (uint8_t)octet;
	frame.encapsulated.inner = (struct sn_bytes){ data, len };
	if (sn_encode(out, size, &frame, &out_len) == SN_OK)
		rx(world, name, out, out_len);
	else
		world_breaks(world, "this cannot be encapsulated");
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

static bool may_connect(const struct up_session *session)
{
	return session->state == SESSION_CONNECTING ||
	       (session->shared && session->state == SESSION_IDLE);
}

static bool may_answer(const struct up_session *session)
{
	return session->state == SESSION_CONNECTED || session->shared;
}

/* Moves the session as the event says.  NULL, or why the event is not possible. */
static const char *broker_does(struct up_session *session, const struct step *step, uint16_t *token)
{
	switch (step->up.event.kind) {
	case UP_CONNECTED:
		if (!may_connect(session))
			return "is not connecting";
		session->state = SESSION_CONNECTED;
		return NULL;
	case UP_REFUSED:
		if (session->state != SESSION_CONNECTING)
			return "is not connecting";
		session->state = SESSION_IDLE;
		return NULL;
	case UP_LOST:
		if (session->state != SESSION_CONNECTED)
			return "is not connected";
		session_lost(session);
		return NULL;
	case UP_MESSAGE:
		return session->state == SESSION_CONNECTED ? NULL : "is not connected";
	default:
		if (!may_answer(session))
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

	if (wrong == NULL)
		gw_up_event(world->gw, world->now, session->owner, &event);
	else if (!world->lenient)
		world_breaks(world, "the upstream session of \"%s\" %s", step->up.client, wrong);
}

static void play_fail(struct world *world, const struct step *step)
{
	if (step->fail.port != FAIL_MEMORY)
		world->fail[step->fail.port] = step->fail.rc;
	else if (!world->lenient)
		failing_set(step->fail.rc);
}

static void play_pass(struct world *world, const struct step *step)
{
	run_until(world, (monotime_t){ world->now.us + step->pass_us });
}

static void compare(struct world *world, const char *what, uint64_t got, uint64_t expected)
{
	if (got != expected && !world->lenient)
		world_breaks(world, "%s: expected %" PRIu64 ", got %" PRIu64, what, expected, got);
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

static void new_core(struct world *world)
{
	const struct gw_ports ports = ports_of(world);

	world->gw = memory_check(gw_new(&world->script->setup.config, &ports, world->seed));
}

/* A core that takes the place of one that is gone. */
static void start_again(struct world *world)
{
	world->seed.k0++;
	watch_free(world->watch); /* what was in flight is no business of the new one */
	world->watch = watch_new();
	new_core(world);
	if (world->keeping != NULL)
		keeping_restore(world->keeping, world->gw, world->now);
	gw_start(world->gw, world->now);
}

static void commit(struct world *world)
{
	failing_arm(false);
	if (world->keeping != NULL)
		keeping_commit(world->keeping, world->gw);
}

static void play_restart(struct world *world, const struct step *step)
{
	(void)step;
	gw_shutdown(world->gw, world->now);
	commit(world);
	world->gw = gw_free(world->gw);
	start_again(world);
}

/* The connections break with the process: the broker sees it, nobody else is told. */
static void play_crash(struct world *world, const struct step *step)
{
	(void)step;
	failing_arm(false);
	if (world->keeping != NULL)
		keeping_crash(world->keeping);
	world->killed = true;
	world->gw = gw_free(world->gw);
	world->killed = false;
	start_again(world);
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
	gw_configure(world->gw, world->now, &setup->config, NULL);
	topic_predef_free(old);
}

static void play_listeners(struct world *world, const struct step *step)
{
	struct setup *setup = &world->script->setup;
	size_t n = setup->config.n_listeners;
	uint16_t moved[SETUP_LISTENERS];

	memset(moved, 0xff, sizeof(moved)); /* GW_LISTENER_GONE */
	for (size_t i = 0; i < step->listeners.n; i++) {
		int from = step->listeners.from[i];

		if (from >= (int)n)
			world_breaks(world, "there is no listener %d", from);
		else if (from >= 0)
			moved[from] = (uint16_t)i;
	}
	if (world_broken(world) != NULL)
		return;
	for (size_t i = 0; i < n; i++)
		if (moved[i] == GW_LISTENER_GONE)
			gw_close_listener(world->gw, world->now, (uint16_t)i);
	setup_relist(setup, step->listeners.from, step->listeners.n);
	gw_configure(world->gw, world->now, &setup->config, moved);
}

static void play_proven(struct world *world, const struct step *step)
{
	const struct peer peer = peers_find(&world->peers, step->proven.peer);

	if (world->n_proven == PROVEN_MAX) {
		world_breaks(world, "too many peers have proved who they are");
		return;
	}
	world->proven[world->n_proven++] =
	    (struct proven){ peer.addr, peer.listener, step->proven.identity };
	gw_peer_proven(world->gw, world->now, &peer);
}

static void compare_keeping(struct world *world, const char *when, struct gw *gw)
{
	char *difference = keeping_differs(world->keeping, gw);

	if (difference != NULL)
		world_breaks(world, "%s: %s", when, difference);
	free(difference);
}

/* One in setup stays in the store as it was before, for its CONNECT may be in vain. */
static void check_keeping(struct world *world)
{
	struct gw *now = world->gw;

	if (inspect_count(now, CLIENT_CONNECTING) == 0)
		compare_keeping(world, "told piece by piece", now);
	new_core(world);
	keeping_restore(world->keeping, world->gw, world->now);
	compare_keeping(world, "restored", world->gw);
	world->gw = gw_free(world->gw);
	world->gw = now;
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
		[ACT_RESTART] = play_restart,
		[ACT_CRASH] = play_crash,
		[ACT_CONFIGURE] = play_configure,
		[ACT_LISTENERS] = play_listeners,
		[ACT_PROVEN] = play_proven,
	};

	forget_outputs(world);
	world->begun = world->now;
	failing_arm(step->kind != ACT_CONFIGURE); /* which is mostly the player's own doing */
	acts[step->kind](world, step);
	run_until(world, world->now);
	commit(world);
	if (world->checks_keeping)
		check_keeping(world);
}

/* ---- life ---- */

struct world *world_new(struct script *script)
{
	static const struct siphash_key seed = { 0x0706050403020100, 0x0F0E0D0C0B0A0908 };
	struct world *world = memory_get(sizeof(*world));
	memory_spared_by(failing_spare);
	world->script = script;
	world->now.us = 1000000000;
	world->watch = watch_new();
	world->seed = seed;
	if (script->setup.store)
		world->keeping = keeping_new();
	new_core(world);
	return world;
}

void world_check_keeping(struct world *world)
{
	world->checks_keeping = true;
	if (world->keeping != NULL)
		return;
	world->keeping = keeping_new();
	world->gw = gw_free(world->gw);
	new_core(world);
}

void world_be_lenient(struct world *world)
{
	world->lenient = true;
}

void world_end(struct world *world)
{
	forget_outputs(world);
	world->begun = world->now;
	world->ended = true;
	world->gw = gw_free(world->gw);
	for (struct up_session *session = world->sessions; session != NULL; session = session->next)
		if (session->state != SESSION_CLOSED)
			world_breaks(world, "gw_free() left the upstream session of \"%s\" open",
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
	keeping_free(world->keeping);
	watch_free(world->watch);
	peers_free(&world->peers);
	free(world);
	return NULL;
}
