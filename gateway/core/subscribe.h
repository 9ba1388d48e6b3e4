/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SUBSCRIBE and UNSUBSCRIBE (section 6.9; SN12-SUB-*): passed to the broker, and recorded when it
 * has granted them.
 */
#ifndef CORE_SUBSCRIBE_H
#define CORE_SUBSCRIBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/ports.h"
#include "gateway/core/subscriptions.h"
#include "sn_codec/sn_codec.h"

struct gw;
struct client;
struct stored_subscription;

/* A request whose answer of the broker is awaited. */
struct request;

/* What the broker was asked and has not answered. */
struct subscribing {
	struct request *requests; /* of the client */
	uint16_t restoring;       /* answers awaited to what subscribe_restore() asked */
	bool swallow;             /* retained messages that come until then are not news */
};

void subscribe_subscribe(struct gw *gw, struct client *client, const struct sn_packet *packet);
void subscribe_unsubscribe(struct gw *gw, struct client *client, const struct sn_packet *packet);

/* The broker's answers. @granted_qos -1: refused. */
void subscribe_subscribed(struct gw *gw, struct client *client, uint16_t token, int granted_qos);
void subscribe_unsubscribed(struct gw *gw, struct client *client, uint16_t token);

/* True while the broker's answer to a SUBSCRIBE is awaited: messages wait behind it (SN12-SUB-14).
 */
bool subscribe_is_open(const struct client *client);

/* The link that was awaited did not come: SUBSCRIBEs that wait for it are told congestion. */
void subscribe_refuse_open(struct gw *gw, struct client *client);

/* The client rejected the topic of an exact-name subscription: ends it (SN12-GPUB-05). */
void subscribe_drop(struct gw *gw, struct client *client, struct subscription *sub);

/* The link is up again: asks once more what was not answered, and, if the broker lost the session
 * (@all), subscribes to everything again. */
void subscribe_restore(struct gw *gw, struct client *client, bool all);

/* The connection was made anew without the client's doing: until the subscriptions stand again,
 * retained messages are swallowed, for the client has had them (MAP-WILL-03). */
void subscribe_swallow_retained(struct client *client, bool swallow);
bool subscribe_swallows(const struct client *client, bool retain);

/* A subscription of an earlier process.  False when out of memory. */
bool subscribe_restore_one(struct client *client, const struct stored_subscription *stored);

/* The QoS at which a message of the broker goes to the client (SN12-GPUB-10).
 *
 * With a store, the broker is asked for QoS 1 in place of 2, and the messages of subscriptions at
 * QoS 2 are raised to it again: libmosquitto tells of a QoS 2 message only at its PUBREL, long
 * after the PUBREC that made the broker forget it, and a crash between them would lose it. */
int subscribe_qos(const struct gw *gw, const struct client *client, const struct up_event *event);

/* Forgets what the broker was asked and has not answered, with or without the subscriptions. */
void subscribe_clear_requests(struct client *client);
void subscribe_clear(struct client *client);

#endif
