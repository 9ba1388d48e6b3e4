/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/store/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/err.h"

static const char *const texts[ROWS_STATEMENTS] = {
	[PUT_CLIENT] =
	    "REPLACE INTO clients VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[PUT_TOPIC] = "REPLACE INTO topics VALUES (?, ?, ?, ?, ?)",
	[PUT_SUBSCRIPTION] = "REPLACE INTO subscriptions VALUES (?, ?, ?, ?, ?)",
	[PUT_RECEIVED] = "REPLACE INTO received VALUES (?, ?, ?, ?)",
	[PUT_MESSAGE] = "REPLACE INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[MARK_MESSAGE] = "UPDATE messages SET msg_id = ?2, stage = ?3 WHERE sequence = ?1",
	[DROP_SUBSCRIPTION] = "DELETE FROM subscriptions WHERE client = ? AND filter = ?",
	[DROP_RECEIVED] = "DELETE FROM received WHERE client = ? AND msg_id = ?",
	[DROP_MESSAGE] = "DELETE FROM messages WHERE sequence = ?",
	[FORGET_CLIENT] = "DELETE FROM clients WHERE key = ?",
	[FORGET_TOPICS] = "DELETE FROM topics WHERE client = ?",
	[FORGET_SUBSCRIPTIONS] = "DELETE FROM subscriptions WHERE client = ?",
	[FORGET_RECEIVED] = "DELETE FROM received WHERE client = ?",
};

int rows_open(struct rows *rows, struct database *db)
{
	*rows = (struct rows){ .db = db };
	for (int i = 0; i < ROWS_STATEMENTS; i++) {
		rows->statements[i] = database_prepare(db, texts[i]);
		if (rows->statements[i] == NULL)
			return database_result(db, sqlite3_errcode(db->db));
	}
	return 0;
}

void rows_close(struct rows *rows)
{
	for (int i = 0; i < ROWS_STATEMENTS; i++)
		sqlite3_finalize(rows->statements[i]);
	free(rows->listeners);
	*rows = (struct rows){ 0 };
}

int rows_name_listeners(struct rows *rows, const struct netaddr *listeners, size_t n)
{
	struct netaddr *copy = NULL;

	if (n > 0) {
		copy = reallocarray(NULL, n, sizeof *copy);
		if (copy == NULL)
			return -ERR_NOMEM;
		memcpy(copy, listeners, n * sizeof *copy);
	}
	free(rows->listeners);
	rows->listeners = copy;
	rows->n_listeners = n;
	return 0;
}

/* --- time --- */

void rows_set_clock(struct rows *rows)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	rows->wall_us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000 - monotime_now().us;
}

int64_t rows_wall_ms(const struct rows *rows, monotime_t when)
{
	return (when.us + rows->wall_us) / 1000;
}

/* --- writing: values are bound one after the other, and the first failure sticks --- */

struct row {
	sqlite3_stmt *statement;
	int column;
	int code;
};

static struct row row_of(struct rows *rows, enum rows_statement which)
{
	return (struct row){ .statement = rows->statements[which] };
}

static void put(struct row *row, int code)
{
	if (row->code == SQLITE_OK)
		row->code = code;
}

static void put_number(struct row *row, int64_t number)
{
	put(row, sqlite3_bind_int64(row->statement, ++row->column, number));
}

static void put_null(struct row *row)
{
	put(row, sqlite3_bind_null(row->statement, ++row->column));
}

static void put_text(struct row *row, const char *text)
{
	put(row, sqlite3_bind_text(row->statement, ++row->column, text, -1, SQLITE_STATIC));
}

/* Empty is not NULL. */
static void put_blob(struct row *row, struct sn_bytes bytes)
{
	const void *data = bytes.len > 0 ? (const void *)bytes.data : "";

	put(row,
	    sqlite3_bind_blob64(row->statement, ++row->column, data, bytes.len, SQLITE_STATIC));
}

static int run(struct rows *rows, struct row *row)
{
	if (row->code != SQLITE_OK)
		return database_result(rows->db, row->code);
	return database_run(rows->db, row->statement);
}

/* The address of the listener, or its number where it has none. */
static void put_listener(struct rows *rows, struct row *row, uint16_t number)
{
	char text[NETADDR_TEXT_MAX];

	if (number < rows->n_listeners)
		netaddr_print(&rows->listeners[number], text);
	else
		snprintf(text, sizeof text, "%u", number);
	put(row, sqlite3_bind_text(row->statement, ++row->column, text, -1, SQLITE_TRANSIENT));
}

static void put_address(struct row *row, const struct netaddr *address)
{
	char text[NETADDR_TEXT_MAX];

	put(row, sqlite3_bind_text(row->statement, ++row->column, netaddr_print(address, text), -1,
	             SQLITE_TRANSIENT));
}

static void put_peer(struct rows *rows, struct row *row, const struct peer *peer)
{

	if (peer == NULL) {
		put_null(row);
		put_null(row);
		put_null(row);
		return;
	}
	put_address(row, &peer->addr);
	put_listener(rows, row, peer->listener);
	if (peer->encapsulated)
		put_blob(row, (struct sn_bytes){ peer->node, peer->node_len });
	else
		put_null(row);
}

static void put_will(struct row *row, const struct up_will *will)
{
	if (will == NULL) {
		for (int i = 0; i < 4; i++)
			put_null(row);
		return;
	}
	put_text(row, will->topic);
	put_blob(row, will->message);
	put_number(row, will->qos);
	put_number(row, will->retain);
}

static int write_client(struct rows *rows, const struct piece *piece)
{
	const struct stored_client *client = &piece->client;
	struct row row = row_of(rows, PUT_CLIENT);

	put_number(&row, (int64_t)client->key);
	put_text(&row, client->id);
	put_text(&row, client_state_name(client->state));
	put_peer(rows, &row, client->peer);
	put_number(&row, client->clean);
	put_number(&row, client->keep_alive);
	put_number(&row, client->sleep_duration);
	put_number(&row, rows_wall_ms(rows, monotime_now()));
	if (client->has_deadline)
		put_number(&row, rows_wall_ms(rows, client->deadline));
	else
		put_null(&row);
	put_will(&row, client->will);
	if (client->peer != NULL && client->peer->local.family != 0)
		put_address(&row, &client->peer->local);
	else
		put_null(&row);
	return run(rows, &row);
}

static int write_topic(struct rows *rows, const struct piece *piece)
{
	const struct stored_topic *topic = &piece->topic;
	struct row row = row_of(rows, PUT_TOPIC);

	put_number(&row, (int64_t)piece->key);
	put_number(&row, topic->id);
	put(&row, sqlite3_bind_text64(row.statement, ++row.column, (const char *)topic->name.data,
	              topic->name.len, SQLITE_STATIC, SQLITE_UTF8));
	put_number(&row, topic->told);
	put_number(&row, topic->used);
	return run(rows, &row);
}

static int write_subscription(struct rows *rows, const struct piece *piece)
{
	const struct stored_subscription *subscription = &piece->subscription;
	struct row row = row_of(rows, PUT_SUBSCRIPTION);

	put_number(&row, (int64_t)piece->key);
	put_text(&row, subscription->filter);
	put_number(&row, subscription->qos);
	put_number(&row, subscription->by_short);
	put_number(&row, subscription->predefined_id);
	return run(rows, &row);
}

static int write_received(struct rows *rows, const struct piece *piece)
{
	const struct stored_received *received = &piece->received;
	struct row row = row_of(rows, PUT_RECEIVED);

	put_number(&row, (int64_t)piece->key);
	put_number(&row, received->msg_id);
	put_number(&row, received->topic_id);
	put_number(&row, received->digest);
	return run(rows, &row);
}

static int write_message(struct rows *rows, const struct piece *piece)
{
	const struct stored_message *message = &piece->message;
	struct row row = row_of(rows, PUT_MESSAGE);

	put_number(&row, (int64_t)message->sequence);
	put_number(&row, (int64_t)piece->key);
	put_number(&row, message->way);
	put_text(&row, message->topic);
	put_blob(&row, message->payload);
	put_number(&row, message->qos);
	put_number(&row, message->stage);
	put_number(&row, message->retain);
	put_number(&row, message->msg_id);
	put_number(&row, rows_wall_ms(rows, message->queued));
	return run(rows, &row);
}

typedef int write_fn(struct rows *rows, const struct piece *piece);

static write_fn *const writers[PIECE_KINDS] = {
	[PIECE_CLIENT] = write_client,
	[PIECE_TOPIC] = write_topic,
	[PIECE_SUBSCRIPTION] = write_subscription,
	[PIECE_RECEIVED] = write_received,
	[PIECE_MESSAGE] = write_message,
};

static int mark(struct rows *rows, const struct piece *piece)
{
	struct row row = row_of(rows, MARK_MESSAGE);

	put_number(&row, (int64_t)piece->message.sequence);
	put_number(&row, piece->message.msg_id);
	put_number(&row, piece->message.stage);
	return run(rows, &row);
}

static int drop(struct rows *rows, const struct piece *piece)
{
	struct row row;

	switch (piece->kind) {
	case PIECE_SUBSCRIPTION:
		row = row_of(rows, DROP_SUBSCRIPTION);
		put_number(&row, (int64_t)piece->key);
		put_text(&row, piece->subscription.filter);
		break;
	case PIECE_RECEIVED:
		row = row_of(rows, DROP_RECEIVED);
		put_number(&row, (int64_t)piece->key);
		put_number(&row, piece->received.msg_id);
		break;
	case PIECE_MESSAGE:
		row = row_of(rows, DROP_MESSAGE);
		put_number(&row, (int64_t)piece->message.sequence);
		break;
	default:
		return 0; /* the port has no such call */
	}
	return run(rows, &row);
}

static int forget(struct rows *rows, uint64_t key)
{
	int rc = 0;

	for (enum rows_statement i = FORGET_CLIENT; i <= FORGET_RECEIVED && rc == 0; i++) {
		struct row row = row_of(rows, i);

		put_number(&row, (int64_t)key);
		rc = run(rows, &row);
	}
	return rc;
}

int rows_change(struct rows *rows, enum change_kind kind, const struct piece *piece)
{
	switch (kind) {
	case CHANGE_FORGET:
		return forget(rows, piece->key);
	case CHANGE_PUT:
		return writers[piece->kind](rows, piece);
	case CHANGE_MARK:
		return mark(rows, piece);
	case CHANGE_DROP:
		return drop(rows, piece);
	}
	return 0;
}

int rows_clear(struct rows *rows)
{
	return database_result(
	    rows->db, sqlite3_exec(rows->db->db,
	                  "DELETE FROM clients; DELETE FROM topics; DELETE FROM subscriptions;"
	                  "DELETE FROM received; DELETE FROM messages",
	                  NULL, NULL, NULL));
}

int rows_tidy(struct rows *rows)
{
	return database_result(
	    rows->db, sqlite3_exec(rows->db->db,
	                  "DELETE FROM topics WHERE client NOT IN (SELECT key FROM clients);"
	                  "DELETE FROM subscriptions WHERE client NOT IN (SELECT key FROM clients);"
	                  "DELETE FROM received WHERE client NOT IN (SELECT key FROM clients);"
	                  "DELETE FROM messages WHERE client NOT IN (SELECT key FROM clients)",
	                  NULL, NULL, NULL));
}
