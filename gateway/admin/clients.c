/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "gateway/admin/json.h"
#include "gateway/admin/pages.h"
#include "gateway/core/topic_predef.h"

/* So many are looked at for one page: a search for few among many takes several. */
#define LOOK_MOST 2000

/* A page, and the lists of one client, end when they are so long. */
#define PAGE_OCTETS 131072
#define LIST_OCTETS 65536

#define QUEUE_SHOWN 20

static void waiting_object(struct json *json, const char *name, uint32_t messages, uint32_t octets)
{
	json_begin(json, name, '{');
	json_count(json, "messages", messages);
	json_count(json, "octets", octets);
	json_end(json, '}');
}

/* What every description of a client has. */
static void describe(struct json *json, const struct client_view *view, monotime_t now)
{
	char peer[PEER_TEXT_MAX];

	json_string(json, "id", view->id);
	json_string(json, "state", client_state_name(view->state));
	if (view->supervised)
		json_seconds(json, "left_s", monotime_ms_between(now, view->until));
	else
		json_null(json, "left_s");
	json_string(json, "peer", view->peer != NULL ? peer_print(view->peer, peer) : NULL);
	if (view->heard)
		json_seconds(json, "heard_s", monotime_ms_between(view->heard_at, now));
	else
		json_null(json, "heard_s");
	waiting_object(json, "queue", view->queued, view->queued_octets);
	waiting_object(json, "spool", view->spooled, view->spooled_octets);
	json_string(json, "link", view->link);
	json_bool(json, "shares_link", view->shares_link);
	json_bool(json, "clean", view->clean);
	json_count(json, "keep_alive", view->keep_alive);
	json_count(json, "sleep_duration", view->sleep_duration);
	json_count(json, "published", view->published);
	json_count(json, "delivered", view->delivered);
}

/* --- the list --- */

struct list {
	const struct clients_wish *wish;
	monotime_t now;
	struct json json;
	size_t looked;
	size_t shown;
};

static void show_if_wanted(void *ctx, const struct client_view *view)
{
	struct list *list = ctx;
	const struct clients_wish *wish = list->wish;

	list->looked++;
	if (wish->state >= 0 && wish->state != (int)view->state)
		return;
	if (wish->pattern != NULL && !topic_predef_pattern_matches(wish->pattern, view->id))
		return;
	list->shown++;
	json_begin(&list->json, NULL, '{');
	describe(&list->json, view, list->now);
	json_count(&list->json, "subscriptions", view->subscriptions);
	json_count(&list->json, "topics", view->topics);
	json_end(&list->json, '}');
}

static bool is_full(const struct list *list)
{
	return list->shown >= list->wish->limit || list->looked >= LOOK_MOST ||
	       list->json.text->len >= PAGE_OCTETS;
}

int clients_page(const struct pages *pages, const struct clients_wish *wish, struct text *out)
{
	struct list list = {
		.wish = wish,
		.now = pages->ports.now(pages->ports.ctx),
		.json = { .text = out },
	};
	inspect_place place = wish->after;
	char next[16];
	bool more;

	json_begin(&list.json, NULL, '{');
	json_begin(&list.json, "clients", '[');
	do
		more = inspect_clients(pages->gw, &place, show_if_wanted, &list);
	while (more && !is_full(&list));
	json_end(&list.json, ']');
	snprintf(next, sizeof next, "%08x", place);
	json_string(&list.json, "next", more ? next : NULL);
	json_end(&list.json, '}');
	text_puts(out, "\n");
	return 200;
}

/* --- one client --- */

/* Each returns false if the list had to be cut. */
static bool subscriptions_array(struct json *json, const struct client *client)
{
	size_t most = json->text->len + LIST_OCTETS;
	struct subscription_view view;
	bool more;

	json_begin(json, "subscriptions", '[');
	for (size_t i = 0;
	     (more = inspect_subscription(client, i, &view)) && json->text->len < most; i++) {
		json_begin(json, NULL, '{');
		json_string(json, "filter", view.filter);
		json_count(json, "qos", (uint64_t)view.qos);
		json_end(json, '}');
	}
	json_end(json, ']');
	return !more;
}

static bool topics_array(struct json *json, const struct client *client)
{
	size_t most = json->text->len + LIST_OCTETS;
	struct topic_view view;
	bool more;

	json_begin(json, "topics", '[');
	for (size_t i = 0; (more = inspect_topic(client, i, &view)) && json->text->len < most;
	     i++) {
		json_begin(json, NULL, '{');
		json_count(json, "id", view.id);
		json_string(json, "name", view.name);
		json_bool(json, "told", view.told);
		json_end(json, '}');
	}
	json_end(json, ']');
	return !more;
}

static void queue_array(struct json *json, const struct client *client, monotime_t now)
{
	struct message_view queue[QUEUE_SHOWN];
	size_t n = inspect_queue(client, queue, QUEUE_SHOWN);
	size_t most = json->text->len + LIST_OCTETS;

	json_begin(json, "queued", '[');
	for (size_t i = 0; i < n && json->text->len < most; i++) {
		json_begin(json, NULL, '{');
		json_string(json, "topic", queue[i].topic);
		json_count(json, "qos", (uint64_t)queue[i].qos);
		json_count(json, "octets", queue[i].octets);
		json_seconds(json, "age_s", monotime_ms_between(queue[i].since, now));
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void will_object(struct json *json, const struct client *client)
{
	struct up_will will;

	if (!inspect_will(client, &will)) {
		json_null(json, "will");
		return;
	}
	json_begin(json, "will", '{');
	json_string(json, "topic", will.topic);
	json_count(json, "qos", (uint64_t)will.qos);
	json_bool(json, "retain", will.retain);
	json_count(json, "octets", will.message.len);
	json_end(json, '}');
}

/* The packet that the client has still to answer. */
static void unanswered_object(struct json *json, const struct client *client)
{
	struct unanswered_view view;

	if (!inspect_unanswered(client, &view)) {
		json_null(json, "unanswered");
		return;
	}
	json_begin(json, "unanswered", '{');
	json_string(json, "type", sn_type_name(view.type));
	json_count(json, "msg_id", view.msg_id);
	json_count(json, "repeats", (uint64_t)view.repeats);
	json_end(json, '}');
}

int client_page(const struct pages *pages, struct sn_bytes id, struct text *out)
{
	const struct client *client = inspect_find(pages->gw, id);
	monotime_t now = pages->ports.now(pages->ports.ctx);
	struct json json = { .text = out };
	struct client_view view;
	bool whole;

	if (client == NULL)
		return 404;
	inspect_client(client, &view);
	json_begin(&json, NULL, '{');
	describe(&json, &view, now);
	json_bool(&json, "congested", inspect_is_congested(client));
	json_count(&json, "in_flight", inspect_in_flight(client));
	unanswered_object(&json, client);
	will_object(&json, client);
	queue_array(&json, client, now);
	whole = subscriptions_array(&json, client);
	whole &= topics_array(&json, client);
	json_bool(&json, "whole", whole);
	json_end(&json, '}');
	text_puts(out, "\n");
	return 200;
}
