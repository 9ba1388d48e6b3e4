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
#include "gateway/core/metrics.h"
#include "gateway/core/ports.h"
#include "gateway/core/topic_predef.h"

struct gw;

/* Settings of one listener, by its index. */
struct gw_listener {
	uint32_t max_packet; /* octets of the longest MQTT-SN message sent (SN12-FRAME-08) */
	bool qos_minus_one;  /* take PUBLISH QoS -1 here (SN12-QM1-07) */
	bool discovery;      /* answer SEARCHGW, send ADVERTISE */
};

/* Times are in milliseconds. */
struct gw_config {
	uint8_t gateway_id;

	struct {
		uint32_t retry;   /* T_retry */
		uint32_t retries; /* N_retry, a count */
		uint32_t wait;    /* T_WAIT */
		uint32_t
		    connect_timeout; /* to have the broker's answer to a CONNECT (MAP-CONN-02) */
		uint32_t
		    hold; /* a client's session is held so long without upstream (MAP-LOST-01) */
		uint32_t reconnect_least; /* back-off between tries to reach the broker */
		uint32_t reconnect_most;
		uint32_t max_idle; /* for keep alive 0; 0: never lost (SN12-OPEN-03) */
	} timers;

	struct {
		uint32_t clients;        /* sessions, the disconnected ones included */
		uint32_t connecting;     /* of these, in connection setup at once */
		uint32_t client_id;      /* characters (SN12-OPEN-05) */
		uint32_t topics;         /* topic ids per client */
		uint32_t subscriptions;  /* per client */
		uint32_t publish_window; /* QoS 1/2 publishes of one client on their way
		                            (SN12-OPEN-04) */
		uint32_t queue_messages; /* waiting for one client */
		uint32_t queue_bytes;
		uint32_t reconnects;       /* upstream reconnects per second, all clients together
		                              (MAP-LOST-04) */
		uint32_t stranger_answers; /* DISCONNECTs per second to peers without a session
		                              (SN12-DISC-06) */
	} limits;

	const struct gw_listener *listeners;
	size_t n_listeners;

	const struct topic_predef *predefined; /* NULL: none */
};

/* @config is copied, what it points to stays the caller's and must live until gw_free() or the next
 * gw_configure().  @seed: for the keyed hash and for jitter.  NULL when out of memory. */
struct gw *gw_new(
    const struct gw_config *config, const struct gw_ports *ports, struct siphash_key seed);

/* Frees everything, closing upstream sessions with UP_DISCONNECT.  NULL is fine; returns NULL. */
struct gw *gw_free(struct gw *gw);

/* A datagram of @len octets from @from (without node id: the core unwraps encapsulation). */
void gw_rx(struct gw *gw, monotime_t now, const struct peer *from, const uint8_t *data, size_t len);

/* An event of the upstream session whose owner is @owner. */
void gw_up_event(struct gw *gw, monotime_t now, struct client *owner, const struct up_event *event);

/* Does what is due at @now. */
void gw_advance(struct gw *gw, monotime_t now);

/* When gw_advance() should be called next.  False: not before something else happens. */
bool gw_next_deadline(const struct gw *gw, monotime_t *when);

/* Says DISCONNECT to every active client and ends all upstream sessions (SN12-DISC-11). */
void gw_shutdown(struct gw *gw, monotime_t now);

/* Live as long as @gw. */
const struct gw_metrics *gw_metrics(const struct gw *gw);

/* Clients known, in any state. */
size_t gw_client_count(const struct gw *gw);

#endif
