/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/dtls/record.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t data_record[] = { 23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 5, 0, 3, 'a', 'b',
	'c' };

/* Record, handshake header, version, random number, and no more than that. */
static const uint8_t hello[13 + 12 + 2 + 32] = { 22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 46, 1 };

/* In memory of exactly its length, so that reading beyond is noticed. */
static bool peek(struct record *out, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len + (len == 0));
	bool good;

	memcpy(copy, data, len);
	good = record_peek(out, copy, len);
	if (good && out->hello_random != NULL)
		cr_assert_eq(out->hello_random, copy + 27);
	free(copy);
	return good;
}

Test(record, type_and_epoch)
{
	struct record record;

	cr_assert(peek(&record, data_record, sizeof data_record));
	cr_assert_eq(record.type, RECORD_DATA);
	cr_assert_eq(record.epoch, 1);
	cr_assert_null(record.hello_random);
}

Test(record, what_is_cut_is_none)
{
	struct record record;

	for (size_t len = 0; len < sizeof data_record; len++)
		cr_assert_not(peek(&record, data_record, len), "%zu octets", len);
	for (size_t len = 0; len < sizeof hello; len++)
		cr_assert_not(peek(&record, hello, len), "%zu octets", len);
}

Test(record, the_random_number_of_a_client_hello)
{
	struct record record;
	uint8_t changed[sizeof hello];

	cr_assert(peek(&record, hello, sizeof hello));
	cr_assert_not_null(record.hello_random);
	memcpy(changed, hello, sizeof hello);
	changed[13] = 2; /* ServerHello */
	cr_assert(peek(&record, changed, sizeof changed));
	cr_assert_null(record.hello_random);
	changed[13] = 1;
	changed[4] = 1; /* encrypted: nobody knows what it is */
	cr_assert(peek(&record, changed, sizeof changed));
	cr_assert_null(record.hello_random);
}

Test(record, other_protocols)
{
	static const uint8_t connect[] = "\x0e\x04\x04\x01\x00\x3c"
	                                 "mqttsn-1";
	uint8_t changed[sizeof data_record];
	struct record record;

	cr_assert_not(peek(&record, connect, sizeof connect - 1));
	memcpy(changed, data_record, sizeof changed);
	changed[1] = 3; /* TLS */
	cr_assert_not(peek(&record, changed, sizeof changed));
	changed[1] = 0xfe;
	changed[0] = 19;
	cr_assert_not(peek(&record, changed, sizeof changed));
	changed[0] = 24;
	cr_assert_not(peek(&record, changed, sizeof changed));
}

Test(record, encrypted_ones_are_counted)
{
	uint8_t datagram[3 * sizeof data_record];

	for (size_t i = 0; i < 3; i++)
		memcpy(datagram + i * sizeof data_record, data_record, sizeof data_record);
	datagram[sizeof data_record + 4] = 0; /* the second is not */
	cr_assert_eq(record_count_encrypted(datagram, sizeof datagram), 2);
	cr_assert_eq(
	    record_count_encrypted(datagram, sizeof datagram - 1), 2, "the last one is cut");
	cr_assert_eq(record_count_encrypted(datagram, sizeof data_record), 1);
	cr_assert_eq(record_count_encrypted(datagram, 2 * sizeof data_record + 12), 1);
	cr_assert_eq(record_count_encrypted(datagram, 0), 0);
}
