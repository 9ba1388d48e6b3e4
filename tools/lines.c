/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"

struct lines {
	int fd;
	bool ended;
	size_t start, end; /* what was read and not taken */
	size_t size;       /* of buf: the longest line and its newline */
	uint8_t buf[];
};

struct lines *lines_new(int fd, size_t longest)
{
	struct lines *l = calloc(1, sizeof *l + longest + 1);

	if (l == NULL)
		return NULL;
	l->fd = fd;
	l->size = longest + 1;
	return l;
}

struct lines *lines_free(struct lines *l)
{
	free(l);
	return NULL;
}

enum lines_state lines_next(struct lines *l, struct sn_bytes *line)
{
	const uint8_t *start = l->buf + l->start;
	size_t rest = l->end - l->start;
	const uint8_t *newline = memchr(start, '\n', rest);

	if (newline == NULL && rest == l->size)
		return LINES_TOO_LONG;
	if (newline == NULL && !l->ended)
		return LINES_MORE;
	if (rest == 0)
		return LINES_END;
	*line = (struct sn_bytes){ start, newline != NULL ? (size_t)(newline - start) : rest };
	l->start += line->len + (newline != NULL);
	return LINES_LINE;
}

int lines_fill(struct lines *l)
{
	ssize_t n;

	memmove(l->buf, l->buf + l->start, l->end - l->start);
	l->end -= l->start;
	l->start = 0;
	n = read(l->fd, l->buf + l->end, l->size - l->end);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -ERR_SYSTEM;
	l->ended = n == 0;
	l->end += (size_t)n;
	return 0;
}
