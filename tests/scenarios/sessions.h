/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Upstream sessions as the scenario plays them: what the core asked for and the broker has not
 * answered yet.
 */
#ifndef SCENARIOS_SESSIONS_H
#define SCENARIOS_SESSIONS_H

#include "gateway/core/ports.h"

enum session_state {
	SESSION_CONNECTING,
	SESSION_CONNECTED,
	SESSION_IDLE,   /* refused or lost */
	SESSION_CLOSED, /* kept, to notice its use after that */
};

/* A call that waits for the broker's answer. */
struct pending {
	struct pending *next;
	enum up_event_kind answer; /* UP_PUBLISHED, UP_SUBSCRIBED, UP_UNSUBSCRIBED */
	uint16_t token;
	unsigned nth; /* of the publishes of the session, 1... */
};

struct up_session {
	struct up_session *next;
	char *client_id;
	struct client *owner;
	enum session_state state;
	bool shared; /* its connection may come back without its asking, and its answers before that
	              */
	struct pending *pending; /* oldest first */
	uint16_t last_token;
	unsigned publishes;
};

/* Puts a new session in front of @list. */
struct up_session *session_new(
    struct up_session **list, const char *client_id, struct client *owner);
void sessions_free(struct up_session **list);

/* The one of @client_id that is not closed, or NULL. */
struct up_session *session_find(struct up_session *list, const char *client_id);

/* Notes that an answer is due; returns its token. */
uint16_t session_expect(struct up_session *session, enum up_event_kind answer);

/* Takes the oldest open call with that answer, or publish number @nth if that is not 0.  False if
 * there is none. */
bool session_answer(
    struct up_session *session, enum up_event_kind answer, unsigned nth, uint16_t *token);

/* The connection is gone: publishes stay for the next one, the rest is forgotten
 * (gateway/core/ports.h). */
void session_lost(struct up_session *session);

#endif
