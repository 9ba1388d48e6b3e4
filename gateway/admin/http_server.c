/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/admin/http_server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/admin/acceptor.h"
#include "gateway/admin/http_exchange.h"

#define SEND_BUFFER 65536 /* octets in the system, for each connection */

struct http_server {
	struct event_base *base;
	struct acceptor *acceptor;
	struct event *answerer; /* pending while a request waits */
	http_handler_fn *handler;
	void *ctx;
	TAILQ_HEAD(exchange_list, http_exchange) exchanges; /* the oldest first */
	size_t count;
	size_t streams;
};

static void end_exchange(struct http_exchange *x)
{
	struct http_server *server = x->server;

	TAILQ_REMOVE(&server->exchanges, x, entry);
	server->count--;
	if (x->end != NULL) {
		--*x->streams;
		x->end(x->ctx);
	}
	text_clear(&x->headers);
	if (x->bev != NULL)
		bufferevent_free(x->bev);
	if (x->deadline != NULL)
		event_free(x->deadline);
	free(x);
}

/* --- requests --- */

static void answer_soon(struct http_server *server)
{
	struct timeval now = { 0 };

	event_add(server->answerer, &now);
}

static void take_request(struct http_exchange *x, size_t len)
{
	struct evbuffer *in = bufferevent_get_input(x->bev);
	struct http_request request;
	char head[HTTP_HEAD_MAX];
	int status;

	evbuffer_remove(in, head, len);
	status = http_request_parse(head, len, &request);
	if (status != 0) {
		http_refuse(x, status, "not an acceptable request");
		return;
	}
	x->head_only = request.method == HTTP_HEAD;
	x->server->handler(x->server->ctx, x, &request);
}

/* Octets of the request; 0 while it is not whole; more than HTTP_HEAD_MAX if it is too long. */
static size_t request_length(const struct http_exchange *x)
{
	struct evbuffer *in = bufferevent_get_input(x->bev);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);

	if (end.pos >= 0)
		return (size_t)end.pos + 4;
	return evbuffer_get_length(in) < HTTP_HEAD_MAX ? 0 : HTTP_HEAD_MAX + 1;
}

static void read_request(struct http_exchange *x)
{
	if (request_length(x) == 0)
		return;
	bufferevent_disable(x->bev, EV_READ);
	x->stage = WAITING;
	answer_soon(x->server);
}

static void answer(struct http_exchange *x)
{
	size_t len = request_length(x);

	if (len > HTTP_HEAD_MAX)
		http_refuse(x, 431, "the request is too long");
	else
		take_request(x, len);
}

/* One in a turn of the loop: however many ask for much, the sensors have their turn in between. */
static void on_answer(evutil_socket_t fd, short what, void *ctx)
{
	struct http_server *server = ctx;
	struct http_exchange *x, *next = NULL;

	(void)fd;
	(void)what;
	TAILQ_FOREACH (x, &server->exchanges, entry) {
		if (x->stage != WAITING)
			continue;
		if (next != NULL) {
			answer_soon(server);
			break;
		}
		next = x;
	}
	if (next != NULL)
		answer(next);
}

/* --- events of a connection --- */

static void on_readable(struct bufferevent *bev, void *ctx)
{
	struct http_exchange *x = ctx;
	struct evbuffer *in = bufferevent_get_input(bev);

	if (x->stage == READING)
		read_request(x);
	else if (x->stage != WAITING)
		evbuffer_drain(in, evbuffer_get_length(in));
}

static void on_written(struct bufferevent *bev, void *ctx)
{
	(void)bev;
	http_exchange_written(ctx);
}

static void on_closed(struct bufferevent *bev, short what, void *ctx)
{
	(void)bev;
	(void)what;
	end_exchange(ctx);
}

static void on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	end_exchange(ctx);
}

/* --- accepting --- */

/* The other end may be far away, and vanish without a word; and the system's memory for those who
 * do not read is bounded as ours is. */
static void set_options(int fd)
{
	int on = 1, octets = SEND_BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
}

/* Makes room for one more.  Who has been waiting for longest goes: those who are quick are through
 * before it is their turn, however many others come and hold their connections. */
static void give_way(struct http_server *server)
{
	struct http_exchange *x;

	_Static_assert(HTTP_STREAMS < HTTP_CONNECTIONS, "there is always one that can go");
	if (server->count < HTTP_CONNECTIONS)
		return;
	TAILQ_FOREACH (x, &server->exchanges, entry) {
		if (x->stage != STREAMING) {
			end_exchange(x);
			return;
		}
	}
}

static bool begin_exchange(void *ctx, int fd)
{
	struct http_server *server = ctx;
	struct http_exchange *x = calloc(1, sizeof *x);

	give_way(server);
	if (x == NULL) {
		close(fd);
		return false;
	}
	x->server = server;
	x->streams = &server->streams;
	TAILQ_INSERT_TAIL(&server->exchanges, x, entry);
	server->count++;
	x->deadline = evtimer_new(server->base, on_deadline, x);
	x->bev = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (x->bev == NULL)
		close(fd);
	if (x->bev == NULL || x->deadline == NULL) {
		end_exchange(x);
		return false;
	}
	set_options(fd);
	http_exchange_deadline(x, HTTP_REQUEST_MS);
	bufferevent_setcb(x->bev, on_readable, on_written, on_closed, x);
	bufferevent_setwatermark(x->bev, EV_READ, 0, HTTP_HEAD_MAX);
	bufferevent_disable(x->bev, EV_WRITE);
	bufferevent_enable(x->bev, EV_READ);
	return true;
}

struct http_server *http_server_new(
    struct event_base *base, int fd, http_handler_fn *handler, void *ctx)
{
	struct http_server *server = calloc(1, sizeof *server);

	if (server == NULL) {
		close(fd);
		return NULL;
	}
	server->base = base;
	server->handler = handler;
	server->ctx = ctx;
	TAILQ_INIT(&server->exchanges);
	server->acceptor = acceptor_new(base, fd, "admin server", begin_exchange, server);
	server->answerer = evtimer_new(base, on_answer, server);
	if (server->acceptor == NULL || server->answerer == NULL)
		return http_server_free(server);
	return server;
}

struct http_server *http_server_free(struct http_server *server)
{
	if (server == NULL)
		return NULL;
	while (!TAILQ_EMPTY(&server->exchanges))
		end_exchange(TAILQ_FIRST(&server->exchanges));
	acceptor_free(server->acceptor);
	if (server->answerer != NULL)
		event_free(server->answerer);
	free(server);
	return NULL;
}
