/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <string.h>

#include "conf/record.h"
#include "tests/conf/fixture.h"

Test(record, defaults_of_the_whole)
{
	struct conf conf = { 0 };

	cr_assert_eq(record_init(schema_conf(), &conf), 0);
	cr_assert_eq(conf.core.gateway_id, 1);
	cr_assert_eq(conf.n_listeners, 1);
	cr_assert_eq(conf.listeners[0].bind.port, 1884);
	cr_assert(netaddr_is_loopback(&conf.listeners[0].bind));
	cr_assert_eq(conf.listeners[0].rules.max_packet, 65507);
	cr_assert_str_eq(conf.broker.host, "127.0.0.1");
	cr_assert_eq(conf.broker.port, 1883);
	cr_assert_null(conf.broker.user);
	cr_assert_str_eq(conf.broker.id_prefix, "");
	cr_assert_eq(conf.core.timers.retry, 10000);
	cr_assert_eq(conf.core.timers.retries, 3);
	cr_assert_eq(conf.core.limits.clients, 10000);
	cr_assert_eq(conf.core.limits.packets, 0);
	cr_assert_eq(conf.core.timers.session_expiry, 604800000);
	cr_assert(conf.core.buffer_qos0);
	cr_assert_eq(conf.core.wake_connect, GW_WAKE_RESUME);
	cr_assert_eq(conf.core.discovery.interval, 900000);
	cr_assert_null(conf.own.qos_minus_one_topics);
	cr_assert_eq(conf.n_predefined, 0);
	cr_assert_null(conf.predefined);
	cr_assert_eq(conf.log.level, LOG_LEVEL_INFO);

	record_clear(schema_conf(), &conf);
	cr_assert_null(conf.broker.host);
	cr_assert_null(conf.listeners);
	cr_assert_eq(conf.n_listeners, 0);
}

Test(record, lists_grow_and_are_cut)
{
	const struct schema_row *list = schema_find(schema_conf(), "predefined");
	struct conf conf = { 0 };

	for (uint16_t i = 0; i < 100; i++) {
		struct conf_predefined *entry = record_list_add(list, &conf);

		cr_assert_not_null(entry);
		cr_assert_eq(entry->id, 0);
		cr_assert_null(entry->topic);
		entry->id = i;
		entry->topic = strdup("t");
	}
	cr_assert_eq(record_list_count(list, &conf), 100);
	cr_assert_eq(((struct conf_predefined *)record_list_get(list, &conf, 57))->id, 57);

	record_list_cut(list, &conf, 58);
	cr_assert_eq(conf.n_predefined, 58);
	cr_assert_eq(conf.predefined[57].id, 57);
	record_list_cut(list, &conf, 0);
	cr_assert_eq(conf.n_predefined, 0);
	cr_assert_null(conf.predefined);
	record_list_cut(list, &conf, 0);
}
