/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One exchange of the HTTP server, from within: http_server.c accepts it and reads its request,
 * http_exchange.c gives the answer.
 */
#ifndef ADMIN_HTTP_EXCHANGE_H
#define ADMIN_HTTP_EXCHANGE_H

#include <sys/queue.h>

#include "gateway/admin/http_server.h"

enum http_stage {
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
	enum http_stage stage;
	bool head_only;
	struct text headers; /* of the answer */
	size_t *streams;     /* of all exchanges: how many */
	http_take_fn *take;  /* of a stream */
	http_end_fn *end;
	void *ctx;
};

/* It ends when this time has passed. */
void http_exchange_deadline(struct http_exchange *exchange, int ms);

/* What was answered so far has left. */
void http_exchange_written(struct http_exchange *exchange);

#endif
