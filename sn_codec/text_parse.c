/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "sn_codec/sn_text.h"
#include "sn_codec/text_members.h"

/* All functions that return bool return false after fail(). */
struct parser {
	const char *pos;
	struct sn_text_arena *arena;
	const char *error;
	const char *error_pos;
};

static bool fail(struct parser *p, const char *pos, const char *error)
{
	p->error = error;
	p->error_pos = pos;
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_same(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && memcmp(name, text, len) == 0;
}

static bool at_end_of_word(const struct parser *p)
{
	return *p->pos == '\0' || is_blank(*p->pos);
}

static void skip_blanks(struct parser *p)
{
	while (is_blank(*p->pos))
		p->pos++;
}

static bool store(struct parser *p, uint8_t octet)
{
	if (p->arena->used == p->arena->size)
		return fail(p, p->pos, "no memory left for text");
	p->arena->buf[p->arena->used++] = octet;
	return true;
}

/* What has been stored since the arena had @from octets. */
static struct sn_bytes stored(const struct parser *p, size_t from)
{
	return (struct sn_bytes){ p->arena->buf + from, p->arena->used - from };
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool read_hex_octet(struct parser *p, uint8_t *octet)
{
	int high = hex_digit(p->pos[0]);
	int low = high < 0 ? -1 : hex_digit(p->pos[1]);

	if (low < 0)
		return fail(p, p->pos, "two hex digits expected");
	*octet = (uint8_t)(high << 4 | low);
	p->pos += 2;
	return true;
}

/* Behind the backslash. */
static bool read_escape(struct parser *p, uint8_t *octet)
{
	static const uint8_t meanings[256] = {
		['"'] = '"', ['\\'] = '\\', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'
	};

	if (*p->pos == 'x') {
		p->pos++;
		return read_hex_octet(p, octet);
	}
	*octet = meanings[(uint8_t)*p->pos];
	if (*octet == 0)
		return fail(p, p->pos - 1, "no such escape");
	p->pos++;
	return true;
}

static bool read_quoted(struct parser *p, struct sn_bytes *out)
{
	const char *start = p->pos++;
	size_t from = p->arena->used;

	while (*p->pos != '"') {
		uint8_t octet = (uint8_t)*p->pos;

		if (octet == '\0')
			return fail(p, start, "closing quote missing");
		p->pos++;
		if (octet == '\\' && !read_escape(p, &octet))
			return false;
		if (!store(p, octet))
			return false;
	}
	p->pos++;
	*out = stored(p, from);
	return true;
}

static bool read_bare(struct parser *p, struct sn_bytes *out)
{
	size_t from = p->arena->used;

	for (; !at_end_of_word(p); p->pos++) {
		if (*p->pos == '"')
			return fail(p, p->pos, "quote inside a word");
		if (!store(p, (uint8_t)*p->pos))
			return false;
	}
	*out = stored(p, from);
	return true;
}

static bool read_number(struct parser *p, unsigned int max, unsigned int *out)
{
	const char *start = p->pos;
	unsigned int number = 0;

	for (; *p->pos >= '0' && *p->pos <= '9'; p->pos++) {
		number = number * 10 + (unsigned int)(*p->pos - '0');
		if (number > max)
			return fail(p, start, "number too large");
	}
	if (p->pos == start || !at_end_of_word(p))
		return fail(p, start, "number expected");
	*out = number;
	return true;
}

/* One function per kind of member. */

static bool parse_u8(struct parser *p, void *member)
{
	unsigned int number;

	if (!read_number(p, UINT8_MAX, &number))
		return false;
	*(uint8_t *)member = (uint8_t)number;
	return true;
}

static bool parse_u16(struct parser *p, void *member)
{
	unsigned int number;

	if (!read_number(p, UINT16_MAX, &number))
		return false;
	*(uint16_t *)member = (uint16_t)number;
	return true;
}

static bool parse_qos(struct parser *p, void *member)
{
	unsigned int number;
	bool negative = *p->pos == '-';

	p->pos += negative;
	if (!read_number(p, negative ? 1 : 2, &number))
		return false;
	*(int8_t *)member = negative ? -(int8_t)number : (int8_t)number;
	return true;
}

static bool parse_code(struct parser *p, void *member)
{
	size_t len = strcspn(p->pos, " \t");

	for (unsigned int code = 0; code <= UINT8_MAX; code++) {
		const char *name = sn_return_code_name((uint8_t)code);

		if (name == NULL || !is_same(name, p->pos, len))
			continue;
		p->pos += len;
		*(uint8_t *)member = (uint8_t)code;
		return true;
	}
	return parse_u8(p, member);
}

static bool parse_name(struct parser *p, void *member)
{
	return *p->pos == '"' ? read_quoted(p, member) : read_bare(p, member);
}

static bool parse_short(struct parser *p, void *member)
{
	const char *start = p->pos;
	struct sn_bytes name;

	if (!parse_name(p, &name))
		return false;
	if (name.len != 2)
		return fail(p, start, "a short topic name has two octets");
	*(uint16_t *)member = sn_short_topic_id(name.data);
	return true;
}

static bool parse_switch(struct parser *p, void *member)
{
	(void)p;
	*(bool *)member = true;
	return true;
}

static bool parse_mark(struct parser *p, void *member)
{
	(void)p;
	(void)member;
	return true;
}

static bool parse_sleep(struct parser *p, void *member)
{
	struct sn_disconnect *disconnect = member;

	disconnect->has_duration = true;
	return parse_u16(p, &disconnect->duration);
}

static bool parse_hex(struct parser *p, void *member)
{
	size_t from = p->arena->used;
	uint8_t octet;

	while (!at_end_of_word(p)) {
		if (!read_hex_octet(p, &octet) || !store(p, octet))
			return false;
	}
	*(struct sn_bytes *)member = stored(p, from);
	return true;
}

static bool parse_quoted(struct parser *p, void *member)
{
	return read_quoted(p, member);
}

static bool read_type(struct parser *p, uint8_t *type)
{
	size_t len = strcspn(p->pos, " \t");

	for (unsigned int i = 0; i <= UINT8_MAX; i++) {
		const char *name = sn_type_name((uint8_t)i);

		if (name == NULL || !is_same(name, p->pos, len))
			continue;
		p->pos += len;
		*type = (uint8_t)i;
		return true;
	}
	return fail(p, p->pos, "message type expected");
}

static bool parse_members(struct parser *p, struct sn_packet *packet);

/* A message that goes to the end of the line, or behind "inner=" octets in hex. */
static bool parse_inner(struct parser *p, void *member)
{
	struct sn_text_arena *arena = p->arena;
	struct sn_bytes *inner = member;
	struct sn_packet packet = { 0 };
	const char *start = p->pos;

	if (!is_upper(*start) || start[-1] == '=')
		return parse_hex(p, inner);
	if (!read_type(p, &packet.type))
		return false;
	if (packet.type == SN_ENCAPSULATED)
		return fail(p, start, "a second encapsulation is to be given as inner=hex");
	if (!parse_members(p, &packet))
		return false;
	inner->data = arena->buf + arena->used;
	if (sn_encode(arena->buf + arena->used, arena->size - arena->used, &packet, &inner->len) !=
	    SN_OK)
		return fail(p, start, "no memory left for the inner message");
	arena->used += inner->len;
	return true;
}

static bool (*const parsers[TEXT_KINDS])(struct parser *p, void *member) = {
	[TEXT_U8] = parse_u8,
	[TEXT_U16] = parse_u16,
	[TEXT_QOS] = parse_qos,
	[TEXT_CODE] = parse_code,
	[TEXT_SHORT] = parse_short,
	[TEXT_SWITCH] = parse_switch,
	[TEXT_MARK] = parse_mark,
	[TEXT_SLEEP] = parse_sleep,
	[TEXT_NAME] = parse_name,
	[TEXT_HEX] = parse_hex,
	[TEXT_QUOTED] = parse_quoted,
	[TEXT_PAYLOAD] = parse_quoted,
	[TEXT_INNER] = parse_inner,
};

/* Text stands without a word, and so may the inner message, which begins with its type. */
static bool is_word_of(const struct text_member *row, const char *text, size_t len)
{
	if (row->word == NULL)
		return *text == '"';
	return is_same(row->word, text, len) || (row->kind == TEXT_INNER && is_upper(*text));
}

/* The row that the word at the parser belongs to; the parser goes on to its value. */
static const struct text_member *read_word(struct parser *p, uint8_t type)
{
	const char *start = p->pos;
	const struct text_member *row = text_members[type];
	size_t len = strcspn(start, "= \t\"");
	bool has_value;

	while (row->kind != TEXT_END && !is_word_of(row, start, len))
		row++;
	if (row->kind == TEXT_END) {
		fail(p, start, "no such word in this message");
		return NULL;
	}
	if (row->word == NULL || is_upper(*start))
		return row;
	p->pos += len;
	has_value = row->kind != TEXT_SWITCH && row->kind != TEXT_MARK;
	if (has_value != (*p->pos == '=')) {
		fail(p, start, has_value ? "value missing" : "this word takes no value");
		return NULL;
	}
	p->pos += has_value;
	return row;
}

/* What a line has told so far. */
struct progress {
	unsigned int seen;   /* rows, as bits */
	unsigned int topics; /* the topic types still possible, as bits */
};

enum {
	ALL_TOPICS = 0x0f
};

static bool parse_member(struct parser *p, struct sn_packet *packet, struct progress *progress)
{
	const char *start = p->pos;
	const struct text_member *row = read_word(p, packet->type);
	unsigned int bit;

	if (row == NULL)
		return false;
	bit = 1u << (row - text_members[packet->type]);
	if (progress->seen & bit)
		return fail(p, start, "given twice");
	progress->seen |= bit;
	if (row->topics != 0)
		progress->topics &= row->topics;
	if (progress->topics == 0)
		return fail(p, start, "topic given in two ways");
	return parsers[row->kind](p, (char *)packet + row->offset);
}

static uint8_t lowest_topic_type(unsigned int topics)
{
	uint8_t type = SN_TOPIC_NORMAL;

	while ((topics & 1u << type) == 0)
		type++;
	return type;
}

static void set_fallbacks(struct sn_packet *packet)
{
	for (const struct text_member *row = text_members[packet->type]; row->kind != TEXT_END;
	     row++) {
		if (row->kind == TEXT_U8)
			*((uint8_t *)packet + row->offset) = row->fallback;
	}
}

static bool parse_members(struct parser *p, struct sn_packet *packet)
{
	struct progress progress = { .topics = ALL_TOPICS };

	set_fallbacks(packet);
	for (;;) {
		if (!at_end_of_word(p))
			return fail(p, p->pos, "blank expected");
		skip_blanks(p);
		if (*p->pos == '\0')
			break;
		if (!parse_member(p, packet, &progress))
			return false;
	}
	if (progress.topics != ALL_TOPICS)
		packet->publish.flags.topic_type = lowest_topic_type(progress.topics);
	return true;
}

const char *sn_text_parse(
    const char *line, struct sn_packet *out, struct sn_text_arena *arena, size_t *error_at)
{
	struct parser p = { .pos = line, .arena = arena };
	size_t used = arena->used;

	memset(out, 0, sizeof(*out));
	skip_blanks(&p);
	if (read_type(&p, &out->type) && parse_members(&p, out))
		return NULL;
	arena->used = used;
	if (error_at != NULL)
		*error_at = (size_t)(p.error_pos - line);
	return p.error;
}
