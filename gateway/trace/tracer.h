/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet trace: shows each MQTT-SN packet, and what was said to the broker and heard from it,
 * to its sinks - the log, a file, and any number of live readers (taps).
 *
 * Nothing here waits: what a sink cannot take is lost and counted, and its reader is told how much.
 * While there is no sink tracer_is_on() is false, and nobody needs to call.
 */
#ifndef TRACE_TRACER_H
#define TRACE_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/netaddr.h"
#include "gateway/core/ports.h"
#include "gateway/trace/filter.h"
#include "gateway/trace/seen.h"

struct tracer;

struct tracer_config {
	struct filter filter; /* of the log and the file; each tap has its own */
	bool log;             /* a line of the log for each packet */
	bool payloads;        /* false: no sink shows what is published, or a will's message */
	const char *file;     /* pcapng; NULL: none.  Copied. */
	uint32_t file_size;   /* octets; then the next one is begun */
	uint32_t file_count;  /* with the older ones: FILE.1, FILE.2, ... */
};

/* The gateway's own ends of a packet's way, by the number of the listener. */
struct tracer_listener {
	struct netaddr address;
	struct netaddr group; /* for what is said to all; family 0: none */
};

struct tracer_metrics {
	uint64_t file_lost; /* packets that the file should hold and does not */
	uint64_t tap_lost;  /* packets that readers were too slow for, of all taps */
};

/* Called when the first sink comes (@on) and when the last one goes. */
typedef void tracer_switch_fn(void *ctx, bool on);

/* Without sinks.  NULL when out of memory. */
struct tracer *tracer_new(tracer_switch_fn *on_switch, void *ctx);

/* The taps must be freed before.  NULL is fine; returns NULL. */
struct tracer *tracer_free(struct tracer *tracer);

/* Goes on with these settings; the file, if it is the same, goes on as well. */
void tracer_configure(struct tracer *tracer, monotime_t now, const struct tracer_config *config);

/* @listeners are copied.  False when out of memory. */
bool tracer_set_listeners(struct tracer *tracer, const struct tracer_listener *listeners, size_t n);

/* NULL: off. */
bool tracer_is_on(const struct tracer *tracer);

void tracer_packet(struct tracer *tracer, const struct gw_packet *packet);

/* A call to the broker's side, after it was made; an event from there, before it is handled. */
void tracer_call(struct tracer *tracer, const char *client_id, const struct up_call *call);
void tracer_event(struct tracer *tracer, const char *client_id, const struct up_event *event);

/* To be called at the end of each turn of the loop: wakes the readers, and writes the file when it
 * is time.  May call tracer_data_fn, nothing else does. */
void tracer_end_turn(struct tracer *tracer, monotime_t now);

/* When tracer_end_turn() should be called next, at the latest.  False: not before something else
 * happens. */
bool tracer_next_deadline(const struct tracer *tracer, monotime_t *when);

/* Live as long as @tracer. */
const struct tracer_metrics *tracer_metrics(struct tracer *tracer);

/* --- live readers --- */

#define TRACER_TAPS_MAX 32
#define TRACER_TAP_MIN  16384 /* least octets of a tap */

/* A stream of octets for one reader, through a buffer of bounded size.  A packet that finds no room
 * in it is lost; a line of the text, or the comment of the next packet in pcapng, tells how many
 * were. */
struct tracer_tap;

enum tracer_format {
	TRACER_TEXT, /* text/plain: a line for each packet, with its time; the broker's side too */
	TRACER_PCAPNG, /* application/x-pcapng: MQTT-SN only */
};

/* There is something to take.  Called at the end of a turn of the loop, and then not again before
 * tracer_tap_take() has returned 0.  May take and may free any tap. */
typedef void tracer_data_fn(void *ctx, struct tracer_tap *tap);

/* @filter is copied.  @max_octets: room for what the reader has not taken, TRACER_TAP_MIN at least.
 * NULL when there are TRACER_TAPS_MAX already, or out of memory. */
struct tracer_tap *tracer_tap_new(struct tracer *tracer, const struct filter *filter,
    enum tracer_format format, size_t max_octets, tracer_data_fn *on_data, void *ctx);

/* Moves up to @size octets, in order, into @buf and returns how many; 0: nothing there. */
size_t tracer_tap_take(struct tracer_tap *tap, void *buf, size_t size);

/* NULL is fine; returns NULL. */
struct tracer_tap *tracer_tap_free(struct tracer_tap *tap);

#endif
