/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An MQTT-SN 1.2 client without a socket and without a clock: datagrams and the time go in;
 * datagrams (through a port), events and the next deadline come out.
 *
 * One request is on its way at a time, as the specification wants it (6.5, 6.6, 6.9): CONNECT,
 * SUBSCRIBE, UNSUBSCRIBE, DISCONNECT, or a publication with all its steps.  It is repeated after
 * T_retry, N_retry times, and if no answer comes the connection is given up (6.13, SN12-RETRY-01).
 * An answer "congestion" puts it off for T_WAIT.  Pings, and all that the gateway asks of us, go on
 * beside it.
 */
#ifndef TOOLS_SN_CLIENT_H
#define TOOLS_SN_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "sn_codec/sn_codec.h"
#include "tools/sn_inbox.h"

struct sn_client;

struct sn_client_will {
	const char *topic; /* not empty */
	struct sn_bytes message;
	int qos; /* 0..2 */
	bool retain;
};

struct sn_client_config {
	const char *client_id;
	bool clean;
	uint16_t keep_alive;               /* seconds; 0: none, no pings */
	const struct sn_client_will *will; /* NULL: none */
	uint32_t retry_ms;                 /* T_retry */
	unsigned retries;                  /* N_retry */
	uint32_t wait_ms;                  /* T_WAIT: the pause after "congestion" */
	unsigned waits; /* how often one request is put off before it counts as refused */
	/* Message ids count from here (0 is taken for 1).  A gateway that keeps the session takes
	 * an id that an earlier run left open in a QoS 2 flow for a repeat: so start at a random
	 * one. */
	uint16_t first_msg_id;
	size_t max_packet; /* octets of the longest message sent */
};

struct sn_client_topic {
	enum sn_topic_type type; /* SN_TOPIC_NORMAL: @name counts, else @id */
	uint16_t id;             /* predefined, or a short name (sn_short_topic_id()) */
	const char *name;        /* must live as long as the client */
};

/* A message of ours on its way.  The caller sets the first members and leaves the last ones 0; it
 * keeps the object, and what it points to, until the outcome is known.  If the connection ends
 * before, the same object may be handed in again after the next CONNECT and goes on where it was.
 */
struct sn_client_publication {
	struct sn_client_topic topic;
	struct sn_bytes data;
	int qos; /* -1..2 */
	bool retain;

	uint16_t msg_id; /* 0: not sent yet */
	bool received;   /* QoS 2: PUBREC came */
};

enum sn_client_event_kind {
	SN_CLIENT_QUIET, /* nothing to tell */
	SN_CLIENT_CONNECTED,
	SN_CLIENT_PUBLISHED,
	SN_CLIENT_SUBSCRIBED, /* .qos */
	SN_CLIENT_UNSUBSCRIBED,
	SN_CLIENT_ASLEEP,  /* for the first time, or again after the messages that were kept */
	SN_CLIENT_REFUSED, /* the open request, for good; .code.  After CONNECT the client is closed
	                      again */
	SN_CLIENT_CONGESTED, /* the open request will be repeated after T_WAIT */
	SN_CLIENT_DROPPED,   /* the gateway did not take a QoS 0 message; .code */
	SN_CLIENT_CLOSED,    /* .why; the request that was open is gone */
};

enum sn_client_why {
	SN_CLIENT_BYE,        /* our DISCONNECT was answered */
	SN_CLIENT_BY_GATEWAY, /* DISCONNECT of the gateway */
	SN_CLIENT_NO_ANSWER,  /* N_retry repeats were not answered */
};

struct sn_client_event {
	enum sn_client_event_kind kind;
	uint8_t code; /* enum sn_return_code, or a reserved value */
	int8_t qos;   /* granted */
	enum sn_client_why why;
};

struct sn_client_ports {
	void *ctx; /* handed to each call */

	void (*send)(void *ctx, const uint8_t *data, size_t len);

	/* A message came.  Must not call the client.  NULL: none is taken. */
	sn_inbox_take *message;
};

/* @config and @ports are copied; what they point to must live as long as the client.
 * NULL when out of memory. */
struct sn_client *sn_client_new(
    const struct sn_client_config *config, const struct sn_client_ports *ports);

/* NULL is fine; returns NULL. */
struct sn_client *sn_client_free(struct sn_client *client);

/* The calls below start a request; its outcome is an event of sn_client_rx() or
 * sn_client_advance(). Each returns 0; -ERR_STATE: not possible now (not connected, or a request is
 * open); -ERR_LIMIT: the message would be longer than max_packet; -ERR_INVALID: the topic cannot be
 * put into a message. */

/* CONNECTED or REFUSED follows.  Topic ids of an earlier session are forgotten. */
int sn_client_connect(struct sn_client *client, monotime_t now);

/* PUBLISHED or REFUSED follows.  A topic name is registered first where need be, and again when the
 * gateway has lost its id.  Returns 1 if the publication is complete already: QoS 0 with a known
 * id, QoS -1 (which needs no connection), or a QoS 2 message that the gateway had received in a
 * session that is over. */
int sn_client_publish(
    struct sn_client *client, monotime_t now, struct sn_client_publication *publication);

/* SUBSCRIBED or REFUSED follows. */
int sn_client_subscribe(
    struct sn_client *client, monotime_t now, const struct sn_client_topic *topic, int qos);

/* UNSUBSCRIBED follows. */
int sn_client_unsubscribe(
    struct sn_client *client, monotime_t now, const struct sn_client_topic *topic);

/* Goes to sleep for @seconds (6.14): ASLEEP follows; then nothing is sent or heard before
 * sn_client_wake(), which must come in time. */
int sn_client_sleep(struct sn_client *client, monotime_t now, uint16_t seconds);

/* Asks for the messages that the gateway kept: they come, then ASLEEP.  -ERR_STATE if not asleep.
 */
int sn_client_wake(struct sn_client *client, monotime_t now);

/* CLOSED follows.  An open request is dropped for it; messages are not taken any more. */
int sn_client_disconnect(struct sn_client *client, monotime_t now);

/* Forgets the connection without a word. */
void sn_client_abort(struct sn_client *client);

/* Handles a datagram of the gateway.  What is malformed or unexpected is ignored. */
struct sn_client_event sn_client_rx(
    struct sn_client *client, monotime_t now, const uint8_t *data, size_t len);

/* Does what is due first at @now; sn_client_next_deadline() tells if there is more. */
struct sn_client_event sn_client_advance(struct sn_client *client, monotime_t now);

/* When sn_client_advance() should be called next; false: not before something else happens. */
bool sn_client_next_deadline(const struct sn_client *client, monotime_t *when);

#endif
