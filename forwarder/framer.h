/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames on a serial line.  Octets go in as they come, in pieces of any size, whole frames come
 * out; and a frame becomes the octets to write.  No I/O, time is an argument.
 *
 * Whatever the line loses, doubles or makes up, a framer finds the next good frame again; what it
 * gives up is counted.  No frame is longer than the limit that it was made with.
 */
#ifndef FORWARDER_FRAMER_H
#define FORWARDER_FRAMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"

enum framing {
	FRAMING_SLIP,  /* RFC 1055 */
	FRAMING_HDLC,  /* as RFC 1662: flags, escapes, a checksum of 16 bits */
	FRAMING_PLAIN, /* MQTT-SN messages one after the other, each told by its own Length */
	FRAMINGS,
};

/* @frame lives until the call returns. */
typedef void frame_fn(void *ctx, const uint8_t *frame, size_t len);

struct frame_counters {
	uint64_t frames;   /* handed on */
	uint64_t damaged;  /* checksum, escape or abort */
	uint64_t too_long; /* beyond the limit */
	uint64_t skipped;  /* octets between frames (FRAMING_PLAIN) */
};

struct framer;

/* @most: octets of the longest frame.  NULL when out of memory. */
struct framer *framer_new(enum framing framing, size_t most, frame_fn *on_frame, void *ctx);

/* NULL is fine; returns NULL. */
struct framer *framer_free(struct framer *framer);

/* Takes what was read; calls @on_frame for each frame that it ends. */
void framer_push(struct framer *framer, monotime_t now, const uint8_t *data, size_t len);

/* Forgets what has come of a frame: the line was interrupted. */
void framer_reset(struct framer *framer);

/* How many octets a frame of @len can take on the line; and writes it to @out, which has room for
 * that.  Returns how many it took. */
size_t framer_room(enum framing framing, size_t len);
size_t framer_wrap(enum framing framing, const uint8_t *frame, size_t len, uint8_t *out);

const struct frame_counters *framer_counters(const struct framer *framer);

#endif
