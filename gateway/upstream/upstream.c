/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <mosquitto.h>

#include "common/alarm.h"
#include "common/err.h"
#include "gateway/upstream/calls.h"
#include "gateway/upstream/dial.h"
#include "gateway/upstream/keepalive.h"
#include "gateway/upstream/linger.h"
#include "gateway/upstream/pool.h"
#include "gateway/upstream/qos0.h"
#include "gateway/upstream/resolve.h"
#include "gateway/upstream/session.h"
#include "gateway/upstream/shared.h"
#include "gateway/upstream/tls.h"
#include "gateway/upstream/traffic.h"

#define SLOTS_MAX 120

/* --- The loop's calls --- */

static size_t length(const struct session_queue *queue)
{
	const struct session *s;
	size_t n = 0;

	TAILQ_FOREACH (s, queue, queue_link)
		n++;
	return n;
}

static void on_resolved(void *arg)
{
	struct upstream *up = arg;

	for (size_t n = length(&up->resolving); n > 0 && !TAILQ_EMPTY(&up->resolving); n--)
		dial_resolved(TAILQ_FIRST(&up->resolving));
}

static void report_end(struct session *s)
{
	struct up_event event = {
		.kind = s->was_up ? UP_LOST : UP_REFUSED,
		.down = { .permanent = s->permanent, .why = s->why },
	};

	session_forget_end(s);
	session_tell(s, NULL, &event);
}

/* Those that are there now: what a report leads to comes in the next turn. */
static void on_report(evutil_socket_t fd, short what, void *arg)
{
	struct upstream *up = arg;

	(void)fd;
	(void)what;
	for (size_t n = length(&up->ended); n > 0 && !TAILQ_EMPTY(&up->ended); n--)
		report_end(TAILQ_FIRST(&up->ended));
	shared_report(up->shared);
}

static void on_tick(void *ctx)
{
	struct upstream *up = ctx;
	struct session *s;

	up->tick++;
	LIST_FOREACH (s, &up->slots[up->tick % up->n_slots], slot_link)
		keepalive_tick(s);
	TAILQ_FOREACH (s, &up->leaving, leaving_link) {
		if ((int32_t)(up->tick - s->leave_until) < 0)
			break;
		session_bury(s);
	}
	shared_tick(up->shared);
	lingers_tick(up->lingers, up->tick);
	if (upstream_count(up) == 0)
		alarm_stop(up->ticker);
}

/* --- The pool --- */

static bool copy(char **out, const char *text)
{
	*out = text != NULL ? strdup(text) : NULL;
	return text == NULL || *out != NULL;
}

static bool set_up(struct upstream *up, const struct upstream_config *config)
{
	unsigned slots = pool_ticks(config->keep_alive > 0 ? config->keep_alive : 60) / 8;

	SLIST_INIT(&up->spares);
	TAILQ_INIT(&up->dirty);
	TAILQ_INIT(&up->resolving);
	TAILQ_INIT(&up->waiting);
	TAILQ_INIT(&up->ended);
	TAILQ_INIT(&up->leaving);
	up->keep_alive = config->keep_alive;
	up->n_slots = slots < 1 ? 1 : slots > SLOTS_MAX ? SLOTS_MAX : slots;
	up->slots = calloc(up->n_slots, sizeof(*up->slots));
	if (up->slots == NULL)
		return false;
	if (!copy(&up->user, config->user) || !copy(&up->password, config->password) ||
	    !copy(&up->id_prefix, config->id_prefix) || !copy(&up->id_suffix, config->id_suffix))
		return false;
	up->report = evtimer_new(up->base, on_report, up);
	up->ticker = alarm_new(up->base, on_tick, up);
	up->lingers = lingers_new(up->base);
	if (config->shared.connections > 0 && (up->shared = shared_pool_new(up, config)) == NULL)
		return false;
	return up->report != NULL && up->ticker != NULL && up->lingers != NULL &&
	       brokers_init(&up->brokers, up->base, config, on_resolved, up);
}

/* What libmosquitto would refuse later, for every session. */
static const char *check(const struct upstream_config *config)
{
	if (config->password != NULL && config->user == NULL)
		return "a password needs a user name";
	if (config->user != NULL &&
	    mosquitto_validate_utf8(config->user, (int)strlen(config->user)) != 0)
		return "the user name is not UTF-8";
	if (config->n_fallbacks > UPSTREAM_FALLBACKS_MAX)
		return "there are too many brokers to fall back to";
	if (config->keep_alive > 0 && config->keep_alive < 5)
		return "the keep alive must be 0, or 5 seconds or more";
	return NULL;
}

struct upstream *upstream_new(struct event_base *base, const struct upstream_config *config,
    upstream_event_fn *on_event, void *ctx, char **error)
{
	struct upstream *up;
	const char *wrong = check(config);

	*error = NULL;
	if (wrong != NULL) {
		*error = strdup(wrong);
		return NULL;
	}
	mosquitto_lib_init();
	up = calloc(1, sizeof(*up));
	if (up == NULL)
		goto fail;
	up->base = base;
	up->on_event = on_event;
	up->ctx = ctx;
	if (!set_up(up, config))
		goto fail;
	if (config->tls.on && (up->tls = tls_new(config, error)) == NULL)
		goto fail;
	return up;
fail:
	if (*error == NULL)
		*error = strdup("out of memory");
	if (up != NULL)
		upstream_free(up);
	else
		mosquitto_lib_cleanup();
	return NULL;
}

static void end_all(struct upstream *up)
{
	struct session *s;

	for (unsigned i = 0; i < up->n_slots; i++) {
		while ((s = LIST_FIRST(&up->slots[i])) != NULL) {
			if (s->state == SESSION_CONNECTED && !s->leaving)
				session_close(s, UP_DISCONNECT);
			traffic_flush(s);
			session_free(s);
		}
	}
}

struct upstream *upstream_free(struct upstream *up)
{
	if (up == NULL)
		return NULL;
	shared_pool_free(up->shared);
	if (up->slots != NULL)
		end_all(up);
	brokers_free(&up->brokers);
	lingers_free(up->lingers);
	alarm_free(up->ticker);
	if (up->report != NULL)
		event_free(up->report);
	tls_free(up->tls);
	qos0_free_spares(up);
	free(up->slots);
	free(up->user);
	free(up->password);
	free(up->id_prefix);
	free(up->id_suffix);
	free(up);
	mosquitto_lib_cleanup();
	return NULL;
}

void upstream_finish(struct upstream *up)
{
	shared_finish(up->shared);
}

void upstream_flush(struct upstream *up)
{
	struct session *s;

	while ((s = TAILQ_FIRST(&up->dirty)) != NULL) {
		if (s->state == SESSION_DEAD) {
			session_free(s);
			continue;
		}
		TAILQ_REMOVE(&up->dirty, s, dirty_link);
		s->dirty = false;
		traffic_flush(s);
	}
	dial_waiting(up);
	up->turn++;
}

const char *upstream_in_use(const struct upstream *up)
{
	return up->brokers.list[up->brokers.current].name;
}

size_t upstream_count(const struct upstream *up)
{
	return up->alive + lingers_count(up->lingers);
}

size_t upstream_connected(const struct upstream *up)
{
	return up->connected;
}

size_t upstream_shared(const struct upstream *up)
{
	return up->shared != NULL ? shared_connected(up->shared) : 0;
}

size_t upstream_sharing(const struct upstream *up)
{
	return up->shared != NULL ? shared_sharing(up->shared) : 0;
}

/* --- Sessions --- */

/* Of a client with a connection of its own. */
static struct session *own(const struct up_session *handle)
{
	assert(!handle->shares);
	return (struct session *)handle;
}

struct up_session *upstream_open(
    struct upstream *up, struct client *owner, const struct up_spec *spec)
{
	struct sharer *sharer;
	struct session *s;

	if (spec->shared && up->shared != NULL) {
		sharer = sharer_open(up->shared, owner, spec);
		return sharer != NULL ? sharer_handle(sharer) : NULL;
	}
	s = session_new(up, owner, spec);
	if (s == NULL)
		return NULL;
	dial(s);
	return &s->handle;
}

void upstream_reconnect(struct up_session *handle)
{
	if (handle->shares)
		sharer_reconnect(sharer_of(handle));
	else
		session_reconnect(own(handle));
}

void upstream_close(struct up_session *handle, enum up_farewell farewell)
{
	if (handle->shares)
		sharer_close(sharer_of(handle));
	else
		session_close(own(handle), farewell);
}

int upstream_publish(struct up_session *handle, const char *topic, struct sn_bytes payload, int qos,
    bool retain, uint16_t *token)
{
	const struct request request = { REQUEST_PUBLISH, qos, retain, topic, payload, NULL };

	if (handle->shares)
		return sharer_publish(sharer_of(handle), &request, token);
	return session_publish(own(handle), &request, token);
}

int upstream_subscribe(struct up_session *handle, const char *filter, int qos, uint16_t *token)
{
	return session_subscribe(own(handle), filter, qos, token);
}

int upstream_unsubscribe(struct up_session *handle, const char *filter, uint16_t *token)
{
	return session_unsubscribe(own(handle), filter, token);
}

void upstream_pause(struct up_session *handle, bool paused)
{
	session_pause(own(handle), paused);
}

int upstream_set_login(struct up_session *handle, const struct up_login *login)
{
	if (handle->shares) /* that of the configuration */
		return 0;
	return session_set_login(own(handle), login) == MOSQ_ERR_SUCCESS ? 0 : -ERR_NOMEM;
}

struct client *upstream_owner(const struct up_session *handle)
{
	return handle->shares ? sharer_owner(sharer_of(handle)) : own(handle)->owner;
}
