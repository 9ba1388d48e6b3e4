/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/trace/pcapng.h"
#include "gateway/trace/text.h"

#define TIME_MAX    48 /* "2026-11-22T21:50:03.123456Z " */
#define LOST_MAX    80
#define LINE_AT_END 1 /* its newline */

struct tracer_tap *tap_new(const struct filter *filter, enum tracer_format format, size_t size)
{
	struct tracer_tap *tap = calloc(1, sizeof *tap);
	uint8_t head[PCAPNG_HEAD_MAX];

	if (tap == NULL || ring_init(&tap->ring, size) < 0)
		return tap_free(tap);
	tap->filter = *filter;
	tap->format = format;
	if (format == TRACER_PCAPNG)
		ring_put(&tap->ring, head, pcapng_head(head));
	return tap;
}

struct tracer_tap *tap_free(struct tracer_tap *tap)
{
	if (tap == NULL)
		return NULL;
	ring_clear(&tap->ring);
	free(tap);
	return NULL;
}

/* --- text --- */

static size_t print_time(char *buf, int64_t wall_us)
{
	time_t seconds = wall_us / 1000000;
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(buf, TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
	return n + (size_t)snprintf(buf + n, TIME_MAX - n, ".%06dZ ", (int)(wall_us % 1000000));
}

static void tell_lost(struct tracer_tap *tap)
{
	char line[LOST_MAX];

	if (tap->lost == 0)
		return;
	ring_put(&tap->ring, line,
	    (size_t)snprintf(line, sizeof line,
	        "# %" PRIu64 " lines lost here: the reader was too slow\n", tap->lost));
	tap->lost = 0;
}

static bool put_text(struct tracer_tap *tap, const struct seen *seen)
{
	char line[TIME_MAX + TRACE_TEXT_MAX + LINE_AT_END];
	size_t len = print_time(line, seen->wall_us);

	text_print(seen, line + len);
	len += strlen(line + len);
	line[len++] = '\n';
	if (ring_room(&tap->ring) < len + LOST_MAX)
		return false;
	tell_lost(tap);
	ring_put(&tap->ring, line, len);
	return true;
}

/* --- pcapng --- */

static bool put_pcapng(struct tracer_tap *tap, const struct seen *seen, uint8_t *block)
{
	size_t len;

	if (seen->packet == NULL)
		return true;
	len = pcapng_packet(block, seen, tap->lost);
	if (len == 0)
		return true;
	if (ring_room(&tap->ring) < len)
		return false;
	ring_put(&tap->ring, block, len);
	tap->lost = 0;
	return true;
}

bool tap_put(struct tracer_tap *tap, const struct seen *seen, uint8_t *scratch)
{
	bool there =
	    tap->format == TRACER_TEXT ? put_text(tap, seen) : put_pcapng(tap, seen, scratch);

	tap->lost += !there;
	return there;
}

/* A reader that has taken all need not wait for the next packet to hear what it has missed. */
size_t tap_take(struct tracer_tap *tap, void *buf, size_t size)
{
	size_t len = ring_take(&tap->ring, buf, size);

	if (tap->ring.used == 0 && tap->format == TRACER_TEXT)
		tell_lost(tap);
	if (len == 0)
		tap->awake = false;
	return len;
}
