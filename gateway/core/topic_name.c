/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/topic_name.h"

#include <string.h>

#define TEXT_MOST 65535 /* octets of an MQTT string (MQTT 1.5.3) */

/* Octets of a UTF-8 sequence, 0 for one that cannot start any; *least is the lowest code point that
 * needs so many, *code its bits in the first octet. */
static size_t sequence_start(uint8_t first, uint32_t *least, uint32_t *code)
{
	if (first < 0x80) {
		*least = 1; /* U+0000 must not be there */
		*code = first;
		return 1;
	}
	if (first >> 5 == 0x06) {
		*least = 0x80;
		*code = first & 0x1f;
		return 2;
	}
	if (first >> 4 == 0x0e) {
		*least = 0x800;
		*code = first & 0x0f;
		return 3;
	}
	if (first >> 3 == 0x1e) {
		*least = 0x10000;
		*code = first & 0x07;
		return 4;
	}
	return 0;
}

bool topic_utf8_valid(struct sn_bytes text)
{
	const uint8_t *p = text.data;
	size_t left = text.len;
	uint32_t least, code;

	while (left > 0) {
		size_t n = sequence_start(*p, &least, &code);

		if (n == 0 || n > left)
			return false;
		for (size_t i = 1; i < n; i++) {
			if (p[i] >> 6 != 0x02)
				return false;
			code = code << 6 | (p[i] & 0x3f);
		}
		if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
			return false;
		p += n;
		left -= n;
	}
	return true;
}

static bool has_wildcard(struct sn_bytes text)
{
	return memchr(text.data, '+', text.len) != NULL || memchr(text.data, '#', text.len) != NULL;
}

static bool text_valid(struct sn_bytes text)
{
	return text.len > 0 && text.len <= TEXT_MOST && topic_utf8_valid(text);
}

static bool is(struct sn_bytes level, const char *text)
{
	return level.len == strlen(text) && memcmp(level.data, text, level.len) == 0;
}

/* Takes the first level off @rest; false if there is none left (then @rest->data is NULL). */
static bool next_level(struct sn_bytes *rest, struct sn_bytes *level)
{
	const uint8_t *slash;

	if (rest->data == NULL)
		return false;
	*level = *rest;
	slash = memchr(rest->data, '/', rest->len);
	if (slash == NULL) {
		*rest = (struct sn_bytes){ NULL, 0 };
		return true;
	}
	level->len = (size_t)(slash - level->data);
	rest->data = slash + 1;
	rest->len -= level->len + 1;
	return true;
}

/* Takes "$share/group/" off @filter.  False if "$share" is there and the rest is not. */
static bool strip_share(struct sn_bytes *filter, bool *shared)
{
	struct sn_bytes rest = *filter;
	struct sn_bytes level;

	*shared = next_level(&rest, &level) && is(level, "$share");
	if (!*shared)
		return true;
	if (!next_level(&rest, &level) || level.len == 0 || has_wildcard(level) || rest.len == 0)
		return false;
	*filter = rest;
	return true;
}

bool topic_name_valid(struct sn_bytes name)
{
	return text_valid(name) && !has_wildcard(name);
}

bool topic_filter_valid(struct sn_bytes filter)
{
	struct sn_bytes level;
	bool shared;

	if (!text_valid(filter) || !strip_share(&filter, &shared))
		return false;
	while (next_level(&filter, &level)) {
		if (!has_wildcard(level))
			continue;
		if (!is(level, "+") && !(is(level, "#") && filter.data == NULL))
			return false;
	}
	return true;
}

bool topic_filter_is_pattern(struct sn_bytes filter)
{
	return has_wildcard(filter) || topic_filter_is_shared(filter);
}

bool topic_filter_is_shared(struct sn_bytes filter)
{
	bool shared;

	return strip_share(&filter, &shared) && shared;
}

bool topic_filter_matches(struct sn_bytes filter, struct sn_bytes name)
{
	struct sn_bytes wanted, level;
	bool shared;

	strip_share(&filter, &shared);
	if (name.len > 0 && name.data[0] == '$' && (filter.data[0] == '+' || filter.data[0] == '#'))
		return false;
	while (next_level(&filter, &wanted)) {
		if (is(wanted, "#"))
			return true; /* also where the name ends: "a/#" matches "a" */
		if (!next_level(&name, &level))
			return false;
		if (is(wanted, "+"))
			continue;
		if (wanted.len != level.len || memcmp(wanted.data, level.data, level.len) != 0)
			return false;
	}
	return name.data == NULL;
}
