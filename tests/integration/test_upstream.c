/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "common/err.h"
#include "tests/integration/upstream_bench.h"

TestSuite(upstream, .timeout = 30);

static struct bench bench;
static struct broker broker;

static struct sn_bytes text(const char *s)
{
	return (struct sn_bytes){ (const uint8_t *)s, strlen(s) };
}

static struct upstream_config config_for(uint16_t port)
{
	return (struct upstream_config){ .host = "127.0.0.1",
		.port = port,
		.keep_alive = 60,
		.id_prefix = "",
		.id_suffix = "" };
}

static void start(const char *settings)
{
	struct upstream_config config;

	broker_start(&broker, 0, settings);
	config = config_for(broker.port);
	bench_start(&bench, &config);
}

static void stop(void)
{
	bench_stop(&bench);
	broker_stop(&broker);
}

Test(upstream, publishes_and_subscribes_at_every_qos)
{
	struct up_session *a, *b;
	const struct heard *heard;
	uint16_t token;

	start("allow_anonymous true");
	a = bench_connect(&bench, 1, "a", true);
	b = bench_connect(&bench, 2, "b", true);
	cr_assert_eq(upstream_count(bench.up), 2);
	cr_assert_eq(upstream_connected(bench.up), 2);

	cr_assert_eq(upstream_subscribe(a, "t/#", 2, &token), 0);
	heard = bench_next(&bench, UP_SUBSCRIBED);
	cr_assert_eq(heard->event.token, token);
	cr_assert_eq(heard->event.granted_qos, 2);

	for (int qos = 0; qos <= 2; qos++) {
		cr_assert_eq(upstream_publish(b, "t/x", text("hello"), qos, false, &token), 0);
		for (int n = qos > 0 ? 2 : 1; n > 0; n--) {
			bench_until(&bench, bench.n_heard > bench.n_seen);
			heard = &bench.heard[bench.n_seen++];
			if (heard->event.kind == UP_PUBLISHED) {
				cr_assert_eq(heard->owner, CLIENT(2));
				cr_assert_eq(heard->event.token, token);
				continue;
			}
			cr_assert_eq(heard->event.kind, UP_MESSAGE);
			cr_assert_eq(heard->owner, CLIENT(1));
			cr_assert_eq(heard->event.message.qos, qos);
			cr_assert_str_eq(heard->topic, "t/x");
			cr_assert_str_eq(heard->payload, "hello");
		}
	}
	stop();
}
