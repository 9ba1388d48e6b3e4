/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames as in RFC 1662, without its address and control fields: flag, escaped octets, checksum
 * (CRC-16/X.25, low octet first), flag.  One flag may end a frame and begin the next. */
#include "forwarder/framing.h"

enum {
	FLAG = 0x7E,
	ESCAPE = 0x7D, /* the next octet is changed by FLIP */
	FLIP = 0x20,
	CHECKSUM_OCTETS = 2,
	CHECKSUM_START = 0xFFFF,
	CHECKSUM_GOOD = 0xF0B8, /* over a frame with its checksum */
	POLYNOMIAL = 0x8408,
};

static uint16_t checksum(uint16_t sum, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			sum = (uint16_t)(sum & 1 ? sum >> 1 ^ POLYNOMIAL : sum >> 1);
	}
	return sum;
}

static size_t room(size_t len)
{
	return 2 * (len + CHECKSUM_OCTETS) + 2;
}

static uint8_t *put(uint8_t *p, uint8_t octet)
{
	if (octet == FLAG || octet == ESCAPE) {
		*p++ = ESCAPE;
		octet ^= FLIP;
	}
	*p++ = octet;
	return p;
}

static size_t wrap(const uint8_t *frame, size_t len, uint8_t *out)
{
	uint16_t sum = (uint16_t)~checksum(CHECKSUM_START, frame, len);
	uint8_t *p = out;

	*p++ = FLAG;
	for (size_t i = 0; i < len; i++)
		p = put(p, frame[i]);
	p = put(p, (uint8_t)sum);
	p = put(p, (uint8_t)(sum >> 8));
	*p++ = FLAG;
	return (size_t)(p - out);
}

static bool is_good(const struct framer *f)
{
	return f->len > CHECKSUM_OCTETS &&
	       checksum(CHECKSUM_START, f->buf, f->len) == CHECKSUM_GOOD;
}

static void end_frame(struct framer *f)
{
	if (f->escaped || (!f->skipping && f->len > 0 && !is_good(f)))
		framer_spoil(f);
	else if (!f->skipping && f->len > 0)
		framer_deliver(f, f->len - CHECKSUM_OCTETS);
	framer_restart(f);
}

static void push(struct framer *f, monotime_t now, const uint8_t *data, size_t len)
{
	(void)now;
	for (size_t i = 0; i < len; i++) {
		if (data[i] == FLAG) {
			end_frame(f);
		} else if (f->skipping) {
			continue;
		} else if (data[i] == ESCAPE && !f->escaped) {
			f->escaped = true;
		} else {
			framer_collect(f, f->escaped ? data[i] ^ FLIP : data[i]);
			f->escaped = false;
		}
	}
}

const struct framing_ops hdlc_framing = {
	.overhead = CHECKSUM_OCTETS,
	.room = room,
	.wrap = wrap,
	.push = push,
};
