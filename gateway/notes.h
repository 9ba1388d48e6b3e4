/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core's notes as lines of the log: each starts with the client that it is about, or with the
 * address if there is no client.
 *
 * Whatever comes from the air, the log grows slowly: of each kind only so many lines are written in
 * a while, and the rest is told in one line at the end of it ("malformed packet: said 4312 more
 * times").  What strangers cause is counted apart from what clients cause, so that it cannot hide
 * it.
 */
#ifndef GATEWAY_NOTES_H
#define GATEWAY_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/log.h"
#include "common/monotime.h"
#include "gateway/core/ports.h"

#define NOTES_WINDOW_MS 10000 /* the while */
#define NOTES_CLIENTS   1000  /* lines of a kind in it about clients, */
#define NOTES_STRANGERS 10    /* and about others */

#define NOTE_LINE_MAX 1024

struct notes;

/* NULL when out of memory. */
struct notes *notes_new(void);

/* NULL is fine; returns NULL. */
struct notes *notes_free(struct notes *notes);

/* Logs @note, or counts it. */
void notes_say(struct notes *notes, monotime_t now, const struct gw_note *note);

/* Tells what was only counted, for each kind whose time is up at @now. */
void notes_advance(struct notes *notes, monotime_t now);

/* When notes_advance() should be called.  False: nothing is counted. */
bool notes_next_deadline(const struct notes *notes, monotime_t *when);

/* The line of @note, cut where it is too long.  Returns @buf, of NOTE_LINE_MAX octets. */
const char *note_print(const struct gw_note *note, char *buf);

enum log_level note_level(enum gw_note_kind kind);

#endif
