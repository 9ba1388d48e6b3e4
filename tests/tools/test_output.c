/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bytes.h"
#include "tools/output.h"

static const struct timespec when = { 1470818943, 786368637 };

static struct sn_client_message message(void)
{
	return (struct sn_client_message){
		.topic = "a/b", .data = bytes("2J"), .qos = 2, .retain = true, .msg_id = 77
	};
}

static void expect_octets(const struct output_style *style, const struct sn_client_message *m,
    const char *text, size_t len)
{
	char *got = NULL;
	size_t got_len = 0;
	FILE *out = open_memstream(&got, &got_len);

	cr_assert(output_print(out, style, m, when));
	fclose(out);
	cr_assert_eq(got_len, len, "%zu octets: %s", got_len, got);
	cr_assert_eq(memcmp(got, text, len), 0, "%s", got);
	free(got);
}

static void expect_format(const char *format, const char *text)
{
	struct output_style style = { .format = format, .no_newline = true };
	struct sn_client_message m = message();

	cr_assert_null(output_check(format), "%s", format);
	expect_octets(&style, &m, text, strlen(text));
}

Test(output, payload_and_newline)
{
	struct output_style style = { 0 };
	struct sn_client_message m = message();

	expect_octets(&style, &m, "2J\n", 3);
	style.no_newline = true;
	expect_octets(&style, &m, "2J", 2);
	style.verbose = true;
	expect_octets(&style, &m, "a/b 2J", 6);
	style.no_newline = false;
	expect_octets(&style, &m, "a/b 2J\n", 7);
}

Test(output, any_octets)
{
	struct output_style style = { .verbose = true };
	struct sn_client_message m = message();

	m.data = (struct sn_bytes){ (const uint8_t *)"\0%p\n", 4 };
	expect_octets(&style, &m, "a/b \0%p\n\n", 9);
	m.data = (struct sn_bytes){ NULL, 0 };
	expect_octets(&style, &m, "a/b \n", 5);
}

Test(output, parameters)
{
	expect_format("%t|%p|%q|%r|%m|%l|%%", "a/b|2J|2|1|77|2|%");
	expect_format("%x %X", "324a 324A");
	expect_format("%U", "1470818943.786368637");
}

Test(output, times)
{
	setenv("TZ", "UTC", 1);
	tzset();
	expect_format("%I", "2016-08-10T08:49:03+0000");
	expect_format("@H:@M:@S.@N @@", "08:49:03.786368637 @");
}

Test(output, escapes)
{
	struct output_style style = { .format = "\\0", .no_newline = true };
	struct sn_client_message m = message();

	expect_format("\\a\\e\\n\\r\\t\\v\\\\", "\a\033\n\r\t\v\\");
	expect_octets(&style, &m, "", 1);
}

Test(output, unknown_sequences_are_found)
{
	static const char *const formats[] = { "%", "@", "\\", "x%", "%z", "%t %j", "\\q" };

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		cr_expect_not_null(output_check(formats[i]), "%s", formats[i]);
	cr_expect_str_eq(output_check("%t %j."), "%j.");
	cr_expect_null(output_check("%%j"));
}

Test(output, a_full_disk_is_told)
{
	struct output_style style = { 0 };
	struct sn_client_message m = message();
	FILE *full = fopen("/dev/full", "w");

	cr_assert_not_null(full);
	cr_assert_not(output_print(full, &style, &m, when));
	fclose(full);
}
