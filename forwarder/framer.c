/* SPDX-License-Identifier: BSD-3-Clause */
#include "forwarder/framer.h"

#include <stdlib.h>

#include "forwarder/framing.h"

static const struct framing_ops *const framings[FRAMINGS] = {
	[FRAMING_SLIP] = &slip_framing,
	[FRAMING_HDLC] = &hdlc_framing,
	[FRAMING_PLAIN] = &plain_framing,
};

struct framer *framer_new(enum framing framing, size_t most, frame_fn *on_frame, void *ctx)
{
	struct framer *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	f->ops = framings[framing];
	f->on_frame = on_frame;
	f->ctx = ctx;
	f->most = most + f->ops->overhead;
	f->buf = malloc(f->most);
	return f->buf != NULL ? f : framer_free(f);
}

struct framer *framer_free(struct framer *f)
{
	if (f != NULL)
		free(f->buf);
	free(f);
	return NULL;
}

void framer_push(struct framer *f, monotime_t now, const uint8_t *data, size_t len)
{
	f->ops->push(f, now, data, len);
}

void framer_reset(struct framer *f)
{
	framer_restart(f);
}

size_t framer_room(enum framing framing, size_t len)
{
	return framings[framing]->room(len);
}

size_t framer_wrap(enum framing framing, const uint8_t *frame, size_t len, uint8_t *out)
{
	return framings[framing]->wrap(frame, len, out);
}

const struct frame_counters *framer_counters(const struct framer *f)
{
	return &f->counters;
}

/* --- for the framings --- */

void framer_deliver(struct framer *f, size_t len)
{
	f->counters.frames++;
	f->on_frame(f->ctx, f->buf, len);
}

void framer_collect(struct framer *f, uint8_t octet)
{
	if (f->len < f->most) {
		f->buf[f->len++] = octet;
		return;
	}
	f->counters.too_long++;
	f->skipping = true;
}

void framer_spoil(struct framer *f)
{
	f->counters.damaged++;
	f->skipping = true;
}

void framer_restart(struct framer *f)
{
	f->len = 0;
	f->escaped = false;
	f->skipping = false;
}
