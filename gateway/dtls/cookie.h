/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cookies (RFC 6347, 4.2.1): a keyed hash of the address and of the time, so that nothing has to be
 * remembered of whom one was sent to.
 */
#ifndef DTLS_COOKIE_H
#define DTLS_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/netaddr.h"
#include "common/siphash.h"

enum {
	COOKIE_LEN = 8,
	COOKIE_LIFE_MS = 60000, /* how long one is good, at least; twice that at most */
};

/* The cookie for @to. */
void cookie_make(const struct siphash_key *key, monotime_t now, const struct netaddr *to,
    uint8_t cookie[COOKIE_LEN]);

/* Whether @from was sent this cookie not long ago. */
bool cookie_is_good(const struct siphash_key *key, monotime_t now, const struct netaddr *from,
    const uint8_t *cookie, size_t len);

#endif
