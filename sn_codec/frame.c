/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands around a message: Length and MsgType (5.2), and the frame of a forwarder (5.5). */
#include "sn_codec/message.h"

enum {
	LENGTH_3_OCTETS = 0x01, /* as the first octet: the length is in the next two (5.2.1) */
	LENGTH_1_OCTET_MAX = 255,
	LENGTH_GROWS_BY = 2,
	ENCAPSULATION_MIN = 3, /* Length, MsgType, Ctrl */
	CTRL_RADIUS = 0x03,
};

/* @r stands behind the Length field and MsgType.  Length covers the header only, and there is no
 * form of 3 octets. */
static enum sn_status decode_encapsulated(
    struct wire_reader *r, const uint8_t *buf, size_t len, struct sn_packet *out)
{
	size_t header = buf[0];

	if (header < ENCAPSULATION_MIN || header > len)
		return SN_BAD_LENGTH;
	out->encapsulated.radius = rd_u8(r) & CTRL_RADIUS;
	out->encapsulated.node_id = (struct sn_bytes){ r->pos, header - ENCAPSULATION_MIN };
	out->encapsulated.inner = (struct sn_bytes){ buf + header, len - header };
	return SN_OK;
}

enum sn_status sn_decode(const uint8_t *buf, size_t len, struct sn_packet *out)
{
	struct wire_reader r = { .pos = buf, .end = buf + len };
	size_t total = rd_u8(&r);

	if (total == LENGTH_3_OCTETS)
		total = rd_u16(&r);
	memset(out, 0, sizeof(*out));
	out->type = rd_u8(&r);
	if (r.status != SN_OK)
		return r.status;
	if (out->type == SN_ENCAPSULATED)
		return decode_encapsulated(&r, buf, len, out);
	if (total != len)
		return SN_BAD_LENGTH;
	if (message_table[out->type].read == NULL)
		return SN_UNKNOWN_TYPE;
	message_table[out->type].read(&r, out);
	if (r.status != SN_OK)
		return r.status;
	return rd_left(&r) == 0 ? SN_OK : SN_TRAILING;
}

static void wr_encapsulated(struct wire_writer *w, const struct sn_encapsulated *encapsulated)
{
	if (encapsulated->radius > CTRL_RADIUS || encapsulated->node_id.len > SN_NODE_ID_MAX)
		wr_fail(w, SN_BAD_FIELD);
	wr_u8(w, (uint8_t)(ENCAPSULATION_MIN + encapsulated->node_id.len));
	wr_u8(w, SN_ENCAPSULATED);
	wr_u8(w, encapsulated->radius);
	wr_bytes(w, encapsulated->node_id);
	wr_bytes(w, encapsulated->inner);
}

/* Fills in the Length of the message at @start, written with one octet kept free for it.  The long
 * form takes two more, and the message moves. */
static void wr_length(struct wire_writer *w, uint8_t *start)
{
	size_t total = (size_t)(w->pos - start);

	if (w->status != SN_OK)
		return;
	if (total <= LENGTH_1_OCTET_MAX) {
		start[0] = (uint8_t)total;
		return;
	}
	total += LENGTH_GROWS_BY;
	if (total > SN_PACKET_MAX || !wr_has_room(w, LENGTH_GROWS_BY)) {
		wr_fail(w, SN_NO_SPACE);
		return;
	}
	memmove(start + 1 + LENGTH_GROWS_BY, start + 1, total - 1 - LENGTH_GROWS_BY);
	w->pos += LENGTH_GROWS_BY;
	start[0] = LENGTH_3_OCTETS;
	start[1] = (uint8_t)(total >> 8);
	start[2] = (uint8_t)total;
}

static void wr_message(struct wire_writer *w, const struct sn_packet *packet)
{
	const struct message *message = &message_table[packet->type];
	uint8_t *start = w->pos;

	if (message->write == NULL) {
		wr_fail(w, SN_UNKNOWN_TYPE);
		return;
	}
	wr_u8(w, 0);
	wr_u8(w, packet->type);
	message->write(w, packet);
	wr_length(w, start);
}

enum sn_status sn_encode(uint8_t *buf, size_t size, const struct sn_packet *packet, size_t *len)
{
	struct wire_writer w = { .pos = buf, .end = buf + size };

	if (packet->type == SN_ENCAPSULATED)
		wr_encapsulated(&w, &packet->encapsulated);
	else
		wr_message(&w, packet);
	if (w.status == SN_OK)
		*len = (size_t)(w.pos - buf);
	return w.status;
}
