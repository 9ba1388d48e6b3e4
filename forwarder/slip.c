/* SPDX-License-Identifier: BSD-3-Clause */
/* SLIP (RFC 1055).  Frames begin with END too, so that noise before them is a frame of its own. */
#include "forwarder/framing.h"

enum {
	END = 0xC0,
	ESC = 0xDB,
	ESC_END = 0xDC, /* behind ESC: END */
	ESC_ESC = 0xDD, /* behind ESC: ESC */
};

static size_t room(size_t len)
{
	return 2 * len + 2;
}

static size_t wrap(const uint8_t *frame, size_t len, uint8_t *out)
{
	uint8_t *p = out;

	*p++ = END;
	for (size_t i = 0; i < len; i++) {
		if (frame[i] == END || frame[i] == ESC) {
			*p++ = ESC;
			*p++ = frame[i] == END ? ESC_END : ESC_ESC;
		} else {
			*p++ = frame[i];
		}
	}
	*p++ = END;
	return (size_t)(p - out);
}

static void end_frame(struct framer *f)
{
	if (f->escaped)
		framer_spoil(f);
	else if (!f->skipping && f->len > 0)
		framer_deliver(f, f->len);
	framer_restart(f);
}

static void take(struct framer *f, uint8_t octet)
{
	if (f->escaped) {
		f->escaped = false;
		if (octet == ESC_END)
			framer_collect(f, END);
		else if (octet == ESC_ESC)
			framer_collect(f, ESC);
		else
			framer_spoil(f);
	} else if (octet == ESC) {
		f->escaped = true;
	} else {
		framer_collect(f, octet);
	}
}

static void push(struct framer *f, monotime_t now, const uint8_t *data, size_t len)
{
	(void)now;
	for (size_t i = 0; i < len; i++) {
		if (data[i] == END)
			end_frame(f);
		else if (!f->skipping)
			take(f, data[i]);
	}
}

const struct framing_ops slip_framing = { .room = room, .wrap = wrap, .push = push };
