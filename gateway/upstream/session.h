/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One MQTT session: a libmosquitto client, and its socket on the event loop.  Private to
 * gateway/upstream.
 *
 * session.c is its birth, its states and its end; dial.c the way from an address to CONNECT;
 * traffic.c what is read and written; keepalive.c the watch over a silent connection.
 */
#ifndef UPSTREAM_SESSION_H
#define UPSTREAM_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <event2/event_struct.h>
#include <mosquitto.h>

#include "gateway/upstream/pool.h"
#include "gateway/upstream/requests.h"

/* What the core holds: the handle of a struct session or, if it shares one, of a struct sharer. */
struct up_session {
	bool shares;
};

enum session_state {
	SESSION_IDLE,      /* no connection, and none under way */
	SESSION_RESOLVING, /* waits for the addresses of the broker */
	SESSION_WAITING,   /* waits until fewer others are being connected */
	SESSION_DIALLING,  /* waits for TCP */
	SESSION_GREETING,  /* TLS handshake, CONNECT, waits for CONNACK */
	SESSION_CONNECTED,
	SESSION_DEAD, /* freed by the next flush */
};

struct session {
	struct up_session handle; /* first: it is what the core holds */
	uint8_t state;            /* enum session_state */
	uint8_t broker;           /* index of the one that is tried, or used */
	uint8_t brokers;          /* how many have been tried, this one included */
	uint8_t address;          /* of it, index of the one that is tried */
	uint8_t tried;            /* how many have been */
	uint8_t refusal;          /* the code of a CONNACK, or 0 */
	uint8_t streak;           /* turns in a row, before @last_read, in which it was readable,
	                             too: up to 2 */
	struct upstream *up;
	struct client *owner;  /* NULL also where many share it */
	struct shared *shared; /* whose connection it is, or NULL: of @owner alone */
	struct mosquitto *mosq;
	struct requests requests;
	struct qos0_block *qos0; /* publishes past libmosquitto, or NULL */
	struct event readable;
	struct event writable;
	LIST_ENTRY(session) slot_link;
	TAILQ_ENTRY(session) dirty_link;
	TAILQ_ENTRY(session) queue_link; /* in upstream.resolving, .waiting or .ended */
	TAILQ_ENTRY(session) leaving_link;

	const char *unfit; /* why it can never connect, or NULL */
	const char *why;   /* of the end that is to be reported */
	uint32_t last_in;  /* ticks, like the next three */
	uint32_t last_out;
	uint32_t ping_at; /* of a PINGREQ that nothing has followed yet */
	uint32_t leave_until;
	uint32_t last_read; /* the turn in which the socket was last readable */
	unsigned packets;   /* that libmosquitto has queued since the last flush, at a guess */

	bool dirty : 1;     /* in upstream.dirty */
	bool ended : 1;     /* in upstream.ended */
	bool was_up : 1;    /* that end is of a connection which was reported */
	bool permanent : 1; /* that end is final */
	bool watched : 1;   /* the two events are made, for the present socket */
	bool accepted : 1;  /* CONNACK 0 came and is not reported yet */
	bool present : 1;   /* it said Session Present */
	bool heard : 1;     /* an event came of the present call of mosquitto_loop_read() */
	bool writing : 1;   /* mosquitto_loop_write() goes on */
	bool paused : 1;
	bool leaving : 1; /* in upstream.leaving: closed by the core, DISCONNECT still to be said */
	bool goodbye : 1; /* DISCONNECT is in libmosquitto's queue */
	bool ping_due : 1;
	bool ping_open : 1; /* @ping_at is valid */
};

/* NULL when out of memory.  What is wrong with @spec itself is told by the first connect, as a
 * permanent refusal. */
struct session *session_new(struct upstream *up, struct client *owner, const struct up_spec *spec);

/* Sets what the next CONNECT says of user and password; MOSQ_ERR_*. */
int session_set_login(struct session *session, const struct up_login *login);

/* Closes its socket as it is.  Not from within a callback of libmosquitto. */
void session_free(struct session *session);

void session_set_state(struct session *session, enum session_state state);

/* CONNECTED, and not closed by the core. */
bool session_is_up(const struct session *session);

/* Tells whom it concerns: the owner, or those who share the connection; @asker: whose request is
 * answered, or NULL. */
void session_tell(struct session *session, void *asker, const struct up_event *event);

/* Makes the events of the socket that libmosquitto has now; none is added yet. */
void session_watch(struct session *session);
void session_unwatch(struct session *session);

/* Schedules it for the next flush. */
void session_touch(struct session *session);

/* In words, for @rc of the call of libmosquitto that has just failed; a constant. */
const char *session_failure(const struct session *session, int rc);

/* Ends the connection, or the try; to be reported unless the session is leaving. */
void session_end(struct session *session, bool permanent, const char *why);
void session_forget_end(struct session *session);

/* The core has closed it: what is held and DISCONNECT are still said, within POOL_FAREWELL_S. */
void session_leave(struct session *session);

/* Nothing more will come of it: the next flush frees it. */
void session_bury(struct session *session);

#endif
