/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A text that grows.  When memory runs out it fails, and stays failed: who writes asks once, at the
 * end.
 */
#ifndef ADMIN_TEXT_H
#define ADMIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
	char *data; /* not terminated; NULL while empty */
	size_t len;
	size_t room;
	bool failed;
};

void text_add(struct text *text, const void *data, size_t len);

static inline void text_puts(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Frees what it holds, and makes it empty and good. */
void text_clear(struct text *text);

#endif
