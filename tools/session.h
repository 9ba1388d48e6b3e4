/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tools share: one client on its socket, run until the work is done, kept connected, and
 * ended by SIGINT and SIGTERM with a DISCONNECT.  It says on standard error what goes wrong.
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/options.h"
#include "tools/sn_client.h"

/* Exit statuses of the tools. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,   /* the command line, the system, the network */
	STATUS_REFUSED = 2,  /* by the gateway */
	STATUS_TIMEOUT = 27, /* -W, as mosquitto_sub has it */
};

struct session;

/* What a tool does on its session.  NULL: nothing. */
struct session_user {
	void *ctx;                      /* handed to each call */
	enum status status_interrupted; /* after SIGINT or SIGTERM */
	bool unconnected;               /* QoS -1: the session is up without a CONNECT */

	/* The connection is up, for the first time or again. */
	void (*connected)(void *ctx);

	/* The outcome of a request: PUBLISHED, SUBSCRIBED, UNSUBSCRIBED or REFUSED. */
	void (*event)(void *ctx, const struct sn_client_event *event);

	/* A message came; must not start a request. */
	sn_inbox_take *message;

	/* Standard input can be read (session_want_input()). */
	void (*input)(void *ctx);

	/* The alarm went off (session_set_alarm()). */
	void (*alarm)(void *ctx);
};

/* Opens the socket and makes the client; blocks the two signals.  @options must live as long as the
 * session,
 * @user is copied.  NULL if that failed, and it said why. */
struct session *session_new(
    const struct options *options, enum tool tool, const struct session_user *user);

/* NULL is fine; returns NULL. */
struct session *session_free(struct session *session);

/* Connects and runs until session_end() or a failure. */
enum status session_run(struct session *session);

/* Ends the run, after this turn, by a DISCONNECT.  Of several calls the first one counts. */
void session_end(struct session *session, enum status status);

bool session_is_up(const struct session *session);

/* Starts a request for the tool.  As the functions of sn_client.h. */
int session_publish(struct session *session, struct sn_client_publication *publication);
int session_subscribe(struct session *session, const struct sn_client_topic *topic, int qos);
int session_unsubscribe(struct session *session, const struct sn_client_topic *topic);

/* Sleeps, and wakes each --sleep seconds to fetch what the gateway kept. */
int session_sleep(struct session *session);

/* Calls user.input once, when standard input can be read and the session is up. */
void session_want_input(struct session *session);

/* Calls user.alarm once, in @ms.  There is one alarm. */
void session_set_alarm(struct session *session, uint32_t ms);

/* "congestion", ...; never NULL. */
const char *session_code_text(uint8_t code);

/* A line on standard error, unless --quiet. */
void session_say(const struct session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
