/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "tests/store/dump.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sn_codec/sn_codec.h"

static void add(void *ctx, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(void *ctx, const char *format, ...)
{
	struct dump *dump = ctx;
	va_list args;

	dump->lines = realloc(dump->lines, (dump->n + 1) * sizeof *dump->lines);
	if (dump->lines == NULL)
		abort();
	va_start(args, format);
	if (vasprintf(&dump->lines[dump->n++], format, args) < 0)
		abort();
	va_end(args);
}

static void hex(char *to, struct sn_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		to += sprintf(to, "%02x", bytes.data[i]);
	*to = '\0';
}

static void put_client(void *ctx, const struct stored_client *c)
{
	char peer[PEER_TEXT_MAX + 7 + NETADDR_TEXT_MAX] = "none", will[2000] = "none",
	                              message[1000];

	if (c->peer != NULL)
		peer_print(c->peer, peer);
	if (c->peer != NULL && c->peer->local.family != 0)
		netaddr_print(&c->peer->local, strcat(peer, " local=") + strlen(peer));
	if (c->will != NULL) {
		hex(message, c->will->message);
		snprintf(will, sizeof will, "%s:%s qos=%d retain=%d", c->will->topic, message,
		    c->will->qos, c->will->retain);
	}
	add(ctx,
	    "client %" PRIu64 " %s %s peer=%s listener=%d encapsulated=%d clean=%d keep_alive=%u "
	    "sleep=%u deadline=%d will=%s",
	    c->key, c->id, client_state_name(c->state), peer, c->peer ? c->peer->listener : -1,
	    c->peer ? c->peer->encapsulated : -1, c->clean, c->keep_alive, c->sleep_duration,
	    c->has_deadline, will);
}

static void put_topic(void *ctx, uint64_t key, const struct stored_topic *t)
{
	add(ctx, "topic %" PRIu64 " %u %.*s told=%d used=%d", key, t->id, (int)t->name.len,
	    (const char *)t->name.data, t->told, t->used);
}

static void put_subscription(void *ctx, uint64_t key, const struct stored_subscription *s)
{
	add(ctx, "subscription %" PRIu64 " %s qos=%u short=%d predefined=%u", key, s->filter,
	    s->qos, s->by_short, s->predefined_id);
}

static void put_received(void *ctx, uint64_t key, const struct stored_received *r)
{
	add(ctx, "received %" PRIu64 " %u topic=%u digest=%" PRIu32, key, r->msg_id, r->topic_id,
	    r->digest);
}

static void put_message(void *ctx, uint64_t key, const struct stored_message *m)
{
	char payload[1000];

	hex(payload, m->payload);
	add(ctx, "message %" PRIu64 " %s %" PRIu64 " %s:%s qos=%u stage=%u retain=%d msg_id=%u",
	    key, m->way == STORED_IN ? "in" : "out", m->sequence, m->topic, payload, m->qos,
	    m->stage, m->retain, m->msg_id);
}

struct gw_store dump_port(struct dump *dump)
{
	*dump = (struct dump){ 0 };
	return (struct gw_store){
		.ctx = dump,
		.put_client = put_client,
		.put_topic = put_topic,
		.put_subscription = put_subscription,
		.put_received = put_received,
		.put_message = put_message,
	};
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *dump_in_order(struct dump *dump)
{
	size_t size;
	char *text;
	FILE *to = open_memstream(&text, &size);

	for (size_t i = 0; i < dump->n; i++) {
		fprintf(to, "%s\n", dump->lines[i]);
		free(dump->lines[i]);
	}
	fclose(to);
	free(dump->lines);
	*dump = (struct dump){ 0 };
	return text;
}

char *dump_text(struct dump *dump)
{
	if (dump->n > 0)
		qsort(dump->lines, dump->n, sizeof *dump->lines, compare);
	return dump_in_order(dump);
}
