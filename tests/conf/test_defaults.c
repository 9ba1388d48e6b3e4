/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "tests/conf/fixture.h"
#include "tests/scenarios/setup.h"

TestSuite(defaults, .init = folder_enter, .fini = folder_leave);

/* But for discovery, which scenarios have on where it is not the matter. */
static void expect_same_rules(const struct gw_listener *a, const struct gw_listener *b)
{
	cr_expect_eq(a->max_packet, b->max_packet);
	cr_expect_eq(a->qos_minus_one, b->qos_minus_one);
	cr_expect_eq(a->qos_minus_one_names, b->qos_minus_one_names);
}

/* What scenarios show is what users get: the best practice of section 7.2 among others
 * (SN12-DISCO-03, SN12-TIMER-01, SN12-TIMER-02, SN12-TIMER-05, SN12-TIMER-06, SN12-TIMER-07). */
Test(defaults, of_the_gateway_are_those_of_the_scenarios)
{
	struct conf *conf = conf_of("");
	const struct gw_config *core = &conf->core;
	struct setup setup;
	const struct gw_config *played = &setup.config;

	setup_init(&setup);
	cr_expect_eq(core->gateway_id, played->gateway_id);
	cr_expect_arr_eq(&core->timers, &played->timers, sizeof core->timers);
	cr_expect_arr_eq(&core->limits, &played->limits, sizeof core->limits);
	cr_expect_eq(core->buffer_qos0, played->buffer_qos0);
	cr_expect_eq(core->wake_connect, played->wake_connect);
	cr_expect_eq(core->own.qos_minus_one_qos, played->own.qos_minus_one_qos);
	cr_expect_eq(core->own.n_qos_minus_one_topics, played->own.n_qos_minus_one_topics);
	cr_expect_eq(core->discovery.interval, played->discovery.interval);
	cr_expect_eq(core->discovery.standby, played->discovery.standby);
	cr_expect_eq(core->discovery.missed, played->discovery.missed);
	cr_expect_eq(core->discovery.answer_group, played->discovery.answer_group);
	cr_expect_eq(core->discovery.answers, played->discovery.answers);
	expect_same_rules(&core->listeners[0], &played->listeners[0]);
	setup_free(&setup);
	conf_free(conf);
}
