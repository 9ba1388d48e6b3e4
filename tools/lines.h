/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of a file descriptor, read no further ahead than one longest line. */
#ifndef TOOLS_LINES_H
#define TOOLS_LINES_H

#include <stddef.h>

#include "sn_codec/sn_codec.h"

struct lines;

enum lines_state {
	LINES_LINE,     /* there is a line */
	LINES_MORE,     /* lines_fill() has to read first */
	LINES_END,      /* that was all */
	LINES_TOO_LONG, /* a line of more than the longest length */
};

/* @longest: octets, without the newline.  @fd stays the caller's.  NULL when out of memory. */
struct lines *lines_new(int fd, size_t longest);

/* NULL is fine; returns NULL. */
struct lines *lines_free(struct lines *lines);

/* Takes the next line into *@line, without its newline; the last one needs none.  It is valid until
 * the next lines_fill(). */
enum lines_state lines_next(struct lines *lines, struct sn_bytes *line);

/* Reads once.  To be called after LINES_MORE.  0 or -ERR_SYSTEM (errno). */
int lines_fill(struct lines *lines);

#endif
