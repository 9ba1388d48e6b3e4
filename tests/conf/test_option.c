/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/conf/fixture.h"

TestSuite(option, .init = folder_enter, .fini = folder_leave);

/* Does not care about what has been told before. */
static void expect_mistakes(struct conf_errors *errors, const char *expected)
{
	char *text = text_of_errors(errors);

	cr_assert_str_eq(text, expected, "%s", text);
	free(text);
	conf_errors_free(errors);
}

/* --- --set --- */

static struct conf *conf_with(const char *assignment)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	cr_assert_eq(conf_set(conf, "--set", assignment, errors), conf_errors_count(errors) == 0);
	expect_mistakes(errors, "");
	return conf;
}

Test(option, set_takes_every_kind)
{
	struct conf *conf = conf_with("timers.retry=2.5");

	cr_assert_eq(conf->core.timers.retry, 2500);
	conf_free(conf);

	conf = conf_with("limits.clients=0x10");
	cr_assert_eq(conf->core.limits.clients, 16);
	conf_free(conf);

	conf = conf_with("log.packets=true");
	cr_assert(conf->log.packets);
	conf_free(conf);

	conf = conf_with("log.level=error");
	cr_assert_eq(conf->log.level, LOG_LEVEL_ERROR);
	conf_free(conf);

	conf = conf_with("broker.password=a=b \"c\"");
	cr_assert_str_eq(conf->broker.password, "a=b \"c\"");
	conf_free(conf);

	conf = conf_with("broker.client_id_prefix=");
	cr_assert_str_eq(conf->broker.id_prefix, "");
	conf_free(conf);

	conf = conf_with("broker.tls.enabled=true");
	cr_assert(conf->broker.tls);
	conf_free(conf);

	conf = conf_with("listeners.0.max_packet=200");
	cr_assert_eq(conf->listeners[0].rules.max_packet, 200);
	conf_free(conf);

	conf = conf_with("listeners.0.address=[::1]:9");
	cr_assert_eq(conf->listeners[0].bind.family, 6);
	cr_assert_eq(conf->listeners[0].bind.port, 9);
	conf_free(conf);
}

static const struct {
	const char *assignment, *mistake;
} wrong[] = {
	{ "timers.retry", "must be SETTING=VALUE, such as timers.retry=15" },
	{ "broker.password:secret", "must be SETTING=VALUE, such as timers.retry=15" },
	{ "=5", "must be SETTING=VALUE, such as timers.retry=15" },
	{ "", "must be SETTING=VALUE, such as timers.retry=15" },
	{ "retry=5", "retry: no such setting" },
	{ "timer.retry=5", "timer.retry: no such setting; did you mean \"timers\"?" },
	{ "timers.rety=5", "timers.rety: no such setting; did you mean \"retry\"?" },
	{ "timers.=5", "timers.: no such setting" },
	{ ".timers=5", ".timers: no such setting" },
	{ "timers=5", "timers: is a group; name a setting in it" },
	{ "timers.retry.x=5", "timers.retry.x: no such setting; \"retry\" is no group" },
	{ "timers.retry=soon", "timers.retry: must be a number of seconds, not \"soon\"" },
	{ "timers.retry=", "timers.retry: must be a number of seconds, not \"\"" },
	{ "timers.retry=4000", "timers.retry: 4000 is out of range (0.1 to 3600 seconds)" },
	{ "limits.clients=99999999999999999999",
	    "limits.clients: 9223372036854775807 is out of range (1 to 1000000)" },
	{ "limits.clients=1.5", "limits.clients: must be an integer, not a fraction" },
	{ "log.packets=1", "log.packets: must be true or false, not \"1\"" },
	{ "broker.password=", "broker.password: must be a string of 1 to 65535 octets, not of 0" },
	{ "listeners=x",
	    "listeners: \"listeners\" is a list: name an element by its number, from 0" },
	{ "listeners.0=x", "listeners.0: is a group; name a setting in it" },
	{ "listeners.x.address=y",
	    "listeners.x.address: \"listeners\" is a list: name an element by its number, from 0" },
	{ "listeners.-1.address=y",
	    "listeners.-1.address: \"listeners\" is a list: name an element by its number, from 0" },
	{ "listeners.1.address=y",
	    "listeners.1.address: \"listeners\" has no element 1 (it has 1, numbered from 0)" },
	{ "listeners.99999999999999999999.address=y",
	    "listeners.99999999999999999999.address: \"listeners\" has no element "
	    "99999999999999999999 (it has 1, numbered from 0)" },
	{ "predefined.0.id=1",
	    "predefined.0.id: \"predefined\" has no element 0 (it has 0, numbered from 0)" },
};

Test(option, set_tells_what_is_wrong)
{
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct conf *conf = conf_new();
		struct conf_errors *errors = conf_errors_new();
		char expected[256];

		cr_assert_not(conf_set(conf, "--set", wrong[i].assignment, errors));
		snprintf(expected, sizeof expected, "--set: %s\n", wrong[i].mistake);
		expect_mistakes(errors, expected);
		conf_free(conf);
	}
}

Test(option, set_goes_over_the_file)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	folder_write("t.conf", "timers = { retry = 2; wait = 9; };\n"
	                       "predefined = ( { id = 1; topic = \"a\"; } );\n");
	cr_assert(conf_load(conf, "t.conf", errors));
	cr_assert(conf_set(conf, "--set", "timers.retry=3", errors));
	cr_assert(conf_set(conf, "--set", "predefined.0.topic=b", errors));
	cr_assert(conf_finish(conf, errors));
	cr_assert_eq(conf->core.timers.retry, 3000);
	cr_assert_eq(conf->core.timers.wait, 9000);
	cr_assert_str_eq(conf->predefined[0].topic, "b");
	expect_mistakes(errors, "");
	conf_free(conf);
}

Test(option, the_last_place_is_told)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	folder_write("t.conf", "timers = { reconnect_most = 50; };\n");
	cr_assert(conf_load(conf, "t.conf", errors));
	cr_assert(conf_set(conf, "--set", "timers.reconnect_least=20", errors));
	cr_assert(conf_set(conf, "--set", "timers.reconnect_most=10", errors));
	cr_assert_not(conf_finish(conf, errors));
	expect_mistakes(
	    errors, "--set: timers.reconnect_most: is less than timers.reconnect_least\n");
	conf_free(conf);
}

/* --- --listen --- */

Test(option, listen_replaces_then_adds)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	folder_write("t.conf", "listeners = ( { address = \"127.0.0.1:1\"; max_packet = 40; },\n"
	                       "  { address = \"127.0.0.1:2\"; } );\n");
	cr_assert(conf_load(conf, "t.conf", errors));
	cr_assert(conf_add_listener(conf, "127.0.0.1:5", errors));
	cr_assert_eq(conf->n_listeners, 1);
	cr_assert(conf_add_listener(conf, "[::1]", errors));
	cr_assert(conf_finish(conf, errors));
	cr_assert_eq(conf->n_listeners, 2);
	cr_assert_eq(conf->core.n_listeners, 2);
	cr_assert_eq(conf->listeners[0].bind.port, 5);
	cr_assert_eq(conf->listeners[0].rules.max_packet, 65507);
	cr_assert_eq(conf->listeners[1].bind.port, 1884);
	expect_mistakes(errors, "");
	conf_free(conf);
}

Test(option, listen_wants_an_address)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	cr_assert_not(conf_add_listener(conf, "1884", errors));
	cr_assert(conf_add_listener(conf, "127.0.0.1:7", errors));
	cr_assert(conf_add_listener(conf, "127.0.0.1:7", errors));
	cr_assert_not(conf_finish(conf, errors));
	expect_mistakes(errors,
	    "--listen: listeners.0.address: \"1884\" is no address, such as 127.0.0.1:1884 or "
	    "[::1]:1884\n"
	    "--listen: listeners.2.address: the port is that of listeners.1\n");
	conf_free(conf);
}

/* --- --broker --- */

static const struct {
	const char *text, *host;
	uint32_t port;
} brokers[] = {
	{ "broker.example.org", "broker.example.org", 1883 },
	{ "broker.example.org:8883", "broker.example.org", 8883 },
	{ "192.0.2.1:1", "192.0.2.1", 1 },
	{ "::1", "::1", 1883 },
	{ "[::1]", "::1", 1883 },
	{ "[fe80::1%eth0]:1884", "fe80::1%eth0", 1884 },
};

Test(option, broker_has_a_host_and_perhaps_a_port)
{
	for (size_t i = 0; i < sizeof brokers / sizeof brokers[0]; i++) {
		struct conf *conf = conf_new();
		struct conf_errors *errors = conf_errors_new();

		cr_assert(conf_set_broker(conf, brokers[i].text, errors), "%s", brokers[i].text);
		expect_mistakes(errors, "");
		cr_assert_str_eq(conf->broker.host, brokers[i].host);
		cr_assert_eq(conf->broker.port, brokers[i].port);
		conf_free(conf);
	}
}

Test(option, broker_tells_what_is_wrong)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	cr_assert_not(conf_set_broker(conf, "", errors));
	cr_assert_not(conf_set_broker(conf, ":1883", errors));
	cr_assert_not(conf_set_broker(conf, "b:", errors));
	cr_assert_not(conf_set_broker(conf, "b:mqtt", errors));
	cr_assert_not(conf_set_broker(conf, "b:65536", errors));
	cr_assert_not(conf_set_broker(conf, "[::1", errors));
	cr_assert_not(conf_set_broker(conf, "[::1]1883", errors));
	expect_mistakes(errors,
	    "--broker: broker.host: must be a string of 1 to 255 octets, not of 0\n"
	    "--broker: broker.host: must be a string of 1 to 255 octets, not of 0\n"
	    "--broker: broker.port: must be an integer, not \"\"\n"
	    "--broker: broker.port: must be an integer, not \"mqtt\"\n"
	    "--broker: broker.port: 65536 is out of range (1 to 65535)\n"
	    "--broker: \"[::1\" must be HOST or HOST:PORT\n"
	    "--broker: \"[::1]1883\" must be HOST or HOST:PORT\n");
	conf_free(conf);
}

Test(option, the_next_brokers_are_to_fall_back_to)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	folder_write(
	    "t.conf", "broker = { host = \"a\"; port = 7; fallbacks = \"of-the-file\"; };\n");
	cr_assert(conf_load(conf, "t.conf", errors));
	cr_assert(conf_set_broker(conf, "b", errors));
	cr_assert_null(conf->broker.fallbacks);
	cr_assert(conf_set_broker(conf, "c:8", errors));
	cr_assert(conf_set_broker(conf, "[::1]", errors));
	cr_assert(conf_finish(conf, errors));
	expect_mistakes(errors, "");
	cr_assert_str_eq(conf->broker.host, "b");
	cr_assert_eq(conf->n_fallbacks, 2);
	cr_assert_str_eq(conf->fallbacks[0].host, "c");
	cr_assert_eq(conf->fallbacks[0].port, 8);
	cr_assert_str_eq(conf->fallbacks[1].host, "::1");
	cr_assert_eq(conf->fallbacks[1].port, 7);
	conf_free(conf);
}

Test(option, a_broker_to_fall_back_to_is_checked_and_there_are_not_too_many)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	cr_assert(conf_set_broker(conf, "b", errors));
	cr_assert_not(conf_set_broker(conf, "c:65536", errors));
	cr_assert_not(conf_set_broker(conf, "", errors));
	for (int i = 0; i < CONF_FALLBACKS_MAX; i++)
		cr_assert(conf_set_broker(conf, "c:1", errors));
	cr_assert_not(conf_set_broker(conf, "c:1", errors));
	expect_mistakes(errors,
	    "--broker: broker.fallbacks: \"c:65536\" is no host, such as broker.example.org:1883 or [::1]:1883\n"
	    "--broker: broker.fallbacks: \"\" is no host, such as broker.example.org:1883 or [::1]:1883\n"
	    "--broker: more than 16 are not possible\n");
	conf_free(conf);
}

/* --- --predefined --- */

Test(option, predefined_adds)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();
	char buf[32];
	size_t len;

	folder_write("t.conf", "predefined = ( { id = 1; topic = \"a\"; } );\n");
	cr_assert(conf_load(conf, "t.conf", errors));
	cr_assert(conf_add_predefined(conf, "2=b=c:d", errors));
	cr_assert(conf_add_predefined(conf, "dev:s-*:1=x/${client}", errors));
	cr_assert(conf_finish(conf, errors));
	expect_mistakes(errors, "");
	cr_assert_eq(topic_predef_count(conf->core.predefined), 3);
	cr_assert_str_eq(
	    topic_predef_name(conf->core.predefined, NULL, 1, buf, sizeof buf, &len), "a");
	cr_assert_str_eq(
	    topic_predef_name(conf->core.predefined, NULL, 2, buf, sizeof buf, &len), "b=c:d");
	cr_assert_str_eq(
	    topic_predef_name(conf->core.predefined, "dev:s-1", 1, buf, sizeof buf, &len),
	    "x/dev:s-1");
	conf_free(conf);
}

Test(option, predefined_tells_what_is_wrong)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	folder_write("t.conf", "predefined = ( { id = 1; topic = \"a\"; } );\n");
	cr_assert(conf_load(conf, "t.conf", errors));
	cr_assert_not(conf_add_predefined(conf, "2", errors));
	cr_assert_not(conf_add_predefined(conf, "=a", errors));
	cr_assert_not(conf_add_predefined(conf, "0=a", errors));
	cr_assert_not(conf_add_predefined(conf, "3=", errors));
	cr_assert_not(conf_add_predefined(conf, ":4=a", errors));
	cr_assert(conf_add_predefined(conf, "1=b", errors));
	cr_assert(conf_add_predefined(conf, "5=${client}", errors));
	cr_assert_not(conf_finish(conf, errors));
	expect_mistakes(errors,
	    "--predefined: \"2\" must be ID=TOPIC or PATTERN:ID=TOPIC\n"
	    "--predefined: predefined.1.id: must be an integer, not \"\"\n"
	    "--predefined: predefined.2.id: 0 is out of range (1 to 65534)\n"
	    "--predefined: predefined.3.topic: must be a topic name of 1 to 65535 octets, not of 0\n"
	    "--predefined: predefined.4.clients: must be a string of 1 to 65535 octets, not of 0\n"
	    "--predefined: predefined.5.id: 1 is given at t.conf:1 already\n"
	    "--predefined: predefined.6.topic: ${client} needs \"clients\" beside it\n");
	conf_free(conf);
}

/* --- --state-dir --- */

Test(option, state_dir_makes_sessions_persistent_unless_durability_is_off)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	cr_assert_not(conf_is_persistent(&conf->persistence));
	cr_assert(conf_set_state_dir(conf, "state", errors));
	cr_assert_str_eq(conf->persistence.directory, "state");
	cr_assert(conf_is_persistent(&conf->persistence));
	cr_assert(conf_set(conf, "--set", "persistence.durability=power", errors));
	cr_assert(conf_is_persistent(&conf->persistence));
	cr_assert(conf_set(conf, "--set", "persistence.durability=off", errors));
	cr_assert_not(conf_is_persistent(&conf->persistence));

	cr_assert_not(conf_set_state_dir(conf, "", errors));
	expect_mistakes(errors,
	    "--state-dir: persistence.directory: must be a string of 1 to 3800 octets, not of 0\n");
	conf_free(conf);
}

static enum gw_outage outage_with(const char *state_dir, const char *durability)
{
	struct conf *conf = conf_with(durability);
	struct conf_errors *errors = conf_errors_new();
	enum gw_outage outage;

	if (state_dir != NULL)
		cr_assert(conf_set_state_dir(conf, state_dir, errors));
	cr_assert(conf_finish(conf, errors));
	outage = conf->core.outage;
	expect_mistakes(errors, "");
	conf_free(conf);
	return outage;
}

Test(option, what_is_persistent_also_stores_during_outages)
{
	cr_assert_eq(outage_with(NULL, "persistence.durability=process"), GW_OUTAGE_REFUSE);
	cr_assert_eq(outage_with("state", "persistence.durability=process"), GW_OUTAGE_STORE);
	cr_assert_eq(outage_with("state", "persistence.durability=off"), GW_OUTAGE_REFUSE);
}
