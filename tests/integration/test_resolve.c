/* SPDX-License-Identifier: BSD-3-Clause */
/* Names, with a name server of our own on loopback. */
#include <criterion/criterion.h>

#include "common/err.h"
#include "gateway/upstream/resolve.h"
#include "tests/integration/upstream_bench.h"

static struct event_base *base;
static struct resolver *resolver;
static struct names names;
static unsigned done;

static void on_done(void *ctx)
{
	cr_assert_eq(ctx, &done);
	done++;
}

static void setup(void)
{
	base = event_base_new();
	names_start(&names, base);
}

static void teardown(void)
{
	resolver_free(resolver);
	event_base_loop(base, EVLOOP_NONBLOCK); /* what evdns still has to hand back */
	names_stop(&names);
	event_base_free(base);
}

TestSuite(resolve, .init = setup, .fini = teardown, .timeout = 30);

static void make(const char *host)
{
	resolver = resolver_new(base, host, names.resolv_conf, on_done, &done);
	cr_assert_not_null(resolver);
}

static void wait_for(unsigned n)
{
	int64_t until = bench_now_ms() + BENCH_WAIT_MS;

	while (done < n) {
		cr_assert_lt(bench_now_ms(), until, "no answer");
		event_base_loopexit(base, &(struct timeval){ .tv_usec = 50000 });
		event_base_loop(base, EVLOOP_ONCE);
	}
}

/* Until it has been long enough since the last answer to ask again. */
static void wait_for_question(void)
{
	int64_t until = bench_now_ms() + BENCH_WAIT_MS;

	while (resolver_ask(resolver) != RESOLVE_PENDING) {
		cr_assert_lt(bench_now_ms(), until, "never asks again");
		event_base_loopexit(base, &(struct timeval){ .tv_usec = 50000 });
		event_base_loop(base, EVLOOP_ONCE);
	}
}

Test(resolve, numbers_need_no_server)
{
	static const char *const numbers[] = { "127.0.0.1", "::1", "fe80::1%1" };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		make(numbers[i]);
		cr_assert_eq(resolver_ask(resolver), 0);
		cr_assert_eq(resolver_count(resolver), 1);
		cr_assert_str_eq(resolver_address(resolver, 0), numbers[i]);
		resolver = resolver_free(resolver);
	}
	cr_assert_eq(names.asked, 0);
}

Test(resolve, the_hosts_file_needs_no_server)
{
	make("localhost");
	cr_assert_eq(resolver_ask(resolver), 0);
	cr_assert_geq(resolver_count(resolver), 1);
	cr_assert_eq(names.asked, 0);
	cr_assert_eq(done, 0);
}

Test(resolve, a_name_with_addresses_of_both_kinds)
{
	names.answer = "192.0.2.1 2001:db8::1 192.0.2.2";
	make("broker.example");
	cr_assert_eq(resolver_ask(resolver), RESOLVE_PENDING);
	cr_assert_eq(resolver_ask(resolver), RESOLVE_PENDING);
	wait_for(1);
	cr_assert_eq(resolver_ask(resolver), 0);
	cr_assert_eq(resolver_count(resolver), 3);
	cr_assert_str_eq(resolver_address(resolver, 0), "192.0.2.1");
	cr_assert_str_eq(resolver_address(resolver, 1), "192.0.2.2");
	cr_assert_str_eq(resolver_address(resolver, 2), "2001:db8::1");
	cr_assert_eq(names.asked, 2, "one question for each kind");
}

Test(resolve, it_begins_with_what_worked_and_avoids_what_did_not)
{
	names.answer = "192.0.2.1 192.0.2.2 192.0.2.3";
	make("broker.example");
	resolver_ask(resolver);
	wait_for(1);
	cr_assert_eq(resolver_first(resolver), 0);
	resolver_avoid(resolver, 0);
	cr_assert_eq(resolver_first(resolver), 1);
	resolver_avoid(resolver, 0);
	cr_assert_eq(resolver_first(resolver), 1);
	resolver_worked(resolver, 2);
	cr_assert_eq(resolver_first(resolver), 2);
	resolver_avoid(resolver, 2);
	cr_assert_eq(resolver_first(resolver), 0);
	resolver_worked(resolver, 7);
	cr_assert_eq(resolver_first(resolver), 0);
}

Test(resolve, no_such_name)
{
	names.answer = "";
	make("nowhere.example");
	cr_assert_eq(resolver_ask(resolver), RESOLVE_PENDING);
	wait_for(1);
	cr_assert_eq(resolver_ask(resolver), -ERR_SYSTEM);
	cr_assert_not_null(resolver_why(resolver));
	cr_assert_eq(resolver_ask(resolver), -ERR_SYSTEM);
	cr_assert_eq(names.asked, 2, "asks again at once");
}

Test(resolve, what_failed_is_looked_up_again_and_kept_if_there_is_no_answer)
{
	names.answer = "192.0.2.1";
	make("broker.example");
	resolver_ask(resolver);
	wait_for(1);
	cr_assert_eq(resolver_ask(resolver), 0);
	cr_assert_eq(names.asked, 2);

	resolver_all_failed(resolver);
	cr_assert_eq(resolver_ask(resolver), 0, "asks again at once");
	names.answer = "";
	wait_for_question();
	wait_for(2);
	cr_assert_eq(resolver_ask(resolver), 0);
	cr_assert_str_eq(resolver_address(resolver, 0), "192.0.2.1");

	names.answer = "192.0.2.9";
	wait_for_question();
	wait_for(3);
	cr_assert_eq(resolver_ask(resolver), 0);
	cr_assert_str_eq(resolver_address(resolver, 0), "192.0.2.9");
}

Test(resolve, freed_while_a_question_is_open)
{
	names.answer = NULL;
	make("broker.example");
	cr_assert_eq(resolver_ask(resolver), RESOLVE_PENDING);
	event_base_loop(base, EVLOOP_NONBLOCK);
	resolver = resolver_free(resolver);
	event_base_loop(base, EVLOOP_NONBLOCK);
	cr_assert_eq(done, 0);
}
