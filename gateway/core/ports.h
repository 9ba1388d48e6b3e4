/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ports of the core: all that it asks of the outside (struct gw_ports), and all that it hears
 * of the upstream side (struct up_event).  The core has no socket, clock, file or log of its own.
 *
 * Nothing that the core hands to a port leaves the process before the loop settles: first the store
 * is committed, then the upstream connections write, then the datagrams go out
 * (doc/architecture.md).
 */
#ifndef CORE_PORTS_H
#define CORE_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/netaddr.h"
#include "gateway/core/peer.h"
#include "sn_codec/sn_codec.h"

struct client;     /* a client of the gateway; for the outside only a name for "whose" */
struct gw_store;   /* what outlives the process: store.h */
struct up_login;   /* user and password: nothing that the core would know */
struct up_session; /* one MQTT session with the broker; for the core only a handle */

/* A will to give to the broker (copied by the port). */
struct up_will {
	const char *topic;
	struct sn_bytes message;
	int qos; /* 0..2 */
	bool retain;
};

/* What an upstream session is opened with; copied by the port. */
struct up_spec {
	const char *client_id;
	bool clean;
	const struct up_will *will;   /* NULL: none */
	const struct up_login *login; /* NULL, until somebody behind the port knows better */
	/* The session will do nothing but publish, and may share its connection with others
	 * (SN12-ARCH-05).  It is told UP_CONNECTED also without having asked again. */
	bool shared;
};

enum up_farewell {
	UP_DISCONNECT, /* MQTT DISCONNECT, then close: the broker drops the will */
	UP_ABORT,      /* close without a word: the broker publishes the will (MAP-WILL-02) */
};

enum up_event_kind {
	UP_CONNECTED,  /* the broker accepted (CONNACK 0) */
	UP_REFUSED,    /* no connection came about; the session is idle: reconnect or close it */
	UP_LOST,       /* an accepted connection ended; the session is idle */
	UP_PUBLISHED,  /* the broker took responsibility for a QoS 1 or 2 publish (PUBACK, PUBCOMP)
	                */
	UP_SUBSCRIBED, /* SUBACK */
	UP_UNSUBSCRIBED, /* UNSUBACK */
	UP_MESSAGE, /* a PUBLISH of the broker; what it points to lives until the call returns */
};

struct up_event {
	enum up_event_kind kind;
	uint16_t token; /* UP_PUBLISHED, UP_SUBSCRIBED, UP_UNSUBSCRIBED: what the call gave */
	union {
		struct {
			bool session_present;
			uint8_t broker; /* which one of several it is, from 1 on; 0: there is one */
			const char *broker_name; /* "host:port"; lives as long as the port */
		};                               /* UP_CONNECTED */
		struct {
			bool permanent;  /* UP_REFUSED: trying again will not help (SN12-RC-02, -04)
			                  */
			const char *why; /* UP_REFUSED, UP_LOST: for the log; a constant */
		} down;
		int granted_qos; /* UP_SUBSCRIBED: 0..2, or -1: refused */
		struct {
			const char *topic;
			struct sn_bytes payload;
			int qos; /* 0..2 */
			bool retain;
		} message;
	};
};

/* Something happened that a log line or an operator may want to know. */
enum gw_note_kind {
	NOTE_CONNECTED,    /* CONNACK 0x00 sent */
	NOTE_REFUSED,      /* CONNACK with another code sent; detail: why */
	NOTE_DISCONNECTED, /* by DISCONNECT; detail: whose wish or why */
	NOTE_LOST,         /* the client is lost; detail: why */
	NOTE_TAKEN_OVER,   /* CONNECT with this client id from another address */
	NOTE_ASLEEP,       /* value: seconds */
	NOTE_AWAKE,
	NOTE_LINK_LOST, /* the upstream connection of this client; detail: why */
	NOTE_LINK_RESTORED,
	NOTE_BROKER,    /* another broker is in use; detail: its name, as long as the port lives */
	NOTE_MALFORMED, /* a datagram that is no packet; detail: the codec's word; client_id NULL */
	NOTE_VIOLATION, /* a packet against the protocol; detail: which rule */
	NOTE_LIMIT,     /* a configured limit refused something; detail: its name */
	NOTE_DROPPED,   /* a message for the client was dropped; detail: why */
	NOTE_EXPIRED,   /* a session without a connection was forgotten */
	NOTE_GAVE_UP,   /* the client did not acknowledge; detail: what */
	NOTE_NOMEM,
	NOTE_UNPROVEN, /* a peer did not prove who it is (DTLS); detail: why; not from the core */
	NOTE_NETWORK, /* about no client: gateway ids that clash, a stand-by that takes over; detail
	               */
	NOTE_KINDS,
};

struct gw_note {
	enum gw_note_kind kind;
	const char *client_id;   /* NULL if about no client */
	const struct peer *peer; /* NULL if about no peer */
	const char *detail;      /* a constant, or NULL */
	long value;
	struct sn_bytes claimed; /* if about no client: the id in its CONNECT, whatever that holds;
	                            empty: none */
};

/* A packet as it was heard or said, for the trace. */
struct gw_packet {
	bool out;
	const struct peer *peer; /* without an address: said to all, by the broadcast port */
	const char *client_id;   /* NULL: unknown */
	const uint8_t *data;     /* without encapsulation */
	size_t len;
	const struct sn_packet *packet; /* decoded; NULL if that failed */
	const char *verdict; /* why it was refused or dropped, a constant; NULL: taken or sent */
};

/* Every call returns at once; none calls back into the core. */
struct gw_ports {
	void *ctx; /* handed to each call */

	/* Queues a datagram to the peer's address, or to the forwarder there, whose header it has;
	 * copied. */
	void (*send)(void *ctx, const struct peer *to, const uint8_t *data, size_t len);

	/* Queues a datagram to the multicast groups of a listener, hop limit @radius (0: the
	 * configured one); copied. */
	void (*broadcast)(
	    void *ctx, uint16_t listener, uint8_t radius, const uint8_t *data, size_t len);

	/* Starts a session with the broker; UP_CONNECTED or UP_REFUSED will follow.  @owner comes
	 * back with every event.  NULL when out of memory or descriptors. */
	struct up_session *(*up_open)(void *ctx, struct client *owner, const struct up_spec *spec);

	/* Tries again to connect a session that is idle, or gives up the try that is going on for a
	 * new one. Publishes that the broker had not acknowledged are sent again by it.
	 * UP_CONNECTED or UP_REFUSED will follow. */
	void (*up_reconnect)(void *ctx, struct up_session *session);

	/* Ends the session; no event of it follows.  What one that shares its connection was handed
	 * goes on its way all the same. */
	void (*up_close)(void *ctx, struct up_session *session, enum up_farewell farewell);

	/* Publishes; copied.  At QoS 1 and 2 *@token is set (never 0) and UP_PUBLISHED follows,
	 * also over a reconnect.  0; -ERR_STATE: not connected (QoS 0 only); -ERR_NOMEM;
	 * -ERR_INVALID: the library refuses it (too large, no topic name). */
	int (*up_publish)(void *ctx, struct up_session *session, const char *topic,
	    struct sn_bytes payload, int qos, bool retain, uint16_t *token);

	/* *@token is set (never 0) and UP_SUBSCRIBED or UP_UNSUBSCRIBED follows unless the
	 * connection is lost first. 0, -ERR_STATE, -ERR_NOMEM, -ERR_INVALID. */
	int (*up_subscribe)(
	    void *ctx, struct up_session *session, const char *filter, int qos, uint16_t *token);
	int (*up_unsubscribe)(
	    void *ctx, struct up_session *session, const char *filter, uint16_t *token);

	/* Stops or resumes reading from the broker, so that it keeps what the client cannot take
	 * yet. A new connection of the session is read at first. */
	void (*up_pause)(void *ctx, struct up_session *session, bool paused);

	/* Who a peer has proved to be, to where it is reached; NULL: nobody in particular.  Lives
	 * until the next call of a port.  Asked only where identity_is_client_id is set. */
	const char *(*identity)(void *ctx, uint16_t listener, const struct netaddr *peer);

	void (*note)(void *ctx, const struct gw_note *note);

	/* NULL: nothing outlives the process. */
	const struct gw_store *store;

	/* NULL: no trace. */
	void (*packet)(void *ctx, const struct gw_packet *packet);
};

#endif
