/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "common/err.h"
#include "tests/bytes.h"
#include "tools/topic_table.h"

static struct topic_table *table;

static void setup(void)
{
	table = topic_table_new();
	cr_assert_not_null(table);
}

static void teardown(void)
{
	table = topic_table_free(table);
}

TestSuite(topic_table, .init = setup, .fini = teardown);

Test(topic_table, binds_and_binds_again)
{
	cr_assert_null(topic_table_name(table, 1));
	cr_assert_eq(topic_table_bind(table, 1, bytes("a")), 0);
	cr_assert_eq(topic_table_bind(table, 65534, bytes("b")), 0);
	cr_assert_str_eq(topic_table_name(table, 1), "a");
	cr_assert_str_eq(topic_table_name(table, 65534), "b");
	cr_assert_eq(topic_table_bind(table, 1, bytes("c")), 0);
	cr_assert_str_eq(topic_table_name(table, 1), "c");
}

Test(topic_table, copies_the_name)
{
	char name[] = "abc";

	topic_table_bind(table, 1, (struct sn_bytes){ (const uint8_t *)name, 2 });
	name[0] = 'x';
	cr_assert_str_eq(topic_table_name(table, 1), "ab");
}

Test(topic_table, refuses_reserved_ids_and_bad_names)
{
	static const uint8_t nul[] = { 0 };

	cr_assert_eq(topic_table_bind(table, 0, bytes("a")), -ERR_INVALID);
	cr_assert_eq(topic_table_bind(table, 65535, bytes("a")), -ERR_INVALID);
	cr_assert_eq(topic_table_bind(table, 1, bytes("")), -ERR_INVALID);
	cr_assert_eq(topic_table_bind(table, 1, (struct sn_bytes){ nul, 1 }), -ERR_INVALID);
	cr_assert_null(topic_table_name(table, 0));
	cr_assert_null(topic_table_name(table, 1));
}

Test(topic_table, is_cleared)
{
	topic_table_bind(table, 1, bytes("a"));
	topic_table_clear(table);
	topic_table_clear(table);
	cr_assert_null(topic_table_name(table, 1));
}

Test(topic_table, has_a_limit)
{
	const size_t len = 65000, most = TOPIC_TABLE_OCTETS_MAX / (len + 1);
	uint8_t *name = malloc(len);

	memset(name, 'n', len);
	for (size_t i = 1; i <= most; i++)
		cr_assert_eq(
		    topic_table_bind(table, (uint16_t)i, (struct sn_bytes){ name, len }), 0);
	cr_assert_eq(topic_table_bind(table, 60000, (struct sn_bytes){ name, len }), -ERR_LIMIT);
	cr_assert_eq(topic_table_bind(table, 1, bytes("short")), 0, "makes room");
	cr_assert_eq(topic_table_bind(table, 60000, (struct sn_bytes){ name, len }), 0);
	free(name);
}

Test(topic_table, is_freed_when_there_is_none)
{
	cr_assert_null(topic_table_free(NULL));
}
