/* SPDX-License-Identifier: BSD-3-Clause */
/* What all framings have in common. */
#include "tests/forwarder/line.h"

Test(framer, a_whole_frame_comes_back)
{
	static const uint8_t pingreq[] = { 2, 0x16 };
	uint8_t out[16];

	for (int framing = 0; framing < FRAMINGS; framing++) {
		struct line *line = line_new((enum framing)framing);
		size_t len = framer_wrap((enum framing)framing, pingreq, sizeof pingreq, out);

		cr_assert_leq(len, framer_room((enum framing)framing, sizeof pingreq));
		line_push(line, out, len);
		cr_assert_eq(line->n, 1);
		cr_assert(line_has(line, 0, pingreq, sizeof pingreq));
		cr_assert_eq(line_counters(line)->frames, 1);
		line_free(line);
	}
}

Test(framer, after_a_reset_half_a_frame_is_forgotten)
{
	static const uint8_t pingreq[] = { 2, 0x16 };
	uint8_t out[16];

	for (int framing = 0; framing < FRAMINGS; framing++) {
		struct line *line = line_new((enum framing)framing);
		size_t len = framer_wrap((enum framing)framing, pingreq, sizeof pingreq, out);

		LINE_PUSH(line, "\x20\x0C\x7D");
		framer_reset(line->framer);
		line_push(line, out, len);
		cr_assert_eq(line->n, 1);
		cr_assert(line_has(line, 0, pingreq, sizeof pingreq));
		line_free(line);
	}
}

Test(framer, the_destructor_takes_null)
{
	cr_assert_null(framer_free(NULL));
}
