/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/upstream/shared.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/err.h"
#include "gateway/upstream/calls.h"
#include "gateway/upstream/dial.h"
#include "gateway/upstream/pool.h"

enum {
	/* Unanswered requests of one connection.  libmosquitto numbers them, and some of QoS 0,
	 * with 16 bits and does not look whether a number is still in use. */
	REQUESTS_MAX = 30000,
	/* Of these, sent to the broker.  For one client libmosquitto's 20 are plenty, for many they
	 * would be a round trip for every 20 messages; with each publish it goes through all. */
	IN_FLIGHT = 200,
	/* Of those at QoS 2.  mosquitto 2.0 finishes and publishes no more than
	 * max_inflight_messages at a time, which is 20 if nobody has set it; and with so many open
	 * it takes nothing else, but closes the connection or loses it. */
	QOS2_IN_FLIGHT = 19,
	/* How long a connection waits for its next sharer.  Another one with the same client id
	 * would make the broker close this one, with what it has not read of it yet. */
	KEPT_S = 5,
	/* From a failed attempt to the next: each of many asks for one when its time has come. */
	PAUSE_S = 1,
};

struct sharer {
	struct up_session handle; /* first */
	struct shared *shared;
	struct client *owner;
	LIST_ENTRY(sharer) link;
	TAILQ_ENTRY(sharer) news_link; /* while `news` */
	uint32_t open;                 /* requests that the broker has not answered */
	uint32_t attempt;              /* it was the one under way when the sharer last asked */
	bool asked;                    /* it waits for a connection */
	bool up;                       /* it was told that there is one */
	bool news;
};

struct shared {
	struct shared_pool *pool;
	struct session *session; /* NULL: none yet */
	char *client_id;
	LIST_HEAD(, sharer) sharers;
	uint32_t handed;     /* requests that the broker has not answered, */
	uint32_t open;       /* and those of sharers that are still there */
	uint32_t attempts;   /* to connect, so far */
	uint32_t kept_until; /* tick; while nobody shares it */
	uint32_t failed_at;  /* tick; while `failed` */
	bool failed;         /* the last attempt */
	bool wanted;         /* the next one, after a pause */
	bool up;
	struct up_event last; /* UP_CONNECTED, or how the last try or connection ended */
};

struct shared_pool {
	struct upstream *up;
	struct shared *connections;
	size_t count;
	size_t sharing; /* sharers that were told that their connection is up */
	TAILQ_HEAD(, sharer) news;
	size_t n_news;
	bool finishing; /* no connection is kept for sharers to come */
};

/* --- Connections --- */

struct shared_pool *shared_pool_new(struct upstream *up, const struct upstream_config *config)
{
	struct shared_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return NULL;
	pool->up = up;
	TAILQ_INIT(&pool->news);
	pool->connections = calloc(config->shared.connections, sizeof(*pool->connections));
	if (pool->connections == NULL)
		return shared_pool_free(pool);
	for (pool->count = 0; pool->count < config->shared.connections; pool->count++) {
		struct shared *shared = &pool->connections[pool->count];

		shared->pool = pool;
		shared->last =
		    (struct up_event){ .kind = UP_REFUSED, .down = { .why = "out of memory" } };
		LIST_INIT(&shared->sharers);
		if (asprintf(&shared->client_id, "%s-%zu", config->shared.client_id,
		        pool->count + 1) < 0)
			return shared_pool_free(pool);
	}
	return pool;
}

struct shared_pool *shared_pool_free(struct shared_pool *pool)
{
	struct sharer *sharer;

	if (pool == NULL)
		return NULL;
	shared_finish(pool);
	for (size_t i = 0; i < pool->count; i++) {
		struct shared *shared = &pool->connections[i];

		while ((sharer = LIST_FIRST(&shared->sharers)) != NULL)
			sharer_close(sharer);
		free(shared->client_id);
	}
	free(pool->connections);
	free(pool);
	return NULL;
}

size_t shared_connected(const struct shared_pool *pool)
{
	size_t n = 0;

	for (size_t i = 0; i < pool->count; i++)
		n += pool->connections[i].up;
	return n;
}

size_t shared_sharing(const struct shared_pool *pool)
{
	return pool->sharing;
}

/* FNV-1a: the same client comes to the same connection again, so what it publishes before and after
 * a DISCONNECT stays in order. */
static struct shared *choose(struct shared_pool *pool, const char *client_id)
{
	uint32_t hash = 2166136261u;

	for (const char *c = client_id; *c != '\0'; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	return &pool->connections[hash % pool->count];
}

/* What nobody waits for any more is not sent again: among it may be what made the broker close the
 * connection. */
static bool is_worn(const struct shared *shared)
{
	const struct session *s = shared->session;

	return s != NULL && s->state == SESSION_IDLE && !s->ended && shared->open == 0 &&
	       shared->handed > 0;
}

static int need_session(struct shared *shared)
{
	const struct up_spec spec = { .client_id = shared->client_id, .clean = true };

	if (is_worn(shared)) {
		session_bury(shared->session);
		shared->session = NULL;
		shared->handed = 0;
	}
	if (shared->session != NULL)
		return 0;
	shared->session = session_new(shared->pool->up, NULL, &spec);
	if (shared->session == NULL)
		return -ERR_NOMEM;
	shared->session->shared = shared;
	shared->session->requests.qos2_most = QOS2_IN_FLIGHT;
	mosquitto_max_inflight_messages_set(shared->session->mosq, IN_FLIGHT);
	return 0;
}

/* --- News --- */

static void has_news(struct sharer *sharer)
{
	struct shared_pool *pool = sharer->shared->pool;

	if (sharer->news)
		return;
	sharer->news = true;
	pool->n_news++;
	TAILQ_INSERT_TAIL(&pool->news, sharer, news_link);
	event_add(pool->up->report, &(struct timeval){ 0 });
}

static void hear_news(struct sharer *sharer)
{
	struct shared_pool *pool = sharer->shared->pool;

	TAILQ_REMOVE(&pool->news, sharer, news_link);
	pool->n_news--;
	sharer->news = false;
}

static void tell(const struct sharer *sharer, const struct up_event *event)
{
	struct upstream *up = sharer->shared->pool->up;

	up->on_event(up->ctx, sharer->owner, event);
}

static void set_up(struct sharer *sharer, bool up)
{
	size_t *sharing = &sharer->shared->pool->sharing;

	*sharing = *sharing - sharer->up + up;
	sharer->up = up;
}

/* How the connection is now, if the sharer does not know.  It may be gone afterwards. */
static void report(struct sharer *sharer)
{
	const struct shared *shared = sharer->shared;
	struct up_event event = shared->last;
	bool was_up = sharer->up;

	hear_news(sharer);
	set_up(sharer, shared->up);
	if (shared->up ? was_up : !was_up && !sharer->asked)
		return;
	if (!shared->up)
		event.kind = was_up ? UP_LOST : UP_REFUSED;
	sharer->asked = false;
	tell(sharer, &event);
}

/* Those that are there now: what a report leads to comes in the next turn. */
void shared_report(struct shared_pool *pool)
{
	if (pool == NULL)
		return;
	for (size_t n = pool->n_news; n > 0 && !TAILQ_EMPTY(&pool->news); n--)
		report(TAILQ_FIRST(&pool->news));
}

static void connection_changed(struct shared *shared, const struct up_event *event)
{
	struct sharer *sharer;

	shared->last = *event;
	shared->up = event->kind == UP_CONNECTED;
	shared->failed = event->kind == UP_REFUSED;
	shared->failed_at = shared->pool->up->tick;
	LIST_FOREACH (sharer, &shared->sharers, link) {
		if (shared->up || sharer->up || sharer->asked)
			has_news(sharer);
	}
}

void shared_event(struct shared *shared, struct sharer *sharer, const struct up_event *event)
{
	switch (event->kind) {
	case UP_CONNECTED:
	case UP_REFUSED:
	case UP_LOST:
		connection_changed(shared, event);
		break;
	case UP_PUBLISHED:
		shared->handed--;
		if (sharer == NULL)
			break;
		sharer->open--;
		shared->open--;
		tell(sharer, event);
		break;
	default: /* nothing else was asked for */
		break;
	}
}

/* --- The calls --- */

struct sharer *sharer_open(
    struct shared_pool *pool, struct client *owner, const struct up_spec *spec)
{
	struct shared *shared = choose(pool, spec->client_id);
	struct sharer *sharer;

	if (need_session(shared) < 0)
		return NULL;
	sharer = calloc(1, sizeof(*sharer));
	if (sharer == NULL)
		return NULL;
	sharer->handle.shares = true;
	sharer->shared = shared;
	sharer->owner = owner;
	LIST_INSERT_HEAD(&shared->sharers, sharer, link);
	sharer_reconnect(sharer);
	return sharer;
}

static void attempt(struct shared *shared)
{
	session_reconnect(shared->session);
	shared->attempts++;
	shared->wanted = false;
}

static bool is_pausing(const struct shared *shared)
{
	return shared->failed && shared->pool->up->tick - shared->failed_at < pool_ticks(PAUSE_S);
}

/* An attempt is given up for another one, perhaps at another broker, only if somebody has waited
 * for it and asks again: who comes to it from elsewhere says nothing about it. */
static void ask(struct sharer *sharer)
{
	struct shared *shared = sharer->shared;

	if (shared->session->state == SESSION_IDLE && is_pausing(shared))
		shared->wanted = true;
	else if (shared->session->state == SESSION_IDLE || sharer->attempt == shared->attempts)
		attempt(shared);
	sharer->attempt = shared->attempts + shared->wanted;
}

void sharer_reconnect(struct sharer *sharer)
{
	struct shared *shared = sharer->shared;

	sharer->asked = true;
	if (shared->up || need_session(shared) < 0)
		has_news(sharer);
	else if (!shared->session->ended)
		ask(sharer);
}

static bool is_kept(const struct shared *shared)
{
	return shared->session != NULL && LIST_EMPTY(&shared->sharers);
}

/* Nobody shares it. */
static void close_connection(struct shared *shared)
{
	shared->session->shared = NULL;
	session_close(shared->session, UP_DISCONNECT);
	shared->session = NULL;
	shared->up = shared->failed = shared->wanted = false;
	shared->handed = 0;
}

/* The last sharer is gone. */
static void keep_connection(struct shared *shared)
{
	if (shared->pool->finishing || !session_is_up(shared->session))
		close_connection(shared);
	else
		shared->kept_until = shared->pool->up->tick + pool_ticks(KEPT_S);
}

static void tick(struct shared *shared)
{
	if (is_kept(shared) && (!session_is_up(shared->session) ||
	                           (int32_t)(shared->pool->up->tick - shared->kept_until) >= 0))
		close_connection(shared);
	if (shared->wanted && !is_pausing(shared) && need_session(shared) == 0)
		attempt(shared);
}

void shared_tick(struct shared_pool *pool)
{
	if (pool == NULL)
		return;
	for (size_t i = 0; i < pool->count; i++)
		tick(&pool->connections[i]);
}

void shared_finish(struct shared_pool *pool)
{
	if (pool == NULL)
		return;
	pool->finishing = true;
	for (size_t i = 0; i < pool->count; i++) {
		if (is_kept(&pool->connections[i]))
			close_connection(&pool->connections[i]);
	}
}

void sharer_close(struct sharer *sharer)
{
	struct shared *shared = sharer->shared;
	bool waited = sharer->asked && sharer->attempt == shared->attempts;

	if (sharer->news)
		hear_news(sharer);
	if (sharer->open > 0)
		requests_disown(&shared->session->requests, sharer, sharer->open);
	shared->open -= sharer->open;
	set_up(sharer, false);
	LIST_REMOVE(sharer, link);
	free(sharer);
	if (is_kept(shared))
		keep_connection(shared);
	else if (waited && shared->session != NULL && session_waits_in_vain(shared->session))
		attempt(shared); /* for those who wait on */
}

int sharer_publish(struct sharer *sharer, const struct request *request, uint16_t *token)
{
	struct shared *shared = sharer->shared;
	struct request asked = *request;
	int rc;

	if (shared->session == NULL)
		return -ERR_STATE;
	if (request->qos > 0 && shared->handed >= REQUESTS_MAX)
		return -ERR_NOMEM;
	asked.asker = sharer;
	rc = session_publish(shared->session, &asked, token);
	if (rc < 0 || request->qos == 0)
		return rc;
	sharer->open++;
	shared->open++;
	shared->handed++;
	return 0;
}

struct client *sharer_owner(const struct sharer *sharer)
{
	return sharer->owner;
}
