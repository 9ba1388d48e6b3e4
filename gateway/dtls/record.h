/* SPDX-License-Identifier: BSD-3-Clause */
/* What can be seen of a datagram from outside: its first record (RFC 6347, 4.1) and, where that is
 * one, its ClientHello (4.2.1, 4.2.2). */
#ifndef DTLS_RECORD_H
#define DTLS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum record_type {
	RECORD_CHANGE_CIPHER_SPEC = 20,
	RECORD_ALERT = 21,
	RECORD_HANDSHAKE = 22,
	RECORD_DATA = 23,
};

enum {
	RECORD_RANDOM_LEN = 32
};

struct record {
	enum record_type type;
	uint16_t epoch; /* 0: not encrypted */
	/* Of a ClientHello, else NULL: its random number, RECORD_RANDOM_LEN octets in the datagram.
	 */
	const uint8_t *hello_random;
};

/* False if the datagram does not begin with a record of DTLS. */
bool record_peek(struct record *out, const uint8_t *data, size_t len);

/* How many records of the datagram are encrypted. */
size_t record_count_encrypted(const uint8_t *data, size_t len);

#endif
