/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/label.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define CUT_MARK "..."

static bool stands_for_itself(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '\\' && c != '"';
}

const char *label_print(const char *client_id, char *buf)
{
	const char *end = buf + LABEL_MAX - sizeof "\\xHH" - strlen(CUT_MARK);
	char *out = buf;

	if (client_id == NULL)
		client_id = "-";
	for (; *client_id != '\0'; client_id++) {
		unsigned char c = (unsigned char)*client_id;

		if (out > end) {
			strcpy(out, CUT_MARK);
			return buf;
		}
		if (stands_for_itself(c))
			*out++ = (char)c;
		else
			out += sprintf(out, "\\x%02x", c);
	}
	*out = '\0';
	return buf;
}
