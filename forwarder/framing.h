/* SPDX-License-Identifier: BSD-3-Clause */
/* What each framing brings; for framer.c and the framings. */
#ifndef FORWARDER_FRAMING_H
#define FORWARDER_FRAMING_H

#include "forwarder/framer.h"

struct framing_ops {
	size_t overhead; /* octets collected of a frame beyond the frame itself */
	size_t (*room)(size_t len);
	size_t (*wrap)(const uint8_t *frame, size_t len, uint8_t *out);
	void (*push)(struct framer *framer, monotime_t now, const uint8_t *data, size_t len);
};

extern const struct framing_ops slip_framing, hdlc_framing, plain_framing;

struct framer {
	const struct framing_ops *ops;
	frame_fn *on_frame;
	void *ctx;
	struct frame_counters counters;

	uint8_t *buf; /* the frame so far */
	size_t len;
	size_t most;     /* of it, the overhead included */
	bool escaped;    /* the last octet was an escape */
	bool skipping;   /* the rest of this frame is not wanted */
	monotime_t last; /* when octets last came (plain) */
};

/* Hands on the first @len octets collected. */
void framer_deliver(struct framer *framer, size_t len);

/* Adds an octet to the frame; one that would be too long is skipped. */
void framer_collect(struct framer *framer, uint8_t octet);

/* Skips the rest of the frame as damaged. */
void framer_spoil(struct framer *framer);

/* The next octet begins a frame. */
void framer_restart(struct framer *framer);

#endif
