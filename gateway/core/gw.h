/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core of the gateway: MQTT-SN 1.2 sessions and their mapping to MQTT.
 *
 * Datagrams, events of the upstream side and the time go in; calls of struct gw_ports and one
 * number, the next deadline, come out.  Same inputs, same outputs: there is no hidden clock and no
 * randomness but the seed. Not reentrant: no port may call back.
 */
#ifndef CORE_GW_H
#define CORE_GW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/siphash.h"
#include "gateway/core/admission.h"
#include "gateway/core/metrics.h"
#include "gateway/core/ports.h"
#include "gateway/core/store.h"
#include "gateway/core/topic_predef.h"

struct gw;

/* Settings of one listener, by its index. */
struct gw_listener {
	/* octets of the longest MQTT-SN message sent (SN12-FRAME-08) */
	uint32_t max_packet;
	/* take PUBLISH QoS -1 here (SN12-QM1-07); and its private form that carries the topic name
	 * (SN12-OPEN-09) */
	bool qos_minus_one;
	bool qos_minus_one_names;
	/* answer SEARCHGW, send ADVERTISE */
	bool discovery;
	/* peers agree on keys, and have to do so again when the gateway was restarted (DTLS); they
	 * notice that by not being answered */
	bool keys;
	/* CONNECT's client id must be the peer's proven identity (MAP-CONN-15) */
	bool identity_is_client_id;
};

/* What a CONNECT of a sleeping client means (SN12-SLEEP-11, SN12-OPEN-11). */
enum gw_wake_connect {
	GW_WAKE_RESUME, /* its session goes on, whatever the flags say */
	GW_WAKE_HONOUR, /* sections 6.2 and 6.3 apply */
};

/* What becomes of a QoS 1 or 2 PUBLISH while the broker is away (MAP-PUB-04). */
enum gw_outage {
	GW_OUTAGE_REFUSE, /* congestion */
	GW_OUTAGE_STORE,  /* kept for it and acknowledged; sessions go on however long it takes */
};

/* Times are in milliseconds. */
struct gw_config {
	uint8_t gateway_id;

	struct {
		/* T_retry; N_retry, a count; T_WAIT (section 7.2) */
		uint32_t retry;
		uint32_t retries;
		uint32_t wait;
		/* to have the broker's answer to a CONNECT (MAP-CONN-02) */
		uint32_t connect_timeout;
		/* an active client's session is held so long without a broker (MAP-LOST-01) */
		uint32_t hold;
		/* between tries to reach the broker: doubling from the one to the other; a client
		 * that was refused for now is held off for the first (SN12-OPEN-29) */
		uint32_t reconnect_least;
		uint32_t reconnect_most;
		/* silence allowed to a client with keep alive 0; 0: never lost (SN12-OPEN-03) */
		uint32_t max_idle;
		/* a message waits no longer for its client; 0: for ever (SN12-SLEEP-18) */
		uint32_t queue_age;
		/* a session without a connection is kept so long; 0: for ever (SN12-OPEN-23) */
		uint32_t session_expiry;
	} timers;

	struct {
		/* sessions, the disconnected ones included; of these, in connection setup at once
		 */
		uint32_t clients;
		uint32_t connecting;
		/* sessions per second that one peer may begin; 0: any number */
		uint32_t connects;
		/* characters of a client id (SN12-OPEN-05) */
		uint32_t client_id;
		/* octets of a topic name or filter that is kept for a client */
		uint32_t topic_name;
		/* per client: topic ids; subscriptions; QoS 1/2 publishes on their way
		 * (SN12-OPEN-04); messages and octets that wait for it */
		uint32_t topics;
		uint32_t subscriptions;
		uint32_t publish_window;
		uint32_t queue_messages;
		uint32_t queue_bytes;
		/* per client: publishes, and octets of them, that wait for the broker; octets of
		 * all clients */
		uint32_t outage_messages;
		uint32_t outage_bytes;
		uint32_t outage_bytes_total;
		/* packets per second that one peer may send; 0: any number */
		uint32_t packets;
		/* of all clients together, per second: upstream reconnects (MAP-LOST-04); answers
		 * to peers without a session (SN12-DISC-06), of which one peer gets a tenth at most
		 */
		uint32_t reconnects;
		uint32_t stranger_answers;
		/* QoS -1 messages per second (SN12-QM1-07) */
		uint32_t qos_minus_one;
	} limits;

	/* Clients that only publish share connections with the broker (SN12-ARCH-05), whose client
	 * ids are @shared_id with a number.  The same for as long as the gateway lives. */
	bool share_connections;
	const char *shared_id;
	/* Whether QoS 0 messages are kept for sleepers (SN12-SLEEP-18). */
	bool buffer_qos0;
	enum gw_wake_connect wake_connect;
	enum gw_outage outage;

	/* The gateway's own MQTT client: carries QoS -1 (SN12-QM1-03), and shows whether the broker
	 * can be reached (SN12-DISCO-02).  Opened if a listener needs it. */
	struct {
		const char *client_id; /* no client may connect with it */
		int qos_minus_one_qos; /* 0 or 1 (SN12-QM1-05) */
		/* topic filters that QoS -1 may publish to; none: any topic */
		const char *const *qos_minus_one_topics;
		size_t n_qos_minus_one_topics;
	} own;

	struct {
		/* T_ADV; 0: no ADVERTISE (SN12-DISCO-01) */
		uint32_t interval;
		/* advertise only when the active gateway is silent for N_ADV of its own intervals
		 * (SN12-DISCO-05) */
		bool standby;
		uint32_t missed; /* N_ADV */
		/* answer SEARCHGW to the multicast group too, not to the searcher alone
		 * (SN12-OPEN-13) */
		bool answer_group;
		/* GWINFOs per second (SN12-DISCO-13) */
		uint32_t answers;
	} discovery;

	const struct gw_listener *listeners;
	size_t n_listeners;

	const struct topic_predef *predefined; /* NULL: none */

	/* Who may connect; NULL: all.  A client that no longer may is sent away by gw_configure(),
	 * or when its session is restored. */
	const struct admission *admission;
};

/* @config is copied, what it points to stays the caller's and must live until gw_free() or the next
 * gw_configure().  @seed: for the keyed hash and for jitter.  NULL when out of memory. */
struct gw *gw_new(
    const struct gw_config *config, const struct gw_ports *ports, struct siphash_key seed);

/* Frees everything, closing upstream sessions with UP_DISCONNECT.  NULL is fine; returns NULL. */
struct gw *gw_free(struct gw *gw);

/* For a store that has kept clients of an earlier process: tells them to @gw, before gw_start().
 * Only the `put` calls of it are there. */
struct gw_store gw_restorer(struct gw *gw, monotime_t now);

/* Tells @sink, by its `put` calls, everything that the store port ought to have: for a store that
 * begins again. */
void gw_save_all(struct gw *gw, const struct gw_store *sink);

/* Starts what goes on without clients, the gateway's own session and discovery, and goes on with
 * those that were restored.  To be called once. */
void gw_start(struct gw *gw, monotime_t now);

/* Listener @listener is about to go: its clients hear DISCONNECT, as in gw_shutdown(), and their
 * connections end. */
void gw_close_listener(struct gw *gw, monotime_t now, uint16_t listener);

/* Goes on with another configuration; sessions stay.  @moved has the new number of each old
 * listener, or GW_LISTENER_GONE where gw_close_listener() was called; NULL: all have stayed. */
#define GW_LISTENER_GONE UINT16_MAX
void gw_configure(
    struct gw *gw, monotime_t now, const struct gw_config *config, const uint16_t *moved);

/* Shows packets to @packet from now on, instead of the port that gw_new() was given; NULL: no
 * trace. */
void gw_trace_to(struct gw *gw, void (*packet)(void *ctx, const struct gw_packet *packet));

/* A datagram of @len octets from @from (without node id: the core unwraps encapsulation). */
void gw_rx(struct gw *gw, monotime_t now, const struct peer *from, const uint8_t *data, size_t len);

/* @peer has agreed on keys: what it could not be told before can be told now.  If it has proved, by
 * the identity port, not to be the client that is still known there, that one is lost. */
void gw_peer_proven(struct gw *gw, monotime_t now, const struct peer *peer);

/* An event of the upstream session whose owner is @owner; NULL: the gateway's own. */
void gw_up_event(struct gw *gw, monotime_t now, struct client *owner, const struct up_event *event);

/* Does what is due at @now. */
void gw_advance(struct gw *gw, monotime_t now);

/* When gw_advance() should be called next.  False: not before something else happens. */
bool gw_next_deadline(const struct gw *gw, monotime_t *when);

/* Ends all upstream sessions.  Without a store, says DISCONNECT to every active client before
 * (SN12-DISC-11); with one the sessions go on when it is restored, and no client is told; links on
 * which the broker has still to acknowledge something end when it has, by gw_up_event(). */
void gw_shutdown(struct gw *gw, monotime_t now);

/* An operator's commands.  Neither disturbs the session that the broker may keep for the client.
 *
 * Ends the client's connection as if the gateway had no more room for it: it is told DISCONNECT
 * unless it sleeps, and its will does not fire.  0; -ERR_INVALID: no such client; -ERR_STATE: it is
 * not connected. */
int gw_disconnect_client(struct gw *gw, monotime_t now, struct sn_bytes id);

/* The same, connected or not, and forgets all that its session holds, and its publishes that wait
 * for the broker.  0; -ERR_INVALID. */
int gw_forget_client(struct gw *gw, monotime_t now, struct sn_bytes id);

/* Live as long as @gw. */
const struct gw_metrics *gw_metrics(const struct gw *gw);

/* The id of an owner of gw_up_event() or up_open(); lives as long as the owner has a session. */
const char *gw_client_id(const struct client *client);

/* Clients known, in any state. */
size_t gw_client_count(const struct gw *gw);

#endif
