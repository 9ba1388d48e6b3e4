/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/forwarder/line.h"
#include "tests/rng.h"

#define PUBLISH                                                                                    \
	"\x0A\x0C\x20\x00\x01\x00\x02"                                                             \
	"abc"
#define PINGREQ "\x02\x16"
#define LONG                                                                                       \
	"\x01\x00\x0C\x0C\x20\x00\x01\x00\x02"                                                     \
	"abc" /* Length of 3 octets */

static const char stream[] = PINGREQ PUBLISH LONG PINGREQ;

Test(plain, messages_are_written_as_they_are)
{
	uint8_t out[16];

	cr_assert_eq(framer_room(FRAMING_PLAIN, 2), 2);
	cr_assert_eq(framer_wrap(FRAMING_PLAIN, (const uint8_t *)PINGREQ, 2, out), 2);
	cr_assert_eq(memcmp(out, PINGREQ, 2), 0);
}

Test(plain, messages_are_told_by_their_length_in_pieces_of_any_size)
{
	size_t len = sizeof stream - 1;

	for (size_t piece = 1; piece <= len; piece++) {
		struct line *line = line_new(FRAMING_PLAIN);

		for (size_t at = 0; at < len; at += piece)
			line_push(line, stream + at, piece < len - at ? piece : len - at);
		cr_assert_eq(line->n, 4);
		cr_assert(LINE_HAS(line, 0, PINGREQ));
		cr_assert(LINE_HAS(line, 1, PUBLISH));
		cr_assert(LINE_HAS(line, 2, LONG));
		cr_assert(LINE_HAS(line, 3, PINGREQ));
		cr_assert_eq(line_counters(line)->skipped, 0);
		line_free(line);
	}
}

/* A message that lost its end, then a pause, then others. */
Test(plain, a_message_cut_anywhere_does_not_take_what_follows_with_it)
{
	for (size_t cut = 1; cut < sizeof PUBLISH - 1; cut++) {
		struct line *line = line_new(FRAMING_PLAIN);

		line_push(line, PUBLISH, cut);
		line->now = monotime_add_ms(line->now, 101);
		LINE_PUSH(line, PUBLISH PINGREQ);
		cr_assert_eq(line->n, 2, "cut at %zu", cut);
		cr_assert(LINE_HAS(line, 0, PUBLISH));
		cr_assert(LINE_HAS(line, 1, PINGREQ));
		line_free(line);
	}
}

Test(plain, a_pause_that_is_short_enough_is_none)
{
	struct line *line = line_new(FRAMING_PLAIN);

	line_push(line, PUBLISH, 4);
	line->now = monotime_add_ms(line->now, 100);
	line_push(line, PUBLISH + 4, sizeof PUBLISH - 1 - 4);
	cr_assert_eq(line->n, 1);
	cr_assert(LINE_HAS(line, 0, PUBLISH));
	line_free(line);
}

/* What looked like a long message held them up; the pause shows that they were messages. */
Test(plain, messages_behind_a_false_beginning_come_after_the_pause)
{
	struct line *line = line_new(FRAMING_PLAIN);

	LINE_PUSH(line, "\x40\x16" PINGREQ PUBLISH);
	cr_assert_eq(line->n, 0);
	line->now = monotime_add_ms(line->now, 101);
	LINE_PUSH(line, PINGREQ);
	cr_assert_eq(line->n, 3);
	cr_assert(LINE_HAS(line, 0, PINGREQ));
	cr_assert(LINE_HAS(line, 1, PUBLISH));
	cr_assert(LINE_HAS(line, 2, PINGREQ));
	cr_assert_eq(line_counters(line)->skipped, 2);
	line_free(line);
}

Test(plain, what_can_be_no_message_is_skipped_and_counted)
{
	struct line *line = line_new(FRAMING_PLAIN);

	/* length 0; a reserved type; too long (of 1 and 3 octets); encapsulated; 3-octet Length of
	 * less than its header */
	LINE_PUSH(line, "\x00");
	LINE_PUSH(line, "\x05\x03");
	LINE_PUSH(line, "\xF0\x0C");
	LINE_PUSH(line, "\x01\xFF\xFF\x0C");
	LINE_PUSH(line, "\x04\xFE\x00\xAA");
	LINE_PUSH(line, "\x01\x00\x03\x0C");
	line->now = monotime_add_ms(line->now, 101);
	LINE_PUSH(line, PINGREQ);
	cr_assert_eq(line->n, 1);
	cr_assert(LINE_HAS(line, 0, PINGREQ));
	cr_assert_eq(line_counters(line)->skipped, 17);
	line_free(line);
}

Test(plain, an_octet_lost_or_doubled_costs_one_message)
{
	for (size_t at = 0; at < sizeof PUBLISH - 1; at++) {
		struct line *line = line_new(FRAMING_PLAIN);

		line_push(line, PUBLISH, at);
		line_push(line, PUBLISH + at + 1, sizeof PUBLISH - 2 - at);
		line->now = monotime_add_ms(line->now, 101);
		LINE_PUSH(line, PINGREQ);
		cr_assert(LINE_HAS(line, line->n - 1, PINGREQ), "lost at %zu", at);
		line_free(line);

		line = line_new(FRAMING_PLAIN);
		line_push(line, PUBLISH, at + 1);
		line_push(line, PUBLISH + at, sizeof PUBLISH - 1 - at);
		line->now = monotime_add_ms(line->now, 101);
		LINE_PUSH(line, PINGREQ);
		cr_assert(LINE_HAS(line, line->n - 1, PINGREQ), "doubled at %zu", at);
		line_free(line);
	}
}

Test(plain, noise_never_stops_what_comes_after_a_pause)
{
	struct rng rng = { 13 };

	for (int round = 0; round < 300; round++) {
		struct line *line = line_new(FRAMING_PLAIN);

		for (uint32_t n = rng_below(&rng, 400); n > 0; n--) {
			uint8_t octet = (uint8_t)rng_next(&rng);

			line_push(line, &octet, 1);
		}
		line->now = monotime_add_ms(line->now, 101);
		LINE_PUSH(line, PUBLISH);
		cr_assert(LINE_HAS(line, line->n - 1, PUBLISH));
		line_free(line);
	}
}
