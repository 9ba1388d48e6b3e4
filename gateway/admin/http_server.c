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

#include "gateway/admin/json.h"

#define ACCEPTS_PER_TURN 8
#define SEND_BUFFER      65536 /* octets in the system, for each connection */
#define PAUSE_MS         1000  /* of accepting, when the system cannot */
#define LINGER_MS        2000  /* for the other side to read the answer and to close */

enum stage {
	READING, /* the request */
	WAITING, /* the request is there */
	ANSWERING,
	STREAMING,
	LINGERING, /* all is said; what still comes in is thrown away */
};

struct http_exchange {
	TAILQ_ENTRY(http_exchange) entry;
	struct http_server *server;
	struct bufferevent *bev;
	struct event *deadline;
	enum stage stage;
	bool head_only;
	struct text headers; /* of the answer */
	http_take_fn *take;  /* of a stream */
	http_end_fn *end;
	void *ctx;
};

struct http_server {
	struct event_base *base;
	int fd;
	struct event *acceptor;
	struct event *pause;
	struct event *answerer; /* pending while a request waits */
	http_handler_fn *handler;
	void *ctx;
	TAILQ_HEAD(exchange_list, http_exchange) exchanges; /* the oldest first */
	size_t count;
	size_t streams;
};

static struct timeval milliseconds(int ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
}

static void set_deadline(struct http_exchange *x, int ms)
{
	struct timeval in = milliseconds(ms);

	event_add(x->deadline, &in);
}

static void end_exchange(struct http_exchange *x)
{
	struct http_server *server = x->server;

	TAILQ_REMOVE(&server->exchanges, x, entry);
	server->count--;
	if (x->end != NULL) {
		server->streams--;
		x->end(x->ctx);
	}
	text_clear(&x->headers);
	if (x->bev != NULL)
		bufferevent_free(x->bev);
	if (x->deadline != NULL)
		event_free(x->deadline);
	free(x);
}

/* --- answers --- */

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{ 200, "OK" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 431, "Request Header Fields Too Large" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "?";
}

void http_header(struct http_exchange *x, const char *name, const char *value)
{
	text_printf(&x->headers, "%s: %s\r\n", name, value);
}

/* False when out of memory. */
static bool write_head(struct http_exchange *x, int status, const char *type)
{
	struct evbuffer *out = bufferevent_get_output(x->bev);

	http_header(x, "Content-Type", type);
	return !x->headers.failed &&
	       evbuffer_add_printf(out,
	           "HTTP/1.1 %d %s\r\n"
	           "Connection: close\r\n"
	           "Cache-Control: no-store\r\n"
	           "X-Content-Type-Options: nosniff\r\n"
	           "Cross-Origin-Resource-Policy: same-origin\r\n"
	           "Referrer-Policy: no-referrer\r\n"
	           "X-Frame-Options: DENY\r\n",
	           status, reason(status)) >= 0 &&
	       evbuffer_add(out, x->headers.data, x->headers.len) == 0;
}

static void free_body(const void *data, size_t len, void *ctx)
{
	(void)data;
	(void)len;
	free(ctx);
}

/* Moves @body to the output, without a copy. */
static bool write_body(struct http_exchange *x, struct text *body)
{
	struct evbuffer *out = bufferevent_get_output(x->bev);

	if (x->head_only || body->len == 0)
		return true;
	if (evbuffer_add_reference(out, body->data, body->len, free_body, body->data) < 0)
		return false;
	*body = (struct text){ 0 };
	return true;
}

static bool write_reply(struct http_exchange *x, int status, const char *type, struct text *body)
{
	char length[32];

	if (body->failed)
		return false;
	snprintf(length, sizeof length, "%zu", body->len);
	http_header(x, "Content-Length", length);
	return write_head(x, status, type) &&
	       evbuffer_add(bufferevent_get_output(x->bev), "\r\n", 2) == 0 && write_body(x, body);
}

static void begin_answer(struct http_exchange *x, enum stage stage)
{
	x->stage = stage;
	set_deadline(x, HTTP_ANSWER_MS);
	bufferevent_enable(x->bev, EV_WRITE);
}

/* If there is not even memory for this, the deadline ends the connection. */
static void answer_no_memory(struct http_exchange *x)
{
	struct evbuffer *out = bufferevent_get_output(x->bev);

	evbuffer_drain(out, evbuffer_get_length(out));
	evbuffer_add_printf(out,
	    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
	begin_answer(x, ANSWERING);
}

void http_reply(struct http_exchange *x, int status, const char *type, struct text *body)
{
	if (write_reply(x, status, type, body))
		begin_answer(x, ANSWERING);
	else
		answer_no_memory(x);
	text_clear(body);
}

void http_refuse(struct http_exchange *x, int status, const char *why)
{
	struct text body = { 0 };
	struct json json = { .text = &body };

	json_begin(&json, NULL, '{');
	json_string(&json, "error", why);
	json_end(&json, '}');
	text_puts(&body, "\n");
	http_reply(x, status, "application/json", &body);
}

/* The answer is out: the other side is told, and has a while to read it.  To close at once could
 * make its system throw away what it has not read, if it is still sending. */
static void linger(struct http_exchange *x)
{
	struct evbuffer *in = bufferevent_get_input(x->bev);

	evbuffer_drain(in, evbuffer_get_length(in));
	x->stage = LINGERING;
	shutdown(bufferevent_getfd(x->bev), SHUT_WR);
	set_deadline(x, LINGER_MS);
	bufferevent_enable(x->bev, EV_READ);
}

/* --- streams --- */

static void fill(struct http_exchange *x)
{
	struct evbuffer *out = bufferevent_get_output(x->bev);
	char buf[4096];
	size_t n;

	while (evbuffer_get_length(out) < HTTP_STREAM_OPEN) {
		n = x->take(x->ctx, buf, sizeof buf);
		if (n == 0)
			break;
		if (evbuffer_add(out, buf, n) < 0)
			break; /* a hole in the stream: there are worse things without memory */
	}
}

bool http_stream(
    struct http_exchange *x, const char *type, http_take_fn *take, http_end_fn *end, void *ctx)
{
	struct evbuffer *out = bufferevent_get_output(x->bev);

	if (x->server->streams == HTTP_STREAMS) {
		http_refuse(x, 503, "too many streams");
		return false;
	}
	if (!write_head(x, 200, type) || evbuffer_add(out, "\r\n", 2) < 0) {
		answer_no_memory(x);
		return false;
	}
	x->take = take;
	x->end = end;
	x->ctx = ctx;
	x->server->streams++;
	begin_answer(x, STREAMING);
	event_del(x->deadline);
	bufferevent_setwatermark(x->bev, EV_WRITE, HTTP_STREAM_OPEN / 2, 0);
	bufferevent_enable(x->bev, EV_READ); /* to learn that it has gone */
	fill(x);
	return true;
}

void http_stream_wake(struct http_exchange *x)
{
	fill(x);
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
	struct http_exchange *x = ctx;

	(void)bev;
	if (x->stage == STREAMING)
		fill(x);
	else if (x->stage == ANSWERING)
		linger(x);
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

/* False when out of memory; @fd is then closed. */
static bool begin_exchange(struct http_server *server, int fd)
{
	struct http_exchange *x = calloc(1, sizeof *x);

	if (x == NULL) {
		close(fd);
		return false;
	}
	x->server = server;
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
	set_deadline(x, HTTP_REQUEST_MS);
	bufferevent_setcb(x->bev, on_readable, on_written, on_closed, x);
	bufferevent_setwatermark(x->bev, EV_READ, 0, HTTP_HEAD_MAX);
	bufferevent_disable(x->bev, EV_WRITE);
	bufferevent_enable(x->bev, EV_READ);
	return true;
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

/* Out of descriptors or memory: to try again at once would keep the loop busy with nothing else. */
static void pause_accepting(struct http_server *server)
{
	struct timeval in = milliseconds(PAUSE_MS);

	event_del(server->acceptor);
	event_add(server->pause, &in);
}

static void on_pause_over(evutil_socket_t fd, short what, void *ctx)
{
	struct http_server *server = ctx;

	(void)fd;
	(void)what;
	event_add(server->acceptor, NULL);
}

static bool is_passing(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

static void on_connections(evutil_socket_t listener, short what, void *ctx)
{
	struct http_server *server = ctx;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (!is_passing(errno))
				pause_accepting(server);
			return;
		}
		give_way(server);
		if (!begin_exchange(server, fd)) {
			pause_accepting(server);
			return;
		}
	}
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
	server->fd = fd;
	server->handler = handler;
	server->ctx = ctx;
	TAILQ_INIT(&server->exchanges);
	server->acceptor = event_new(base, fd, EV_READ | EV_PERSIST, on_connections, server);
	server->pause = evtimer_new(base, on_pause_over, server);
	server->answerer = evtimer_new(base, on_answer, server);
	if (server->acceptor == NULL || server->pause == NULL || server->answerer == NULL ||
	    event_add(server->acceptor, NULL) < 0)
		return http_server_free(server);
	return server;
}

struct http_server *http_server_free(struct http_server *server)
{
	if (server == NULL)
		return NULL;
	while (!TAILQ_EMPTY(&server->exchanges))
		end_exchange(TAILQ_FIRST(&server->exchanges));
	if (server->acceptor != NULL)
		event_free(server->acceptor);
	if (server->pause != NULL)
		event_free(server->pause);
	if (server->answerer != NULL)
		event_free(server->answerer);
	close(server->fd);
	free(server);
	return NULL;
}
