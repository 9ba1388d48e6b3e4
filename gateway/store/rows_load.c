/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of the database as pieces. */
#include "gateway/store/rows.h"

#include <stdlib.h>
#include <string.h>

/* Columns are taken one after the other. */
struct row {
	sqlite3_stmt *statement;
	int column;
};

static monotime_t monotonic(const struct rows *rows, int64_t ms)
{
	return (monotime_t){ ms * 1000 - rows->wall_us };
}

static int64_t get_number(struct row *row)
{
	return sqlite3_column_int64(row->statement, row->column++);
}

static bool get_null(struct row *row)
{
	return sqlite3_column_type(row->statement, row->column) == SQLITE_NULL;
}

static const char *get_text(struct row *row)
{
	return (const char *)sqlite3_column_text(row->statement, row->column++);
}

static struct sn_bytes get_bytes(struct row *row)
{
	const void *data = sqlite3_column_blob(row->statement, row->column);

	return (
	    struct sn_bytes){ data, (size_t)sqlite3_column_bytes(row->statement, row->column++) };
}

/* What a row points to besides its own columns. */
struct parts {
	struct peer peer;
	struct up_will will;
};

/* UINT16_MAX for one that is gone. */
static uint16_t get_listener(const struct rows *rows, struct row *row)
{
	const char *text = get_text(row);
	struct netaddr address;

	if (text == NULL)
		return UINT16_MAX;
	if (strchr(text, ':') == NULL)
		return (uint16_t)strtoul(text, NULL, 10);
	if (netaddr_parse(&address, text, 0) == 0)
		for (size_t i = 0; i < rows->n_listeners; i++)
			if (netaddr_equal(&rows->listeners[i], &address))
				return (uint16_t)i;
	return UINT16_MAX;
}

/* NULL where the client has none. */
static const struct peer *get_peer(const struct rows *rows, struct row *row, struct peer *peer)
{
	const char *address = get_text(row);
	uint16_t listener = get_listener(rows, row);
	bool direct = get_null(row);
	struct sn_bytes node = get_bytes(row);

	if (address == NULL || netaddr_parse(&peer->addr, address, 0) < 0)
		return NULL;
	peer->listener = listener;
	peer->encapsulated = !direct;
	peer->node_len = node.len <= sizeof peer->node ? (uint8_t)node.len : 0;
	if (peer->node_len > 0)
		memcpy(peer->node, node.data, peer->node_len);
	return peer;
}

static void get_local(struct row *row, struct netaddr *local)
{
	const char *text = get_text(row);

	if (text == NULL || netaddr_parse(local, text, 0) < 0)
		*local = (struct netaddr){ 0 };
}

static const struct up_will *get_will(struct row *row, struct up_will *will)
{
	will->topic = get_text(row);
	will->message = get_bytes(row);
	will->qos = (int)get_number(row);
	will->retain = get_number(row) != 0;
	return will->topic != NULL ? will : NULL;
}

static enum client_state get_state(struct row *row)
{
	const char *name = get_text(row);
	enum client_state state = CLIENT_DISCONNECTED;

	while (name != NULL && state < CLIENT_STATES && strcmp(client_state_name(state), name) != 0)
		state++;
	return state < CLIENT_STATES ? state : CLIENT_DISCONNECTED;
}

/* As far away as the clock says, but not further than when it was written. */
static monotime_t get_deadline(const struct rows *rows, struct row *row, int64_t written)
{
	int64_t deadline = get_number(row);
	int64_t now = rows_wall_ms(rows, monotime_now());

	return monotonic(rows, now < written ? now + deadline - written : deadline);
}

static void read_client(
    struct rows *rows, struct row *row, struct piece *piece, struct parts *parts)
{
	struct stored_client *client = &piece->client;
	int64_t written;

	client->key = piece->key = (uint64_t)get_number(row);
	client->id = get_text(row);
	client->state = get_state(row);
	client->peer = get_peer(rows, row, &parts->peer);
	client->clean = get_number(row) != 0;
	client->keep_alive = (uint16_t)get_number(row);
	client->sleep_duration = (uint16_t)get_number(row);
	written = get_number(row);
	client->has_deadline = !get_null(row);
	client->deadline = get_deadline(rows, row, written);
	client->will = get_will(row, &parts->will);
	get_local(row, &parts->peer.local);
}

static void read_topic(struct rows *rows, struct row *row, struct piece *piece, struct parts *parts)
{
	(void)rows;
	(void)parts;
	piece->key = (uint64_t)get_number(row);
	piece->topic.id = (uint16_t)get_number(row);
	piece->topic.name = get_bytes(row);
	piece->topic.told = get_number(row) != 0;
	piece->topic.used = get_number(row) != 0;
}

static void read_subscription(
    struct rows *rows, struct row *row, struct piece *piece, struct parts *parts)
{
	(void)rows;
	(void)parts;
	piece->key = (uint64_t)get_number(row);
	piece->subscription.filter = get_text(row);
	piece->subscription.qos = (uint8_t)get_number(row);
	piece->subscription.by_short = get_number(row) != 0;
	piece->subscription.predefined_id = (uint16_t)get_number(row);
}

static void read_received(
    struct rows *rows, struct row *row, struct piece *piece, struct parts *parts)
{
	(void)rows;
	(void)parts;
	piece->key = (uint64_t)get_number(row);
	piece->received.msg_id = (uint16_t)get_number(row);
	piece->received.topic_id = (uint16_t)get_number(row);
	piece->received.digest = (uint32_t)get_number(row);
}

static void read_message(
    struct rows *rows, struct row *row, struct piece *piece, struct parts *parts)
{
	struct stored_message *message = &piece->message;
	int64_t now = rows_wall_ms(rows, monotime_now()), queued;

	(void)parts;
	message->sequence = (uint64_t)get_number(row);
	piece->key = (uint64_t)get_number(row);
	message->way = (enum stored_way)get_number(row);
	message->topic = get_text(row);
	message->payload = get_bytes(row);
	message->qos = (uint8_t)get_number(row);
	message->stage = (uint8_t)get_number(row);
	message->retain = get_number(row) != 0;
	message->msg_id = (uint16_t)get_number(row);
	queued = get_number(row);
	message->queued = monotonic(rows, queued < now ? queued : now);
}

static const struct {
	const char *sql;
	void (*read)(struct rows *rows, struct row *row, struct piece *piece, struct parts *parts);
} readers[PIECE_KINDS] = {
	[PIECE_CLIENT] = { "SELECT * FROM clients ORDER BY key", read_client },
	[PIECE_TOPIC] = { "SELECT * FROM topics ORDER BY client, id", read_topic },
	[PIECE_SUBSCRIPTION] = { "SELECT * FROM subscriptions ORDER BY client, filter",
	    read_subscription },
	[PIECE_RECEIVED] = { "SELECT * FROM received ORDER BY client, msg_id", read_received },
	[PIECE_MESSAGE] = { "SELECT * FROM messages ORDER BY sequence", read_message },
};

static int load_kind(
    struct rows *rows, enum piece_kind kind, const struct gw_store *sink, uint64_t *last)
{
	sqlite3_stmt *statement = database_prepare(rows->db, readers[kind].sql);
	int code;

	if (statement == NULL)
		return database_result(rows->db, sqlite3_errcode(rows->db->db));
	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		struct row row = { .statement = statement };
		struct piece piece = { .kind = kind };
		struct parts parts;

		readers[kind].read(rows, &row, &piece, &parts);
		if (kind == PIECE_MESSAGE)
			*last = piece.message.sequence;
		piece_tell(&piece, sink);
	}
	code = database_result(rows->db, code);
	sqlite3_finalize(statement);
	return code;
}

int rows_load(struct rows *rows, const struct gw_store *sink, uint64_t *last)
{
	int rc = 0;

	*last = 0;
	rows_set_clock(rows);
	for (int kind = 0; kind < PIECE_KINDS && rc == 0; kind++)
		rc = load_kind(rows, kind, sink, last);
	return rc;
}
