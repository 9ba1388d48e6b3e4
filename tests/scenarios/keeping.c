/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "tests/scenarios/keeping.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/store/memory.h"
#include "tests/scenarios/memory.h"

struct keeping {
	struct memory_store *store;
	struct gw_store port;
};

struct keeping *keeping_new(void)
{
	struct keeping *keeping = memory_get(sizeof *keeping);

	keeping->store = memory_check(memory_store_new());
	keeping->port = memory_store_port(keeping->store);
	return keeping;
}

struct keeping *keeping_free(struct keeping *keeping)
{
	if (keeping == NULL)
		return NULL;
	memory_store_free(keeping->store);
	free(keeping);
	return NULL;
}

const struct gw_store *keeping_port(const struct keeping *keeping)
{
	return &keeping->port;
}

void keeping_commit(struct keeping *keeping, struct gw *gw)
{
	if (memory_store_commit(keeping->store) == 0)
		return;
	memory_store_clear(keeping->store);
	gw_save_all(gw, &keeping->port);
	if (memory_store_commit(keeping->store) < 0)
		memory_check(NULL);
}

void keeping_crash(struct keeping *keeping)
{
	memory_store_crash(keeping->store);
}

void keeping_restore(struct keeping *keeping, struct gw *gw, monotime_t now)
{
	const struct gw_store restorer = gw_restorer(gw, now);

	memory_store_load(keeping->store, &restorer);
}

/* ---- comparing ---- */

/* A line for each piece. */
struct lines {
	char **list;
	size_t n;
};

static void add(struct lines *lines, char *line)
{
	lines->list = memory_grow(lines->list, (lines->n + 1) * sizeof *lines->list);
	lines->list[lines->n++] = line;
}

#define ADD(lines, ...)                                                                            \
	do {                                                                                       \
		char *line_ = NULL;                                                                \
		if (asprintf(&line_, __VA_ARGS__) < 0)                                             \
			memory_check(NULL);                                                        \
		add(lines, line_);                                                                 \
	} while (0)

static int width(struct sn_bytes bytes)
{
	return (int)bytes.len;
}

static void put_client(void *ctx, const struct stored_client *c)
{
	const struct up_will *will = c->will;
	char peer[PEER_TEXT_MAX];

	ADD(ctx, "client %" PRIu64 " %s %s at %s%s keep alive %u sleep %u", c->key, c->id,
	    client_state_name(c->state), c->peer != NULL ? peer_print(c->peer, peer) : "-",
	    c->clean ? " clean" : "", c->keep_alive, c->sleep_duration);
	if (will != NULL)
		ADD(ctx, "client %" PRIu64 " will %s qos %d retain %d %.*s", c->key, will->topic,
		    will->qos, will->retain, width(will->message),
		    (const char *)will->message.data);
}

static void put_topic(void *ctx, uint64_t key, const struct stored_topic *t)
{
	ADD(ctx, "topic %" PRIu64 " %u %.*s%s%s", key, t->id, width(t->name),
	    (const char *)t->name.data, t->told ? " told" : "", t->used ? " used" : "");
}

static void put_subscription(void *ctx, uint64_t key, const struct stored_subscription *s)
{
	ADD(ctx, "subscription %" PRIu64 " %s qos %u%s predefined %u", key, s->filter, s->qos,
	    s->by_short ? " short" : "", s->predefined_id);
}

static void put_received(void *ctx, uint64_t key, const struct stored_received *r)
{
	ADD(ctx, "received %" PRIu64 " %u %u %" PRIx32, key, r->msg_id, r->topic_id, r->digest);
}

static void put_message(void *ctx, uint64_t key, const struct stored_message *m)
{
	ADD(ctx,
	    "message %" PRIu64 " way %d number %" PRIu64 " %s qos %u retain %d stage %u id %u %.*s",
	    key, m->way, m->sequence, m->topic, m->qos, m->retain, m->stage, m->msg_id,
	    width(m->payload), (const char *)m->payload.data);
}

static struct gw_store printer(struct lines *lines)
{
	return (struct gw_store){
		.ctx = lines,
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

static void sort(struct lines *lines)
{
	if (lines->n > 0)
		qsort(lines->list, lines->n, sizeof *lines->list, compare);
}

static void free_lines(struct lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->list[i]);
	free(lines->list);
}

static char *first_difference(const struct lines *store, const struct lines *core)
{
	char *text = NULL;

	for (size_t i = 0; i < store->n || i < core->n; i++) {
		const char *a = i < store->n ? store->list[i] : "(no more)";
		const char *b = i < core->n ? core->list[i] : "(no more)";

		if (strcmp(a, b) == 0)
			continue;
		if (asprintf(&text, "the store has: %s, the core: %s", a, b) < 0)
			memory_check(NULL);
		return text;
	}
	return NULL;
}

char *keeping_differs(struct keeping *keeping, struct gw *gw)
{
	struct lines store = { 0 }, core = { 0 };
	const struct gw_store from_store = printer(&store), from_core = printer(&core);
	char *difference;

	memory_store_load(keeping->store, &from_store);
	gw_save_all(gw, &from_core);
	sort(&store);
	sort(&core);
	difference = first_difference(&store, &core);
	free_lines(&store);
	free_lines(&core);
	return difference;
}
