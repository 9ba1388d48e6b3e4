/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/session.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/backoff.h"
#include "common/err.h"
#include "common/monotime.h"
#include "sn_codec/sn_text.h"
#include "tools/client_id.h"
#include "tools/packet_trace.h"
#include "tools/sn_dtls.h"
#include "tools/sn_socket.h"

#define RECONNECT_LEAST_MS 1000
#define RECONNECT_MOST_MS  30000
#define STABLE_MS          30000 /* shorter, a connection was in vain: somebody may have our client id */
#define RECEIVE_BATCH      64 /* datagrams a turn */

enum timer_name {
	TIMER_ALARM,     /* the tool's */
	TIMER_RECONNECT, /* connect again */
	TIMER_WAKE,      /* fetch messages */
	TIMER_HANDSHAKE, /* give up that of DTLS */
	TIMERS,
};

struct timer {
	bool set;
	monotime_t due;
};

struct session {
	const struct options *options;
	struct session_user user;
	char client_id[CLIENT_ID_MAX]; /* where no -i was given */
	struct sn_client *client;
	struct sn_socket *socket;
	struct sn_dtls *dtls; /* NULL: none */
	int signals;
	monotime_t now;

	bool was_up; /* at least once */
	bool is_up;
	monotime_t up_since;
	unsigned vain; /* connections since one lasted for STABLE_MS */

	bool ending; /* the DISCONNECT is due or sent */
	bool leaving;
	bool over;
	enum status status;

	bool want_input;
	struct timer timers[TIMERS];
	int send_error; /* an errno that no repeat can cure, or 0 */
	uint8_t buf[SN_PACKET_MAX];
	uint8_t record[SN_PACKET_MAX]; /* what is to be decrypted */
};

void session_say(const struct session *s, const char *format, ...)
{
	va_list args;

	if (s->options->quiet)
		return;
	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
}

/* ---- set up ---- */

static uint32_t random_u32(void)
{
	uint32_t value;

	if (getrandom(&value, sizeof value, 0) != sizeof value)
		value = (uint32_t)monotime_now().us;
	return value;
}

/* Most errors of a datagram are as good as its loss. */
static void send_datagram(void *ctx, const uint8_t *data, size_t len)
{
	struct session *s = ctx;

	if (sn_socket_send(s->socket, data, len) < 0 &&
	    (errno == EMSGSIZE || !s->was_up || s->user.unconnected))
		s->send_error = errno;
}

static void send_packet(void *ctx, const uint8_t *data, size_t len)
{
	struct session *s = ctx;

	if (s->options->debug)
		packet_trace('>', data, len);
	if (s->dtls == NULL)
		send_datagram(s, data, len);
	else if (!sn_dtls_write(s->dtls, data, len) && sn_dtls_is_open(s->dtls))
		s->send_error = EMSGSIZE;
}

static bool take_message(void *ctx, const struct sn_client_message *message)
{
	const struct session *s = ctx;

	return !s->ending && s->user.message != NULL && s->user.message(s->user.ctx, message);
}

static struct sn_client *make_client(struct session *s)
{
	const struct options *o = s->options;
	struct sn_client_config config = {
		.client_id = o->id != NULL ? o->id : s->client_id,
		.clean = !o->keep_session,
		.keep_alive = (uint16_t)o->keep_alive,
		.will = o->will.topic != NULL ? &o->will : NULL,
		.retry_ms = o->retry_ms,
		.retries = (unsigned)o->retries,
		.wait_ms = o->wait_ms,
		.waits = (unsigned)o->waits,
		.first_msg_id = (uint16_t)random_u32(),
		.max_packet = (size_t)o->max_packet,
	};
	struct sn_client_ports ports = { .ctx = s, .send = send_packet, .message = take_message };

	return sn_client_new(&config, &ports);
}

/* NULL, or what is wrong. */
static const char *set_up_dtls(struct session *s)
{
	const struct options *o = s->options;
	const struct sn_dtls_config config = {
		.host = o->host,
		.psk_identity = o->psk_identity,
		.psk = o->psk,
		.ca_file = o->ca_file,
		.cert_file = o->cert_file,
		.key_file = o->key_file,
		.insecure = o->insecure,
	};

	if (o->psk == NULL && o->ca_file == NULL)
		return NULL;
	return sn_dtls_new(&s->dtls, &config, send_datagram, s);
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -1;
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

struct session *session_new(
    const struct options *options, enum tool tool, const struct session_user *user)
{
	struct session *s = calloc(1, sizeof *s);
	const char *error;
	char port[8];

	if (s == NULL) {
		warnx("%s", err_text(-ERR_NOMEM));
		return NULL;
	}
	s->options = options;
	s->user = *user;
	s->now = monotime_now();
	s->signals = -1;
	client_id_make(s->client_id, tool == TOOL_PUB ? "pub" : "sub", options->id_prefix, getpid(),
	    random_u32());
	s->client = make_client(s);
	if (s->client == NULL) {
		session_say(s, "%s", err_text(-ERR_NOMEM));
		return session_free(s);
	}
	error = set_up_dtls(s);
	if (error != NULL) {
		session_say(s, "DTLS: %s", error);
		return session_free(s);
	}
	snprintf(port, sizeof port, "%d", options->port);
	error = sn_socket_open(&s->socket, options->host, port);
	if (error != NULL) {
		session_say(s, "%s: %s", options->host, error);
		return session_free(s);
	}
	s->signals = open_signals();
	if (s->signals < 0) {
		session_say(s, "signals: %s", strerror(errno));
		return session_free(s);
	}
	return s;
}

struct session *session_free(struct session *s)
{
	if (s == NULL)
		return NULL;
	if (s->signals >= 0)
		close(s->signals);
	sn_dtls_free(s->dtls); /* with its good-bye */
	sn_socket_close(s->socket);
	sn_client_free(s->client);
	free(s);
	return NULL;
}

/* ---- what the tool asks for ---- */

static void set_timer(struct session *s, enum timer_name name, uint32_t ms)
{
	s->timers[name] = (struct timer){ .set = true, .due = monotime_add_ms(s->now, ms) };
}

void session_end(struct session *s, enum status status)
{
	if (s->ending)
		return;
	s->ending = true;
	if (s->status == STATUS_OK)
		s->status = status;
}

bool session_is_up(const struct session *s)
{
	return s->is_up;
}

int session_publish(struct session *s, struct sn_client_publication *publication)
{
	return sn_client_publish(s->client, s->now, publication);
}

int session_subscribe(struct session *s, const struct sn_client_topic *topic, int qos)
{
	return sn_client_subscribe(s->client, s->now, topic, qos);
}

int session_unsubscribe(struct session *s, const struct sn_client_topic *topic)
{
	return sn_client_unsubscribe(s->client, s->now, topic);
}

/* The gateway is told a time in which lost pings are repeated, too. */
int session_sleep(struct session *s)
{
	const struct options *o = s->options;
	uint64_t ms = o->sleep_ms + (uint64_t)o->retry_ms * ((unsigned)o->retries + 1);
	uint64_t seconds = (ms + 999) / 1000;

	return sn_client_sleep(
	    s->client, s->now, seconds < UINT16_MAX ? (uint16_t)seconds : UINT16_MAX);
}

void session_want_input(struct session *s)
{
	s->want_input = true;
}

void session_set_alarm(struct session *s, uint32_t ms)
{
	set_timer(s, TIMER_ALARM, ms);
}

/* ---- connecting, losing, leaving ---- */

static void give_up(struct session *s, enum status status)
{
	s->over = true;
	if (s->status == STATUS_OK)
		s->status = status;
}

static void connect_client(struct session *s)
{
	int rc = sn_client_connect(s->client, s->now);

	if (rc < 0) {
		session_say(s, "CONNECT: %s", err_text(rc));
		give_up(s, STATUS_FAILED);
	}
}

static void up(struct session *s)
{
	if (s->was_up)
		session_say(s, "connected again");
	s->was_up = true;
	s->is_up = true;
	s->up_since = s->now;
	if (s->user.connected != NULL)
		s->user.connected(s->user.ctx);
}

/* There is a way to the gateway, and it is safe if it is to be. */
static void begin(struct session *s)
{
	s->timers[TIMER_HANDSHAKE].set = false;
	if (s->user.unconnected)
		up(s);
	else
		connect_client(s);
}

static void connect_now(struct session *s)
{
	const struct options *o = s->options;

	if (s->dtls == NULL) {
		begin(s);
		return;
	}
	set_timer(s, TIMER_HANDSHAKE, o->retry_ms * ((unsigned)o->retries + 1));
	if (!sn_dtls_begin(s->dtls)) {
		session_say(s, "DTLS: %s", sn_dtls_failure(s->dtls));
		give_up(s, STATUS_FAILED);
	}
}

/* A lost connection is set up again; one that never was is an error. */
static void lost(struct session *s, const char *text)
{
	const struct options *o = s->options;
	uint32_t wait;

	if (s->is_up && monotime_ms_between(s->up_since, s->now) >= STABLE_MS)
		s->vain = 0;
	s->is_up = false;
	s->timers[TIMER_WAKE].set = false;
	if (s->ending)
		return;
	if (!s->was_up) {
		session_say(s, "%s port %d: %s", o->host, o->port, text);
		give_up(s, STATUS_FAILED);
		return;
	}
	if (s->vain >= (unsigned)o->reconnects) {
		session_say(s, "connection lost: %s", text);
		give_up(s, STATUS_FAILED);
		return;
	}
	wait = backoff_ms(RECONNECT_LEAST_MS, RECONNECT_MOST_MS, s->vain++, random_u32());
	session_say(s, "connection lost: %s; connecting again in %.1f s", text, wait / 1000.0);
	set_timer(s, TIMER_RECONNECT, wait);
}

/* Where CONNECT was not answered, no answer to DISCONNECT is waited for either. */
static void leave(struct session *s)
{
	int rc = sn_client_disconnect(s->client, s->now);

	s->leaving = true;
	s->over = s->over || rc < 0 || !s->is_up;
	s->is_up = false;
}

static void left(struct session *s, enum sn_client_why why)
{
	if (why == SN_CLIENT_NO_ANSWER)
		session_say(s, "DISCONNECT: no answer");
	s->over = true;
}

/* What UDP tells about the way to the gateway is an error only as long as nobody answered. */
static void unreachable(struct session *s, int error)
{
	if (s->was_up && error != EMSGSIZE && !s->user.unconnected)
		return;
	sn_client_abort(s->client);
	if (!s->was_up && sn_socket_next(s->socket)) {
		connect_now(s);
		return;
	}
	session_say(s, "%s port %d: %s", s->options->host, s->options->port, strerror(error));
	give_up(s, STATUS_FAILED);
}

/* ---- the loop ---- */

static void refused(struct session *s, const struct sn_client_event *event)
{
	if (s->is_up) {
		s->user.event(s->user.ctx, event);
		return;
	}
	session_say(s, "connection refused: %s", session_code_text(event->code));
	give_up(s, STATUS_REFUSED);
}

static void handle(struct session *s, struct sn_client_event event)
{
	switch (event.kind) {
	case SN_CLIENT_QUIET:
		break;
	case SN_CLIENT_CONNECTED:
		up(s);
		break;
	case SN_CLIENT_CLOSED:
		if (s->leaving)
			left(s, event.why);
		else
			lost(s, event.why == SN_CLIENT_NO_ANSWER ? "no answer"
			                                         : "the gateway sent DISCONNECT");
		break;
	case SN_CLIENT_REFUSED:
		refused(s, &event);
		break;
	case SN_CLIENT_CONGESTED:
		session_say(s, "%s; trying again in %g s", session_code_text(event.code),
		    s->options->wait_ms / 1000.0);
		break;
	case SN_CLIENT_ASLEEP:
		set_timer(s, TIMER_WAKE, s->options->sleep_ms);
		break;
	case SN_CLIENT_DROPPED:
		session_say(s, "a message of QoS 0 was refused: %s", session_code_text(event.code));
		s->status = STATUS_REFUSED;
		break;
	default:
		s->user.event(s->user.ctx, &event);
	}
}

/* Its packet is in the buffer. */
static void take_packet(struct session *s, size_t len)
{
	if (s->options->debug)
		packet_trace('<', s->buf, len);
	handle(s, sn_client_rx(s->client, s->now, s->buf, len));
}

/* The way to the gateway is not safe any more, or did not become so. */
static void unsafe(struct session *s, const char *why)
{
	char text[160];

	if (s->ending) {
		s->over = true;
		return;
	}
	snprintf(text, sizeof text, "DTLS: %s", why);
	s->timers[TIMER_HANDSHAKE].set = false;
	sn_client_abort(s->client);
	lost(s, text);
}

static void take_record(struct session *s, size_t len)
{
	bool was_open = sn_dtls_is_open(s->dtls);
	enum sn_dtls_result result;

	if (!was_open && !s->timers[TIMER_HANDSHAKE].set)
		return; /* of an end that we know of */
	sn_dtls_take(s->dtls, s->record, len);
	while ((result = sn_dtls_read(s->dtls, s->buf, sizeof s->buf, &len)) == SN_DTLS_MESSAGE)
		take_packet(s, len);
	if (result == SN_DTLS_CLOSED)
		unsafe(s, "the gateway said good-bye");
	else if (result == SN_DTLS_FAILED)
		unsafe(s, sn_dtls_failure(s->dtls));
	else if (!was_open && sn_dtls_is_open(s->dtls))
		begin(s);
}

static void receive(struct session *s)
{
	uint8_t *to = s->dtls != NULL ? s->record : s->buf;

	for (int i = 0; i < RECEIVE_BATCH && !s->over; i++) {
		ssize_t n = sn_socket_receive(s->socket, to, SN_PACKET_MAX);

		if (n < 0)
			unreachable(s, errno);
		if (n <= 0)
			return;
		if (s->dtls != NULL)
			take_record(s, (size_t)n);
		else
			take_packet(s, (size_t)n);
	}
}

static void take_signal(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof info) != sizeof info)
		return;
	if (s->ending)
		s->over = true; /* the second one: do not wait for the gateway's farewell */
	session_end(s, s->user.status_interrupted);
}

/* True once, when the timer has run off. */
static bool has_run_off(struct session *s, enum timer_name name)
{
	struct timer *timer = &s->timers[name];

	if (!timer->set || monotime_before(s->now, timer->due))
		return false;
	timer->set = false;
	return true;
}

static void do_what_is_due(struct session *s)
{
	handle(s, sn_client_advance(s->client, s->now));
	if (s->dtls != NULL)
		sn_dtls_advance(s->dtls);
	if (has_run_off(s, TIMER_HANDSHAKE))
		unsafe(s, "no answer, or another key than the gateway's");
	if (has_run_off(s, TIMER_RECONNECT))
		connect_now(s);
	if (has_run_off(s, TIMER_WAKE))
		sn_client_wake(s->client, s->now);
	if (has_run_off(s, TIMER_ALARM) && !s->ending)
		s->user.alarm(s->user.ctx);
}

static int poll_timeout(const struct session *s)
{
	int64_t least = INT_MAX, ms;
	monotime_t when;

	if (sn_client_next_deadline(s->client, &when))
		least = monotime_ms_between(s->now, when);
	for (size_t i = 0; i < TIMERS; i++) {
		ms = monotime_ms_between(s->now, s->timers[i].due);
		if (s->timers[i].set && ms < least)
			least = ms;
	}
	ms = s->dtls != NULL ? sn_dtls_timeout(s->dtls) : -1;
	if (ms >= 0 && ms < least)
		least = ms;
	if (least == INT_MAX)
		return -1;
	return least < 0 ? 0 : (int)least;
}

static void turn(struct session *s)
{
	bool input = s->want_input && s->is_up && !s->ending;
	struct pollfd fds[] = {
		{ .fd = sn_socket_fd(s->socket), .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN },
		{ .fd = input ? STDIN_FILENO : -1, .events = POLLIN },
	};

	if (poll(fds, sizeof fds / sizeof fds[0], poll_timeout(s)) < 0)
		return;
	s->now = monotime_now();
	if (fds[0].revents)
		receive(s);
	if (fds[1].revents)
		take_signal(s);
	if (fds[2].revents && s->is_up && !s->ending) {
		s->want_input = false;
		s->user.input(s->user.ctx);
	}
	do_what_is_due(s);
}

/* What a turn left to be done at its end. */
static void settle(struct session *s)
{
	if (s->send_error != 0)
		unreachable(s, s->send_error);
	s->send_error = 0;
	if (s->ending && !s->leaving)
		leave(s);
}

enum status session_run(struct session *s)
{
	s->now = monotime_now();
	connect_now(s);
	settle(s);
	while (!s->over) {
		turn(s);
		settle(s);
	}
	return s->status;
}

const char *session_code_text(uint8_t code)
{
	const char *name = sn_return_code_name(code);

	return name != NULL ? name : "reserved return code";
}
