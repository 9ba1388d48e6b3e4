/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "sn_codec/sn_text.h"
#include "tests/codec/packets.h"

static const char *print(const struct sn_packet *packet, size_t data_max)
{
	static char line[2048];
	size_t len = sn_text_print(line, sizeof(line), packet, data_max);

	cr_assert_eq(len, strlen(line));
	return line;
}

Test(text_print, every_vector)
{
	for (size_t i = 0; i < vector_count; i++)
		cr_assert_str_eq(print(&vectors[i].packet, SIZE_MAX), vectors[i].text);
}

/* As snprintf(): a part that fits, always terminated, and the length of the whole. */
Test(text_print, into_smaller_buffers)
{
	for (size_t i = 0; i < vector_count; i++) {
		size_t whole = strlen(vectors[i].text);

		for (size_t size = 1; size <= whole + 1; size++) {
			char *line = malloc(size);

			cr_assert_not_null(line);
			cr_assert_eq(
			    sn_text_print(line, size, &vectors[i].packet, SIZE_MAX), whole);
			cr_assert_eq(strlen(line), size - 1);
			cr_assert_arr_eq(line, vectors[i].text, size - 1);
			free(line);
		}
		cr_assert_eq(sn_text_print(NULL, 0, &vectors[i].packet, SIZE_MAX), whole);
	}
}

Test(text_print, long_data_is_cut)
{
	const struct sn_packet publish = { SN_PUBLISH, .publish = { .data = BYTES("abcdef") } };
	const struct sn_packet will = { SN_WILLMSG, .will_msg = { BYTES("abcdef") } };
	const struct sn_packet inner = { SN_ENCAPSULATED,
		.encapsulated = { .inner = BYTES("abcdef") } };
	const struct sn_packet reg = { SN_REGISTER, .reg = { .topic = BYTES("abcdef") } };

	cr_assert_str_eq(print(&publish, 6), "PUBLISH qos=0 tid=0 \"abcdef\"");
	cr_assert_str_eq(print(&publish, 5), "PUBLISH qos=0 tid=0 \"abcde\"...(6)");
	cr_assert_str_eq(print(&publish, 0), "PUBLISH qos=0 tid=0 \"\"...(6)");
	cr_assert_str_eq(print(&will, 3), "WILLMSG \"abc\"...(6)");
	cr_assert_str_eq(print(&inner, 2), "ENCAPSULATED radius=0 node= inner=6162...(6)");
	cr_assert_str_eq(print(&inner, 6), "ENCAPSULATED radius=0 node= inner=616263646566");
	cr_assert_str_eq(print(&reg, 3), "REGISTER tid=0 mid=0 \"abcdef\"", "a name is not data");
}

Test(text_print, data_of_an_inner_message_is_cut)
{
	const struct sn_packet packet = { SN_ENCAPSULATED,
		.encapsulated = { .inner = BYTES("\x0a\x0c\0\0\1\0\0abc") } };

	cr_assert_str_eq(
	    print(&packet, 2), "ENCAPSULATED radius=0 node= PUBLISH qos=0 tid=1 \"ab\"...(3)");
}

Test(text_print, every_octet_as_printable_ascii)
{
	uint8_t octets[256];
	struct sn_packet packet = { SN_WILLMSG, .will_msg = { { octets, sizeof(octets) } } };

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)i;
	for (const char *c = print(&packet, SIZE_MAX); *c != '\0'; c++)
		cr_assert(*c >= ' ' && *c <= '~');
}

Test(text_print, escapes)
{
	const struct sn_packet packet = { SN_WILLMSG,
		.will_msg = { BYTES("\"\\\n\r\t\0\x1b\x7f\x80\xff ~'") } };

	cr_assert_str_eq(
	    print(&packet, SIZE_MAX), "WILLMSG \"\\\"\\\\\\n\\r\\t\\x00\\x1b\\x7f\\x80\\xff ~'\"");
}

Test(text_print, client_ids_in_quotes_unless_plain)
{
	static const struct {
		struct sn_bytes id;
		const char *text;
	} rows[] = {
		{ BYTES("azAZ09-_.:/"), "PINGREQ id=azAZ09-_.:/" },
		{ BYTES("a b"), "PINGREQ id=\"a b\"" },
		{ BYTES("a#"), "PINGREQ id=\"a#\"" },
		{ BYTES("a|"), "PINGREQ id=\"a|\"" },
		{ BYTES("a\0"), "PINGREQ id=\"a\\x00\"" },
		{ BYTES("\""), "PINGREQ id=\"\\\"\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct sn_packet packet = { SN_PINGREQ, .pingreq = { rows[i].id } };

		cr_assert_str_eq(print(&packet, SIZE_MAX), rows[i].text);
	}
}

Test(text_print, reserved_type)
{
	cr_assert_str_eq(print(&(struct sn_packet){ 0x1f }, SIZE_MAX), "0x1f");
}
