/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/admin/json.h"

#include <inttypes.h>

#include "gateway/core/topic_name.h"

/* Octets of the character at @at; 0 if it is no well-formed UTF-8. */
static size_t utf8_length(const uint8_t *at, size_t left)
{
	size_t len = *at < 0x80 ? 1 : *at >> 5 == 0x06 ? 2 : *at >> 4 == 0x0e ? 3 : 4;

	if (len == 1)
		return 1;
	return len <= left && topic_utf8_valid((struct sn_bytes){ at, len }) ? len : 0;
}

static void quote(struct text *text, const char *value, size_t len)
{
	const uint8_t *at = (const uint8_t *)value, *end = at + len;

	text_puts(text, "\"");
	while (at < end) {
		const uint8_t *plain = at;
		size_t octets = 0;

		while (at < end && *at >= ' ' && *at != '"' && *at != '\\' && *at != 0x7f &&
		       (octets = utf8_length(at, (size_t)(end - at))) > 0)
			at += octets;
		text_add(text, plain, (size_t)(at - plain));
		if (at == end)
			break;
		if (*at == '"' || *at == '\\')
			text_printf(text, "\\%c", *at);
		else if (*at < 0x80)
			text_printf(text, "\\u%04x", *at);
		else
			text_puts(text, "\xef\xbf\xbd");
		at++;
	}
	text_puts(text, "\"");
}

static void begin_value(struct json *json, const char *name)
{
	if (json->more)
		text_puts(json->text, ",");
	json->more = true;
	if (name == NULL)
		return;
	text_add(json->text, "\"", 1); /* the names are ours: nothing to escape */
	text_puts(json->text, name);
	text_add(json->text, "\":", 2);
}

void json_begin(struct json *json, const char *name, char bracket)
{
	begin_value(json, name);
	text_add(json->text, &bracket, 1);
	json->more = false;
}

void json_end(struct json *json, char bracket)
{
	text_add(json->text, &bracket, 1);
	json->more = true;
}

void json_text(struct json *json, const char *name, const char *value, size_t len)
{
	begin_value(json, name);
	quote(json->text, value, len);
}

void json_string(struct json *json, const char *name, const char *value)
{
	if (value != NULL)
		json_text(json, name, value, strlen(value));
	else
		json_null(json, name);
}

void json_count(struct json *json, const char *name, uint64_t value)
{
	begin_value(json, name);
	text_printf(json->text, "%" PRIu64, value);
}

void json_seconds(struct json *json, const char *name, int64_t ms)
{
	uint64_t size = ms < 0 ? -(uint64_t)ms : (uint64_t)ms;

	begin_value(json, name);
	text_printf(
	    json->text, "%s%" PRIu64 ".%03" PRIu64, ms < 0 ? "-" : "", size / 1000, size % 1000);
}

void json_bool(struct json *json, const char *name, bool value)
{
	begin_value(json, name);
	text_puts(json->text, value ? "true" : "false");
}

void json_null(struct json *json, const char *name)
{
	begin_value(json, name);
	text_puts(json->text, "null");
}
