/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sim [-v] [-n RUNS] [SEED]: plays RUNS seeded worlds, from SEED on, and stops at the first that
 * breaks an invariant:
 *
 * - a QoS 1 message that was acknowledged arrives, a QoS 2 message arrives exactly once, in both
 * directions;
 * - first arrivals on a topic are in order;
 * - nothing but answers goes to a sleeper outside its window (node.c);
 * - when every session has ended the core holds no client;
 * - with a store, all of that over restarts and crashes of the gateway.
 */
#include "tests/sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/store/memory.h"

enum {
	STORMY_MS = 30 * 60 * 1000,
	CALM_MS = 60 * 60 * 1000, /* more than any back-off, hold or sleep */
	EVENTS_MAX = 16384,
};

struct event {
	int64_t at_us;
	uint64_t order; /* among those of one time */
	sim_act *act;
	void *who;
	uint32_t what;
};

struct datagram {
	bool to_gateway;
	struct peer peer;
	size_t len;
	uint8_t data[];
};

struct sim {
	uint32_t seed;
	uint64_t random;
	bool verbose;
	bool calm;
	jmp_buf failed;

	monotime_t now;
	uint64_t order;
	struct event events[EVENTS_MAX]; /* a binary heap */
	size_t n_events;
	struct datagram *arriving; /* freed at the end if the run fails in the middle of it */

	unsigned loss, doubling, jitter_ms; /* of the network: per mille, per mille, most */
	struct topic_predef *predefined;
	struct gw_listener listener;
	struct gw_config config;
	struct memory_store *store; /* NULL: the gateway has none, and is never restarted */
	struct gw_store store_port;
	uint64_t starts;
	struct gw *gw;
	struct broker *broker;
	struct node *nodes[NODES_MAX];
	unsigned n_nodes;
};

uint32_t sim_random(struct sim *sim, uint32_t n)
{
	sim->random = sim->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(sim->random >> 33) % n;
}

bool sim_chance(struct sim *sim, uint32_t per_mille)
{
	return sim_random(sim, 1000) < per_mille;
}

static void tell(const struct sim *sim, FILE *to, const char *format, va_list args)
{
	fprintf(to, "%10.3f ", (double)sim->now.us / 1e6);
	vfprintf(to, format, args);
	fputc('\n', to);
}

void sim_fail(struct sim *sim, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	tell(sim, stderr, format, args);
	va_end(args);
	fprintf(stderr, "FAILED: replay with: sim -v %u\n", sim->seed);
	longjmp(sim->failed, 1);
}

void sim_tell(struct sim *sim, const char *format, ...)
{
	va_list args;

	if (!sim->verbose)
		return;
	va_start(args, format);
	tell(sim, stdout, format, args);
	va_end(args);
}

/* ---- time ---- */

static bool earlier(const struct event *a, const struct event *b)
{
	return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}

static void swap(struct event *a, struct event *b)
{
	struct event t = *a;

	*a = *b;
	*b = t;
}

void sim_later(struct sim *sim, int64_t ms, sim_act *act, void *who, uint32_t what)
{
	size_t i = sim->n_events++;

	if (i == EVENTS_MAX)
		sim_fail(sim, "too many events");
	sim->events[i] = (struct event){ sim->now.us + ms * 1000, sim->order++, act, who, what };
	for (; i > 0 && earlier(&sim->events[i], &sim->events[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&sim->events[i], &sim->events[(i - 1) / 2]);
}

static struct event take_event(struct sim *sim)
{
	struct event first = sim->events[0];
	size_t i = 0;

	sim->events[0] = sim->events[--sim->n_events];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < sim->n_events &&
		    earlier(&sim->events[child + 1], &sim->events[child]))
			child++;
		if (child >= sim->n_events || !earlier(&sim->events[child], &sim->events[i]))
			return first;
		swap(&sim->events[i], &sim->events[child]);
		i = child;
	}
}

monotime_t sim_now(const struct sim *sim)
{
	return sim->now;
}

struct gw *sim_gw(struct sim *sim)
{
	return sim->gw;
}

struct node *sim_node(struct sim *sim, const char *id)
{
	for (unsigned i = 0; i < sim->n_nodes; i++)
		if (strcmp(node_id(sim->nodes[i]), id) == 0)
			return sim->nodes[i];
	sim_fail(sim, "a session for a client id that no node has: %s", id);
}

struct broker *sim_broker(struct sim *sim)
{
	return sim->broker;
}

bool sim_is_calm(const struct sim *sim)
{
	return sim->calm;
}

/* Until @end, events and the core's deadlines in the order of their times. */
static void run_until(struct sim *sim, int64_t end_us)
{
	for (;;) {
		int64_t next = sim->n_events > 0 ? sim->events[0].at_us : INT64_MAX;
		monotime_t due;

		if (gw_next_deadline(sim->gw, &due) && due.us <= next && due.us <= end_us) {
			if (due.us > sim->now.us)
				sim->now = due;
			gw_advance(sim->gw, sim->now);
		} else if (next <= end_us) {
			struct event event = take_event(sim);

			sim->now.us = event.at_us;
			event.act(sim, event.who, event.what);
		} else {
			sim->now.us = end_us;
			return;
		}
	}
}

/* ---- the network ---- */

static void arrive(struct sim *sim, void *who, uint32_t what)
{
	struct datagram *d = who;

	(void)what;
	sim->arriving = d;
	if (d->to_gateway) {
		gw_rx(sim->gw, sim->now, &d->peer, d->data, d->len);
	} else {
		for (unsigned i = 0; i < sim->n_nodes; i++)
			if (node_is_at(sim->nodes[i], &d->peer.addr))
				node_datagram(sim->nodes[i], d->data, d->len);
	}
	sim->arriving = NULL;
	free(d);
}

static void carry(struct sim *sim, const struct peer *peer, bool to_gateway, const uint8_t *data,
    size_t len, int64_t ms)
{
	struct datagram *d = malloc(sizeof *d + len);

	if (d == NULL)
		abort();
	memset(&d->peer, 0, sizeof d->peer);
	d->to_gateway = to_gateway;
	d->peer.addr = peer->addr;
	d->len = len;
	memcpy(d->data, data, len);
	sim_later(sim, ms, arrive, d, 0);
}

/* A doubled datagram comes right behind the first: one that overtakes a whole QoS 2 exchange no
 * protocol of this kind can tell from a new message. */
static void send_datagram(
    struct sim *sim, const struct peer *peer, bool to_gateway, const uint8_t *data, size_t len)
{
	int64_t ms = 5 + (sim->jitter_ms > 0 ? sim_random(sim, sim->jitter_ms) : 0);

	if (!sim->calm && sim_chance(sim, sim->loss))
		return;
	carry(sim, peer, to_gateway, data, len, ms);
	if (!sim->calm && sim_chance(sim, sim->doubling))
		carry(sim, peer, to_gateway, data, len, ms + sim_random(sim, 4));
}

void sim_to_gateway(struct sim *sim, const struct peer *from, const uint8_t *data, size_t len)
{
	send_datagram(sim, from, true, data, len);
}

static void port_send(void *ctx, const struct peer *to, const uint8_t *data, size_t len)
{
	struct sim *sim = ctx;

	send_datagram(sim, to, false, data, len);
}

static void port_note(void *ctx, const struct gw_note *note)
{
	static const char *const names[NOTE_KINDS] = {
		[NOTE_CONNECTED] = "connected",
		[NOTE_REFUSED] = "refused",
		[NOTE_DISCONNECTED] = "disconnected",
		[NOTE_LOST] = "lost",
		[NOTE_TAKEN_OVER] = "moved",
		[NOTE_ASLEEP] = "asleep",
		[NOTE_AWAKE] = "awake",
		[NOTE_LINK_LOST] = "link lost",
		[NOTE_LINK_RESTORED] = "link restored",
		[NOTE_DROPPED] = "dropped",
		[NOTE_GAVE_UP] = "gave up",
		[NOTE_LIMIT] = "limit",
		[NOTE_VIOLATION] = "violation",
	};
	struct sim *sim = ctx;

	sim_tell(sim, "gateway: %s %s%s%s", note->client_id != NULL ? note->client_id : "-",
	    names[note->kind] != NULL ? names[note->kind] : "?", note->detail != NULL ? ": " : "",
	    note->detail != NULL ? note->detail : "");
}

/* ---- the ledger ---- */

void sim_arrived(struct sim *sim, struct ledger *ledger, unsigned seq, const char *what)
{
	struct entry *e = &ledger->entries[seq];

	if (seq >= ledger->count)
		sim_fail(sim, "%s: message %u was never sent", what, seq);
	e->copies++;
	if (e->qos == 2 && e->copies > 1 && !e->excused)
		sim_fail(sim, "%s: QoS 2 message %u arrived twice", what, seq);
	if (e->qos == 0 || e->copies > 1)
		return;
	if (ledger->last[e->topic] > (int)seq)
		sim_fail(sim, "%s: message %u arrived after %d", what, seq, ledger->last[e->topic]);
	ledger->last[e->topic] = (int)seq;
}

static void check_ledger(
    struct sim *sim, const struct ledger *ledger, const char *id, const char *what)
{
	for (unsigned seq = 0; seq < ledger->count; seq++) {
		const struct entry *e = &ledger->entries[seq];

		if (e->qos > 0 && e->taken && e->copies == 0)
			sim_fail(
			    sim, "%s %s: message %u of QoS %u was lost", id, what, seq, e->qos);
	}
}

/* ---- a run ---- */

static struct gw_config configuration(struct sim *sim)
{
	return (struct gw_config){
		.gateway_id = 1,
		.timers = {
			.retry = 10000,
			.retries = 3,
			.wait = 300000,
			.connect_timeout = 5000,
			.hold = 30000,
			.reconnect_least = 1000,
			.reconnect_most = 60000,
		},
		.limits = {
			.clients = 100,
			.connecting = 100,
			.connects = 10,
			.client_id = 64,
			.topics = 100,
			.topic_name = 1024,
			.subscriptions = 10,
			.publish_window = 5,
			.queue_messages = 10,
			.queue_bytes = 100000,
			.outage_messages = sim_chance(sim, 500) ? 5 : 1000,
			.outage_bytes = 100000,
			.outage_bytes_total = 1000000,
			.reconnects = 100,
			.stranger_answers = 1000,
		},
		.share_connections = sim_chance(sim, 500),
		.buffer_qos0 = true,
		.wake_connect = sim_chance(sim, 500) ? GW_WAKE_RESUME : GW_WAKE_HONOUR,
		.outage = sim_chance(sim, 500) ? GW_OUTAGE_STORE : GW_OUTAGE_REFUSE,
		.shared_id = "gateway",
		.own = { .client_id = "gateway" },
		.listeners = &sim->listener,
		.n_listeners = 1,
	};
}

/* A core that goes on with what the store has. */
static void start_gateway(struct sim *sim)
{
	struct gw_ports ports = { .ctx = sim, .send = port_send, .note = port_note };
	struct gw_store restorer;

	broker_ports(&ports);
	if (sim->store != NULL)
		ports.store = &sim->store_port;
	sim->gw = gw_new(&sim->config, &ports, (struct siphash_key){ sim->seed, ++sim->starts });
	if (sim->gw == NULL)
		abort();
	if (sim->store != NULL) {
		restorer = gw_restorer(sim->gw, sim->now);
		memory_store_load(sim->store, &restorer);
	}
	gw_start(sim->gw, sim->now);
}

/* Killed between two turns of its loop, or told to end. */
static void restart_gateway(struct sim *sim, void *who, uint32_t what)
{
	(void)who;
	(void)what;
	if (sim->calm)
		return;
	sim_tell(sim, "gateway: restarted");
	if (sim_chance(sim, 300))
		gw_shutdown(sim->gw, sim->now);
	if (memory_store_commit(sim->store) < 0)
		abort();
	gw_free(sim->gw);
	start_gateway(sim);
	sim_later(sim, sim_random(sim, 600000), restart_gateway, NULL, 0);
}

static void set_up(struct sim *sim)
{

	sim->listener = (struct gw_listener){ .max_packet = 1000 };
	sim->loss = sim_random(sim, 200);
	sim->doubling = sim_random(sim, 100);
	sim->jitter_ms = sim_random(sim, 100);
	sim->config = configuration(sim);
	sim->broker = broker_new(sim);
	if (sim_chance(sim, 500)) {
		sim->store = memory_store_new();
		if (sim->store == NULL)
			abort();
		sim->store_port = memory_store_port(sim->store);
		sim_later(sim, sim_random(sim, 600000), restart_gateway, NULL, 0);
	}
	start_gateway(sim);
	sim->n_nodes = 1 + sim_random(sim, NODES_MAX);
	for (unsigned i = 0; i < sim->n_nodes; i++)
		sim->nodes[i] = node_new(sim, i);
	broker_start(sim->broker);
	for (unsigned i = 0; i < sim->n_nodes; i++)
		node_start(sim->nodes[i]);
}

static void publish_something(struct sim *sim, void *who, uint32_t what)
{
	(void)who;
	(void)what;
	if (sim->calm)
		return;
	broker_publish(sim->broker, sim->nodes[sim_random(sim, sim->n_nodes)]);
	sim_later(sim, sim_random(sim, 8000), publish_something, NULL, 0);
}

static void check_end(struct sim *sim)
{
	for (unsigned i = 0; i < sim->n_nodes; i++) {
		struct node *node = sim->nodes[i];

		if (!node_is_idle(node))
			sim_fail(sim, "%s never came to rest", node_id(node));
		check_ledger(sim, node_published(node), node_id(node), "to the broker");
		check_ledger(sim, node_wanted(node), node_id(node), "from the broker");
	}
	if (!broker_is_idle(sim->broker))
		sim_fail(sim, "the broker never came to rest");
}

static void tear_down(struct sim *sim)
{
	while (sim->n_events > 0) {
		struct event event = take_event(sim);

		if (event.act == arrive)
			free(event.who);
	}
	free(sim->arriving);
	gw_free(sim->gw);
	memory_store_free(sim->store);
	for (unsigned i = 0; i < sim->n_nodes; i++)
		node_free(sim->nodes[i]);
	broker_free(sim->broker);
}

static bool play(struct sim *sim, uint32_t seed, bool verbose)
{
	memset(sim, 0, sizeof *sim);
	sim->seed = seed;
	sim->random = seed * 2654435761u + 1;
	sim->verbose = verbose;
	sim->now.us = 1000000;
	if (setjmp(sim->failed) == 0) {
		set_up(sim);
		publish_something(sim, NULL, 0);
		run_until(sim, sim->now.us + STORMY_MS * 1000ll);
		sim->calm = true;
		sim_tell(sim, "calm from here on");
		run_until(sim, sim->now.us + CALM_MS * 1000ll);
		check_end(sim);
		tear_down(sim);
		return true;
	}
	tear_down(sim);
	return false;
}

int main(int argc, char **argv)
{
	static struct sim sim;
	uint32_t seed = 1, runs = 1;
	bool verbose = false;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "-v") == 0)
			verbose = true;
		else if (strcmp(argv[i], "-n") == 0 && i + 1 < argc)
			runs = (uint32_t)strtoul(argv[++i], NULL, 10);
	}
	if (i < argc)
		seed = (uint32_t)strtoul(argv[i], NULL, 10);
	for (uint32_t run = 0; run < runs; run++)
		if (!play(&sim, seed + run, verbose))
			return 1;
	printf("%u runs from seed %u: all invariants held\n", runs, seed);
	return 0;
}
