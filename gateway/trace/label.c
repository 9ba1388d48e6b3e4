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

const char *label_print_bytes(struct sn_bytes client_id, char *buf)
{
	const char *end = buf + LABEL_MAX - sizeof "\\xHH" - strlen(CUT_MARK);
	char *out = buf;

	for (size_t i = 0; i < client_id.len; i++) {
		uint8_t c = client_id.data[i];

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

const char *label_print(const char *client_id, char *buf)
{
	if (client_id == NULL)
		client_id = "-";
	return label_print_bytes(
	    (struct sn_bytes){ (const uint8_t *)client_id, strlen(client_id) }, buf);
}
