/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/forwarder/line.h"
#include "tests/rng.h"

Test(slip, wraps_as_rfc_1055_says)
{
	uint8_t out[16];
	size_t len = framer_wrap(FRAMING_SLIP,
	    (const uint8_t *)"a\xC0"
	                     "b\xDB",
	    4, out);

	cr_assert_eq(len, 8);
	cr_assert_eq(memcmp(out,
	                 "\xC0"
	                 "a\xDB\xDC"
	                 "b\xDB\xDD\xC0",
	                 8),
	    0);
}

Test(slip, no_frame_takes_more_room_than_said)
{
	uint8_t worst[LINE_FRAME_MAX], out[2 * LINE_FRAME_MAX + 2];

	memset(worst, 0xC0, sizeof worst);
	cr_assert_eq(framer_room(FRAMING_SLIP, sizeof worst), sizeof out);
	cr_assert_eq(framer_wrap(FRAMING_SLIP, worst, sizeof worst, out), sizeof out);
}

Test(slip, every_octet_survives_in_pieces_of_any_size)
{
	uint8_t frame[LINE_FRAME_MAX], out[2 * LINE_FRAME_MAX + 2];

	for (int base = 0; base < 256; base += LINE_FRAME_MAX) {
		for (size_t i = 0; i < sizeof frame; i++)
			frame[i] = (uint8_t)((size_t)base + i);
		size_t len = framer_wrap(FRAMING_SLIP, frame, sizeof frame, out);

		for (size_t piece = 1; piece <= len; piece++) {
			struct line *line = line_new(FRAMING_SLIP);

			for (size_t at = 0; at < len; at += piece)
				line_push(line, out + at, piece < len - at ? piece : len - at);
			cr_assert_eq(line->n, 1);
			cr_assert(line_has(line, 0, frame, sizeof frame));
			line_free(line);
		}
	}
}

Test(slip, a_frame_cut_anywhere_is_not_handed_on_and_the_next_one_is)
{
	static const char frame[] = "\x05\xC0\xDB"
	                            "abc";
	uint8_t out[32];
	size_t len = framer_wrap(FRAMING_SLIP, (const uint8_t *)frame, sizeof frame - 1, out);

	/* Cut before the last octet, or the beginning of the next frame ends it too. */
	for (size_t cut = 0; cut + 1 < len; cut++) {
		struct line *line = line_new(FRAMING_SLIP);

		line_push(line, out, cut);
		cr_assert_eq(line->n, 0);
		line_push(line, out, len);
		cr_assert_geq(line->n, 1);
		cr_assert(line_has(line, line->n - 1, frame, sizeof frame - 1), "cut at %zu", cut);
		line_free(line);
	}
}

Test(slip, a_wrong_escape_spoils_the_frame_alone)
{
	struct line *line = line_new(FRAMING_SLIP);

	LINE_PUSH(line, "\xC0"
	                "ab\xDB"
	                "cd\xC0"
	                "ef\xC0");
	cr_assert_eq(line->n, 1);
	cr_assert(LINE_HAS(line, 0, "ef"));
	cr_assert_eq(line_counters(line)->damaged, 1);
	LINE_PUSH(line, "ab\xDB\xC0gh\xC0");
	cr_assert_eq(line->n, 2);
	cr_assert(LINE_HAS(line, 1, "gh"));
	cr_assert_eq(line_counters(line)->damaged, 2);
	line_free(line);
}

Test(slip, a_frame_that_is_too_long_is_counted_once)
{
	struct line *line = line_new(FRAMING_SLIP);
	uint8_t octets[LINE_FRAME_MAX];

	memset(octets, 'x', sizeof octets);
	line_push(line, octets, sizeof octets);
	LINE_PUSH(line, "\xC0");
	cr_assert_eq(line->n, 1);
	for (int i = 0; i < 5; i++)
		line_push(line, octets, sizeof octets);
	LINE_PUSH(line, "\xC0"
	                "ab\xC0");
	cr_assert_eq(line->n, 2);
	cr_assert(LINE_HAS(line, 1, "ab"));
	cr_assert_eq(line_counters(line)->too_long, 1);
	line_free(line);
}

Test(slip, noise_never_stops_what_comes_after_it)
{
	struct rng rng = { 11 };

	for (int round = 0; round < 300; round++) {
		struct line *line = line_new(FRAMING_SLIP);

		for (uint32_t n = rng_below(&rng, 400); n > 0; n--) {
			uint8_t octet = (uint8_t)rng_next(&rng);

			line_push(line, &octet, 1);
		}
		LINE_PUSH(line, "\xC0good\xC0");
		cr_assert(LINE_HAS(line, line->n - 1, "good"));
		line_free(line);
	}
}
