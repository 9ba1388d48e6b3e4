/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "sn_codec/wire.h"

static const uint8_t octets[] = { 0x01, 0x02, 0x03, 0x04 };

/* All multi-octet integers: most significant octet first. */
Test(wire, reads_fields_in_order)
{
	struct wire_reader r = { .pos = octets, .end = octets + sizeof(octets) };
	struct sn_bytes rest;

	cr_assert_eq(rd_u8(&r), 0x01);
	cr_assert_eq(rd_u16(&r), 0x0203);
	rest = rd_rest(&r);
	cr_assert_eq(rest.data, octets + 3);
	cr_assert_eq(rest.len, 1);
	cr_assert_eq(rd_left(&r), 0);
	cr_assert_eq(r.status, SN_OK);
}

Test(wire, first_read_failure_sticks)
{
	struct wire_reader r = { .pos = octets, .end = octets + 1 };

	cr_assert_eq(rd_u16(&r), 0);
	cr_assert_eq(r.status, SN_SHORT);
	cr_assert_eq(rd_u8(&r), 0, "an octet was there, but behind a failure");
	cr_assert_eq(rd_rest(&r).len, 0);
	rd_fail(&r, SN_BAD_FIELD);
	cr_assert_eq(r.status, SN_SHORT);
}

Test(wire, writes_fields_in_order)
{
	uint8_t buf[4] = { 0 };
	struct wire_writer w = { .pos = buf, .end = buf + sizeof(buf) };

	wr_u8(&w, 0x01);
	wr_u16(&w, 0x0203);
	wr_bytes(&w, (struct sn_bytes){ NULL, 0 });
	wr_bytes(&w, (struct sn_bytes){ octets + 3, 1 });
	cr_assert_eq(w.status, SN_OK);
	cr_assert_eq(w.pos, w.end);
	cr_assert_arr_eq(buf, octets, sizeof(octets));
}

Test(wire, first_write_failure_sticks)
{
	uint8_t buf[1] = { 0xee };
	struct wire_writer w = { .pos = buf, .end = buf + sizeof(buf) };

	wr_u16(&w, 0x0203);
	wr_u8(&w, 0x01);
	wr_bytes(&w, (struct sn_bytes){ octets, 1 });
	wr_fail(&w, SN_BAD_FIELD);
	cr_assert_eq(w.status, SN_NO_SPACE);
	cr_assert_eq(w.pos, buf);
	cr_assert_eq(buf[0], 0xee);
}
