/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What libmosquitto 2.0 does, and what follows from it here:
 *
 * - With threaded mode set, calls only queue packets, the automatic acknowledgements included; they
 * leave in mosquitto_loop_write().  One such call writes all that is queued, or until the socket is
 * full.
 * - mosquitto_loop_read() handles as many packets as there are messages in flight, at least one,
 * unless errno is EAGAIN after one of them.  Callbacks set that to stop it.
 * - It holds mutexes while it calls back, and uses its struct afterwards: a callback may queue, but
 * not connect or destroy.
 * - After mosquitto_disconnect() any packet that is read ends the connection, with DISCONNECT still
 * unsent.
 * - A failed TLS handshake closes the socket without calling back.
 * - mosquitto_connect_async() tells a connect() that failed at once; otherwise the first read or
 * write does.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/upstream/linger.h"
#include "gateway/upstream/resolve.h"
#include "gateway/upstream/session.h"
#include "gateway/upstream/tls.h"

#define READ_PACKETS 64   /* in one go, before others have their turn */
#define DIAL_MS      2000 /* for TCP to one address while there is another to try */

static void on_connect(struct mosquitto *mosq, void *arg, int code, int flags);
static void on_disconnect(struct mosquitto *mosq, void *arg, int rc);
static void on_publish(struct mosquitto *mosq, void *arg, int mid);
static void on_subscribe(struct mosquitto *mosq, void *arg, int mid, int count, const int *granted);
static void on_unsubscribe(struct mosquitto *mosq, void *arg, int mid);
static void on_message(struct mosquitto *mosq, void *arg, const struct mosquitto_message *message);
static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);

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

static struct mosquitto *client_new(struct up_session *s, const struct up_spec *spec)
{
	const struct upstream *up = s->up;
	size_t size = strlen(up->id_prefix) + strlen(spec->client_id) + strlen(up->id_suffix) + 1;
	char *id = malloc(size);
	struct mosquitto *mosq;

	if (id == NULL)
		return NULL;
	strcpy(id, up->id_prefix);
	strcat(id, spec->client_id);
	strcat(id, up->id_suffix);
	if (mosquitto_validate_utf8(id, (int)size - 1) != MOSQ_ERR_SUCCESS || size == 1) {
		s->unfit = "no valid MQTT client id";
		strcpy(id, "");
	}
	mosq = new_without_wakeup(s->unfit == NULL ? id : "unfit", spec->clean, s);
	free(id);
	return mosq;
}

/* Options and callbacks; MOSQ_ERR_*. */
static int client_set_up(struct up_session *s, const struct up_will *will)
{
	struct mosquitto *mosq = s->mosq;
	int rc;

	mosquitto_threaded_set(mosq, true);
	mosquitto_int_option(mosq, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_connect_with_flags_callback_set(mosq, on_connect);
	mosquitto_disconnect_callback_set(mosq, on_disconnect);
	mosquitto_publish_callback_set(mosq, on_publish);
	mosquitto_subscribe_callback_set(mosq, on_subscribe);
	mosquitto_unsubscribe_callback_set(mosq, on_unsubscribe);
	mosquitto_message_callback_set(mosq, on_message);
	rc = mosquitto_username_pw_set(mosq, s->up->user, s->up->password);
	if (rc == MOSQ_ERR_SUCCESS && s->up->tls != NULL) {
		mosquitto_int_option(mosq, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
		rc = mosquitto_void_option(mosq, MOSQ_OPT_SSL_CTX, tls_context(s->up->tls));
	}
	if (rc == MOSQ_ERR_SUCCESS && will != NULL)
		rc = mosquitto_will_set(mosq, will->topic, (int)will->message.len,
		    will->message.data, will->qos, will->retain);
	return rc;
}

struct up_session *session_new(
    struct upstream *up, struct client *owner, const struct up_spec *spec)
{
	struct up_session *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return NULL;
	s->up = up;
	s->owner = owner;
	requests_init(&s->requests);
	s->mosq = client_new(s, spec);
	if (s->mosq == NULL)
		goto fail;
	rc = client_set_up(s, spec->will);
	if (rc == MOSQ_ERR_NOMEM)
		goto fail;
	if (rc != MOSQ_ERR_SUCCESS && s->unfit == NULL)
		s->unfit = "no valid MQTT will";
	up->alive++;
	LIST_INSERT_HEAD(&up->slots[up->next_slot], s, slot_link);
	up->next_slot = (up->next_slot + 1) % up->n_slots;
	return s;
fail:
	mosquitto_destroy(s->mosq);
	free(s);
	return NULL;
}

static bool counts_as_connected(const struct up_session *s)
{
	return s->state == SESSION_CONNECTED && !s->leaving;
}

static void set_state(struct up_session *s, enum session_state state)
{
	s->up->connected -= counts_as_connected(s);
	if (s->state == SESSION_RESOLVING)
		TAILQ_REMOVE(&s->up->resolving, s, queue_link);
	s->state = (uint8_t)state;
	if (state == SESSION_RESOLVING)
		TAILQ_INSERT_TAIL(&s->up->resolving, s, queue_link);
	s->up->connected += counts_as_connected(s);
}

static void unwatch(struct up_session *s)
{
	if (!s->watched)
		return;
	event_del(&s->readable);
	event_del(&s->writable);
	s->watched = false;
}

void session_forget_end(struct up_session *s)
{
	if (!s->ended)
		return;
	TAILQ_REMOVE(&s->up->ended, s, queue_link);
	s->ended = false;
}

void session_free(struct up_session *s)
{
	struct upstream *up = s->up;

	unwatch(s);
	session_forget_end(s);
	set_state(s, SESSION_DEAD);
	up->alive--;
	if (s->dirty)
		TAILQ_REMOVE(&up->dirty, s, dirty_link);
	if (s->leaving)
		TAILQ_REMOVE(&up->leaving, s, leaving_link);
	LIST_REMOVE(s, slot_link);
	requests_clear(&s->requests);
	mosquitto_destroy(s->mosq);
	free(s);
}

/* --- The end of a connection --- */

void session_touch(struct up_session *s)
{
	if (s->dirty)
		return;
	TAILQ_INSERT_TAIL(&s->up->dirty, s, dirty_link);
	s->dirty = true;
}

void session_bury(struct up_session *s)
{
	unwatch(s);
	session_forget_end(s);
	set_state(s, SESSION_DEAD);
	session_touch(s);
}

void session_leave(struct up_session *s)
{
	s->up->connected -= counts_as_connected(s);
	s->leaving = true;
	s->leave_until = s->up->tick + pool_ticks(POOL_FAREWELL_S);
	TAILQ_INSERT_TAIL(&s->up->leaving, s, leaving_link);
	session_watch_input(s);
	session_touch(s);
}

void session_end(struct up_session *s, bool permanent, const char *why)
{
	int fd = mosquitto_socket(s->mosq);

	if (s->state == SESSION_IDLE || s->state == SESSION_DEAD)
		return;
	if (s->leaving) {
		session_bury(s);
		return;
	}
	unwatch(s);
	if (fd >= 0)
		shutdown(fd,
		    SHUT_RDWR); /* libmosquitto closes it at the next connect, or when destroyed */
	s->was_up = s->state == SESSION_CONNECTED && !s->accepted;
	set_state(s, SESSION_IDLE);
	s->accepted = false;
	s->permanent = permanent;
	s->why = why;
	requests_connection_lost(&s->requests);
	TAILQ_INSERT_TAIL(&s->up->ended, s, queue_link);
	s->ended = true;
	event_add(s->up->report, &(struct timeval){ 0 }); /* in the next turn of the loop */
}

/* CONNACK codes of MQTT 3.1.1 (MAP, section 9). */
static const struct {
	const char *why;
	bool permanent;
} refusals[] = {
	[1] = { "the broker does not speak MQTT 3.1.1", true },
	[2] = { "the broker refuses the client id", true },
	[3] = { "the broker is not available", false },
	[4] = { "the broker refuses user name or password", true },
	[5] = { "the broker does not authorise the client", true },
};

/* In words, for @rc of the call of libmosquitto that has just failed. */
static const char *failure(const struct up_session *s, int rc)
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

static void on_disconnect(struct mosquitto *mosq, void *arg, int rc)
{
	struct up_session *s = arg;

	(void)mosq;
	if (s->refusal > 0 && s->refusal < sizeof(refusals) / sizeof(refusals[0]))
		session_end(s, refusals[s->refusal].permanent, refusals[s->refusal].why);
	else
		session_end(s, false, failure(s, rc));
}

/* --- From an address to CONNACK --- */

static void watch(struct up_session *s)
{
	int fd = mosquitto_socket(s->mosq);

	fcntl(fd, F_SETFD, FD_CLOEXEC); /* libmosquitto does not */
	event_assign(&s->readable, s->up->base, fd, EV_READ | EV_PERSIST, on_readable, s);
	event_assign(&s->writable, s->up->base, fd, EV_WRITE, on_writable, s);
	s->watched = true;
}

/* Goes on to the next address that accepts a try; the one tried before has failed because of @why.
 */
static void dial_next(struct up_session *s, const char *why)
{
	struct upstream *up = s->up;
	unsigned count = resolver_count(up->resolver);
	struct timeval patience = { .tv_usec = DIAL_MS * 1000 % 1000000, .tv_sec = DIAL_MS / 1000 };
	int rc;

	unwatch(s);
	while (s->tried < count) {
		if (s->tried > 0)
			s->address = (uint8_t)((s->address + 1u) % count);
		s->tried++;
		tls_begin(up->tls);
		rc = mosquitto_connect_async(
		    s->mosq, resolver_address(up->resolver, s->address), up->port, up->keep_alive);
		if (rc == MOSQ_ERR_SUCCESS) {
			watch(s);
			event_add(&s->writable, s->tried < count ? &patience : NULL);
			return;
		}
		why = failure(s, rc);
	}
	resolver_all_failed(up->resolver);
	session_end(s, false, why);
}

static void dial(struct up_session *s)
{
	s->tried = 0;
	s->refusal = 0;
	s->goodbye = false;
	s->ping_due = s->ping_open = false;
	s->packets = 0;
	s->address = (uint8_t)resolver_first(s->up->resolver);
	dial_next(s, "no address");
}

void session_connect(struct up_session *s)
{
	int rc;

	if (s->state != SESSION_IDLE || s->ended)
		return;
	set_state(s, SESSION_DIALLING);
	if (s->unfit != NULL) {
		session_end(s, true, s->unfit);
		return;
	}
	rc = resolver_ask(s->up->resolver);
	if (rc == RESOLVE_PENDING)
		set_state(s, SESSION_RESOLVING);
	else if (rc < 0)
		session_end(s, false, resolver_why(s->up->resolver));
	else
		dial(s);
}

void session_resolved(struct up_session *s)
{
	set_state(s, SESSION_IDLE);
	session_connect(s);
}

static bool in_handshake(const struct up_session *s)
{
	return s->up->tls != NULL && tls_in_handshake(mosquitto_ssl_get(s->mosq));
}

/* libmosquitto takes a connection that is closed during the handshake for one that has not said
 * much yet. */
static bool peer_gone(int fd)
{
	char octet;
	ssize_t n = recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void handshake(struct up_session *s)
{
	if (peer_gone(mosquitto_socket(s->mosq))) {
		session_end(s, false, "the broker closed the connection in the TLS handshake");
		return;
	}
	tls_begin(s->up->tls);
	if (mosquitto_loop_read(s->mosq, 1) != MOSQ_ERR_SUCCESS) {
		session_end(s, false, failure(s, MOSQ_ERR_TLS));
		return;
	}
	if (!in_handshake(s))
		session_touch(s);
	else if (tls_wants_write(mosquitto_ssl_get(s->mosq)))
		event_add(&s->writable, NULL);
}

/* TCP is there. */
static void greet(struct up_session *s, int fd)
{
	unsigned ms = s->up->keep_alive * 1000u;

	resolver_worked(s->up->resolver, s->address);
	set_state(s, SESSION_GREETING);
	s->last_out = s->up->tick;
	if (ms > 0)
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	event_add(&s->readable, NULL);
	if (in_handshake(s))
		handshake(s);
	else
		session_touch(s);
}

static void dialled(struct up_session *s, int fd, short what)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (what & EV_TIMEOUT)
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (error != 0)
		dial_next(s, strerror(error));
	else
		greet(s, fd);
}

/* --- Events --- */

static void emit(struct up_session *s, const struct up_event *event)
{
	if (!s->leaving && s->state != SESSION_DEAD)
		s->up->on_event(s->up->ctx, s->owner, event);
	s->heard = true;
	errno = EAGAIN; /* see the top: what this event leads to may be that no more is wanted */
}

/* Reports an accepted connection.  Not from on_connect(): only after that has libmosquitto queued
 * again what the broker has not acknowledged, and what is new must come behind it. */
static void welcome(struct up_session *s)
{
	struct up_event event = { .kind = UP_CONNECTED, .session_present = s->present };

	if (!s->accepted)
		return;
	s->accepted = false;
	if (requests_release(&s->requests, s->mosq) < 0) {
		s->accepted = true; /* never reported, so its end is a refusal */
		session_end(s, false, "out of memory");
		return;
	}
	s->packets += 2;
	session_touch(s);
	session_watch_input(s);
	emit(s, &event);
}

static void on_connect(struct mosquitto *mosq, void *arg, int code, int flags)
{
	struct up_session *s = arg;

	(void)mosq;
	s->refusal = (uint8_t)code;
	if (code != 0)
		return;
	set_state(s, SESSION_CONNECTED);
	s->accepted = true;
	s->present = flags & 1;
	s->last_in = s->up->tick;
	s->heard = true;
	errno = EAGAIN;
}

static void answered(struct up_session *s, enum request_kind kind, int mid, struct up_event *event)
{
	welcome(s);
	event->token = requests_answered(&s->requests, kind, mid);
	if (event->token != 0)
		emit(s, event);
}

static void on_publish(struct mosquitto *mosq, void *arg, int mid)
{
	struct up_event event = { .kind = UP_PUBLISHED };

	(void)mosq;
	answered(arg, REQUEST_PUBLISH, mid, &event);
}

static void on_subscribe(struct mosquitto *mosq, void *arg, int mid, int count, const int *granted)
{
	struct up_event event = { .kind = UP_SUBSCRIBED };

	(void)mosq;
	event.granted_qos = count > 0 && granted[0] >= 0 && granted[0] <= 2 ? granted[0] : -1;
	answered(arg, REQUEST_SUBSCRIBE, mid, &event);
}

static void on_unsubscribe(struct mosquitto *mosq, void *arg, int mid)
{
	struct up_event event = { .kind = UP_UNSUBSCRIBED };

	(void)mosq;
	answered(arg, REQUEST_UNSUBSCRIBE, mid, &event);
}

static void on_message(struct mosquitto *mosq, void *arg, const struct mosquitto_message *message)
{
	struct up_session *s = arg;
	struct up_event event = {
		.kind = UP_MESSAGE,
		.message = {
			.topic = message->topic,
			.payload = { message->payload, (size_t)message->payloadlen },
			.qos = message->qos,
			.retain = message->retain,
		},
	};

	(void)mosq;
	welcome(s);
	emit(s, &event);
}

/* --- Input --- */

static bool wants_input(const struct up_session *s)
{
	if (s->state == SESSION_CONNECTED)
		return !s->paused && !s->leaving;
	return s->state == SESSION_GREETING;
}

void session_watch_input(struct up_session *s)
{
	if (!s->watched || s->state < SESSION_GREETING)
		return;
	if (!wants_input(s)) {
		event_del(&s->readable);
		return;
	}
	event_add(&s->readable, NULL);
	if (s->up->tls != NULL && tls_has_input(mosquitto_ssl_get(s->mosq)))
		event_active(&s->readable, EV_READ, 0); /* the socket need not be readable */
}

/* Reads packets until there are none, or no more are wanted. */
static void read_packets(struct up_session *s)
{
	s->ping_open = false;
	s->last_in = s->up->tick;
	for (int i = 0; i < READ_PACKETS && wants_input(s); i++) {
		s->heard = false;
		errno = 0;
		tls_begin(s->up->tls);
		if (mosquitto_loop_read(s->mosq, 1) != MOSQ_ERR_SUCCESS)
			return;
		if (errno == EAGAIN && !s->heard)
			return;
		s->packets++;
		welcome(s);
	}
	session_watch_input(s);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct up_session *s = arg;

	(void)fd;
	(void)what;
	if (in_handshake(s)) {
		handshake(s);
		return;
	}
	read_packets(s);
	if (mosquitto_want_write(s->mosq))
		session_touch(s);
}

/* --- Output --- */

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct up_session *s = arg;

	if (s->state == SESSION_DIALLING)
		dialled(s, fd, what);
	else if (in_handshake(s))
		handshake(s);
	else
		session_touch(s);
}

/* With TLS mosquitto_want_write() stays true for a while after the socket was full once. */
static bool is_blocked(const struct up_session *s)
{
	if (s->up->tls != NULL)
		return tls_wants_write(mosquitto_ssl_get(s->mosq));
	return mosquitto_want_write(s->mosq);
}

static void set_cork(int fd, int on)
{
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

static void write_packets(struct up_session *s)
{
	bool cork = s->packets > 1;
	int fd = mosquitto_socket(s->mosq);

	s->packets = 0;
	if (!mosquitto_want_write(s->mosq))
		return;
	s->last_out = s->up->tick;
	if (cork)
		set_cork(fd, 1);
	tls_begin(s->up->tls);
	mosquitto_loop_write(s->mosq, 1);
	if (cork && mosquitto_socket(s->mosq) == fd)
		set_cork(fd, 0);
}

/*
 * Our own PINGREQ, between two packets of libmosquitto.  mosquitto_loop_misc() would send one too,
 * but it takes a connection for dead whose PINGRESP it has not read, although it is us who do not
 * read while we are paused, and it needs twice the keep alive to notice a dead broker.
 */
static void write_ping(struct up_session *s)
{
	static const uint8_t pingreq[] = { 0xC0, 0x00 };
	struct ssl_st *ssl = mosquitto_ssl_get(s->mosq);
	int fd = mosquitto_socket(s->mosq);
	bool written;

	s->ping_due = false;
	tls_begin(s->up->tls);
	if (ssl != NULL)
		written = tls_write(ssl, pingreq, sizeof(pingreq));
	else
		written = send(fd, pingreq, sizeof(pingreq), MSG_DONTWAIT | MSG_NOSIGNAL) ==
		          sizeof(pingreq);
	if (!written) {
		session_end(s, false, "the broker does not take what is sent to it");
		return;
	}
	s->last_out = s->up->tick;
	s->ping_open = !s->paused;
	s->ping_at = s->up->tick;
}

/* Writes what is queued and DISCONNECT; libmosquitto closes its socket behind that. */
static void say_goodbye(struct up_session *s)
{
	int fd = fcntl(mosquitto_socket(s->mosq), F_DUPFD_CLOEXEC, 0);

	unwatch(s); /* before the close: epoll would go on about a socket that has a copy */
	if (!s->goodbye)
		mosquitto_disconnect(s->mosq);
	s->goodbye = true;
	s->packets += 2;
	write_packets(s);
	if (s->state == SESSION_DEAD) {
		if (fd >= 0)
			linger(s->up->lingers, fd, s->up->tick + pool_ticks(POOL_FAREWELL_S));
		return;
	}
	if (fd >= 0)
		close(fd);
	watch(s);
	event_add(&s->writable, NULL);
}

void session_flush(struct up_session *s)
{
	if ((s->state != SESSION_GREETING && s->state != SESSION_CONNECTED) || in_handshake(s))
		return;
	if (s->leaving && s->state == SESSION_CONNECTED) {
		say_goodbye(s);
		return;
	}
	write_packets(s);
	if (s->state < SESSION_GREETING)
		return;
	if (is_blocked(s))
		event_add(&s->writable, NULL);
	else if (s->ping_due)
		write_ping(s);
}

/* --- Keep alive --- */

static bool tcp_established(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       info.tcpi_state == TCP_ESTABLISHED;
}

/*
 * Half of the keep alive without a word from us: PINGREQ.  Half of it without a word from the
 * broker: PINGREQ, and if still nothing comes in the other half, the broker is dead.  While paused
 * we cannot hear it; then TCP tells (TCP_USER_TIMEOUT is the keep alive, and the pings are what it
 * watches).
 */
void session_tick(struct up_session *s)
{
	uint32_t now = s->up->tick, half = pool_ticks(s->up->keep_alive) / 2;

	if (s->state != SESSION_CONNECTED || s->leaving)
		return;
	if (s->paused && !tcp_established(mosquitto_socket(s->mosq))) {
		session_end(s, false, "the connection to the broker broke");
		return;
	}
	if (half == 0)
		return;
	if (s->ping_open && now - s->ping_at >= half) {
		session_end(s, false, "the broker does not answer");
		return;
	}
	if (now - s->last_out >= half ||
	    (!s->paused && !s->ping_open && now - s->last_in >= half)) {
		s->ping_due = true;
		session_touch(s);
	}
}
