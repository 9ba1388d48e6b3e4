/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "sn_codec/sn_text.h"
#include "sn_codec/text_members.h"

/* What does not fit is counted, not written. */
struct line {
	char *buf;
	size_t size;
	size_t len;
	size_t data_max;
};

static void put(struct line *line, char c)
{
	if (line->len + 1 < line->size)
		line->buf[line->len] = c;
	line->len++;
}

static void put_text(struct line *line, const char *text)
{
	while (*text != '\0')
		put(line, *text++);
}

static void put_number(struct line *line, size_t number)
{
	char digits[24];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (n > 0)
		put(line, digits[--n]);
}

static void put_hex(struct line *line, uint8_t octet)
{
	static const char digits[] = "0123456789abcdef";

	put(line, digits[octet >> 4]);
	put(line, digits[octet & 0x0f]);
}

static void put_escaped(struct line *line, uint8_t octet)
{
	static const char letters[256] = {
		['"'] = '"', ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'
	};

	if (letters[octet] != '\0') {
		put(line, '\\');
		put(line, letters[octet]);
	} else if (octet >= ' ' && octet <= '~') {
		put(line, (char)octet);
	} else {
		put_text(line, "\\x");
		put_hex(line, octet);
	}
}

static void put_quoted(struct line *line, const uint8_t *data, size_t len)
{
	put(line, '"');
	for (size_t i = 0; i < len; i++)
		put_escaped(line, data[i]);
	put(line, '"');
}

static void put_cut_mark(struct line *line, size_t len)
{
	put_text(line, "...(");
	put_number(line, len);
	put(line, ')');
}

/* One function per kind of member. */

static void print_u8(struct line *line, const void *member)
{
	put_number(line, *(const uint8_t *)member);
}

static void print_u16(struct line *line, const void *member)
{
	put_number(line, *(const uint16_t *)member);
}

static void print_qos(struct line *line, const void *member)
{
	int8_t qos = *(const int8_t *)member;

	if (qos < 0)
		put(line, '-');
	put_number(line, (size_t)(qos < 0 ? -qos : qos));
}

static void print_code(struct line *line, const void *member)
{
	const char *name = sn_return_code_name(*(const uint8_t *)member);

	if (name != NULL)
		put_text(line, name);
	else
		print_u8(line, member);
}

static void print_short(struct line *line, const void *member)
{
	uint8_t name[2];

	sn_short_topic(*(const uint16_t *)member, name);
	put_quoted(line, name, sizeof(name));
}

static void print_sleep(struct line *line, const void *member)
{
	put_number(line, ((const struct sn_disconnect *)member)->duration);
}

static bool is_plain(const struct sn_bytes *name)
{
	for (size_t i = 0; i < name->len; i++) {
		uint8_t c = name->data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr("-_.:/", c) == NULL))
			return false;
	}
	return name->len > 0;
}

static void print_name(struct line *line, const void *member)
{
	const struct sn_bytes *name = member;

	if (!is_plain(name)) {
		put_quoted(line, name->data, name->len);
		return;
	}
	for (size_t i = 0; i < name->len; i++)
		put(line, (char)name->data[i]);
}

static void print_hex(struct line *line, const void *member)
{
	const struct sn_bytes *bytes = member;

	for (size_t i = 0; i < bytes->len; i++)
		put_hex(line, bytes->data[i]);
}

static void print_quoted(struct line *line, const void *member)
{
	const struct sn_bytes *text = member;

	put_quoted(line, text->data, text->len);
}

static void print_payload(struct line *line, const void *member)
{
	const struct sn_bytes *data = member;
	bool cut = data->len > line->data_max;

	put_quoted(line, data->data, cut ? line->data_max : data->len);
	if (cut)
		put_cut_mark(line, data->len);
}

static void print_inner_hex(struct line *line, const struct sn_bytes *inner)
{
	bool cut = inner->len > line->data_max;
	struct sn_bytes shown = { inner->data, cut ? line->data_max : inner->len };

	put_text(line, "inner=");
	print_hex(line, &shown);
	if (cut)
		put_cut_mark(line, inner->len);
}

static void print_packet(struct line *line, const struct sn_packet *packet);

static void print_inner(struct line *line, const void *member)
{
	const struct sn_bytes *inner = member;
	struct sn_packet packet;

	/* No second encapsulation as text: a peer would choose the depth of our recursion. */
	if (sn_decode(inner->data, inner->len, &packet) == SN_OK && packet.type != SN_ENCAPSULATED)
		print_packet(line, &packet);
	else
		print_inner_hex(line, inner);
}

static void (*const printers[TEXT_KINDS])(struct line *line, const void *member) = {
	[TEXT_U8] = print_u8,
	[TEXT_U16] = print_u16,
	[TEXT_QOS] = print_qos,
	[TEXT_CODE] = print_code,
	[TEXT_SHORT] = print_short,
	[TEXT_SLEEP] = print_sleep,
	[TEXT_NAME] = print_name,
	[TEXT_HEX] = print_hex,
	[TEXT_QUOTED] = print_quoted,
	[TEXT_PAYLOAD] = print_payload,
	[TEXT_INNER] = print_inner,
};

static bool has_fallback(enum text_kind kind, uint8_t fallback, const void *member)
{
	switch (kind) {
	case TEXT_U8:
		return *(const uint8_t *)member == fallback;
	case TEXT_U16:
		return *(const uint16_t *)member == 0;
	case TEXT_QOS:
		return *(const int8_t *)member == 0;
	default:
		return ((const struct sn_bytes *)member)->len == 0;
	}
}

static bool is_printed(const struct text_member *row, const void *member, uint8_t topic_type)
{
	if (row->topics != 0 && (row->topics & 1u << topic_type) == 0)
		return false;
	if (row->kind == TEXT_SWITCH)
		return *(const bool *)member;
	if (row->kind == TEXT_SLEEP)
		return ((const struct sn_disconnect *)member)->has_duration;
	return !row->optional || !has_fallback(row->kind, row->fallback, member);
}

static void print_member(struct line *line, const struct text_member *row, const void *member)
{
	put(line, ' ');
	if (row->word != NULL && row->kind != TEXT_INNER) {
		put_text(line, row->word);
		if (printers[row->kind] != NULL)
			put(line, '=');
	}
	if (printers[row->kind] != NULL)
		printers[row->kind](line, member);
}

static void print_packet(struct line *line, const struct sn_packet *packet)
{
	put_text(line, sn_type_name(packet->type));
	for (const struct text_member *row = text_members[packet->type]; row->kind != TEXT_END;
	     row++) {
		const void *member = (const char *)packet + row->offset;

		if (is_printed(row, member, packet->publish.flags.topic_type))
			print_member(line, row, member);
	}
}

size_t sn_text_print(char *buf, size_t size, const struct sn_packet *packet, size_t data_max)
{
	struct line line = { .buf = buf, .size = size, .data_max = data_max };

	if (text_members[packet->type] != NULL) {
		print_packet(&line, packet);
	} else {
		put_text(&line, "0x");
		put_hex(&line, packet->type);
	}
	if (size > 0)
		buf[line.len < size ? line.len : size - 1] = '\0';
	return line.len;
}
