/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What waits for a client (outbox.h), within the limits: what is dropped when it is too much, and
 * when the broker has to keep the rest (SN12-SLEEP-18).
 */
#ifndef CORE_BACKLOG_H
#define CORE_BACKLOG_H

#include <stdbool.h>

#include "gateway/core/ports.h"

struct gw;
struct client;
struct stored_message;

/* Queues a message of the broker, or drops it. */
void backlog_add(struct gw *gw, struct client *client, const struct up_event *event);

/* A message of an earlier process.  False when out of memory. */
bool backlog_restore(struct client *client, const struct stored_message *stored);

/* The head is the client's now, or is not to be had by it: @why is noted.  There must be one. */
void backlog_delivered(struct gw *gw, struct client *client);
void backlog_drop_head(struct gw *gw, struct client *client, const char *why);

/* Drops everything, without a word. */
void backlog_clear(struct gw *gw, struct client *client);

/* Counts and notes a message that was dropped. */
void backlog_note_dropped(struct gw *gw, struct client *client, const char *why);

/* The link is up anew, and is read. */
void backlog_link_up(struct gw *gw, struct client *client);

#endif
