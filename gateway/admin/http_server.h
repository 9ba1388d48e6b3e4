/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small HTTP server on the event loop: one request per connection, without a body, and its
 * answer.
 *
 * Whoever connects can take little: there are so many connections at once, and each has its request
 * of HTTP_HEAD_MAX octets to send and its answer to take in a bounded time.  When all are in use,
 * the oldest that is no stream gives way to the next.  One request is answered in a turn of the
 * loop.
 */
#ifndef ADMIN_HTTP_SERVER_H
#define ADMIN_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/admin/http_request.h"
#include "gateway/admin/text.h"

#define HTTP_CONNECTIONS 32
#define HTTP_STREAMS     16   /* of these, answers without an end */
#define HTTP_HEAD_MAX    8192 /* octets of a request */
#define HTTP_REQUEST_MS  10000
#define HTTP_ANSWER_MS   30000
#define HTTP_STREAM_OPEN 65536 /* octets of a stream that wait for a slow reader */

struct event_base;
struct http_server;
struct http_exchange; /* a request that waits for its answer, or is being answered */

/* One of the http_reply*() or http_stream() must be called before it returns.  @request lives until
 * then. */
typedef void http_handler_fn(
    void *ctx, struct http_exchange *exchange, const struct http_request *request);

/* Serves on @fd, a listening socket, non-blocking, which is the server's from now on.  NULL when
 * out of memory (then @fd is closed). */
struct http_server *http_server_new(
    struct event_base *base, int fd, http_handler_fn *handler, void *ctx);

/* Ends all connections and streams.  NULL is fine; returns NULL. */
struct http_server *http_server_free(struct http_server *server);

/* A line "NAME: VALUE" for the head of the answer. */
void http_header(struct http_exchange *exchange, const char *name, const char *value);

/* Answers with @body, which is used up.  If it has failed, or memory is short, the answer is 503.
 */
void http_reply(struct http_exchange *exchange, int status, const char *type, struct text *body);

/* Answers with {"error": "@why"}. */
void http_refuse(struct http_exchange *exchange, int status, const char *why);

/* Moves up to @size octets into @buf; 0: none for now. */
typedef size_t http_take_fn(void *ctx, void *buf, size_t size);
typedef void http_end_fn(void *ctx);

/* Answers with all that @take gives, until the other side goes away; then, or when the server ends,
 * @end is called once.  @take is asked when there is room, and at http_stream_wake().  False, with
 * the answer 503 given: there are too many; @end is not called. */
bool http_stream(struct http_exchange *exchange, const char *type, http_take_fn *take,
    http_end_fn *end, void *ctx);

/* There is something to take again.  May end the exchange. */
void http_stream_wake(struct http_exchange *exchange);

#endif
