/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bounded cursors over octets, all integers most significant octet first.  The first failure
 * sticks: every later read yields 0, every later write does nothing.  So a message lists its fields
 * in the order of the wire and the caller asks once, at the end, whether all went well.
 */
#ifndef SN_CODEC_WIRE_H
#define SN_CODEC_WIRE_H

#include <string.h>

#include "sn_codec/sn_codec.h"

struct wire_reader {
	const uint8_t *pos, *end;
	enum sn_status status;
};

static inline size_t rd_left(const struct wire_reader *r)
{
	return (size_t)(r->end - r->pos);
}

static inline void rd_fail(struct wire_reader *r, enum sn_status status)
{
	if (r->status == SN_OK)
		r->status = status;
	r->pos = r->end;
}

static inline uint8_t rd_u8(struct wire_reader *r)
{
	if (rd_left(r) < 1) {
		rd_fail(r, SN_SHORT);
		return 0;
	}
	return *r->pos++;
}

static inline uint16_t rd_u16(struct wire_reader *r)
{
	uint16_t value;

	if (rd_left(r) < 2) {
		rd_fail(r, SN_SHORT);
		return 0;
	}
	value = (uint16_t)(r->pos[0] << 8 | r->pos[1]);
	r->pos += 2;
	return value;
}

/* The octets up to the end, possibly none. */
static inline struct sn_bytes rd_rest(struct wire_reader *r)
{
	struct sn_bytes rest = { .data = r->pos, .len = rd_left(r) };

	r->pos = r->end;
	return rest;
}

struct wire_writer {
	uint8_t *pos, *end;
	enum sn_status status;
};

static inline void wr_fail(struct wire_writer *w, enum sn_status status)
{
	if (w->status == SN_OK)
		w->status = status;
	w->end = w->pos;
}

static inline bool wr_has_room(struct wire_writer *w, size_t len)
{
	if ((size_t)(w->end - w->pos) >= len)
		return true;
	wr_fail(w, SN_NO_SPACE);
	return false;
}

static inline void wr_u8(struct wire_writer *w, uint8_t value)
{
	if (wr_has_room(w, 1))
		*w->pos++ = value;
}

static inline void wr_u16(struct wire_writer *w, uint16_t value)
{
	if (!wr_has_room(w, 2))
		return;
	*w->pos++ = (uint8_t)(value >> 8);
	*w->pos++ = (uint8_t)value;
}

static inline void wr_bytes(struct wire_writer *w, struct sn_bytes bytes)
{
	if (bytes.len == 0 || !wr_has_room(w, bytes.len))
		return;
	memcpy(w->pos, bytes.data, bytes.len);
	w->pos += bytes.len;
}

#endif
