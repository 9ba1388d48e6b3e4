/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/dtls/cookie.h"

#include <string.h>

static int64_t period(monotime_t now)
{
	return now.us / (COOKIE_LIFE_MS * INT64_C(1000));
}

static void make(const struct siphash_key *key, int64_t when, const struct netaddr *peer,
    uint8_t cookie[COOKIE_LEN])
{
	uint8_t text[sizeof *peer + sizeof when];
	uint64_t hash;

	_Static_assert(sizeof hash == COOKIE_LEN, "a cookie is one hash");
	memcpy(text, peer, sizeof *peer);
	memcpy(text + sizeof *peer, &when, sizeof when);
	hash = siphash(key, text, sizeof text);
	memcpy(cookie, &hash, sizeof hash);
}

void cookie_make(const struct siphash_key *key, monotime_t now, const struct netaddr *to,
    uint8_t cookie[COOKIE_LEN])
{
	make(key, period(now), to, cookie);
}

bool cookie_is_good(const struct siphash_key *key, monotime_t now, const struct netaddr *from,
    const uint8_t *cookie, size_t len)
{
	uint8_t expected[COOKIE_LEN];

	if (len != COOKIE_LEN)
		return false;
	for (int64_t ago = 0; ago <= 1; ago++) {
		make(key, period(now) - ago, from, expected);
		if (memcmp(expected, cookie, COOKIE_LEN) == 0)
			return true;
	}
	return false;
}
