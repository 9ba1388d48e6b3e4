/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/dtls/cookie.h"

#include <criterion/criterion.h>

static const struct siphash_key key = { 1, 2 }, other_key = { 1, 3 };
static const monotime_t now = { INT64_C(1000000000000) };

static struct netaddr address(const char *text)
{
	struct netaddr a;

	cr_assert_eq(netaddr_parse(&a, text, 0), 0);
	return a;
}

Test(cookie, is_good_for_its_address_alone)
{
	const struct netaddr a = address("10.0.0.1:5000"), port = address("10.0.0.1:5001"),
	                     host = address("10.0.0.2:5000");
	uint8_t cookie[COOKIE_LEN];

	cookie_make(&key, now, &a, cookie);
	cr_assert(cookie_is_good(&key, now, &a, cookie, sizeof cookie));
	cr_assert_not(cookie_is_good(&key, now, &port, cookie, sizeof cookie));
	cr_assert_not(cookie_is_good(&key, now, &host, cookie, sizeof cookie));
	cr_assert_not(cookie_is_good(&other_key, now, &a, cookie, sizeof cookie));
	cr_assert_not(cookie_is_good(&key, now, &a, cookie, sizeof cookie - 1));
	cr_assert_not(cookie_is_good(&key, now, &a, cookie, 0));
	cookie[COOKIE_LEN - 1] ^= 1;
	cr_assert_not(cookie_is_good(&key, now, &a, cookie, sizeof cookie));
}

Test(cookie, lives_for_a_while)
{
	const struct netaddr a = address("[::1]:5000");
	uint8_t cookie[COOKIE_LEN];

	for (int64_t begin = 0; begin < COOKIE_LIFE_MS; begin += COOKIE_LIFE_MS / 7) {
		const monotime_t made = monotime_add_ms(now, begin);

		cookie_make(&key, made, &a, cookie);
		cr_assert(cookie_is_good(
		    &key, monotime_add_ms(made, COOKIE_LIFE_MS), &a, cookie, sizeof cookie));
		cr_assert_not(cookie_is_good(
		    &key, monotime_add_ms(made, 2 * COOKIE_LIFE_MS), &a, cookie, sizeof cookie));
	}
}
