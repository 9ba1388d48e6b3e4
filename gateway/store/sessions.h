/* SPDX-License-Identifier: BSD-3-Clause */
/* The sessions in a state directory, from outside of the gateway that keeps them there. */
#ifndef STORE_SESSIONS_H
#define STORE_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

struct stored_queue {
	uint64_t messages;
	uint64_t octets; /* of topic names and payloads */
};

struct stored_session {
	const char *id;
	const char *state;   /* "asleep", ... */
	const char *address; /* "127.0.0.1:4711", NULL: none */
	bool clean;
	uint16_t keep_alive;     /* seconds */
	uint16_t sleep_duration; /* seconds */
	bool has_deadline;
	int64_t deadline; /* seconds from now */
	uint64_t subscriptions;
	uint64_t topics;
	struct stored_queue to_client;
	struct stored_queue to_broker;
};

/* Tells @each about all sessions in the order of their ids; also beside a running gateway, as of
 * its last commit.  What it points to lives until the call returns.  0; or a failure, then *@error
 * is a message, freed by the caller. */
typedef void sessions_fn(void *ctx, const struct stored_session *session);
int sessions_list(const char *directory, sessions_fn *each, void *ctx, char **error);

/* Deletes the session of @id with all that belongs to it.  0; -ERR_INVALID: there is none, or the
 * database is damaged; -ERR_EXISTS: a gateway runs on the directory; or another failure; *@error as
 * above. */
int sessions_forget(const char *directory, const char *id, char **error);

#endif
