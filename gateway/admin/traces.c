/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/admin/traces.h"

#include <stdlib.h>

#define WISH_MAX 512 /* octets of one parameter */

/* One reader. */
struct reader {
	const struct admin_ports *ports;
	struct http_exchange *exchange;
	struct admin_trace *trace;
};

static size_t take(void *ctx, void *buf, size_t size)
{
	struct reader *reader = ctx;

	return reader->ports->trace_take(reader->trace, buf, size);
}

static void end(void *ctx)
{
	struct reader *reader = ctx;

	reader->ports->trace_close(reader->trace);
	free(reader);
}

static void on_data(void *ctx)
{
	struct reader *reader = ctx;

	http_stream_wake(reader->exchange);
}

static void open_trace(const struct admin_ports *ports, struct http_exchange *exchange,
    const struct admin_trace_wish *wish)
{
	struct reader *reader = malloc(sizeof *reader);
	const char *why = NULL;

	if (reader == NULL) {
		http_refuse(exchange, 503, "out of memory");
		return;
	}
	*reader = (struct reader){ .ports = ports, .exchange = exchange };
	reader->trace = ports->trace_open(ports->ctx, wish, on_data, reader, &why);
	if (reader->trace == NULL) {
		free(reader);
		http_refuse(exchange, why != NULL ? 400 : 503,
		    why != NULL ? why : "no more readers can be served");
		return;
	}
	if (!http_stream(exchange,
	        wish->pcapng ? "application/x-pcapng" : "text/plain; charset=utf-8", take, end,
	        reader))
		end(reader);
}

void traces_answer(const struct admin_ports *ports, struct http_exchange *exchange,
    const struct http_request *request, bool pcapng)
{
	struct admin_trace_wish wish = { .pcapng = pcapng };
	struct {
		const char *name;
		const char **value;
		char buf[WISH_MAX];
	} parameters[] = {
		{ "client", &wish.client, "" },
		{ "address", &wish.address, "" },
		{ "type", &wish.type, "" },
		{ "direction", &wish.direction, "" },
	};

	for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++) {
		int len = http_query(request->query, parameters[i].name, parameters[i].buf,
		    sizeof parameters[i].buf);

		if (len < 0) {
			http_refuse(exchange, 400, "a parameter is malformed or too long");
			return;
		}
		if (len > 0)
			*parameters[i].value = parameters[i].buf;
	}
	open_trace(ports, exchange, &wish);
}
