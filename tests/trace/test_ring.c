/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/ring.h"

#include <criterion/criterion.h>
#include <string.h>

static struct ring ring;

static void setup(void)
{
	cr_assert_eq(ring_init(&ring, 8), 0);
}

static void teardown(void)
{
	ring_clear(&ring);
}

TestSuite(ring, .init = setup, .fini = teardown);

static void expect_take(size_t size, const char *octets)
{
	char buf[16];

	cr_assert_eq(ring_take(&ring, buf, size), strlen(octets));
	cr_assert_eq(memcmp(buf, octets, strlen(octets)), 0);
}

Test(ring, gives_back_in_order_what_was_put)
{
	expect_take(8, "");
	ring_put(&ring, "abc", 3);
	ring_put(&ring, "de", 2);
	cr_assert_eq(ring_room(&ring), 3);
	expect_take(2, "ab");
	expect_take(8, "cde");
	expect_take(8, "");
	cr_assert_eq(ring_room(&ring), 8);
}

Test(ring, can_be_full)
{
	ring_put(&ring, "abcdefgh", 8);
	cr_assert_eq(ring_room(&ring), 0);
	ring_put(&ring, "", 0);
	expect_take(16, "abcdefgh");
}

/* Every place where reading and writing can be, with every length. */
Test(ring, goes_round_anywhere)
{
	char in = 'a', out = 'a', buf[8];

	for (size_t round = 0; round < 1000; round++) {
		size_t put = round * 7 % (ring_room(&ring) + 1), take = round * 5 % 9, n;

		for (size_t i = 0; i < put; i++, in = in == 'z' ? 'a' : (char)(in + 1))
			buf[i] = in;
		ring_put(&ring, buf, put);
		n = ring_take(&ring, buf, take);
		for (size_t i = 0; i < n; i++, out = out == 'z' ? 'a' : (char)(out + 1))
			cr_assert_eq(buf[i], out, "round %zu", round);
	}
}
