/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/dtls/psk.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char path[] = "/nowhere/psk";
static char told[1024];

static void on_mistake(void *ctx, unsigned line, const char *what)
{
	size_t len = strlen(told);

	(void)ctx;
	snprintf(told + len, sizeof told - len, "%u %s\n", line, what);
}

static struct psk_table *load(const char *text)
{
	char name[] = "/tmp/test_psk-XXXXXX";
	int fd = mkstemp(name);
	struct psk_table *table;

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	told[0] = '\0';
	table = psk_load(name, on_mistake, NULL);
	unlink(name);
	return table;
}

static void expect_mistake(const char *text, const char *mistake)
{
	cr_assert_null(load(text), "%s", text);
	cr_assert_str_eq(told, mistake, "%s: told %s", text, told);
}

Test(psk, keys_are_found_by_identity)
{
	static const uint8_t key[] = { 0, 1, 2, 3, 0xfc, 0xfd, 0xfe, 0xff };
	struct psk_table *table = load("# a comment\n"
	                               "\n"
	                               "pump-1:00010203fcFDfeff\r\n"
	                               "with:colon:0102030405060708\n"
	                               "last:ffffffffffffffffff");
	const uint8_t *found;
	size_t len;

	cr_assert_not_null(table, "%s", told);
	cr_assert_eq(psk_count(table), 3);
	found = psk_find(table, "pump-1", &len);
	cr_assert_not_null(found);
	cr_assert_eq(len, sizeof key);
	cr_assert_eq(memcmp(found, key, len), 0);
	cr_assert_not_null(psk_find(table, "with:colon", &len));
	cr_assert_not_null(psk_find(table, "last", &len));
	cr_assert_eq(len, 9);
	cr_assert_null(psk_find(table, "pump", &len));
	cr_assert_null(psk_find(table, "", &len));
	psk_free(table);
}

Test(psk, mistakes_are_told_with_their_line)
{
	expect_mistake("a\n", "1 must be identity:key\n");
	expect_mistake("#\n:0102030405060708\n", "2 the identity is empty\n");
	expect_mistake(
	    "a:010203040506070\n", "1 the key has half an octet: an odd number of digits\n");
	expect_mistake(
	    "a:01020304050607\n", "1 the key is too short: 16 hexadecimal digits are the least\n");
	expect_mistake("a:\n", "1 the key is too short: 16 hexadecimal digits are the least\n");
	expect_mistake("a:010203040506070g\n", "1 the key is not hexadecimal\n");
	expect_mistake(
	    "a:0102030405060708\na:0102030405060708\n", "2 the identity has a key already\n");
	expect_mistake(
	    "a\nok:0102030405060708\nb\n", "1 must be identity:key\n3 must be identity:key\n");
	expect_mistake("# nothing\n", "0 there is no key in it\n");
	expect_mistake("", "0 there is no key in it\n");
}

Test(psk, lengths)
{
	char text[400];
	struct psk_table *table;

	snprintf(text, sizeof text, "%0128d:%0128d\n", 1, 2);
	table = load(text);
	cr_assert_not_null(table, "%s", told);
	psk_free(table);
	snprintf(text, sizeof text, "%0129d:%0128d\n", 1, 2);
	expect_mistake(text, "1 the identity is too long: 128 octets are the most\n");
	snprintf(text, sizeof text, "%0128d:%0130d\n", 1, 2);
	expect_mistake(text, "1 the key is too long: 128 hexadecimal digits are the most\n");
}

Test(psk, a_file_that_is_not_there)
{
	told[0] = '\0';
	cr_assert_null(psk_load(path, on_mistake, NULL));
	cr_assert_str_eq(told, "0 No such file or directory\n");
}
