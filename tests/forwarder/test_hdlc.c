/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/forwarder/line.h"
#include "tests/rng.h"

#define ROOM (2 * (LINE_FRAME_MAX + 2) + 2)

/* The check value of CRC-16/X.25. */
Test(hdlc, the_checksum_is_that_of_rfc_1662)
{
	uint8_t out[32];
	size_t len = framer_wrap(FRAMING_HDLC, (const uint8_t *)"123456789", 9, out);

	cr_assert_eq(len, 13);
	cr_assert_eq(memcmp(out, "~123456789\x6E\x90~", 13), 0);
}

Test(hdlc, flags_and_escapes_are_escaped)
{
	uint8_t out[32];
	size_t len = framer_wrap(FRAMING_HDLC, (const uint8_t *)"~}", 2, out);

	cr_assert_eq(memcmp(out, "~}^}]", 5), 0);
	cr_assert_eq(out[len - 1], '~');
}

Test(hdlc, no_frame_takes_more_room_than_said)
{
	uint8_t worst[LINE_FRAME_MAX], out[ROOM];

	memset(worst, '~', sizeof worst);
	cr_assert_eq(framer_room(FRAMING_HDLC, sizeof worst), sizeof out);
	cr_assert_leq(framer_wrap(FRAMING_HDLC, worst, sizeof worst, out), sizeof out);
}

Test(hdlc, every_octet_survives_in_pieces_of_any_size)
{
	uint8_t frame[LINE_FRAME_MAX], out[ROOM];

	for (int base = 0; base < 256; base += LINE_FRAME_MAX) {
		for (size_t i = 0; i < sizeof frame; i++)
			frame[i] = (uint8_t)((size_t)base + i);
		size_t len = framer_wrap(FRAMING_HDLC, frame, sizeof frame, out);

		for (size_t piece = 1; piece <= len; piece++) {
			struct line *line = line_new(FRAMING_HDLC);

			for (size_t at = 0; at < len; at += piece)
				line_push(line, out + at, piece < len - at ? piece : len - at);
			cr_assert_eq(line->n, 1);
			cr_assert(line_has(line, 0, frame, sizeof frame));
			line_free(line);
		}
	}
}

static size_t wrapped(uint8_t *out)
{
	return framer_wrap(FRAMING_HDLC, (const uint8_t *)"\x05\xFE~}payload", 11, out);
}

/* What is said after it arrives, and nothing that was never said. */
static void expect_only_whole(struct line *line, const char *what, size_t at)
{
	LINE_PUSH(line, "~123456789\x6E\x90~");
	cr_assert_geq(line->n, 1);
	cr_assert(LINE_HAS(line, line->n - 1, "123456789"), "%s at %zu", what, at);
	for (size_t i = 0; i + 1 < line->n; i++)
		cr_assert(LINE_HAS(line, i, "\x05\xFE~}payload"), "%s at %zu", what, at);
	line_free(line);
}

Test(hdlc, a_frame_cut_anywhere_is_not_handed_on)
{
	uint8_t out[ROOM];
	size_t len = wrapped(out);

	for (size_t cut = 0; cut + 1 < len; cut++) {
		struct line *line = line_new(FRAMING_HDLC);

		line_push(line, out, cut);
		cr_assert_eq(line->n, 0);
		expect_only_whole(line, "cut", cut);
	}
}

Test(hdlc, an_octet_lost_doubled_or_changed_is_never_handed_on)
{
	uint8_t out[ROOM], octet;
	size_t len = wrapped(out);

	for (size_t at = 1; at + 1 < len; at++) {
		struct line *line = line_new(FRAMING_HDLC);

		line_push(line, out, at);
		line_push(line, out + at + 1, len - at - 1);
		cr_assert_eq(line->n, 0, "lost at %zu", at);
		expect_only_whole(line, "lost", at);

		line = line_new(FRAMING_HDLC);
		line_push(line, out, at + 1);
		line_push(line, out + at, len - at);
		cr_assert_eq(line->n, 0, "doubled at %zu", at);
		expect_only_whole(line, "doubled", at);

		for (int bit = 0; bit < 8; bit++) {
			line = line_new(FRAMING_HDLC);
			octet = out[at] ^ (uint8_t)(1 << bit);
			line_push(line, out, at);
			line_push(line, &octet, 1);
			line_push(line, out + at + 1, len - at - 1);
			cr_assert_eq(line->n, 0, "bit %d at %zu", bit, at);
			expect_only_whole(line, "changed", at);
		}
	}
}

Test(hdlc, damage_is_counted)
{
	struct line *line = line_new(FRAMING_HDLC);

	LINE_PUSH(line, "~123456788\x6E\x90~");
	cr_assert_eq(line_counters(line)->damaged, 1);
	LINE_PUSH(line, "abort}~");
	cr_assert_eq(line_counters(line)->damaged, 2);
	LINE_PUSH(line, "x~"); /* shorter than a checksum */
	cr_assert_eq(line_counters(line)->damaged, 3);
	LINE_PUSH(line, "~~~~");
	cr_assert_eq(line_counters(line)->damaged, 3);
	cr_assert_eq(line->n, 0);
	line_free(line);
}

Test(hdlc, one_flag_between_two_frames_is_enough)
{
	struct line *line = line_new(FRAMING_HDLC);

	LINE_PUSH(line, "~123456789\x6E\x90~123456789\x6E\x90~");
	cr_assert_eq(line->n, 2);
	line_free(line);
}

Test(hdlc, a_frame_that_is_too_long_is_counted_once)
{
	struct line *line = line_new(FRAMING_HDLC);

	for (int i = 0; i < 500; i++)
		LINE_PUSH(line, "x");
	cr_assert_eq(line_counters(line)->too_long, 1);
	expect_only_whole(line, "long", 0);
}

Test(hdlc, a_line_with_noise_hands_on_no_wrong_frame)
{
	struct rng rng = { 12 };
	struct line *line = line_new(FRAMING_HDLC);
	uint8_t out[ROOM];
	size_t len = wrapped(out);

	for (int frame = 0; frame < 400; frame++) {
		for (size_t i = 0; i < len; i++) {
			uint32_t dice = rng_below(&rng, 300);
			uint8_t octet = dice == 0 ? (uint8_t)rng_next(&rng) : out[i];

			if (dice != 1)
				line_push(line, &octet, 1);
			if (dice == 2)
				line_push(line, &octet, 1);
		}
	}
	cr_assert_gt(line->n, 300);
	cr_assert_gt(line_counters(line)->damaged, 10);
	expect_only_whole(line, "noise", 0);
}
