/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/upstream/dial.h"
#include "gateway/upstream/keepalive.h"
#include "gateway/upstream/linger.h"
#include "gateway/upstream/qos0.h"
#include "gateway/upstream/tls.h"
#include "gateway/upstream/traffic.h"

#define READ_PACKETS 64 /* of a burst in one go, before others have their turn */
#define BURST_TURNS  2  /* readable so often in a row, it is one */

/* --- Events --- */

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

static void on_disconnect(struct mosquitto *mosq, void *arg, int rc)
{
	struct session *s = arg;

	(void)mosq;
	if (s->refusal > 0 && s->refusal < sizeof(refusals) / sizeof(refusals[0]))
		session_end(s, refusals[s->refusal].permanent, refusals[s->refusal].why);
	else
		session_end(s, false, session_failure(s, rc));
}

/* @asker: of the request that is answered, or NULL. */
static void emit(struct session *s, void *asker, const struct up_event *event)
{
	if (s->shared != NULL || session_is_up(s))
		session_tell(s, asker, event);
	s->heard = true;
	errno = EAGAIN; /* see session.c: after this event no more may be wanted */
}

/* Reports an accepted connection.  Not from on_connect(): only after that has libmosquitto queued
 * again what the broker has not acknowledged, and what is new must come behind it. */
static void welcome(struct session *s)
{
	const struct brokers *brokers = &s->up->brokers;
	struct up_event event = { .kind = UP_CONNECTED, .session_present = s->present };

	if (!s->accepted)
		return;
	if (brokers->count > 1) {
		event.broker = (uint8_t)(s->broker + 1);
		event.broker_name = brokers->list[s->broker].name;
	}
	s->accepted = false;
	if (requests_release(&s->requests, s->mosq) < 0) {
		s->accepted = true; /* never reported, so its end is a refusal */
		session_end(s, false, "out of memory");
		return;
	}
	s->packets += 2; /* or more */
	session_touch(s);
	traffic_watch_input(s);
	emit(s, NULL, &event);
}

static void on_connect(struct mosquitto *mosq, void *arg, int code, int flags)
{
	struct session *s = arg;

	(void)mosq;
	if (s->state != SESSION_GREETING) {
		session_end(s, false, "the broker sent another CONNACK");
		return;
	}
	s->refusal = (uint8_t)code;
	if (code != 0)
		return; /* on_disconnect() follows */
	if (s->up->connected > 0 && s->broker != s->up->brokers.current) {
		session_end(s, false, "another broker is in use");
		return;
	}
	s->up->brokers.current = s->broker;
	session_set_state(s, SESSION_CONNECTED);
	s->accepted = true;
	s->present = flags & 1;
	s->heard = true;
	errno = EAGAIN;
}

/* The answer may make room for what is held. */
static void release_more(struct session *s)
{
	if (s->requests.first_held == NULL)
		return;
	if (requests_release(&s->requests, s->mosq) < 0) {
		session_end(s, false, "out of memory");
		return;
	}
	s->packets++;
	session_touch(s);
}

static void answered(struct session *s, enum request_kind kind, int mid, struct up_event *event)
{
	void *asker = NULL;

	welcome(s);
	event->token = requests_answered(&s->requests, kind, mid, &asker);
	if (event->token == 0)
		return;
	release_more(s);
	emit(s, asker, event);
}

static void on_publish(struct mosquitto *mosq, void *arg, int mid)
{
	struct session *s = arg;
	struct up_event event = { .kind = UP_PUBLISHED };

	(void)mosq;
	if (s->writing) /* QoS 0; its number may be that of a request that is still open */
		return;
	answered(s, REQUEST_PUBLISH, mid, &event);
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
	struct session *s = arg;
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
	s->packets += message->qos > 0; /* its acknowledgement */
	welcome(s);
	emit(s, NULL, &event);
}

void traffic_set_callbacks(struct mosquitto *mosq)
{
	mosquitto_connect_with_flags_callback_set(mosq, on_connect);
	mosquitto_disconnect_callback_set(mosq, on_disconnect);
	mosquitto_publish_callback_set(mosq, on_publish);
	mosquitto_subscribe_callback_set(mosq, on_subscribe);
	mosquitto_unsubscribe_callback_set(mosq, on_unsubscribe);
	mosquitto_message_callback_set(mosq, on_message);
}

/* --- Input --- */

static bool has_connection(const struct session *s)
{
	return s->state == SESSION_GREETING || s->state == SESSION_CONNECTED;
}

static bool wants_input(const struct session *s)
{
	if (s->state == SESSION_CONNECTED)
		return !s->paused && !s->leaving;
	return s->state == SESSION_GREETING;
}

void traffic_watch_input(struct session *s)
{
	if (!s->watched || !has_connection(s))
		return;
	if (!wants_input(s)) {
		event_del(&s->readable);
		return;
	}
	event_add(&s->readable, NULL);
	if (s->up->tls != NULL && tls_has_input(mosquitto_ssl_get(s->mosq)))
		event_active(&s->readable, EV_READ, 0); /* the socket need not be readable */
}

/* False if there was none. */
static bool read_packet(struct session *s)
{
	s->heard = false;
	errno = 0;
	tls_begin(s->up->tls);
	if (mosquitto_loop_read(s->mosq, 1) != MOSQ_ERR_SUCCESS)
		return false;
	if (errno == EAGAIN && !s->heard)
		return false;
	if (!s->heard)
		s->packets++; /* part of a QoS 2 flow, that libmosquitto answers */
	welcome(s);
	return true;
}

/* To find that nothing is left costs a system call, as much as a third of a packet.  Mostly a
 * packet comes alone, and perhaps the answer to our answer behind it; but where the socket is
 * readable in one turn after the other, there are more. */
static unsigned worth_reading(struct session *s)
{
	if (s->last_read + 1 != s->up->turn)
		s->streak = 0;
	else if (s->streak < BURST_TURNS)
		s->streak++;
	s->last_read = s->up->turn;
	return s->streak == BURST_TURNS ? READ_PACKETS : 1;
}

void traffic_read(struct session *s)
{
	unsigned most = worth_reading(s);

	keepalive_heard(s);
	for (unsigned i = 0; i < most && wants_input(s); i++) {
		if (!read_packet(s))
			break;
	}
	traffic_watch_input(s);
	if (mosquitto_want_write(s->mosq))
		session_touch(s);
}

/* --- Output --- */

/* With TLS mosquitto_want_write() stays true for a while after the socket was full once. */
static bool is_blocked(const struct session *s)
{
	if (s->qos0 != NULL)
		return true;
	if (s->up->tls != NULL)
		return tls_wants_write(mosquitto_ssl_get(s->mosq));
	return mosquitto_want_write(s->mosq);
}

static void set_cork(int fd, int on)
{
	setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on));
}

static void write_packets(struct session *s)
{
	bool cork = s->packets > 1;
	int fd = mosquitto_socket(s->mosq);

	s->packets = 0;
	if (s->qos0 != NULL)
		s->last_out = s->up->tick;
	if (!qos0_flush(s) || !mosquitto_want_write(s->mosq))
		return;
	s->last_out = s->up->tick;
	if (cork)
		set_cork(fd, 1);
	tls_begin(s->up->tls);
	s->writing = true;
	mosquitto_loop_write(s->mosq, 1);
	s->writing = false;
	if (cork && mosquitto_socket(s->mosq) == fd)
		set_cork(fd, 0);
}

/* Writes what is queued and DISCONNECT; libmosquitto closes its socket behind that. */
static void say_goodbye(struct session *s)
{
	int fd = fcntl(mosquitto_socket(s->mosq), F_DUPFD_CLOEXEC, 0);

	session_unwatch(s); /* before the close: epoll would go on about a socket that has a copy */
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
	session_watch(s);
	event_add(&s->writable, NULL);
}

void traffic_flush(struct session *s)
{
	if (!has_connection(s) || dial_in_handshake(s))
		return;
	if (s->leaving && s->state == SESSION_CONNECTED) {
		say_goodbye(s);
		return;
	}
	write_packets(s);
	if (!has_connection(s))
		return;
	if (is_blocked(s))
		event_add(&s->writable, NULL);
	else
		keepalive_flush(s);
}
