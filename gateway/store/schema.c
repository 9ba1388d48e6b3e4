/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/store/schema.h"

#include <stdio.h>

/*
 * Times are milliseconds of the wall clock since 1970.  The checks are for PRAGMA quick_check: a
 * database that passes it holds nothing that cannot be loaded.
 *
 * The key of a message is its number, so that new ones are written side by side at the end of the
 * table, whomever they are for.  Nothing looks for the messages of one client.
 */
static const char *const steps[] = {
	/* 1 */
	"CREATE TABLE clients ("
	"  key INTEGER PRIMARY KEY CHECK (key > 0),"
	"  id TEXT NOT NULL,"
	"  state TEXT NOT NULL CHECK (state IN ('disconnected', 'connecting', 'active', 'asleep', 'awake', 'lost')),"
	"  address TEXT,"  /* NULL: none is bound */
	"  listener TEXT," /* its address: its number is another one tomorrow */
	"  node BLOB CHECK (length(node) <= 252)," /* behind a forwarder */
	"  clean INTEGER NOT NULL,"
	"  keep_alive INTEGER NOT NULL CHECK (keep_alive BETWEEN 0 AND 65535),"
	"  sleep_duration INTEGER NOT NULL CHECK (sleep_duration BETWEEN 0 AND 65535),"
	"  written INTEGER NOT NULL,"
	"  deadline INTEGER,"
	"  will_topic TEXT," /* NULL: no will */
	"  will_message BLOB,"
	"  will_qos INTEGER CHECK (will_qos BETWEEN 0 AND 2),"
	"  will_retain INTEGER"
	") STRICT;"
	"CREATE TABLE topics ("
	"  client INTEGER NOT NULL,"
	"  id INTEGER NOT NULL CHECK (id BETWEEN 1 AND 65534),"
	"  name TEXT NOT NULL CHECK (length(CAST(name AS BLOB)) BETWEEN 1 AND 65535),"
	"  told INTEGER NOT NULL,"
	"  used INTEGER NOT NULL,"
	"  PRIMARY KEY (client, id)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE subscriptions ("
	"  client INTEGER NOT NULL,"
	"  filter TEXT NOT NULL,"
	"  qos INTEGER NOT NULL CHECK (qos BETWEEN 0 AND 2),"
	"  by_short INTEGER NOT NULL,"
	"  predefined_id INTEGER NOT NULL CHECK (predefined_id BETWEEN 0 AND 65535),"
	"  PRIMARY KEY (client, filter)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE received (" /* QoS 2, from PUBREC to PUBREL */
	"  client INTEGER NOT NULL,"
	"  msg_id INTEGER NOT NULL CHECK (msg_id BETWEEN 0 AND 65535),"
	"  topic_id INTEGER NOT NULL CHECK (topic_id BETWEEN 0 AND 65535),"
	"  digest INTEGER NOT NULL CHECK (digest BETWEEN 0 AND 4294967295),"
	"  PRIMARY KEY (client, msg_id)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE messages ("
	"  sequence INTEGER PRIMARY KEY CHECK (sequence > 0),"
	"  client INTEGER NOT NULL,"
	"  way INTEGER NOT NULL CHECK (way BETWEEN 0 AND 1)," /* 0: to the client, 1: to the broker
	                                                       */
	"  topic TEXT NOT NULL CHECK (length(CAST(topic AS BLOB)) BETWEEN 1 AND 65535),"
	"  payload BLOB NOT NULL,"
	"  qos INTEGER NOT NULL CHECK (qos BETWEEN 0 AND 2),"
	"  stage INTEGER NOT NULL CHECK (stage BETWEEN 0 AND 2)," /* waits, sent, released */
	"  retain INTEGER NOT NULL,"
	"  msg_id INTEGER NOT NULL CHECK (msg_id BETWEEN 0 AND 65535),"
	"  queued INTEGER NOT NULL"
	") STRICT;",
	/* 2: the address of ours that the client speaks to; NULL: its listener's */
	"ALTER TABLE clients ADD COLUMN local TEXT",
};

const struct schema_steps schema_steps = { steps, sizeof steps / sizeof steps[0] };

static int take_steps(sqlite3 *db, const struct schema_steps *s, int version)
{
	char mark[96];
	int rc = SQLITE_OK;

	for (int i = version; i < s->n && rc == SQLITE_OK; i++)
		rc = sqlite3_exec(db, s->steps[i], NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return rc;
	snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    SCHEMA_APPLICATION, s->n);
	return sqlite3_exec(db, mark, NULL, NULL, NULL);
}

int schema_upgrade(sqlite3 *db, const struct schema_steps *s, int version)
{
	int rc;

	if (version == s->n)
		return SQLITE_OK;
	rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = take_steps(db, s, version);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}
