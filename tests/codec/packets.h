/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the codec share: messages in their three forms, and a comparison that does not
 * go through the code under test. */
#ifndef TESTS_CODEC_PACKETS_H
#define TESTS_CODEC_PACKETS_H

#include "sn_codec/sn_codec.h"

#define BYTES(literal)                                                                             \
	{                                                                                          \
		(const uint8_t *)(literal), sizeof(literal) - 1                                    \
	}

/* One message: canonical octets, the line that is printed for it, the struct. */
struct vector {
	const char *hex;
	const char *text;
	struct sn_packet packet;
};

extern const struct vector vectors[];
extern const size_t vector_count;

/* Reads pairs of hex digits, blanks between them or not; returns their number. */
size_t hex_octets(const char *hex, uint8_t *out, size_t size);

bool bytes_equal(struct sn_bytes a, struct sn_bytes b);

/* Compares the members that messages of this type have. */
bool packet_equal(const struct sn_packet *a, const struct sn_packet *b);

#endif
