/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/upstream/dial.h"
#include "gateway/upstream/keepalive.h"
#include "gateway/upstream/resolve.h"
#include "gateway/upstream/tls.h"

#define PATIENCE_S      2  /* for TCP to one address while there is another to try, */
#define PATIENCE_LAST_S 20 /* and to the last: the kernel would try for two minutes */

static void dial_broker(struct session *s);

static const struct pool_broker *broker_of(const struct session *s)
{
	return &s->up->brokers.list[s->broker];
}

/* Not while others are connected: they all have to be with one. */
static bool has_another_broker(const struct session *s)
{
	return s->up->connected == 0 && s->brokers < s->up->brokers.count;
}

/* The one that was tried failed because of @why. */
static void dial_next_broker(struct session *s, const char *why)
{
	if (!has_another_broker(s)) {
		session_end(s, false, why);
		return;
	}
	s->broker = brokers_next(&s->up->brokers, s->broker);
	s->brokers++;
	dial_broker(s);
}

/* Goes on to the next address; the one before has failed because of @why. */
static void dial_next(struct session *s, const char *why)
{
	static const struct timeval patience = { .tv_sec = PATIENCE_S };
	static const struct timeval last_patience = { .tv_sec = PATIENCE_LAST_S };
	const struct pool_broker *broker = broker_of(s);
	unsigned count = resolver_count(broker->resolver);
	bool last;
	int rc;

	session_unwatch(s);
	while (s->tried < count) {
		if (s->tried > 0)
			s->address = (uint8_t)((s->address + 1u) % count);
		s->tried++;
		tls_begin_with(s->up->tls, broker->host);
		rc =
		    mosquitto_connect_async(s->mosq, resolver_address(broker->resolver, s->address),
		        broker->port, s->up->keep_alive);
		if (rc == MOSQ_ERR_SUCCESS) {
			last = s->tried == count && !has_another_broker(s);
			session_watch(s);
			event_add(&s->writable, last ? &last_patience : &patience);
			return;
		}
		why = session_failure(s, rc);
		if (rc == MOSQ_ERR_TLS)
			break; /* this is the broker, and no other address makes it a better one */
	}
	resolver_all_failed(broker->resolver);
	dial_next_broker(s, why);
}

static void dial_first(struct session *s)
{
	s->tried = 0;
	s->refusal = 0;
	s->packets = 0;
	s->address = (uint8_t)resolver_first(broker_of(s)->resolver);
	dial_next(s, "no address");
}

static void dial_broker(struct session *s)
{
	struct resolver *resolver = broker_of(s)->resolver;
	int rc = resolver_ask(resolver);

	if (rc == RESOLVE_PENDING)
		session_set_state(s, SESSION_RESOLVING);
	else if (rc < 0)
		dial_next_broker(s, resolver_why(resolver));
	else if (s->up->being_connected > POOL_DIALS_MAX)
		session_set_state(s, SESSION_WAITING);
	else
		dial_first(s);
}

void dial(struct session *s)
{
	if (s->state != SESSION_IDLE || s->ended)
		return;
	session_set_state(s, SESSION_DIALLING);
	if (s->unfit != NULL) {
		session_end(s, true, s->unfit);
		return;
	}
	s->broker = s->up->brokers.current;
	s->brokers = 1;
	dial_broker(s);
}

void dial_another(struct session *s)
{
	if (s->state != SESSION_GREETING || s->up->brokers.count == 1 || s->up->connected > 0)
		return;
	brokers_failed(&s->up->brokers, s->broker);
	session_unwatch(s);
	session_set_state(s, SESSION_IDLE);
	dial(s);
}

void dial_waiting(struct upstream *up)
{
	while (up->being_connected < POOL_DIALS_MAX && !TAILQ_EMPTY(&up->waiting)) {
		struct session *s = TAILQ_FIRST(&up->waiting);

		session_set_state(s, SESSION_IDLE);
		dial(s);
	}
}

void dial_resolved(struct session *s)
{
	session_set_state(s, SESSION_DIALLING);
	dial_broker(s);
}

bool dial_in_handshake(const struct session *s)
{
	return s->up->tls != NULL && tls_in_handshake(mosquitto_ssl_get(s->mosq));
}

/* libmosquitto goes on with a handshake whose socket is dead, for ever. */
static bool is_closed(int fd)
{
	char octet;
	ssize_t n = recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

void dial_handshake(struct session *s)
{
	int rc;

	tls_begin(s->up->tls);
	rc = mosquitto_loop_read(s->mosq, 1);
	if (rc == MOSQ_ERR_SUCCESS && dial_in_handshake(s) && is_closed(mosquitto_socket(s->mosq)))
		rc = MOSQ_ERR_TLS;
	if (rc != MOSQ_ERR_SUCCESS)
		session_end(s, false, session_failure(s, MOSQ_ERR_TLS));
	else if (!dial_in_handshake(s))
		session_touch(s);
	else if (tls_wants_write(mosquitto_ssl_get(s->mosq)))
		event_add(&s->writable, NULL);
}

/* TCP is there. */
static void greet(struct session *s)
{
	resolver_worked(broker_of(s)->resolver, s->address);
	session_set_state(s, SESSION_GREETING);
	keepalive_start(s);
	event_add(&s->readable, NULL);
	if (dial_in_handshake(s))
		dial_handshake(s);
	else
		session_touch(s);
}

/* 0, or the errno of the attempt.  With TLS, libmosquitto has tried to write before there was a
 * connection, and has swallowed the error if there never will be one. */
static int tcp_error(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer), error_len = sizeof(int);
	int error = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) < 0)
		return errno;
	if (error == 0 && getpeername(fd, (struct sockaddr *)&peer, &len) < 0)
		return ECONNREFUSED;
	return error;
}

void dial_answered(struct session *s, short what)
{
	int error = what & EV_TIMEOUT ? ETIMEDOUT : tcp_error(mosquitto_socket(s->mosq));

	if (error != 0)
		dial_next(s, strerror(error));
	else
		greet(s);
}
