/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "sn_codec/sn_text.h"

/* Table 3 of 5.2.2. */
static const char *const types[256] = {
	[0x00] = "ADVERTISE",     /* SN12-TYPE-01 */
	[0x01] = "SEARCHGW",      /* SN12-TYPE-02 */
	[0x02] = "GWINFO",        /* SN12-TYPE-03 */
	[0x04] = "CONNECT",       /* SN12-TYPE-04 */
	[0x05] = "CONNACK",       /* SN12-TYPE-05 */
	[0x06] = "WILLTOPICREQ",  /* SN12-TYPE-06 */
	[0x07] = "WILLTOPIC",     /* SN12-TYPE-07 */
	[0x08] = "WILLMSGREQ",    /* SN12-TYPE-08 */
	[0x09] = "WILLMSG",       /* SN12-TYPE-09 */
	[0x0A] = "REGISTER",      /* SN12-TYPE-10 */
	[0x0B] = "REGACK",        /* SN12-TYPE-11 */
	[0x0C] = "PUBLISH",       /* SN12-TYPE-12 */
	[0x0D] = "PUBACK",        /* SN12-TYPE-13 */
	[0x0E] = "PUBCOMP",       /* SN12-TYPE-14 */
	[0x0F] = "PUBREC",        /* SN12-TYPE-15 */
	[0x10] = "PUBREL",        /* SN12-TYPE-16 */
	[0x12] = "SUBSCRIBE",     /* SN12-TYPE-17 */
	[0x13] = "SUBACK",        /* SN12-TYPE-18 */
	[0x14] = "UNSUBSCRIBE",   /* SN12-TYPE-19 */
	[0x15] = "UNSUBACK",      /* SN12-TYPE-20 */
	[0x16] = "PINGREQ",       /* SN12-TYPE-21 */
	[0x17] = "PINGRESP",      /* SN12-TYPE-22 */
	[0x18] = "DISCONNECT",    /* SN12-TYPE-23 */
	[0x1A] = "WILLTOPICUPD",  /* SN12-TYPE-24 */
	[0x1B] = "WILLTOPICRESP", /* SN12-TYPE-25 */
	[0x1C] = "WILLMSGUPD",    /* SN12-TYPE-26 */
	[0x1D] = "WILLMSGRESP",   /* SN12-TYPE-27 */
	[0xFE] = "ENCAPSULATED",  /* SN12-TYPE-28 */
};

/* SN12-TYPE-29: the others are reserved. */
Test(names, every_type)
{
	for (unsigned int type = 0; type <= UINT8_MAX; type++) {
		const char *name = sn_type_name((uint8_t)type);

		if (types[type] == NULL)
			cr_assert_null(name, "0x%02x is reserved", type);
		else
			cr_assert_str_eq(name, types[type]);
	}
}

/* SN12-RC-01 */
Test(names, every_return_code)
{
	cr_assert_str_eq(sn_return_code_name(0x00), "accepted");
	cr_assert_str_eq(sn_return_code_name(0x01), "congestion");
	cr_assert_str_eq(sn_return_code_name(0x02), "invalid-topic-id");
	cr_assert_str_eq(sn_return_code_name(0x03), "not-supported");
	for (unsigned int code = 0x04; code <= UINT8_MAX; code++)
		cr_assert_null(sn_return_code_name((uint8_t)code), "0x%02x is reserved", code);
}

Test(names, every_status_has_its_own)
{
	const enum sn_status beyond = (enum sn_status)(SN_NO_SPACE + 1);

	for (int a = SN_OK; a <= SN_NO_SPACE; a++) {
		cr_assert_not_null(sn_status_name((enum sn_status)a));
		for (int b = SN_OK; b < a; b++)
			cr_assert_str_neq(
			    sn_status_name((enum sn_status)a), sn_status_name((enum sn_status)b));
	}
	cr_assert_str_eq(sn_status_name(beyond), "unknown status");
}
