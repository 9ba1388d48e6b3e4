/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The broker of the simulation, with the library's half of the upstream side in it: a session per
 * client id, one subscription "d/ID/#" each, messages kept for persistent sessions, publishes
 * repeated after a reconnect until they are acknowledged.  Connections break now and then, and at
 * times the broker is away.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "tests/sim/sim.h"

enum {
	LATENCY_MS = 2,
	UNACKED_MAX = 32,
	QUEUE_MAX = MESSAGES_MAX,
};

/* A publish that the gateway passed on and the broker has not acknowledged. */
struct unacked {
	uint16_t token;
	bool arrived; /* the broker has it; a QoS 2 repeat is not taken again */
	uint8_t qos;
	unsigned seq;
};

/* What the broker knows of a client id. */
struct account {
	struct node *node;
	bool present; /* a session that persists */
	bool subscribed;
	int granted_qos;
	unsigned queue[QUEUE_MAX]; /* messages to deliver, in order */
	unsigned first, count;
	struct up_session *session; /* the connected one */
};

struct up_session {
	struct broker *broker;
	struct client *owner;
	struct account *account;
	bool clean;
	bool shared; /* over one connection with all others of these; the account hears nothing */
	bool closed;
	bool connected;
	bool paused;
	uint32_t connection; /* rises with each try, so that late events can be told */
	uint16_t last_token;
	struct unacked unacked[UNACKED_MAX];
	unsigned n_unacked;
};

struct broker {
	struct sim *sim;
	bool away;
	unsigned answer_ms; /* to acknowledge a publish, at most */
	struct account accounts[NODES_MAX];
	unsigned n_accounts;
	struct up_session **sessions; /* closed ones too: late events must find them closed */
	unsigned n_sessions;
};

struct broker *broker_new(struct sim *sim)
{
	struct broker *b = calloc(1, sizeof *b);

	if (b == NULL)
		abort();
	b->sim = sim;
	b->answer_ms = sim_chance(sim, 300) ? 20000 : 50;
	return b;
}

struct broker *broker_free(struct broker *b)
{
	for (unsigned i = 0; i < b->n_sessions; i++)
		free(b->sessions[i]);
	free(b->sessions);
	free(b);
	return NULL;
}

static struct account *account_of(struct broker *b, struct node *node)
{
	for (unsigned i = 0; i < b->n_accounts; i++)
		if (b->accounts[i].node == node)
			return &b->accounts[i];
	b->accounts[b->n_accounts].node = node;
	return &b->accounts[b->n_accounts++];
}

static void tell_core(struct up_session *s, const struct up_event *event)
{
	gw_up_event(sim_gw(s->broker->sim), sim_now(s->broker->sim), s->owner, event);
}

/* ---- messages to the client ---- */

static void deliver(struct sim *sim, void *who, uint32_t connection);

static void deliver_soon(struct up_session *s)
{
	sim_later(s->broker->sim, LATENCY_MS, deliver, s, s->connection);
}

/* One message; the library acknowledges it. */
static void deliver(struct sim *sim, void *who, uint32_t connection)
{
	struct up_session *s = who;
	struct account *a = s->account;
	char topic[64], payload[16];
	struct ledger *ledger;
	unsigned seq;
	int qos;

	if (s->closed || !s->connected || s->connection != connection || s->paused || a->count == 0)
		return;
	seq = a->queue[a->first];
	a->first = (a->first + 1) % QUEUE_MAX;
	a->count--;
	ledger = node_wanted(a->node);
	qos = ledger->entries[seq].qos;
	if (qos > a->granted_qos)
		qos = a->granted_qos;
	ledger->entries[seq].taken = !s->clean;
	ledger->entries[seq].excused = s->clean;
	snprintf(topic, sizeof topic, "d/%s/%u", node_id(a->node), ledger->entries[seq].topic);
	snprintf(payload, sizeof payload, "%u", seq);
	sim_tell(sim, "broker: %s gets message %u, QoS %u", node_id(a->node), seq,
	    ledger->entries[seq].qos);
	tell_core(s, &(struct up_event){
	                 .kind = UP_MESSAGE,
	                 .message = {
	                     .topic = topic,
	                     .payload = { (const uint8_t *)payload, strlen(payload) },
	                     .qos = qos,
	                 },
	             });
	if (!s->closed && s->connected && s->connection == connection && a->count > 0)
		deliver_soon(s);
}

void broker_publish(struct broker *b, struct node *node)
{
	struct ledger *ledger = node_wanted(node);
	struct account *a = account_of(b, node);
	unsigned seq = ledger->count;
	uint8_t qos = (uint8_t)sim_random(b->sim, 3);

	if (seq == MESSAGES_MAX || b->away || !a->subscribed ||
	    (a->session == NULL && (!a->present || qos == 0)))
		return;
	ledger->entries[seq] =
	    (struct entry){ .qos = qos, .topic = (uint8_t)sim_random(b->sim, TOPICS) };
	ledger->count++;
	a->queue[(a->first + a->count++) % QUEUE_MAX] = seq;
	if (a->session != NULL)
		deliver_soon(a->session);
}

/* ---- connections ---- */

/* A session that does not persist takes with it what it had; so does one that a clean one replaces.
 */
static void forget_session(struct account *a)
{
	a->present = a->subscribed = false;
	a->first = a->count = 0;
}

static void cut(struct up_session *s)
{
	if (s->account->session == s)
		s->account->session = NULL;
	if (s->connected && s->clean && !s->shared)
		forget_session(s->account);
	s->connected = false;
	s->paused = false;
	s->connection++;
}

static void lose_one(struct up_session *s)
{
	cut(s);
	tell_core(s, &(struct up_event){ .kind = UP_LOST, .down = { .why = "cut" } });
}

/* What is shared is lost for all. */
static void lose(struct up_session *s)
{
	struct broker *b = s->broker;
	unsigned n = b->n_sessions;

	if (!s->shared) {
		lose_one(s);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		if (b->sessions[i]->shared && b->sessions[i]->connected && !b->sessions[i]->closed)
			lose_one(b->sessions[i]);
}

static void publish_again(struct up_session *s);
static void take(struct up_session *s, struct unacked *u);

/* All who share it are told, those too who have not asked again. */
static void shared_is_up(struct broker *b)
{
	unsigned n = b->n_sessions;

	sim_tell(b->sim, "broker: the shared connection is up");
	for (unsigned i = 0; i < n; i++) {
		struct up_session *s = b->sessions[i];

		if (!s->shared || s->connected || s->closed)
			continue;
		s->connected = true;
		s->connection++;
		publish_again(s);
		tell_core(s, &(struct up_event){ .kind = UP_CONNECTED });
	}
}

static void connect_done(struct sim *sim, void *who, uint32_t connection)
{
	struct up_session *s = who;
	struct account *a = s->account;
	bool present;

	if (s->closed || s->connection != connection)
		return;
	if (s->broker->away) {
		s->connection++;
		tell_core(s, &(struct up_event){ .kind = UP_REFUSED, .down = { .why = "away" } });
		return;
	}
	if (s->shared) {
		shared_is_up(s->broker);
		return;
	}
	if (a->session != NULL &&
	    a->session != s) /* an older connection of the id, not yet closed */
		cut(a->session);
	if (s->clean)
		forget_session(a);
	present = a->present;
	a->present = !s->clean;
	a->session = s;
	s->connected = true;
	sim_tell(sim, "broker: %s connected%s%s", node_id(a->node), s->clean ? ", clean" : "",
	    present ? ", session present" : "");
	publish_again(s);
	tell_core(s, &(struct up_event){ .kind = UP_CONNECTED, .session_present = present });
	if (!s->closed && a->count > 0)
		deliver_soon(s);
}

static void try_to_connect(struct up_session *s)
{
	s->connection++;
	sim_later(s->broker->sim, LATENCY_MS, connect_done, s, s->connection);
}

static struct up_session *port_open(void *ctx, struct client *owner, const struct up_spec *spec)
{
	struct broker *b = sim_broker(ctx);
	struct up_session *s = calloc(1, sizeof *s);
	struct up_session **sessions =
	    realloc(b->sessions, (b->n_sessions + 1) * sizeof(struct up_session *));

	if (s == NULL || sessions == NULL)
		abort();
	s->broker = b;
	s->owner = owner;
	s->clean = spec->clean;
	s->shared = spec->shared;
	s->account = account_of(b, sim_node(b->sim, spec->client_id));
	b->sessions = sessions;
	b->sessions[b->n_sessions++] = s;
	try_to_connect(s);
	return s;
}

static void port_reconnect(void *ctx, struct up_session *s)
{
	(void)ctx;
	try_to_connect(s);
}

/* Publishes in the middle are excused: whether the broker had them nobody knows.  What was sent
 * over a shared connection is on its way all the same. */
static void port_close(void *ctx, struct up_session *s, enum up_farewell farewell)
{
	struct ledger *ledger = node_published(s->account->node);

	(void)ctx;
	(void)farewell;
	for (unsigned i = 0; i < s->n_unacked; i++) {
		ledger->entries[s->unacked[i].seq].excused = true;
		if (s->shared && s->connected && !s->unacked[i].arrived)
			take(s, &s->unacked[i]);
	}
	cut(s);
	s->closed = true;
}

/* ---- publishes of the gateway ---- */

static void acknowledge(struct sim *sim, void *who, uint32_t what)
{
	struct up_session *s = who;
	uint16_t token = (uint16_t)what;

	(void)sim;
	if (s->closed || !s->connected)
		return;
	for (unsigned i = 0; i < s->n_unacked; i++) {
		if (s->unacked[i].token != token || !s->unacked[i].arrived)
			continue;
		memmove(&s->unacked[i], &s->unacked[i + 1],
		    (s->n_unacked - i - 1) * sizeof s->unacked[0]);
		s->n_unacked--;
		tell_core(s, &(struct up_event){ .kind = UP_PUBLISHED, .token = token });
		return;
	}
}

/* Reaches the broker, unless the connection broke first. */
static void take(struct up_session *s, struct unacked *u)
{
	struct sim *sim = s->broker->sim;

	if (!u->arrived || u->qos == 1)
		sim_arrived(
		    sim, node_published(s->account->node), u->seq, node_id(s->account->node));
	u->arrived = true;
	sim_later(
	    sim, LATENCY_MS + sim_random(sim, s->broker->answer_ms), acknowledge, s, u->token);
}

static void publish_arrives(struct sim *sim, void *who, uint32_t what)
{
	struct up_session *s = who;

	(void)sim;
	if (s->closed || !s->connected)
		return;
	for (unsigned i = 0; i < s->n_unacked; i++)
		if (s->unacked[i].token == what && !s->unacked[i].arrived)
			take(s, &s->unacked[i]);
}

static void publish_again(struct up_session *s)
{
	for (unsigned i = 0; i < s->n_unacked; i++)
		take(s, &s->unacked[i]);
}

static uint16_t next_token(struct up_session *s)
{
	if (++s->last_token == 0)
		s->last_token = 1;
	return s->last_token;
}

static int port_publish(void *ctx, struct up_session *s, const char *topic, struct sn_bytes payload,
    int qos, bool retain, uint16_t *token)
{
	char text[16] = { 0 };
	unsigned seq;

	(void)ctx;
	(void)topic;
	(void)retain;
	memcpy(text, payload.data, payload.len < sizeof text ? payload.len : sizeof text - 1);
	seq = (unsigned)strtoul(text, NULL, 10);
	if (qos == 0) {
		if (!s->connected)
			return -ERR_STATE;
		sim_arrived(s->broker->sim, node_published(s->account->node), seq,
		    node_id(s->account->node));
		return 0;
	}
	if (s->n_unacked == UNACKED_MAX)
		return -ERR_NOMEM;
	*token = next_token(s);
	s->unacked[s->n_unacked++] =
	    (struct unacked){ .token = *token, .qos = (uint8_t)qos, .seq = seq };
	sim_later(s->broker->sim, LATENCY_MS, publish_arrives, s, *token);
	return 0;
}

/* ---- subscriptions ---- */

static void subscribe_done(struct sim *sim, void *who, uint32_t what)
{
	struct up_session *s = who;

	(void)sim;
	if (s->closed || !s->connected)
		return;
	s->account->subscribed = true;
	tell_core(s, &(struct up_event){ .kind = UP_SUBSCRIBED,
	                 .token = (uint16_t)what,
	                 .granted_qos = s->account->granted_qos });
}

static int port_subscribe(
    void *ctx, struct up_session *s, const char *filter, int qos, uint16_t *token)
{
	(void)ctx;
	(void)filter;
	s->account->granted_qos = qos;
	*token = next_token(s);
	sim_later(s->broker->sim, LATENCY_MS, subscribe_done, s, *token);
	return 0;
}

static void unsubscribe_done(struct sim *sim, void *who, uint32_t what)
{
	struct up_session *s = who;

	(void)sim;
	if (s->closed || !s->connected)
		return;
	s->account->subscribed = false;
	tell_core(s, &(struct up_event){ .kind = UP_UNSUBSCRIBED, .token = (uint16_t)what });
}

static int port_unsubscribe(void *ctx, struct up_session *s, const char *filter, uint16_t *token)
{
	(void)ctx;
	(void)filter;
	*token = next_token(s);
	sim_later(s->broker->sim, LATENCY_MS, unsubscribe_done, s, *token);
	return 0;
}

static void port_pause(void *ctx, struct up_session *s, bool paused)
{
	(void)ctx;
	s->paused = paused;
	if (!paused && s->account->count > 0)
		deliver_soon(s);
}

/* ---- troubles ---- */

static struct up_session *some_session(struct broker *b)
{
	struct up_session *s;

	if (b->n_sessions == 0)
		return NULL;
	s = b->sessions[sim_random(b->sim, b->n_sessions)];
	return s->connected && !s->closed ? s : NULL;
}

static void come_back(struct sim *sim, void *who, uint32_t what)
{
	struct broker *b = who;

	(void)what;
	sim_tell(sim, "broker: back");
	b->away = false;
}

static void go_away(struct broker *b)
{
	sim_tell(b->sim, "broker: away");
	b->away = true;
	for (unsigned i = 0; i < b->n_sessions; i++)
		if (b->sessions[i]->connected)
			lose(b->sessions[i]);
	sim_later(
	    b->sim, sim_random(b->sim, sim_chance(b->sim, 200) ? 900000 : 90000), come_back, b, 0);
}

static void trouble(struct sim *sim, void *who, uint32_t what)
{
	struct broker *b = who;
	struct up_session *s = some_session(b);

	(void)what;
	if (sim_is_calm(sim))
		return;
	if (sim_chance(sim, 300))
		go_away(b);
	else if (s != NULL)
		lose(s);
	sim_later(sim, 30000 + sim_random(sim, 300000), trouble, b, 0);
}

void broker_start(struct broker *b)
{
	sim_later(b->sim, sim_random(b->sim, 300000), trouble, b, 0);
}

bool broker_is_idle(const struct broker *b)
{
	for (unsigned i = 0; i < b->n_accounts; i++)
		if (b->accounts[i].count > 0)
			return false;
	for (unsigned i = 0; i < b->n_sessions; i++)
		if (!b->sessions[i]->closed && b->sessions[i]->n_unacked > 0)
			return false;
	return true;
}

void broker_ports(struct gw_ports *ports)
{
	ports->up_open = port_open;
	ports->up_reconnect = port_reconnect;
	ports->up_close = port_close;
	ports->up_publish = port_publish;
	ports->up_subscribe = port_subscribe;
	ports->up_unsubscribe = port_unsubscribe;
	ports->up_pause = port_pause;
}
