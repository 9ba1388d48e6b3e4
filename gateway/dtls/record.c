/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/dtls/record.h"

enum {
	VERSION_MAJOR = 0xfe, /* of DTLS 1.0 and 1.2, the bits turned around */
	CLIENT_HELLO = 1,

	/* where things stand */
	AT_TYPE = 0,
	AT_VERSION = 1,
	AT_EPOCH = 3,
	AT_LENGTH = 11,
	HEADER_LEN = 13,
	AT_MESSAGE = HEADER_LEN,
	AT_RANDOM = AT_MESSAGE + 12 + 2, /* after the header of the message and a version */
};

static uint16_t u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

bool record_peek(struct record *out, const uint8_t *data, size_t len)
{
	if (len < HEADER_LEN || data[AT_VERSION] != VERSION_MAJOR)
		return false;
	if (data[AT_TYPE] < RECORD_CHANGE_CIPHER_SPEC || data[AT_TYPE] > RECORD_DATA)
		return false;
	if (u16(data + AT_LENGTH) > len - HEADER_LEN)
		return false;
	*out = (struct record){ .type = data[AT_TYPE], .epoch = u16(data + AT_EPOCH) };
	if (out->type == RECORD_HANDSHAKE && out->epoch == 0 &&
	    len >= AT_RANDOM + RECORD_RANDOM_LEN && data[AT_MESSAGE] == CLIENT_HELLO)
		out->hello_random = data + AT_RANDOM;
	return true;
}

size_t record_count_encrypted(const uint8_t *data, size_t len)
{
	size_t n = 0;

	while (len >= HEADER_LEN) {
		size_t whole = HEADER_LEN + (size_t)u16(data + AT_LENGTH);

		if (u16(data + AT_EPOCH) > 0)
			n++;
		if (whole >= len)
			break;
		data += whole;
		len -= whole;
	}
	return n;
}
