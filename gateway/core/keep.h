/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the store is told, piece by piece as it changes (store.h).  Without a store nothing is done.
 *
 * Kept is what a restart must not lose: the client with its state and will, its topic ids and
 * subscriptions, the QoS 2 ids that wait for PUBREL, and its messages: those of QoS 1 and 2, and
 * those of QoS 0 that wait for a sleeper.  A client whose setup is not over is not kept: it repeats
 * its CONNECT.
 */
#ifndef CORE_KEEP_H
#define CORE_KEEP_H

#include <stdbool.h>

#include "gateway/core/store.h"

struct gw;
struct client;
struct inbound;
struct message;
struct subscription;
struct topic;

/* Whether the store, if there is one, would take what the gateway alone is to be responsible for.
 */
bool keep_has_room(const struct gw *gw);

/* The client itself has changed; told at the end of the entry point, once. */
void keep_client(struct gw *gw, struct client *client);
/* To be called there. */
void keep_changed_clients(struct gw *gw);

/* A client in setup is no longer at the address that is kept, which may soon be another's: it would
 * come back as a stored session. */
void keep_address_left(struct gw *gw, const struct client *client);

/* Its session has ended: everything about it is forgotten. */
void keep_drop_client(struct gw *gw, struct client *client);

void keep_topic(struct gw *gw, const struct client *client, const struct topic *topic);

void keep_subscription(
    struct gw *gw, const struct client *client, const struct subscription *subscription);
void keep_drop_subscription(
    struct gw *gw, const struct client *client, const struct subscription *subscription);

void keep_received(struct gw *gw, const struct client *client, const struct inbound *received);
void keep_drop_received(struct gw *gw, const struct client *client, const struct inbound *received);

/* A message for the client was queued; @m's sequence is set if the store is to have it. */
void keep_message(struct gw *gw, const struct client *client, struct message *m);
/* It went out under its message id, or its stage changed. */
void keep_message_stage(struct gw *gw, const struct client *client, const struct message *m);
/* It is about to be taken out of the queue. */
void keep_drop_message(struct gw *gw, const struct client *client, const struct message *m);

#endif
