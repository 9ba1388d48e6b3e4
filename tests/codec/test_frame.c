/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "sn_codec/sn_codec.h"
#include "tests/codec/packets.h"

enum {
	ROOM = SN_PACKET_MAX + 1024
};

static enum sn_status decode_hex(const char *hex, struct sn_packet *packet)
{
	static uint8_t buf[64];

	return sn_decode(buf, hex_octets(hex, buf, sizeof(buf)), packet);
}

static enum sn_status status_of(const char *hex)
{
	struct sn_packet packet;

	return decode_hex(hex, &packet);
}

/* Octets in memory of just their size: the address sanitizer sees each step beyond. */
static uint8_t *exact_copy(const uint8_t *octets, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	cr_assert_not_null(copy);
	memcpy(copy, octets, len);
	return copy;
}

/* SN12-FRAME-01: the shortest message has 2 octets. */
Test(frame, a_header_has_two_octets)
{
	struct sn_packet packet;
	const uint8_t none = 2;

	cr_assert_eq(sn_decode(&none, 0, &packet), SN_SHORT);
	for (unsigned int octet = 0; octet <= UINT8_MAX; octet++)
		cr_assert_eq(sn_decode(&(uint8_t){ (uint8_t)octet }, 1, &packet), SN_SHORT);
}

/* SN12-FRAME-02 */
Test(frame, length_counts_itself)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("02 17", &packet), SN_OK);
	cr_assert_eq(packet.type, SN_PINGRESP);
	cr_assert_eq(status_of("03 17"), SN_BAD_LENGTH);
	cr_assert_eq(status_of("01 17"), SN_SHORT);
}

/* SN12-FRAME-03 */
Test(frame, length_of_three_octets)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("01 00 04 16", &packet), SN_OK);
	cr_assert_eq(packet.type, SN_PINGREQ);
	cr_assert_eq(packet.pingreq.client_id.len, 0);
}

/* SN12-FRAME-04: any message may come in the long form, a short one too. */
Test(frame, every_message_in_the_long_form)
{
	for (size_t i = 0; i < vector_count; i++) {
		const struct vector *v = &vectors[i];
		uint8_t buf[64] = { 0x01, 0x00 };
		size_t len = hex_octets(v->hex, buf + 2, sizeof(buf) - 2) + 2;
		struct sn_packet packet;

		buf[2] = (uint8_t)len;
		if (v->packet.type == SN_ENCAPSULATED) {
			cr_assert_eq(sn_decode(buf, len, &packet), SN_BAD_LENGTH);
			continue;
		}
		cr_assert_eq(sn_decode(buf, len, &packet), SN_OK, "%s", v->text);
		cr_assert(packet_equal(&packet, &v->packet), "%s", v->text);
	}
}

/* SN12-FRAME-05, SN12-OPEN-02: the long form begins where one octet does not reach. */
Test(frame, shortest_length_is_sent)
{
	static const struct {
		size_t data;
		size_t total;
		uint8_t start[4];
	} rows[] = {
		{ 254 - 7, 254, { 0xFE, 0x0C } },
		{ 255 - 7, 255, { 0xFF, 0x0C } },
		{ 256 - 7, 258, { 0x01, 0x01, 0x02, 0x0C } },
		{ 257 - 7, 259, { 0x01, 0x01, 0x03, 0x0C } },
		{ 258 - 7, 260, { 0x01, 0x01, 0x04, 0x0C } },
		{ SN_PACKET_MAX - 9, SN_PACKET_MAX, { 0x01, 0xFF, 0xFF, 0x0C } },
	};
	static uint8_t data[ROOM], buf[ROOM];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sn_packet packet = { SN_PUBLISH,
			.publish = { .topic_id = 1, .data = { data, rows[i].data } } };
		struct sn_packet back;
		size_t len = 0;

		cr_assert_eq(sn_encode(buf, sizeof(buf), &packet, &len), SN_OK);
		cr_assert_eq(len, rows[i].total);
		cr_assert_arr_eq(buf, rows[i].start, rows[i].start[0] == 0x01 ? 4 : 2);
		cr_assert_eq(sn_decode(buf, len, &back), SN_OK);
		cr_assert(packet_equal(&back, &packet), "total %zu", rows[i].total);
	}
}

Test(frame, nothing_above_the_long_length)
{
	static uint8_t data[ROOM], buf[ROOM];
	struct sn_packet packet = { SN_PUBLISH,
		.publish = { .data = { data, SN_PACKET_MAX - 8 } } };
	size_t len = 4711;

	cr_assert_eq(sn_encode(buf, sizeof(buf), &packet, &len), SN_NO_SPACE);
	cr_assert_eq(len, 4711);
	buf[0] = 0x01;
	buf[1] = buf[2] = 0xFF;
	buf[3] = SN_PUBLISH;
	cr_assert_eq(sn_decode(buf, SN_PACKET_MAX + 1, &packet), SN_BAD_LENGTH);
}

/* SN12-FRAME-06 */
Test(frame, illegal_lengths)
{
	cr_assert_eq(status_of("00 16"), SN_BAD_LENGTH);
	cr_assert_eq(status_of("01 00"), SN_SHORT);
	cr_assert_eq(status_of("01 00 03"), SN_SHORT);
	cr_assert_eq(status_of("01 00 03 16"), SN_BAD_LENGTH);
	cr_assert_eq(status_of("01 00 00 16"), SN_BAD_LENGTH);
}

/* SN12-FRAME-07, SN12-OPEN-01: Length is the length of the datagram. */
Test(frame, datagram_of_another_length)
{
	cr_assert_eq(status_of("02 16 00"), SN_BAD_LENGTH);
	cr_assert_eq(status_of("01 00 04 16 00"), SN_BAD_LENGTH);
	cr_assert_eq(status_of("01 00 05 16"), SN_BAD_LENGTH);
}

/* SN12-FRAME-10: one datagram, one message. */
Test(frame, two_messages_in_a_datagram)
{
	cr_assert_eq(status_of("02 16 02 16"), SN_BAD_LENGTH);
}

/* SN12-FRAME-07: cut off on the way, the Length says so. */
Test(frame, every_cut_message_is_refused)
{
	for (size_t i = 0; i < vector_count; i++) {
		uint8_t buf[64];
		size_t len = hex_octets(vectors[i].hex, buf, sizeof(buf));
		size_t least = vectors[i].packet.type == SN_ENCAPSULATED ? buf[0] : len;

		for (size_t n = 0; n < least; n++) {
			uint8_t *cut = exact_copy(buf, n);
			struct sn_packet packet;

			cr_assert_eq(sn_decode(cut, n, &packet), n < 2 ? SN_SHORT : SN_BAD_LENGTH,
			    "%s cut at %zu", vectors[i].text, n);
			free(cut);
		}
	}
}

Test(frame, every_smaller_buffer_is_refused)
{
	for (size_t i = 0; i < vector_count; i++) {
		uint8_t want[64];
		size_t len = hex_octets(vectors[i].hex, want, sizeof(want));

		for (size_t size = 0; size <= len; size++) {
			uint8_t *buf = exact_copy(want, size);
			size_t got = 4711;
			enum sn_status status = sn_encode(buf, size, &vectors[i].packet, &got);

			cr_assert_eq(status, size < len ? SN_NO_SPACE : SN_OK);
			cr_assert_eq(got, size < len ? 4711 : len);
			free(buf);
		}
	}
}

/* The long form needs two octets more than the message had before. */
Test(frame, long_form_in_smaller_buffers)
{
	static uint8_t data[300];
	const struct sn_packet packet = { SN_WILLMSG, .will_msg = { { data, sizeof(data) } } };
	const size_t need = sizeof(data) + 4;

	for (size_t size = need - 4; size <= need; size++) {
		uint8_t *buf = malloc(size);
		size_t len;

		cr_assert_not_null(buf);
		cr_assert_eq(
		    sn_encode(buf, size, &packet, &len), size < need ? SN_NO_SPACE : SN_OK);
		free(buf);
	}
}

/* SN12-TYPE-29, SN12-TYPE-30: reserved types are told, not decoded. */
Test(frame, reserved_types)
{
	for (unsigned int type = 0; type <= UINT8_MAX; type++) {
		const uint8_t frame[] = { 5, (uint8_t)type, 1, 2, 3 };
		struct sn_packet packet = { (uint8_t)type };
		uint8_t buf[8];
		size_t len;

		if (sn_type_name((uint8_t)type) != NULL)
			continue;
		cr_assert_eq(sn_encode(buf, sizeof(buf), &packet, &len), SN_UNKNOWN_TYPE);
		packet.type = 0;
		cr_assert_eq(sn_decode(frame, sizeof(frame), &packet), SN_UNKNOWN_TYPE);
		cr_assert_eq(packet.type, type);
	}
}

/* SN12-FWD-02, SN12-FWD-03, SN12-FWD-04: Length reaches to the end of the node id. */
Test(frame, encapsulation_with_node_ids_of_every_length)
{
	static const size_t lengths[] = { 0, 1, 2, 8, SN_NODE_ID_MAX };
	static const uint8_t inner[] = { 0x02, 0x16 };
	uint8_t node[SN_NODE_ID_MAX];

	for (size_t i = 0; i < sizeof(node); i++)
		node[i] = (uint8_t)(i + 1);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct sn_packet packet = { SN_ENCAPSULATED,
			.encapsulated = { 2, { node, lengths[i] }, { inner, sizeof(inner) } } };
		struct sn_packet back;
		uint8_t buf[300];
		size_t len;

		cr_assert_eq(sn_encode(buf, sizeof(buf), &packet, &len), SN_OK);
		cr_assert_eq(len, 3 + lengths[i] + sizeof(inner));
		cr_assert_eq(buf[0], 3 + lengths[i]);
		cr_assert_eq(buf[1], 0xFE);
		cr_assert_eq(buf[2], 2);
		cr_assert_arr_eq(buf + 3, node, lengths[i]);
		cr_assert_arr_eq(buf + 3 + lengths[i], inner, sizeof(inner));
		cr_assert_eq(sn_decode(buf, len, &back), SN_OK);
		cr_assert(packet_equal(&back, &packet));
	}
}

/* SN12-FWD-04 */
Test(frame, illegal_encapsulation)
{
	cr_assert_eq(status_of("00 FE 00"), SN_BAD_LENGTH);
	cr_assert_eq(status_of("02 FE"), SN_BAD_LENGTH);
	cr_assert_eq(status_of("02 FE 00 02 16"), SN_BAD_LENGTH);
	cr_assert_eq(status_of("01 FE 00 02 16"), SN_BAD_LENGTH);
	cr_assert_eq(status_of("01 00 05 FE 00"), SN_BAD_LENGTH);
	cr_assert_eq(status_of("06 FE 00 AA BB"), SN_BAD_LENGTH);
}

/* SN12-FWD-03: what stands behind the node id is a message of its own, whatever it is. */
Test(frame, inner_message_is_not_looked_at)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("06 FE 00 AA BB CC 02 16", &packet), SN_OK);
	cr_assert(bytes_equal(packet.encapsulated.inner, (struct sn_bytes)BYTES("\x02\x16")));
	cr_assert_eq(decode_hex("04 FE 00 AA 00", &packet), SN_OK);
	cr_assert(bytes_equal(packet.encapsulated.inner, (struct sn_bytes)BYTES("\0")));
	cr_assert_eq(decode_hex("04 FE 00 AA", &packet), SN_OK);
	cr_assert_eq(packet.encapsulated.inner.len, 0);
}

/* SN12-FWD-05: reserved bits of Ctrl are ignored when read and never written. */
Test(frame, only_the_radius_of_ctrl_counts)
{
	for (unsigned int ctrl = 0; ctrl <= UINT8_MAX; ctrl++) {
		const uint8_t frame[] = { 4, 0xFE, (uint8_t)ctrl, 0xAA };
		struct sn_packet packet;
		uint8_t buf[8];
		size_t len;

		cr_assert_eq(sn_decode(frame, sizeof(frame), &packet), SN_OK);
		cr_assert_eq(packet.encapsulated.radius, ctrl & 3);
		cr_assert_eq(sn_encode(buf, sizeof(buf), &packet, &len), SN_OK);
		cr_assert_eq(buf[2], ctrl & 3);
	}
}

Test(frame, encapsulation_that_does_not_fit_its_fields)
{
	static const uint8_t node[SN_NODE_ID_MAX + 1];
	struct sn_packet wide = { SN_ENCAPSULATED, .encapsulated = { .radius = 4 } };
	struct sn_packet far = { SN_ENCAPSULATED,
		.encapsulated = { .node_id = { node, sizeof(node) } } };
	uint8_t buf[300];
	size_t len;

	cr_assert_eq(sn_encode(buf, sizeof(buf), &wide, &len), SN_BAD_FIELD);
	cr_assert_eq(sn_encode(buf, sizeof(buf), &far, &len), SN_BAD_FIELD);
}
