/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "sn_codec/sn_text.h"
#include "tests/codec/packets.h"

static struct sn_packet parse(const char *line)
{
	static uint8_t memory[1024];
	struct sn_text_arena arena = { .buf = memory, .size = sizeof(memory) };
	struct sn_packet packet;
	const char *error = sn_text_parse(line, &packet, &arena, NULL);

	cr_assert_null(error, "%s: %s", line, error);
	return packet;
}

Test(text_parse, every_vector)
{
	for (size_t i = 0; i < vector_count; i++) {
		struct sn_packet packet = parse(vectors[i].text);

		cr_assert(packet_equal(&packet, &vectors[i].packet), "%s", vectors[i].text);
	}
}

Test(text_parse, other_ways_to_say_the_same)
{
	static const char *const pairs[][2] = {
		{ "  PUBLISH\t\"x\"  mid=2   retain tid=1 qos=1 \t",
		    "PUBLISH qos=1 retain tid=1 mid=2 \"x\"" },
		{ "PUBLISH", "PUBLISH qos=0 tid=0 mid=0 \"\"" },
		{ "PUBLISH tid=5 reserved", "PUBLISH reserved tid=5" },
		{ "PUBLISH short=ab", "PUBLISH short=\"ab\"" },
		{ "PUBLISH \"\\x41\\x6a\\x6A\"", "PUBLISH \"Ajj\"" },
		{ "CONNECT id=c1", "CONNECT keepalive=0 proto=1 id=\"c1\"" },
		{ "CONNECT id=a=\\b", "CONNECT id=\"a=\\\\b\"" },
		{ "CONNECT id=", "CONNECT" },
		{ "CONNACK", "CONNACK rc=0" },
		{ "PUBACK rc=3", "PUBACK rc=not-supported" },
		{ "PUBACK rc=not-supported mid=2 tid=1", "PUBACK tid=1 mid=2 rc=3" },
		{ "ENCAPSULATED inner=FF node=AA", "ENCAPSULATED node=aa inner=ff" },
		{ "GWINFO gw=1 addr=AABB", "GWINFO gw=001 addr=aabb" },
		{ "ENCAPSULATED node=aa inner=0216", "ENCAPSULATED node=aa PINGREQ" },
		{ "ENCAPSULATED node=0123456789abcdefABCDEF ADVERTISE",
		    "ENCAPSULATED node=0123456789ABCDEFabcdef inner=0500000000" },
		{ "ENCAPSULATED CONNECT id=a will", "ENCAPSULATED inner=07040801000061" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		static uint8_t memory[256];
		struct sn_text_arena arena = { .buf = memory, .size = sizeof(memory) };
		struct sn_packet a, b;

		cr_assert_null(sn_text_parse(pairs[i][0], &a, &arena, NULL), "%s", pairs[i][0]);
		cr_assert_null(sn_text_parse(pairs[i][1], &b, &arena, NULL), "%s", pairs[i][1]);
		cr_assert(packet_equal(&a, &b), "%s", pairs[i][0]);
	}
}

Test(text_parse, an_inner_message_is_encoded)
{
	struct sn_packet packet =
	    parse("ENCAPSULATED radius=1 node=0102 SUBSCRIBE \"a/#\" qos=1 mid=3");

	cr_assert_eq(packet.encapsulated.radius, 1);
	cr_assert(bytes_equal(packet.encapsulated.node_id, (struct sn_bytes)BYTES("\1\2")));
	cr_assert(
	    bytes_equal(packet.encapsulated.inner, (struct sn_bytes)BYTES("\x08\x12\x20\0\3a/#")));
}

/* Octets beyond ASCII may stand as they are. */
Test(text_parse, utf8_in_quotes)
{
	struct sn_packet packet = parse("REGISTER \"k\xc3\xbc\"");

	cr_assert(bytes_equal(packet.reg.topic, (struct sn_bytes)BYTES("k\xc3\xbc")));
}

Test(text_parse, errors_with_their_place)
{
	static const struct {
		const char *line;
		size_t at;
		const char *error;
	} rows[] = {
		{ "", 0, "message type expected" },
		{ "  ", 2, "message type expected" },
		{ "publish", 0, "message type expected" },
		{ "PUBLISHX", 0, "message type expected" },
		{ "PUB", 0, "message type expected" },
		{ "0x1f", 0, "message type expected" },
		{ "PUBREC MID=3", 7, "no such word in this message" },
		{ "PUBREC mi=3", 7, "no such word in this message" },
		{ "UNSUBSCRIBE qos=1", 12, "no such word in this message" },
		{ "PINGRESP \"x\"", 9, "no such word in this message" },
		{ "PINGRESP PINGREQ", 9, "no such word in this message" },
		{ "PUBREC mid=3 mid=3", 13, "given twice" },
		{ "WILLMSG \"a\" \"b\"", 12, "given twice" },
		{ "ENCAPSULATED inner= PINGREQ", 20, "given twice" },
		{ "PUBREC mid", 7, "value missing" },
		{ "PUBREC mid 3", 7, "value missing" },
		{ "PUBLISH dup=1", 8, "this word takes no value" },
		{ "PUBLISH reserved=1", 8, "this word takes no value" },
		{ "PUBREC mid=", 11, "number expected" },
		{ "PUBREC mid=-1", 11, "number expected" },
		{ "PUBREC mid=3x", 11, "number expected" },
		{ "PUBREC mid=\"3\"", 11, "number expected" },
		{ "PUBREC mid=65536", 11, "number too large" },
		{ "PUBREC mid=4294967297", 11, "number too large" },
		{ "SEARCHGW radius=256", 16, "number too large" },
		{ "PUBLISH qos=3", 12, "number too large" },
		{ "PUBLISH qos=-2", 13, "number too large" },
		{ "CONNACK rc=acceptedd", 11, "number expected" },
		{ "CONNACK rc=256", 11, "number too large" },
		{ "PUBLISH short=abc", 14, "a short topic name has two octets" },
		{ "PUBLISH short=\"\"", 14, "a short topic name has two octets" },
		{ "PUBLISH tid=1 pre=1", 14, "topic given in two ways" },
		{ "PUBLISH pre=1 tid=1", 14, "topic given in two ways" },
		{ "PUBLISH short=ab pre=1", 17, "topic given in two ways" },
		{ "PUBLISH reserved pre=1", 17, "topic given in two ways" },
		{ "SUBSCRIBE \"a\" pre=1", 14, "topic given in two ways" },
		{ "SUBSCRIBE short=ab \"a\"", 19, "topic given in two ways" },
		{ "GWINFO addr=a", 12, "two hex digits expected" },
		{ "GWINFO addr=0g", 12, "two hex digits expected" },
		{ "GWINFO addr=\"00\"", 12, "two hex digits expected" },
		{ "WILLMSG \"a", 8, "closing quote missing" },
		{ "WILLMSG \"a\\\"", 8, "closing quote missing" },
		{ "WILLMSG \"a\\", 10, "no such escape" },
		{ "WILLMSG \"\\q\"", 9, "no such escape" },
		{ "WILLMSG \"\\x4\"", 11, "two hex digits expected" },
		{ "WILLMSG \"a\"b", 11, "blank expected" },
		{ "WILLMSG \"abc\"...(8000)", 13, "blank expected" },
		{ "PINGREQ id=a\"b", 12, "quote inside a word" },
		{ "ENCAPSULATED PINGREX", 13, "message type expected" },
		{ "ENCAPSULATED PUBREC mid=x", 24, "number expected" },
		{ "ENCAPSULATED ENCAPSULATED", 13,
		    "a second encapsulation is to be given as inner=hex" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t memory[64];
		struct sn_text_arena arena = { .buf = memory, .size = sizeof(memory), .used = 5 };
		struct sn_packet packet;
		size_t at = 4711;
		const char *error = sn_text_parse(rows[i].line, &packet, &arena, &at);

		cr_assert_not_null(error, "%s", rows[i].line);
		cr_assert_str_eq(error, rows[i].error, "%s: %s", rows[i].line, error);
		cr_assert_eq(at, rows[i].at, "%s: at %zu", rows[i].line, at);
		cr_assert_eq(arena.used, 5, "%s", rows[i].line);
	}
}

/* With less memory than a line needs it is refused, not cut; twice its length is enough. */
Test(text_parse, memory_of_every_size)
{
	for (size_t i = 0; i < vector_count; i++) {
		size_t most = 2 * strlen(vectors[i].text), size = 0;
		const char *error;

		do {
			uint8_t *memory = malloc(size + 1);
			struct sn_text_arena arena = { .buf = memory, .size = size };
			struct sn_packet packet;

			cr_assert_not_null(memory);
			error = sn_text_parse(vectors[i].text, &packet, &arena, NULL);
			if (error == NULL) {
				cr_assert(packet_equal(&packet, &vectors[i].packet));
			} else {
				cr_assert(
				    strcmp(error, "no memory left for text") == 0 ||
				    strcmp(error, "no memory left for the inner message") == 0);
				cr_assert_eq(arena.used, 0);
			}
			free(memory);
		} while (error != NULL && size++ < most);
		cr_assert_null(error, "%s: %s", vectors[i].text, error);
	}
}

Test(text_parse, one_arena_for_several_lines)
{
	uint8_t memory[16];
	struct sn_text_arena arena = { .buf = memory, .size = sizeof(memory) };
	struct sn_packet first, second;

	cr_assert_null(sn_text_parse("PINGREQ id=one", &first, &arena, NULL));
	cr_assert_null(sn_text_parse("PINGREQ id=two", &second, &arena, NULL));
	cr_assert(bytes_equal(first.pingreq.client_id, (struct sn_bytes)BYTES("one")));
	cr_assert(bytes_equal(second.pingreq.client_id, (struct sn_bytes)BYTES("two")));
	cr_assert_eq(arena.used, 6);
}
