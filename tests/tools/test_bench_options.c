/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/bench/options.h"

#include <string.h>

#include <criterion/criterion.h>

#define ENDS "--gateway", "127.0.0.1:1", "--broker", "127.0.0.1:2"

/* Reads the words; a macro, so that the list may have any length. */
#define READ(...)                                                                                  \
	bench_options_read(&options,                                                               \
	    sizeof((const char *[]){ "bench", __VA_ARGS__ }) / sizeof(char *),                     \
	    (const char *[]){ "bench", __VA_ARGS__ })

static struct bench_options options;

Test(bench_options, defaults)
{
	cr_assert_null(READ(ENDS));
	cr_assert_eq(options.mode, MODE_PUBLISH);
	cr_assert_eq(options.gateway.port, 1);
	cr_assert_eq(options.broker.port, 2);
	cr_assert_eq(options.sensors, 10);
	cr_assert_eq(options.at_once, 10, "all of them");
	cr_assert_eq(options.messages, 100000);
	cr_assert_eq(options.qos, 0);
	cr_assert_eq(options.rounds, 5);
}

Test(bench_options, every_mode_has_a_name)
{
	for (int mode = MODE_PUBLISH; mode <= MODE_ECHO; mode++) {
		cr_assert_null(READ(bench_mode_name((enum bench_mode)mode), ENDS));
		cr_assert_eq(options.mode, mode);
	}
}

Test(bench_options, values)
{
	cr_assert_null(READ("connect", ENDS, "--sensors", "10000", "--at-once", "64", "--qos", "-1",
	    "--gateway-pid", "77", "--forwarders", "3", "--idle", "5", "--direct", "0", "--shared",
	    "127.0.0.1:4", "--shared-pid", "78", "--stay", "1"));
	cr_assert_eq(options.sensors, 10000);
	cr_assert_eq(options.at_once, 64);
	cr_assert_eq(options.qos, -1);
	cr_assert_eq(options.gateway_pid, 77);
	cr_assert_eq(options.forwarders, 3);
	cr_assert_eq(options.idle, 5);
	cr_assert_eq(options.direct, 0);
	cr_assert_eq(options.shared.port, 4);
	cr_assert_eq(options.shared_pid, 78);
	cr_assert_eq(options.stay, 1);
}

Test(bench_options, what_each_mode_needs)
{
	cr_assert_not_null(READ("publish"));
	cr_assert_not_null(READ("publish", "--gateway", "127.0.0.1:1"));
	cr_assert_null(READ("connect", "--gateway", "127.0.0.1:1"));
	cr_assert_null(READ("echo"));
	cr_assert_not_null(READ("deliver", ENDS, "--qos", "-1"));
	cr_assert_not_null(READ("publish", ENDS, "--messages", "0"));
	cr_assert_null(READ("sleep", ENDS, "--messages", "0"));
	cr_assert_null(READ("--help"));
	cr_assert(options.help);
}

Test(bench_options, what_is_wrong_is_named)
{
	cr_assert_str_eq(READ(ENDS, "--qos", "3"), "--qos: '3' is not possible");
	cr_assert_str_eq(READ(ENDS, "--rounds"), "--rounds: '' is not possible");
	cr_assert_str_eq(READ(ENDS, "--window", "5x"), "--window: '5x' is not possible");
	cr_assert_str_eq(READ("--gateway", "here"), "--gateway: 'here' is not possible");
	cr_assert_str_eq(READ(ENDS, "sleep"), "'sleep' is not known", "the mode comes first");
}
