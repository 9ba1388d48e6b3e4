/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/admin/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ROOM_LEAST 1024
#define PRINT_ROOM 64 /* seldom too little */

/* Room for @len more octets.  False when out of memory. */
static bool make_room(struct text *text, size_t len)
{
	size_t room = text->room > 0 ? text->room : ROOM_LEAST;
	char *data;

	if (text->failed)
		return false;
	if (text->room - text->len >= len)
		return true;
	while (room - text->len < len)
		room *= 2;
	data = realloc(text->data, room);
	if (data == NULL) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->room = room;
	return true;
}

void text_add(struct text *text, const void *data, size_t len)
{
	if (len == 0 || !make_room(text, len))
		return;
	memcpy(text->data + text->len, data, len);
	text->len += len;
}

/* Prints as far as there is room; returns the length that the whole has. */
static size_t print(struct text *text, const char *format, va_list arguments)
{
	int len = vsnprintf(text->data + text->len, text->room - text->len, format, arguments);

	return len > 0 ? (size_t)len : 0;
}

void text_printf(struct text *text, const char *format, ...)
{
	va_list arguments;
	size_t len;

	if (!make_room(text, PRINT_ROOM))
		return;
	va_start(arguments, format);
	len = print(text, format, arguments);
	va_end(arguments);
	if (len >= text->room - text->len) {
		if (!make_room(text, len + 1))
			return;
		va_start(arguments, format);
		print(text, format, arguments);
		va_end(arguments);
	}
	text->len += len;
}

void text_clear(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}
