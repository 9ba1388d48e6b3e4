/* SPDX-License-Identifier: BSD-3-Clause */
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "gateway/upstream/keepalive.h"
#include "gateway/upstream/tls.h"

#define GREETING_S 60 /* for the broker's first word, where there is no keep alive */

static bool tcp_established(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       info.tcpi_state == TCP_ESTABLISHED;
}

void keepalive_start(struct session *s)
{
	unsigned ms = s->up->keep_alive * 1000u;

	if (ms > 0)
		setsockopt(
		    mosquitto_socket(s->mosq), IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
	s->last_out = s->up->tick;
	s->ping_due = false;
	keepalive_heard(s);
}

void keepalive_heard(struct session *s)
{
	s->last_in = s->up->tick;
	s->ping_open = false;
}

/* Its end may be one that is never told: the other host was lost when it had taken CONNECT. */
static bool is_greeted_in_vain(const struct session *s)
{
	unsigned patience = s->up->keep_alive > 0 ? s->up->keep_alive : GREETING_S;

	return s->state == SESSION_GREETING && s->up->tick - s->last_in >= pool_ticks(patience);
}

/* The next look at it would be too late. */
static bool is_silent(const struct session *s)
{
	return s->up->tick - s->last_out + s->up->n_slots > pool_ticks(s->up->keep_alive);
}

static bool is_unanswered(const struct session *s, uint32_t half)
{
	return !s->paused && (int32_t)(s->last_out - s->last_in) > 0 &&
	       s->up->tick - s->last_in >= half;
}

void keepalive_tick(struct session *s)
{
	uint32_t half = pool_ticks(s->up->keep_alive) / 2;

	if (is_greeted_in_vain(s)) {
		session_end(s, false, "the broker does not answer");
		return;
	}
	if (s->state != SESSION_CONNECTED || s->leaving)
		return;
	if (s->paused && !tcp_established(mosquitto_socket(s->mosq))) {
		session_end(s, false, "the connection to the broker broke");
		return;
	}
	if (half == 0)
		return;
	if (s->ping_open && s->up->tick - s->ping_at >= half) {
		session_end(s, false, "the broker does not answer");
		return;
	}
	if (is_silent(s) || (!s->ping_open && is_unanswered(s, half))) {
		s->ping_due = true;
		session_touch(s);
	}
}

static bool write_ping(struct session *s)
{
	static const uint8_t pingreq[] = { 0xC0, 0x00 };
	struct ssl_st *ssl = mosquitto_ssl_get(s->mosq);
	ssize_t n;

	if (ssl != NULL) {
		tls_begin(s->up->tls);
		return tls_write(ssl, pingreq, sizeof(pingreq));
	}
	n = send(mosquitto_socket(s->mosq), pingreq, sizeof(pingreq), MSG_DONTWAIT | MSG_NOSIGNAL);
	return n == sizeof(pingreq);
}

void keepalive_flush(struct session *s)
{
	if (!s->ping_due)
		return;
	s->ping_due = false;
	if (!write_ping(s)) { /* after half a keep alive without a word there should be room */
		session_end(s, false, "the broker does not take what is sent to it");
		return;
	}
	s->last_out = s->up->tick;
	s->ping_open = !s->paused;
	s->ping_at = s->up->tick;
}
