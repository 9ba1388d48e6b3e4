/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "tools/options.h"

static struct options o;
static char error[OPTIONS_ERROR_MAX];

static void teardown(void)
{
	options_clear(&o);
}

TestSuite(options, .fini = teardown);

#define ARGS_MAX 32

/* Splits @line at its blanks. */
static int parse(enum tool tool, const char *line)
{
	static char text[256];
	static char program[] = "program";
	static char *argv[ARGS_MAX + 1];
	int argc = 0;

	options_clear(&o);
	error[0] = '\0';
	snprintf(text, sizeof text, "%s", line);
	argv[argc++] = program;
	for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
		cr_assert_lt(argc, ARGS_MAX);
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return options_parse(&o, tool, argc, argv, error);
}

static void expect_error(enum tool tool, const char *line, const char *text)
{
	cr_expect_eq(parse(tool, line), -ERR_INVALID, "%s", line);
	cr_expect_str_eq(error, text, "%s: %s", line, error);
}

Test(options, pub_has_defaults)
{
	cr_assert_eq(parse(TOOL_PUB, "-t a/b -m hi"), 0, "%s", error);
	cr_expect_eq(o.action, OPTIONS_RUN);
	cr_expect_str_eq(o.host, "localhost");
	cr_expect_eq(o.port, 1884);
	cr_expect_null(o.id);
	cr_expect_null(o.id_prefix);
	cr_expect_not(o.keep_session);
	cr_expect_eq(o.keep_alive, 60);
	cr_expect_null(o.will.topic);
	cr_expect_eq(o.qos, 0);
	cr_expect_eq(o.retry_ms, 10000);
	cr_expect_eq(o.retries, 3);
	cr_expect_eq(o.wait_ms, 10000);
	cr_expect_eq(o.waits, 30);
	cr_expect_eq(o.reconnects, 10);
	cr_expect_eq(o.max_packet, 65535);
	cr_expect_eq(o.source, SOURCE_TEXT);
	cr_expect_str_eq(o.source_text, "hi");
	cr_expect_not(o.retain);
	cr_expect_eq(o.repeat, 1);
	cr_expect_eq(o.repeat_delay_ms, 0);
	cr_assert_eq(o.topics.n, 1);
	cr_expect_eq(o.topics.items[0].type, SN_TOPIC_NORMAL);
	cr_expect_str_eq(o.topics.items[0].name, "a/b");
}

Test(options, pub_takes_letters)
{
	cr_assert_eq(
	    parse(TOOL_PUB, "-h gw -p 1000 -i c1 -t a -m x -q 2 -r -d -k 5 -c"), 0, "%s", error);
	cr_expect_str_eq(o.host, "gw");
	cr_expect_eq(o.port, 1000);
	cr_expect_str_eq(o.id, "c1");
	cr_expect_eq(o.qos, 2);
	cr_expect(o.retain);
	cr_expect(o.debug);
	cr_expect_eq(o.keep_alive, 5);
	cr_expect(o.keep_session);
}

Test(options, pub_takes_long_names)
{
	cr_assert_eq(
	    parse(TOOL_PUB,
	        "--host gw --port 1000 --id-prefix p- --topic a --message x --qos 1 --retain "
	        "--repeat 3 --repeat-delay 0.25 --quiet --max-packet 60"),
	    0, "%s", error);
	cr_expect_str_eq(o.host, "gw");
	cr_expect_eq(o.port, 1000);
	cr_expect_str_eq(o.id_prefix, "p-");
	cr_expect_eq(o.qos, 1);
	cr_expect(o.retain);
	cr_expect_eq(o.repeat, 3);
	cr_expect_eq(o.repeat_delay_ms, 250);
	cr_expect(o.quiet);
	cr_expect_eq(o.max_packet, 60);
}

Test(options, timers)
{
	cr_assert_eq(
	    parse(TOOL_SUB, "-t a --retry 0.2 --retries 20 --wait 300 --waits 1 --reconnects 0"), 0,
	    "%s", error);
	cr_expect_eq(o.retry_ms, 200);
	cr_expect_eq(o.retries, 20);
	cr_expect_eq(o.wait_ms, 300000);
	cr_expect_eq(o.waits, 1);
	cr_expect_eq(o.reconnects, 0);
}

Test(options, will)
{
	cr_assert_eq(
	    parse(TOOL_SUB, "-t a --will-topic w --will-payload bye --will-qos 2 --will-retain"), 0,
	    "%s", error);
	cr_expect_str_eq(o.will.topic, "w");
	cr_expect_eq(o.will.message.len, 3);
	cr_expect_eq(memcmp(o.will.message.data, "bye", 3), 0);
	cr_expect_eq(o.will.qos, 2);
	cr_expect(o.will.retain);
	cr_assert_eq(parse(TOOL_SUB, "-t a --will-topic w"), 0);
	cr_expect_eq(o.will.message.len, 0);
}

Test(options, sources)
{
	static const struct {
		const char *line;
		enum source source;
		const char *text;
	} cases[] = {
		{ "-t a -m x", SOURCE_TEXT, "x" },
		{ "-t a -n", SOURCE_TEXT, "" },
		{ "-t a -f name", SOURCE_FILE, "name" },
		{ "-t a -s", SOURCE_STDIN, "" },
		{ "-t a -l", SOURCE_LINES, "" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		cr_assert_eq(parse(TOOL_PUB, cases[i].line), 0, "%s: %s", cases[i].line, error);
		cr_expect_eq(o.source, cases[i].source, "%s", cases[i].line);
		cr_expect_str_eq(o.source_text, cases[i].text);
	}
}

Test(options, qos_minus_1)
{
	cr_assert_eq(parse(TOOL_PUB, "-q -1 --predefined 5 -m x"), 0, "%s", error);
	cr_expect_eq(o.qos, -1);
	cr_expect_eq(o.topics.items[0].type, SN_TOPIC_PREDEFINED);
	cr_expect_eq(o.topics.items[0].id, 5);
	cr_assert_eq(parse(TOOL_PUB, "-q -1 --short ab -m x"), 0, "%s", error);
	cr_expect_eq(o.topics.items[0].type, SN_TOPIC_SHORT);
	cr_expect_eq(o.topics.items[0].id, 'a' << 8 | 'b');
}

Test(options, sub_takes_many_topics)
{
	cr_assert_eq(
	    parse(TOOL_SUB, "-t a/# --predefined 7 -t b --short cd -T a/x -T a/y -U old -q 1"), 0,
	    "%s", error);
	cr_assert_eq(o.topics.n, 4);
	cr_expect_str_eq(o.topics.items[0].name, "a/#");
	cr_expect_eq(o.topics.items[1].id, 7);
	cr_expect_str_eq(o.topics.items[2].name, "b");
	cr_expect_eq(o.topics.items[3].type, SN_TOPIC_SHORT);
	cr_assert_eq(o.filter_out.n, 2);
	cr_expect_str_eq(o.filter_out.items[1].name, "a/y");
	cr_assert_eq(o.unsubscribe.n, 1);
	cr_expect_str_eq(o.unsubscribe.items[0].name, "old");
	cr_expect_eq(o.qos, 1);
}

Test(options, sub_takes_letters)
{
	cr_assert_eq(parse(TOOL_SUB, "-t a -C 10 -W 2.5 -v -N -R -E --sleep 60"), 0, "%s", error);
	cr_expect_eq(o.count, 10);
	cr_expect_eq(o.timeout_ms, 2500);
	cr_expect(o.verbose);
	cr_expect(o.no_newline);
	cr_expect(o.no_retained);
	cr_expect(o.exit_when_subscribed);
	cr_expect_eq(o.sleep_ms, 60000);
	cr_assert_eq(parse(TOOL_SUB, "-t a -F %t=%p"), 0, "%s", error);
	cr_expect_str_eq(o.format, "%t=%p");
	cr_assert_eq(parse(TOOL_SUB, "-c -i c -U a"), 0, "%s", error);
}

Test(options, help_and_version_need_nothing_else)
{
	cr_assert_eq(parse(TOOL_PUB, "--help"), 0);
	cr_expect_eq(o.action, OPTIONS_HELP);
	cr_assert_eq(parse(TOOL_SUB, "--version"), 0);
	cr_expect_eq(o.action, OPTIONS_VERSION);
}

Test(options, errors_of_one_option)
{
	expect_error(TOOL_PUB, "-t a -m x -q 3", "-q: '3' is not a number from -1 to 2");
	expect_error(TOOL_SUB, "-t a -q -1", "-q: '-1' is not a number from 0 to 2");
	expect_error(TOOL_PUB, "-p x", "-p: 'x' is not a number from 1 to 65535");
	expect_error(TOOL_PUB, "-p 1884x", "-p: '1884x' is not a number from 1 to 65535");
	expect_error(TOOL_PUB, "-p 99999999999999999999",
	    "-p: '99999999999999999999' is not a number from 1 to 65535");
	expect_error(TOOL_PUB, "--retry 0", "--retry: '0' is not a time from 0.01 to 3600 seconds");
	expect_error(
	    TOOL_PUB, "--retry nan", "--retry: 'nan' is not a time from 0.01 to 3600 seconds");
	expect_error(TOOL_PUB, "--predefined 65535",
	    "--predefined: '65535' is not a number from 1 to 65534");
	expect_error(TOOL_PUB, "--short abc", "--short: 'abc' is not a topic name of two octets");
	expect_error(TOOL_PUB, "--short a#", "--short: 'a#' is not a topic name of two octets");
	expect_error(TOOL_PUB, "-t a/#", "-t: 'a/#' is not a topic name");
	expect_error(TOOL_SUB, "-t a#", "-t: 'a#' is not a topic filter");
	expect_error(TOOL_PUB, "-t", "-t: an argument is missing");
	expect_error(TOOL_PUB, "--topic", "--topic: an argument is missing");
	expect_error(TOOL_PUB, "-v", "-v: unknown option");
	expect_error(TOOL_SUB, "-m x", "-m: unknown option");
	expect_error(TOOL_SUB, "--nonsense", "--nonsense: unknown option");
	expect_error(TOOL_SUB, "-t a word", "'word': not an option");
	expect_error(TOOL_SUB, "-t a -F %j", "-F: '%j' is not known");
}

Test(options, errors_of_what_goes_together)
{
	expect_error(TOOL_PUB, "-m x", "one topic must be given, by -t, --predefined or --short");
	expect_error(
	    TOOL_PUB, "-t a -t b -m x", "one topic must be given, by -t, --predefined or --short");
	expect_error(TOOL_PUB, "-t a", "one of -f, -l, -m, -n and -s must be given");
	expect_error(TOOL_PUB, "-t a -m x -n", "only one of -f, -l, -m, -n and -s can be given");
	expect_error(TOOL_PUB, "-t a -l --repeat 2", "--repeat cannot be used with -l");
	expect_error(TOOL_PUB, "-t ab -m x -q -1",
	    "QoS -1 needs --predefined or --short: without a connection no topic is registered");
	expect_error(TOOL_PUB, "-t a -m x -i a -I b", "-i and -I cannot be used together");
	expect_error(TOOL_SUB, "-t a -c", "-c needs a client id (-i)");
	expect_error(TOOL_SUB, "-t a --will-retain", "a will needs --will-topic");
	expect_error(TOOL_SUB, "-t a --psk 00", "--psk and --psk-identity need each other");
	expect_error(
	    TOOL_PUB, "-t a -n --psk-identity a", "--psk and --psk-identity need each other");
	expect_error(TOOL_SUB, "-t a --cafile a --cert b", "--cert and --key need each other");
	expect_error(TOOL_SUB, "-t a --cert a --key b", "--cert and --insecure need --cafile");
	expect_error(TOOL_SUB, "-t a --insecure", "--cert and --insecure need --cafile");
	expect_error(TOOL_SUB, "-t a --will-topic a/+", "--will-topic: 'a/+' is not a topic name");
	expect_error(TOOL_SUB, "-v", "a topic must be given, by -t, --predefined or --short");
	expect_error(TOOL_SUB, "-t a -v -F %p", "-F and -v cannot be used together");
}
