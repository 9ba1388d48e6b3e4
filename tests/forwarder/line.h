/* SPDX-License-Identifier: BSD-3-Clause */
/* A framer and what came out of it, for the tests of the framings. */
#ifndef TESTS_FORWARDER_LINE_H
#define TESTS_FORWARDER_LINE_H

#include <criterion/criterion.h>
#include <string.h>

#include "forwarder/framer.h"

enum {
	LINE_FRAME_MAX = 64,
	LINE_FRAMES = 512,
};

struct line {
	struct framer *framer;
	monotime_t now;
	size_t n;
	struct {
		uint8_t data[LINE_FRAME_MAX];
		size_t len;
	} frames[LINE_FRAMES];
};

static inline void line_take(void *ctx, const uint8_t *frame, size_t len)
{
	struct line *line = ctx;

	cr_assert_leq(len, LINE_FRAME_MAX);
	cr_assert_lt(line->n, LINE_FRAMES);
	memcpy(line->frames[line->n].data, frame, len);
	line->frames[line->n++].len = len;
}

static inline struct line *line_new(enum framing framing)
{
	struct line *line = calloc(1, sizeof *line);

	cr_assert_not_null(line);
	line->framer = framer_new(framing, LINE_FRAME_MAX, line_take, line);
	cr_assert_not_null(line->framer);
	return line;
}

static inline void line_free(struct line *line)
{
	framer_free(line->framer);
	free(line);
}

static inline void line_push(struct line *line, const void *data, size_t len)
{
	framer_push(line->framer, line->now, data, len);
}

/* The octets of a string literal. */
#define LINE_PUSH(line, text) line_push(line, text, sizeof(text) - 1)

static inline const struct frame_counters *line_counters(const struct line *line)
{
	return framer_counters(line->framer);
}

static inline bool line_has(const struct line *line, size_t i, const void *data, size_t len)
{
	return i < line->n && line->frames[i].len == len &&
	       memcmp(line->frames[i].data, data, len) == 0;
}

#define LINE_HAS(line, i, text) line_has(line, i, text, sizeof(text) - 1)

#endif
