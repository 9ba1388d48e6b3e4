/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <string.h>

#include "sn_codec/sn_codec.h"
#include "tests/codec/packets.h"

static enum sn_status decode_hex(const char *hex, struct sn_packet *packet)
{
	static uint8_t buf[64];

	return sn_decode(buf, hex_octets(hex, buf, sizeof(buf)), packet);
}

/* The ids of the rules (SN12-MSG-01 and on) stand beside the vectors. */
Test(message, every_vector_decodes)
{
	for (size_t i = 0; i < vector_count; i++) {
		struct sn_packet packet;

		cr_assert_eq(decode_hex(vectors[i].hex, &packet), SN_OK, "%s", vectors[i].text);
		cr_assert(packet_equal(&packet, &vectors[i].packet), "%s", vectors[i].text);
	}
}

Test(message, every_vector_encodes)
{
	for (size_t i = 0; i < vector_count; i++) {
		uint8_t want[64], buf[64];
		size_t want_len = hex_octets(vectors[i].hex, want, sizeof(want));
		size_t len;

		cr_assert_eq(sn_encode(buf, sizeof(buf), &vectors[i].packet, &len), SN_OK);
		cr_assert_eq(len, want_len, "%s", vectors[i].text);
		cr_assert_arr_eq(buf, want, len, "%s", vectors[i].text);
	}
}

/* The sizes of table TYPE.  @more: a field of any length ends the message. */
static const struct {
	uint8_t type;
	uint8_t flags;
	size_t least;
	bool more;
} sizes[] = {
	{ SN_ADVERTISE, 0, 5, false },
	{ SN_SEARCHGW, 0, 3, false },
	{ SN_GWINFO, 0, 3, true },
	{ SN_CONNECT, 0, 6, true },
	{ SN_CONNACK, 0, 3, false },
	{ SN_WILLTOPICREQ, 0, 2, false },
	{ SN_WILLMSGREQ, 0, 2, false },
	{ SN_WILLMSG, 0, 2, true },
	{ SN_REGISTER, 0, 6, true },
	{ SN_REGACK, 0, 7, false },
	{ SN_PUBLISH, 0, 7, true },
	{ SN_PUBACK, 0, 7, false },
	{ SN_PUBCOMP, 0, 4, false },
	{ SN_PUBREC, 0, 4, false },
	{ SN_PUBREL, 0, 4, false },
	{ SN_SUBSCRIBE, SN_TOPIC_NORMAL, 5, true },
	{ SN_SUBSCRIBE, SN_TOPIC_PREDEFINED, 7, false },
	{ SN_SUBSCRIBE, SN_TOPIC_SHORT, 7, false },
	{ SN_SUBSCRIBE, SN_TOPIC_RESERVED, 5, true },
	{ SN_SUBACK, 0, 8, false },
	{ SN_UNSUBSCRIBE, SN_TOPIC_NORMAL, 5, true },
	{ SN_UNSUBSCRIBE, SN_TOPIC_PREDEFINED, 7, false },
	{ SN_UNSUBSCRIBE, SN_TOPIC_SHORT, 7, false },
	{ SN_UNSUBSCRIBE, SN_TOPIC_RESERVED, 5, true },
	{ SN_UNSUBACK, 0, 4, false },
	{ SN_PINGREQ, 0, 2, true },
	{ SN_PINGRESP, 0, 2, false },
	{ SN_WILLTOPICRESP, 0, 3, false },
	{ SN_WILLMSGUPD, 0, 2, true },
	{ SN_WILLMSGRESP, 0, 3, false },
};

/* SN12-FRAME-09: with an honest Length, each size below the least is too short, and each above the
 * size of a fixed layout is too long. */
Test(message, every_size)
{
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t len = 2; len < 16; len++) {
			uint8_t buf[16] = { (uint8_t)len, sizes[i].type, sizes[i].flags };
			struct sn_packet packet;
			enum sn_status want = SN_OK;

			if (len < sizes[i].least)
				want = SN_SHORT;
			else if (len > sizes[i].least && !sizes[i].more)
				want = SN_TRAILING;
			cr_assert_eq(sn_decode(buf, len, &packet), want, "%s, flags %u, %zu octets",
			    sn_type_name(sizes[i].type), sizes[i].flags, len);
		}
	}
}

/* SN12-MSG-07, SN12-MSG-21: nothing at all, or Flags and a name. */
Test(message, will_topic_is_empty_or_whole)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("02 07", &packet), SN_OK);
	cr_assert_eq(packet.will_topic.topic.len, 0);
	cr_assert_eq(decode_hex("01 00 04 07", &packet), SN_OK);
	cr_assert_eq(decode_hex("03 07 30", &packet), SN_BAD_FIELD);
	cr_assert_eq(decode_hex("03 1A 00", &packet), SN_BAD_FIELD);
	cr_assert_eq(decode_hex("01 00 05 1A 00", &packet), SN_BAD_FIELD);
}

/* SN12-MSG-20: nothing at all, or two octets. */
Test(message, disconnect_with_and_without_duration)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("02 18", &packet), SN_OK);
	cr_assert_not(packet.disconnect.has_duration);
	cr_assert_eq(decode_hex("03 18 00", &packet), SN_SHORT);
	cr_assert_eq(decode_hex("04 18 00 00", &packet), SN_OK);
	cr_assert(packet.disconnect.has_duration);
	cr_assert_eq(decode_hex("05 18 00 00 00", &packet), SN_TRAILING);
}

/* SN12-FLAG-01 */
Test(message, bits_of_the_flags)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("07 0C B1 00 05 00 07", &packet), SN_OK);
	cr_assert(packet.publish.flags.dup);
	cr_assert_eq(packet.publish.flags.qos, 1);
	cr_assert(packet.publish.flags.retain);
	cr_assert_eq(packet.publish.flags.topic_type, SN_TOPIC_PREDEFINED);
	cr_assert_eq(decode_hex("07 04 08 01 00 3C 61", &packet), SN_OK);
	cr_assert(packet.connect.flags.will);
	cr_assert_not(packet.connect.flags.clean);
	cr_assert_eq(decode_hex("07 04 04 01 00 3C 61", &packet), SN_OK);
	cr_assert_not(packet.connect.flags.will);
	cr_assert(packet.connect.flags.clean);
}

/* SN12-FLAG-02 */
Test(message, every_qos)
{
	static const int8_t want[] = { 0, 1, 2, -1 };

	for (unsigned int bits = 0; bits < 4; bits++) {
		const uint8_t frame[] = { 7, SN_PUBLISH, (uint8_t)(bits << 5), 0, 1, 0, 0 };
		struct sn_packet packet;

		cr_assert_eq(sn_decode(frame, sizeof(frame), &packet), SN_OK);
		cr_assert_eq(packet.publish.flags.qos, want[bits]);
	}
}

/* SN12-FLAG-03, SN12-MSG-14, SN12-MSG-16: the type tells whether an id or a name follows. */
Test(message, every_topic_type)
{
	for (unsigned int kind = 0; kind < 4; kind++) {
		const bool id = kind == SN_TOPIC_PREDEFINED || kind == SN_TOPIC_SHORT;
		const uint8_t subscribe[] = { 7, SN_SUBSCRIBE, (uint8_t)kind, 0, 9, 'a', 'b' };
		const uint8_t publish[] = { 7, SN_PUBLISH, (uint8_t)kind, 'a', 'b', 0, 0 };
		struct sn_packet packet;

		cr_assert_eq(sn_decode(subscribe, sizeof(subscribe), &packet), SN_OK);
		cr_assert_eq(packet.subscribe.flags.topic_type, kind);
		cr_assert_eq(packet.subscribe.topic_id, id ? 'a' << 8 | 'b' : 0);
		cr_assert_eq(packet.subscribe.topic.len, id ? 0 : 2);
		cr_assert_eq(sn_decode(publish, sizeof(publish), &packet), SN_OK);
		cr_assert_eq(packet.publish.flags.topic_type, kind);
		cr_assert_eq(packet.publish.topic_id, 'a' << 8 | 'b');
	}
}

/* SN12-FLAG-04, SN12-FLAG-06: bits that a message does not use are ignored when read and written as
 * 0; some peers echo the topic type in SUBACK. */
Test(message, only_the_used_flags_count)
{
	static const struct {
		const char *hex;
		uint8_t used;
	} rows[] = {
		{ "08 04 00 01 00 3C 63 31", 0x0C }, /* CONNECT */
		{ "04 07 00 77", 0x70 },             /* WILLTOPIC */
		{ "04 1A 00 77", 0x70 },             /* WILLTOPICUPD */
		{ "08 0C 00 00 01 00 02 68", 0xF3 }, /* PUBLISH */
		{ "07 12 00 00 03 61 62", 0xE3 },    /* SUBSCRIBE */
		{ "07 14 00 00 03 61 62", 0x03 },    /* UNSUBSCRIBE */
		{ "08 13 00 00 01 00 03 00", 0x60 }, /* SUBACK */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned int bits = 0; bits <= UINT8_MAX; bits++) {
			uint8_t noisy[16], clean[16], buf[16];
			size_t len = hex_octets(rows[i].hex, noisy, sizeof(noisy)), written;
			struct sn_packet packet, want;

			memcpy(clean, noisy, len);
			noisy[2] = (uint8_t)bits;
			clean[2] = (uint8_t)bits & rows[i].used;
			cr_assert_eq(sn_decode(noisy, len, &packet), SN_OK);
			cr_assert_eq(sn_decode(clean, len, &want), SN_OK);
			cr_assert(packet_equal(&packet, &want), "row %zu, flags 0x%02x", i, bits);
			cr_assert_eq(sn_encode(buf, sizeof(buf), &packet, &written), SN_OK);
			cr_assert_eq(written, len);
			cr_assert_arr_eq(buf, clean, len, "row %zu, flags 0x%02x", i, bits);
		}
	}
}

/* SN12-FLAG-04: neither does the encoder write a flag that the message does not have. */
Test(message, flags_of_other_messages_are_not_written)
{
	const struct sn_flags all = { true, 2, true, true, true, SN_TOPIC_NORMAL };
	const struct sn_packet suback = { SN_SUBACK, .suback = { .flags = all } };
	const struct sn_packet connect = { SN_CONNECT, .connect = { .flags = all } };
	uint8_t buf[16];
	size_t len;

	cr_assert_eq(sn_encode(buf, sizeof(buf), &suback, &len), SN_OK);
	cr_assert_eq(buf[2], 0x40);
	cr_assert_eq(sn_encode(buf, sizeof(buf), &connect, &len), SN_OK);
	cr_assert_eq(buf[2], 0x0C);
}

Test(message, flags_out_of_range_are_refused)
{
	static const struct sn_flags wrong[] = {
		{ .qos = 3 },
		{ .qos = -2 },
		{ .topic_type = SN_TOPIC_RESERVED + 1 },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct sn_packet packet = { SN_PUBLISH, .publish = { .flags = wrong[i] } };
		uint8_t buf[16];
		size_t len;

		cr_assert_eq(sn_encode(buf, sizeof(buf), &packet, &len), SN_BAD_FIELD);
	}
}

/* SN12-RC-01: every value passes, the reserved ones too, in the six messages that have one. */
Test(message, every_return_code)
{
	static const char *const frames[] = {
		"03 05 00",                /* CONNACK */
		"07 0B 00 01 00 02 00",    /* REGACK */
		"07 0D 00 01 00 02 00",    /* PUBACK */
		"08 13 00 00 01 00 02 00", /* SUBACK */
		"03 1B 00",                /* WILLTOPICRESP */
		"03 1D 00",                /* WILLMSGRESP */
	};

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		for (unsigned int code = 0; code <= UINT8_MAX; code++) {
			uint8_t frame[16], buf[16];
			size_t len = hex_octets(frames[i], frame, sizeof(frame)), written;
			struct sn_packet packet;

			frame[len - 1] = (uint8_t)code;
			cr_assert_eq(sn_decode(frame, len, &packet), SN_OK);
			cr_assert_eq(sn_encode(buf, sizeof(buf), &packet, &written), SN_OK);
			cr_assert_eq(written, len);
			cr_assert_arr_eq(buf, frame, len);
		}
	}
	cr_assert_eq(SN_ACCEPTED, 0x00);
	cr_assert_eq(SN_CONGESTION, 0x01);
	cr_assert_eq(SN_INVALID_TOPIC_ID, 0x02);
	cr_assert_eq(SN_NOT_SUPPORTED, 0x03);
}

/* SN12-FIELD-01, SN12-OPEN-05: a client id has any length here; the gateway has the policy. */
Test(message, client_id_is_the_rest)
{
	static const size_t lengths[] = { 0, 1, 23, 24, 200 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint8_t frame[256] = { (uint8_t)(6 + lengths[i]), SN_CONNECT, 0, 1 };
		struct sn_packet packet;

		memset(frame + 6, 'x', lengths[i]);
		cr_assert_eq(sn_decode(frame, frame[0], &packet), SN_OK);
		cr_assert_eq(packet.connect.client_id.len, lengths[i]);
		cr_assert_eq(packet.connect.client_id.data, frame + 6, "points into the datagram");
	}
}

/* SN12-FIELD-02, SN12-FIELD-11: data and will message may be empty. */
Test(message, data_may_be_empty)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("07 0C 00 00 01 00 00", &packet), SN_OK);
	cr_assert_eq(packet.publish.data.len, 0);
	cr_assert_eq(decode_hex("02 09", &packet), SN_OK);
	cr_assert_eq(packet.will_msg.message.len, 0);
}

/* SN12-FIELD-03 */
Test(message, durations_are_seconds)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("04 18 FF FF", &packet), SN_OK);
	cr_assert_eq(packet.disconnect.duration, 65535);
	cr_assert_eq(decode_hex("06 04 00 01 00 3C", &packet), SN_OK);
	cr_assert_eq(packet.connect.keep_alive, 60);
}

/* SN12-FIELD-04, SN12-OPEN-13: the address is the rest, without a length of its own. */
Test(message, gateway_address_is_the_rest)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("07 02 01 C0 00 02 01", &packet), SN_OK);
	cr_assert(bytes_equal(packet.gwinfo.address, (struct sn_bytes)BYTES("\xc0\0\2\1")));
}

/* SN12-FIELD-06, SN12-FIELD-09: ids pass as they are, the reserved values too. */
Test(message, ids_of_all_bits)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("07 0D FF FF 12 34 00", &packet), SN_OK);
	cr_assert_eq(packet.topic_ack.topic_id, 0xFFFF);
	cr_assert_eq(packet.topic_ack.msg_id, 0x1234);
}

/* SN12-FIELD-08 */
Test(message, radius_of_all_bits)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("03 01 00", &packet), SN_OK);
	cr_assert_eq(packet.searchgw.radius, 0);
	cr_assert_eq(decode_hex("03 01 FF", &packet), SN_OK);
	cr_assert_eq(packet.searchgw.radius, 255);
}

/* SN12-FIELD-10: names have neither a length nor an end of their own. */
Test(message, names_are_the_rest)
{
	struct sn_packet packet;

	cr_assert_eq(decode_hex("0A 0A 00 00 00 01 C3 BC 00 2F", &packet), SN_OK);
	cr_assert(bytes_equal(packet.reg.topic, (struct sn_bytes)BYTES("\xc3\xbc\0/")));
	cr_assert_eq(decode_hex("07 07 00 F0 9F 8C A1", &packet), SN_OK);
	cr_assert(bytes_equal(packet.will_topic.topic, (struct sn_bytes)BYTES("\xf0\x9f\x8c\xa1")));
}

/* SN12-TOPIC-04 */
Test(message, short_names_and_their_ids)
{
	uint8_t name[2];

	cr_assert_eq(sn_short_topic_id((const uint8_t *)"ab"), 0x6162);
	sn_short_topic(0x6162, name);
	cr_assert_arr_eq(name, "ab", 2);
}
