/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/admin/http_exchange.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "gateway/admin/json.h"

#define LINGER_MS 2000 /* for the other side to read the answer and to close */

void http_exchange_deadline(struct http_exchange *x, int ms)
{
	const struct timeval in = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(x->deadline, &in);
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

static void begin_answer(struct http_exchange *x, enum http_stage stage)
{
	x->stage = stage;
	http_exchange_deadline(x, HTTP_ANSWER_MS);
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
	http_exchange_deadline(x, LINGER_MS);
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

	if (*x->streams == HTTP_STREAMS) {
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
	++*x->streams;
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

void http_exchange_written(struct http_exchange *x)
{
	if (x->stage == STREAMING)
		fill(x);
	else if (x->stage == ANSWERING)
		linger(x);
}
