/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/conf/fixture.h"

TestSuite(load, .init = folder_enter, .fini = folder_leave);

Test(load, an_empty_file_changes_nothing)
{
	struct conf *empty = conf_of("");
	struct conf *defaults = conf_new();
	char *a = text_of_conf(empty), *b = text_of_conf(defaults);

	cr_assert_str_eq(a, b);
	free(a);
	free(b);
	conf_free(empty);
	conf_free(defaults);
}

Test(load, everything_set)
{
	struct conf *conf = conf_of(
	    "gateway = { id = 0x2a; client_id = \"gw\"; };\n"
	    "listeners = (\n"
	    "  { address = \"127.0.0.2:1885\"; max_packet = 128; qos_minus_one = true;\n"
	    "    qos_minus_one_names = true; discovery = false; receive_buffer = 0; },\n"
	    "  { address = \"[::1]\" }\n"
	    ");\n"
	    "broker : { host = \"broker.example.org\"; port = 8883; user = \"u\";\n"
	    "  password = \"p\"; keep_alive = 0; client_id_prefix = \"a-\";\n"
	    "  client_id_suffix = \"-z\"; tls : { enabled = TRUE; insecure = True; }; };\n"
	    "timers = { retry = 0.25; retries = 0; wait = 1; connect_timeout = 2.5;\n"
	    "  hold = 0; reconnect_least = 2; reconnect_most = 3; max_idle = 86400;\n"
	    "  queue_age = 60; session_expiry = 4233600; };\n"
	    "limits = { clients = 1; connecting = 2; connects = 8; client_id = 23; topics = 4;\n"
	    "  topic_name = 33; subscriptions = 5; publish_window = 6; queue_messages = 7;\n"
	    "  queue_bytes = 2048; reconnects = 9; stranger_answers = 10;\n"
	    "  packets = 11; qos_minus_one = 12; };\n"
	    "sleep = { buffer_qos0 = false; wake_connect = \"honour\"; };\n"
	    "qos_minus_one = { qos = 1; topics = [ \"a/#\", \"b\" ]; };\n"
	    "discovery = { interval = 65535; standby = true; missed = 2;\n"
	    "  answer_group = false; answers = 13; };\n"
	    "predefined = ( { id = 7; topic = \"a/b\"; },\n"
	    "  { id = 7L; topic = \"a/${client}\"; clients = \"s-*\"; } );\n"
	    "log = { level = \"debug\"; packets = true; };\n");

	cr_assert_eq(conf->core.gateway_id, 42);
	cr_assert_eq(conf->n_listeners, 2);
	cr_assert_eq(conf->listeners[0].bind.port, 1885);
	cr_assert_eq(conf->listeners[0].rules.max_packet, 128);
	cr_assert(conf->listeners[0].rules.qos_minus_one);
	cr_assert(conf->listeners[0].rules.qos_minus_one_names);
	cr_assert_not(conf->listeners[0].rules.discovery);
	cr_assert_eq(conf->listeners[0].receive_buffer, 0);
	cr_assert_eq(conf->listeners[1].bind.family, 6);
	cr_assert_eq(conf->listeners[1].bind.port, 1884);
	cr_assert_eq(conf->listeners[1].rules.max_packet, 65507);
	cr_assert_str_eq(conf->broker.host, "broker.example.org");
	cr_assert_eq(conf->broker.port, 8883);
	cr_assert_str_eq(conf->broker.user, "u");
	cr_assert_str_eq(conf->broker.password, "p");
	cr_assert_eq(conf->broker.keep_alive, 0);
	cr_assert_str_eq(conf->broker.id_prefix, "a-");
	cr_assert_str_eq(conf->broker.id_suffix, "-z");
	cr_assert(conf->broker.tls);
	cr_assert(conf->broker.tls_insecure);
	cr_assert_eq(conf->core.timers.retry, 250);
	cr_assert_eq(conf->core.timers.retries, 0);
	cr_assert_eq(conf->core.timers.wait, 1000);
	cr_assert_eq(conf->core.timers.connect_timeout, 2500);
	cr_assert_eq(conf->core.timers.hold, 0);
	cr_assert_eq(conf->core.timers.reconnect_least, 2000);
	cr_assert_eq(conf->core.timers.reconnect_most, 3000);
	cr_assert_eq(conf->core.timers.max_idle, 86400000);
	cr_assert_eq(conf->core.limits.clients, 1);
	cr_assert_eq(conf->core.limits.connecting, 2);
	cr_assert_eq(conf->core.limits.connects, 8);
	cr_assert_eq(conf->core.limits.client_id, 23);
	cr_assert_eq(conf->core.limits.topics, 4);
	cr_assert_eq(conf->core.limits.topic_name, 33);
	cr_assert_eq(conf->core.limits.subscriptions, 5);
	cr_assert_eq(conf->core.limits.publish_window, 6);
	cr_assert_eq(conf->core.limits.queue_messages, 7);
	cr_assert_eq(conf->core.limits.queue_bytes, 2048);
	cr_assert_eq(conf->core.limits.reconnects, 9);
	cr_assert_eq(conf->core.limits.stranger_answers, 10);
	cr_assert_eq(conf->core.limits.packets, 11);
	cr_assert_eq(conf->core.limits.qos_minus_one, 12);
	cr_assert_eq(conf->core.timers.queue_age, 60000);
	cr_assert_eq(conf->core.timers.session_expiry, 4233600000);
	cr_assert_not(conf->core.buffer_qos0);
	cr_assert_eq(conf->core.wake_connect, GW_WAKE_HONOUR);
	cr_assert_str_eq(conf->core.own.client_id, "gw");
	cr_assert_eq(conf->core.own.qos_minus_one_qos, 1);
	cr_assert_eq(conf->core.own.n_qos_minus_one_topics, 2);
	cr_assert_eq(conf->core.discovery.interval, 65535000);
	cr_assert(conf->core.discovery.standby);
	cr_assert_eq(conf->core.discovery.missed, 2);
	cr_assert_not(conf->core.discovery.answer_group);
	cr_assert_eq(conf->core.discovery.answers, 13);
	cr_assert_eq(conf->n_predefined, 2);
	cr_assert_eq(conf->log.level, LOG_LEVEL_DEBUG);
	cr_assert(conf->log.packets);
	conf_free(conf);
}

/* A file, and all that is said of it. */
static const struct {
	const char *text, *mistakes;
} cases[] = {
	/* syntax */
	{ "gateway = {\n  id = ;\n};\n", "t.conf:2: syntax error\n" },
	{ "gateway = {\n  id = 1;\n", "t.conf:2: syntax error\n" },
	{ "timers.retry = 1;\n", "t.conf:1: syntax error\n" },
	{ "log = { };\n\nlog = { };\n", "t.conf:3: duplicate setting name\n" },
	{ "log = {\n packets = true;\n packets = true; };\n",
	    "t.conf:3: duplicate setting name\n" },
	{ "/* log\n", "t.conf:1: this comment has no end\n" },
	/* names */
	{ "\nid = 3;\n", "t.conf:2: id: no such setting\n" },
	{ "broker = {\n  prot = 1;\n};\n",
	    "t.conf:2: broker.prot: no such setting; did you mean \"port\"?\n" },
	{ "limit = { clients = 0; };\n",
	    "t.conf:1: limit: no such setting; did you mean \"limits\"?\n" },
	{ "listeners = ( { },\n { adress = 5; } );\n",
	    "t.conf:2: listeners.1.adress: no such setting; did you mean \"address\"?\n"
	    "t.conf:2: listeners.1.address: the port is that of listeners.0\n" },
	/* kinds */
	{ "broker = { port = \"1883\"; };\n",
	    "t.conf:1: broker.port: must be an integer, not \"1883\"\n" },
	{ "broker = { port = 1883.0; };\n",
	    "t.conf:1: broker.port: must be an integer, not a fraction\n" },
	{ "broker = { host = 5; };\n",
	    "t.conf:1: broker.host: must be a string, not an integer\n" },
	{ "broker = { host = [ \"a\" ]; };\n",
	    "t.conf:1: broker.host: must be a string, not an array\n" },
	{ "broker = { tls = true; };\n",
	    "t.conf:1: broker.tls: must be a group { ... }, not a boolean\n" },
	{ "broker = \"localhost\";\n",
	    "t.conf:1: broker: must be a group { ... }, not \"localhost\"\n" },
	{ "broker = { port = { number = 5; }; };\n",
	    "t.conf:1: broker.port: must be an integer, not a group\n" },
	{ "listeners = { address = \"127.0.0.1\"; };\n",
	    "t.conf:1: listeners: must be a list ( { ... }, { ... } ), not a group\n" },
	{ "listeners = [ \"127.0.0.1\" ];\n",
	    "t.conf:1: listeners: must be a list ( { ... }, { ... } ), not an array\n" },
	{ "listeners = ( \"127.0.0.1\",\n\n 5, { discovery = 1; } );\n",
	    "t.conf:1: listeners.0: must be a group { ... }\n"
	    "t.conf:3: listeners.0: must be a group { ... }\n"
	    "t.conf:3: listeners.0.discovery: must be true or false, not an integer\n" },
	{ "log = { packets = \"on\"; };\n",
	    "t.conf:1: log.packets: must be true or false, not \"on\"\n" },
	{ "timers = { retry = \"10s\"; };\n",
	    "t.conf:1: timers.retry: must be a number of seconds, not \"10s\"\n" },
	/* ranges */
	{ "gateway = { id = 0; };\n", "t.conf:1: gateway.id: 0 is out of range (1 to 255)\n" },
	{ "limits = {\n clients = 4294967297; };\n",
	    "t.conf:2: limits.clients: 4294967297 is out of range (1 to 1000000)\n" },
	{ "limits = { clients = -4294967295; };\n",
	    "t.conf:1: limits.clients: -4294967295 is out of range (1 to 1000000)\n" },
	{ "limits = { clients = 99999999999999999999; };\n",
	    "t.conf:1: limits.clients: 9223372036854775807 is out of range (1 to 1000000)\n" },
	{ "limits = { clients = 0xFFFFFFFF; };\n",
	    "t.conf:1: limits.clients: 4294967295 is out of range (1 to 1000000)\n" },
	{ "broker = { keep_alive = 4; };\n",
	    "t.conf:1: broker.keep_alive: 4 is out of range (0, or 5 to 65535 seconds)\n" },
	{ "timers = { retry = 0.0999; };\n", NULL }, /* rounded to 0.1 */
	{ "timers = { retry = 0.0994; };\n",
	    "t.conf:1: timers.retry: 0.0994 is out of range (0.1 to 3600 seconds)\n" },
	{ "timers = { retry = 1e999; };\n",
	    "t.conf:1: timers.retry: inf is out of range (0.1 to 3600 seconds)\n" },
	{ "timers = { max_idle = 0.0001; };\n",
	    "t.conf:1: timers.max_idle: 0.0001 is out of range (0, or 1 to 2592000 seconds)\n" },
	{ "broker = { host = \"\"; };\n",
	    "t.conf:1: broker.host: must be a string of 1 to 255 octets, not of 0\n" },
	{ "log = { level = \"loud\"; };\n",
	    "t.conf:1: log.level: \"loud\" is none of \"error\", \"warning\", \"notice\", \"info\", "
	    "\"debug\"\n" },
	{ "listeners = ( );\n",
	    "t.conf:1: listeners: must be a list of 1 to 64 groups, not of 0\n" },
	{ "predefined = ( );\n", NULL },
	/* contents */
	{ "listeners = ( { address = \"localhost\"; } );\n",
	    "t.conf:1: listeners.0.address: \"localhost\" is no address, such as 127.0.0.1:1884 or "
	    "[::1]:1884\n" },
	{ "broker = { user = \"caf\xe9\"; };\n",
	    "t.conf:1: broker.user: \"caf\xe9\" is no valid UTF-8\n" },
	{ "predefined = (\n { id = 65535; topic = \"a\"; },\n { id = 0; topic = \"a\"; },\n"
	  " { id = 1; topic = \"a/+\"; } );\n",
	    "t.conf:2: predefined.0.id: 65535 is out of range (1 to 65534)\n"
	    "t.conf:3: predefined.1.id: 0 is out of range (1 to 65534)\n"
	    "t.conf:4: predefined.2.topic: \"a/+\" is no topic name (valid UTF-8 without '+' and "
	    "'#')\n" },
	{ "predefined = (\n\n {\n id = 1; },\n { topic = \"a\"; }, { } );\n",
	    "t.conf:3: predefined.0: \"topic\" is missing\n"
	    "t.conf:5: predefined.1: \"id\" is missing\n"
	    "t.conf:5: predefined.2: \"id\" is missing\n"
	    "t.conf:5: predefined.2: \"topic\" is missing\n" },
	{ "qos_minus_one = { topics = \"a/#\"; };\n", NULL },
	{ "qos_minus_one = { topics = [ ]; };\n", NULL },
	{ "qos_minus_one = { topics = [ 1, 2 ]; };\n",
	    "t.conf:1: qos_minus_one.topics: must hold strings only\n" },
	{ "qos_minus_one = { topics = ( \"a\" ); };\n",
	    "t.conf:1: qos_minus_one.topics: must be an array of strings [ \"...\", \"...\" ], not a "
	    "list\n" },
	{ "qos_minus_one = {\n topics = [ \"a\", \"#/b\", \"c+\" ]; };\n",
	    "t.conf:2: qos_minus_one.topics: \"#/b\" is no topic filter\n"
	    "t.conf:2: qos_minus_one.topics: \"c+\" is no topic filter\n" },
	/* a password is not repeated */
	{ "broker = { user = \"u\"; password = 12345; };\n",
	    "t.conf:1: broker.password: must be a string, not an integer\n" },
	/* all of them, in the order of the file */
	{ "log = { packets = 1; };\ngateway = { id = 300; };\nlog2 = 5;\n"
	  "broker = {\n tls = { ca = 5; enabled = true; };\n port = 0; };\n",
	    "t.conf:1: log.packets: must be true or false, not an integer\n"
	    "t.conf:2: gateway.id: 300 is out of range (1 to 255)\n"
	    "t.conf:3: log2: no such setting; did you mean \"log\"?\n"
	    "t.conf:5: broker.tls.ca: must be a string, not an integer\n"
	    "t.conf:6: broker.port: 0 is out of range (1 to 65535)\n" },
};

Test(load, every_mistake_is_told_with_its_place)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *expected = cases[i].mistakes != NULL ? cases[i].mistakes : "";
		char *mistakes = mistakes_in(cases[i].text);

		cr_assert_str_eq(mistakes, expected, "%s gives:\n%s", cases[i].text, mistakes);
		free(mistakes);
	}
}

Test(load, mistakes_in_included_files_have_their_own_place)
{
	char *mistakes;

	cr_assert_eq(mkdir("d", 0700), 0);
	folder_write("d/broker.conf", "# the broker\nport = 0;\nhost = \"b\";\n");
	folder_write("d/log.conf", "log = {\n};\nlgo = 1;\n");
	mistakes = mistakes_in("broker = {\n"
	                       "@include \"d/broker.conf\"\n"
	                       "  user = 5;\n"
	                       "};\n"
	                       "@include \"d/log.conf\"\n"
	                       "@include \"nope\"\n"
	                       "timers = { wait = 0; };\n");
	cr_assert_str_eq(mistakes,
	    "t.conf:6: cannot read \"nope\": No such file or directory\n"
	    "d/broker.conf:2: broker.port: 0 is out of range (1 to 65535)\n"
	    "t.conf:3: broker.user: must be a string, not an integer\n"
	    "d/log.conf:3: lgo: no such setting; did you mean \"log\"?\n"
	    "t.conf:7: timers.wait: 0 is out of range (0.1 to 86400 seconds)\n");
	free(mistakes);

	folder_write("d/log.conf", "log = {\n\n  packets true;\n};\n");
	mistakes = mistakes_in("gateway = { id = 2; };\n@include \"d/log.conf\"\n");
	cr_assert_str_eq(mistakes, "d/log.conf:3: syntax error\n");
	free(mistakes);
}

Test(load, a_file_that_cannot_be_read)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();
	char *mistakes;

	cr_assert_not(conf_load(conf, "nope.conf", errors));
	cr_assert_not(conf_load(conf, ".", errors));
	mistakes = text_of_errors(errors);
	cr_assert_str_eq(mistakes,
	    "nope.conf: cannot read \"nope.conf\": No such file or directory\n"
	    ".: cannot read \".\": Is a directory\n");
	free(mistakes);
	conf_errors_free(errors);
	conf_free(conf);
}

Test(load, a_second_file_goes_over_the_first)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	folder_write("a.conf", "gateway = { id = 5; };\n"
	                       "timers = { retry = 2; };\n"
	                       "listeners = ( { address = \"127.0.0.1:1\"; max_packet = 40; },\n"
	                       "  { address = \"127.0.0.1:2\"; } );\n"
	                       "broker = { host = \"a\"; user = \"a\"; };\n");
	folder_write("b.conf", "timers = { retry = 3; };\n"
	                       "listeners = ( { address = \"127.0.0.1:3\"; } );\n"
	                       "broker = { host = \"b\"; };\n");
	cr_assert(conf_load(conf, "a.conf", errors));
	cr_assert(conf_load(conf, "b.conf", errors));
	cr_assert(conf_finish(conf, errors));
	cr_assert_eq(conf->core.gateway_id, 5);
	cr_assert_eq(conf->core.timers.retry, 3000);
	cr_assert_eq(conf->n_listeners, 1);
	cr_assert_eq(conf->listeners[0].bind.port, 3);
	cr_assert_eq(conf->listeners[0].rules.max_packet, 65507);
	cr_assert_str_eq(conf->broker.host, "b");
	cr_assert_str_eq(conf->broker.user, "a");
	conf_errors_free(errors);
	conf_free(conf);
}

Test(load, a_list_that_is_replaced_leaves_nothing_behind)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();
	char *mistakes;

	folder_write("a.conf", "predefined = ( { id = 1; topic = \"a\"; } );\n");
	folder_write("b.conf", "\npredefined = ( { id = 1; } );\n");
	cr_assert(conf_load(conf, "a.conf", errors));
	cr_assert_not(conf_load(conf, "b.conf", errors));
	mistakes = text_of_errors(errors);
	cr_assert_str_eq(mistakes, "b.conf:2: predefined.0: \"topic\" is missing\n");
	free(mistakes);
	conf_errors_free(errors);
	conf_free(conf);
}

Test(load, many_predefined_topics)
{
	size_t n = 20000, len;
	char *text = malloc(n * 64);
	struct conf *conf;
	const char *name;

	len = (size_t)sprintf(text, "predefined = (\n");
	for (size_t i = 1; i <= n; i++)
		len += (size_t)sprintf(
		    text + len, "{ id = %zu; topic = \"t/%zu\"; }%s\n", i, i, i < n ? "," : "");
	sprintf(text + len, ");\n");
	conf = conf_of(text);
	cr_assert_eq(topic_predef_count(conf->core.predefined), n);
	name = topic_predef_name(conf->core.predefined, NULL, 12345, NULL, 0, &len);
	cr_assert_str_eq(name, "t/12345");
	conf_free(conf);
	free(text);
}
