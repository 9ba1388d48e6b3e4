/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What libmosquitto 2.0 does, and what follows from it in this folder:
 *
 * - In threaded mode calls only queue packets, and so do its automatic acknowledgements; all leave
 *   in mosquitto_loop_write().  One such call writes until nothing is left or the socket is full.
 * - mosquitto_loop_read() handles as many packets as there are messages in flight, at least one,
 *   unless errno is EAGAIN after one of them.  Callbacks set that, to have it handle one alone.
 * - It holds mutexes while it calls back, and uses its struct afterwards: a callback may queue, but
 *   not connect or destroy.
 * - After mosquitto_disconnect() any packet that is read ends the connection, with DISCONNECT still
 *   unsent: it is called in the flush alone.
 * - After CONNACK it queues again what is not acknowledged, but only behind its callback.
 * - A failed TLS handshake closes the socket without calling back.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "common/alarm.h"
#include "gateway/upstream/dial.h"
#include "gateway/upstream/qos0.h"
#include "gateway/upstream/session.h"
#include "gateway/upstream/shared.h"
#include "gateway/upstream/tls.h"
#include "gateway/upstream/traffic.h"

/* --- Birth and death --- */

/*
 * mosquitto_new() opens a pair of sockets, to wake up a select() of its own that we never run, and
 * from then on writes an octet to it for each packet.  It does without when it cannot have them,
 * and so it cannot: that is two descriptors and 200 KB of kernel memory less for each session, and
 * half the system calls.
 */
static struct mosquitto *new_without_wakeup(const char *id, bool clean, void *arg)
{
	struct rlimit limit, none;
	struct mosquitto *mosq;
	bool limited = getrlimit(RLIMIT_NOFILE, &limit) == 0;

	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	limited = limited && setrlimit(RLIMIT_NOFILE, &none) == 0;
	mosq = mosquitto_new(id, clean, arg);
	if (limited)
		setrlimit(RLIMIT_NOFILE, &limit);
	return mosq;
}

static struct mosquitto *client_new(struct session *s, const struct up_spec *spec)
{
	struct mosquitto *mosq;
	char *id;
	int len = asprintf(&id, "%s%s%s", s->up->id_prefix, spec->client_id, s->up->id_suffix);

	if (len < 0)
		return NULL;
	if (len > 0 && mosquitto_validate_utf8(id, len) == MOSQ_ERR_SUCCESS) {
		mosq = new_without_wakeup(id, spec->clean, s);
	} else {
		s->unfit = "no valid MQTT client id";
		mosq = new_without_wakeup(NULL, true, s);
	}
	free(id);
	return mosq;
}

int session_set_login(struct session *s, const struct up_login *login)
{
	const struct up_login common = { s->up->user, s->up->password };

	if (login == NULL)
		login = &common;
	return mosquitto_username_pw_set(s->mosq, login->user, login->password);
}

/* Options and callbacks; MOSQ_ERR_*. */
static int client_set_up(struct session *s, const struct up_spec *spec)
{
	const struct up_will *will = spec->will;
	struct mosquitto *mosq = s->mosq;
	int rc;

	mosquitto_threaded_set(mosq, true);
	mosquitto_int_option(mosq, MOSQ_OPT_TCP_NODELAY, 1);
	traffic_set_callbacks(mosq);
	rc = session_set_login(s, spec->login);
	if (rc == MOSQ_ERR_SUCCESS && s->up->tls != NULL) {
		mosquitto_int_option(mosq, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
		rc = mosquitto_void_option(mosq, MOSQ_OPT_SSL_CTX, tls_context(s->up->tls));
	}
	if (rc == MOSQ_ERR_SUCCESS && will != NULL)
		rc = mosquitto_will_set(mosq, will->topic, (int)will->message.len,
		    will->message.data, will->qos, will->retain);
	return rc;
}

struct session *session_new(struct upstream *up, struct client *owner, const struct up_spec *spec)
{
	struct session *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return NULL;
	s->up = up;
	s->owner = owner;
	requests_init(&s->requests);
	s->mosq = client_new(s, spec);
	if (s->mosq == NULL)
		goto fail;
	rc = client_set_up(s, spec);
	if (rc == MOSQ_ERR_NOMEM)
		goto fail;
	if (rc != MOSQ_ERR_SUCCESS && s->unfit == NULL)
		s->unfit = "no valid MQTT will or user name";
	up->alive++;
	if (!alarm_is_set(up->ticker))
		alarm_every(up->ticker, POOL_TICK_MS * 1000);
	LIST_INSERT_HEAD(&up->slots[up->next_slot], s, slot_link);
	up->next_slot = (up->next_slot + 1) % up->n_slots;
	return s;
fail:
	mosquitto_destroy(s->mosq);
	free(s);
	return NULL;
}

/* --- State --- */

bool session_is_up(const struct session *s)
{
	return s->state == SESSION_CONNECTED && !s->leaving;
}

void session_tell(struct session *s, void *asker, const struct up_event *event)
{
	if (s->shared != NULL)
		shared_event(s->shared, asker, event);
	else
		s->up->on_event(s->up->ctx, s->owner, event);
}

static bool is_being_connected(const struct session *s)
{
	return s->state == SESSION_DIALLING || s->state == SESSION_GREETING;
}

/* Where sessions of this state queue up, or NULL. */
static struct session_queue *queue_of(struct upstream *up, enum session_state state)
{
	switch (state) {
	case SESSION_RESOLVING:
		return &up->resolving;
	case SESSION_WAITING:
		return &up->waiting;
	default:
		return NULL;
	}
}

void session_set_state(struct session *s, enum session_state state)
{
	struct upstream *up = s->up;
	struct session_queue *before = queue_of(up, s->state), *now = queue_of(up, state);

	up->connected -= session_is_up(s);
	up->being_connected -= is_being_connected(s);
	if (before != NULL)
		TAILQ_REMOVE(before, s, queue_link);
	s->state = (uint8_t)state;
	if (now != NULL)
		TAILQ_INSERT_TAIL(now, s, queue_link);
	up->connected += session_is_up(s);
	up->being_connected += is_being_connected(s);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	if (dial_in_handshake(s))
		dial_handshake(s);
	else
		traffic_read(s);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	if (s->state == SESSION_DIALLING)
		dial_answered(s, what);
	else if (dial_in_handshake(s))
		dial_handshake(s);
	else
		session_touch(s); /* only the flush writes */
}

void session_watch(struct session *s)
{
	int fd = mosquitto_socket(s->mosq);

	fcntl(fd, F_SETFD, FD_CLOEXEC); /* libmosquitto does not */
	event_assign(&s->readable, s->up->base, fd, EV_READ | EV_PERSIST, on_readable, s);
	event_assign(&s->writable, s->up->base, fd, EV_WRITE, on_writable, s);
	s->watched = true;
}

void session_unwatch(struct session *s)
{
	if (!s->watched)
		return;
	event_del(&s->readable);
	event_del(&s->writable);
	s->watched = false;
}

void session_touch(struct session *s)
{
	if (s->dirty)
		return;
	TAILQ_INSERT_TAIL(&s->up->dirty, s, dirty_link);
	s->dirty = true;
}

/* --- Its ends --- */

void session_forget_end(struct session *s)
{
	if (!s->ended)
		return;
	TAILQ_REMOVE(&s->up->ended, s, queue_link);
	s->ended = false;
}

void session_bury(struct session *s)
{
	session_unwatch(s);
	session_forget_end(s);
	session_set_state(s, SESSION_DEAD);
	session_touch(s);
}

void session_leave(struct session *s)
{
	s->up->connected -= session_is_up(s);
	s->leaving = true;
	s->leave_until = s->up->tick + pool_ticks(POOL_FAREWELL_S);
	TAILQ_INSERT_TAIL(&s->up->leaving, s, leaving_link);
	traffic_watch_input(s);
	session_touch(s);
}

void session_end(struct session *s, bool permanent, const char *why)
{
	int fd = mosquitto_socket(s->mosq);

	if (s->state == SESSION_IDLE || s->state == SESSION_DEAD)
		return;
	if (s->leaving) {
		session_bury(s);
		return;
	}
	session_unwatch(s);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR); /* closed by the next connect, or with @mosq */
	s->was_up = s->state == SESSION_CONNECTED && !s->accepted;
	if (s->state == SESSION_GREETING && !permanent && s->up->connected == 0)
		brokers_failed(&s->up->brokers, s->broker);
	session_set_state(s, SESSION_IDLE);
	s->accepted = false;
	s->permanent = permanent;
	s->why = why;
	qos0_drop(s);
	requests_connection_lost(&s->requests);
	TAILQ_INSERT_TAIL(&s->up->ended, s, queue_link);
	s->ended = true;
	event_add(s->up->report, &(struct timeval){ 0 }); /* in the next turn of the loop */
}

const char *session_failure(const struct session *s, int rc)
{
	const char *why = tls_failure(s->up->tls);

	if (why != NULL)
		return why;
	switch (rc) {
	case MOSQ_ERR_ERRNO:
		return errno != 0 ? strerror(errno) : "the connection failed";
	case MOSQ_ERR_CONN_LOST:
		return "the broker closed the connection";
	case MOSQ_ERR_TLS:
		return "the TLS handshake failed";
	default:
		return mosquitto_strerror(rc);
	}
}

void session_free(struct session *s)
{
	struct upstream *up = s->up;

	session_unwatch(s);
	session_forget_end(s);
	session_set_state(s, SESSION_DEAD);
	up->alive--;
	if (s->dirty)
		TAILQ_REMOVE(&up->dirty, s, dirty_link);
	if (s->leaving)
		TAILQ_REMOVE(&up->leaving, s, leaving_link);
	LIST_REMOVE(s, slot_link);
	qos0_drop(s);
	requests_clear(&s->requests);
	mosquitto_destroy(s->mosq);
	free(s);
}
