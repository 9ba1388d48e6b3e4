/* SPDX-License-Identifier: BSD-3-Clause */
/* conf_finish(): what does not go together, and what the core is given. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/conf/fixture.h"

TestSuite(check, .init = folder_enter, .fini = folder_leave);

static void expect(const char *text, const char *expected)
{
	char *mistakes = mistakes_in(text);

	cr_assert_str_eq(mistakes, expected, "%s gives:\n%s", text, mistakes);
	free(mistakes);
}

Test(check, the_core_gets_its_listeners)
{
	struct conf *conf = conf_of("listeners = (\n"
	                            " { address = \"127.0.0.1:1\"; max_packet = 60; },\n"
	                            " { address = \"127.0.0.1:2\"; qos_minus_one = true; } );\n");

	cr_assert_eq(conf->core.n_listeners, 2);
	cr_assert_eq(conf->core.listeners[0].max_packet, 60);
	cr_assert_not(conf->core.listeners[0].qos_minus_one);
	cr_assert_eq(conf->core.listeners[1].max_packet, 65507);
	cr_assert(conf->core.listeners[1].qos_minus_one);
	conf_free(conf);
}

Test(check, the_core_gets_its_predefined_topics)
{
	struct conf *conf = conf_of("predefined = ( { id = 3; topic = \"a\"; } );\n");
	size_t len;

	cr_assert_str_eq(topic_predef_name(conf->core.predefined, NULL, 3, NULL, 0, &len), "a");
	cr_assert_eq(topic_predef_count(conf->core.predefined), 1);
	conf_free(conf);
}

Test(check, the_core_gets_a_session_of_its_own)
{
	struct conf *conf = conf_of("gateway = { client_id = \"gw-1\"; };\n"
	                            "qos_minus_one = { topics = [ \"a/#\", \"b\" ]; };\n");

	cr_assert_str_eq(conf->core.own.client_id, "gw-1");
	cr_assert_eq(conf->core.own.n_qos_minus_one_topics, 2);
	cr_assert_str_eq(conf->core.own.qos_minus_one_topics[0], "a/#");
	cr_assert_str_eq(conf->core.own.qos_minus_one_topics[1], "b");
	conf_free(conf);
}

Test(check, a_client_id_is_made_where_none_is_given)
{
	struct conf *conf = conf_of("");
	char end[32];
	const char *id = conf->core.own.client_id;

	snprintf(end, sizeof end, "-%ld", (long)getpid());
	cr_assert_eq(strncmp(id, "mqttsn-gateway-", 15), 0);
	cr_assert_str_eq(id + strlen(id) - strlen(end), end);
	cr_assert_eq(conf->core.own.n_qos_minus_one_topics, 0);
	conf_free(conf);
}

/* --- listeners --- */

Test(check, two_listeners_on_one_port)
{
	expect(
	    "listeners = (\n { address = \"127.0.0.1:5\"; },\n { address = \"127.0.0.1:5\"; } );\n",
	    "t.conf:3: listeners.1.address: the port is that of listeners.0\n");
	expect(
	    "listeners = (\n { address = \"0.0.0.0:5\"; },\n { address = \"127.0.0.1:5\"; } );\n",
	    "t.conf:3: listeners.1.address: the port is that of listeners.0\n");
	expect("listeners = (\n { address = \"[::1]:5\"; },\n { address = \"[::]:5\"; } );\n",
	    "t.conf:3: listeners.1.address: the port is that of listeners.0\n");
	/* The place of an address that was not given is that of its listener. */
	expect("listeners = ( { },\n\n {\n max_packet = 50; } );\n",
	    "t.conf:3: listeners.1.address: the port is that of listeners.0\n");
}

Test(check, listeners_that_do_not_meet)
{
	expect("listeners = ( { address = \"127.0.0.1:5\"; }, { address = \"127.0.0.2:5\"; },\n"
	       " { address = \"127.0.0.1:6\"; }, { address = \"[::]:5\"; },\n"
	       " { address = \"127.0.0.1:0\"; }, { address = \"127.0.0.1:0\"; } );\n",
	    "");
}

Test(check, a_listener_on_a_multicast_address)
{
	expect("listeners = ( { address = \"224.0.0.1:5\"; } );\n",
	    "t.conf:1: listeners.0.address: is a multicast address\n");
}

Test(check, multicast_groups)
{
	expect("listeners = ( { multicast = \"225.1.1.1:1884\"; } );\n", "");
	expect("listeners = ( {\n multicast = \"192.0.2.1:1884\"; } );\n",
	    "t.conf:2: listeners.0.multicast: is no multicast address\n");
	expect("listeners = ( {\n multicast = \"[ff02::1]:1884\"; } );\n",
	    "t.conf:2: listeners.0.multicast: is not of the family of the listener's address\n");
}

/* --- predefined topics --- */

Test(check, predefined_ids_that_are_there_twice)
{
	expect("predefined = (\n"
	       " { id = 1; topic = \"a\"; },\n"
	       " { id = 1; topic = \"b\"; clients = \"x*\"; },\n"
	       " { id = 1; topic = \"c\"; clients = \"y*\"; },\n"
	       " { id = 1; topic = \"d\"; clients = \"x*\"; },\n"
	       " { topic = \"e\";\n   id = 1; } );\n",
	    "t.conf:5: predefined.3.id: 1 is given at t.conf:3 already\n"
	    "t.conf:7: predefined.4.id: 1 is given at t.conf:2 already\n");
}

Test(check, the_placeholder_needs_a_pattern)
{
	expect("predefined = (\n { id = 1; topic = \"a/${client}\"; } );\n",
	    "t.conf:2: predefined.0.topic: ${client} needs \"clients\" beside it\n");
}

/* --- settings that need each other --- */

Test(check, a_password_needs_a_user)
{
	expect("broker = {\n password = \"x\"; };\n",
	    "t.conf:2: broker.password: needs broker.user\n");
	expect("broker = { user = \"x\"; };\n", "");
}

Test(check, times_of_reconnection)
{
	expect("timers = { reconnect_least = 61; };\n",
	    "default: timers.reconnect_most: is less than timers.reconnect_least\n");
	expect("timers = { reconnect_least = 5;\n reconnect_most = 4.9; };\n",
	    "t.conf:2: timers.reconnect_most: is less than timers.reconnect_least\n");
	expect("timers = { reconnect_least = 5; reconnect_most = 5; };\n", "");
}

/* --- TLS --- */

Test(check, tls_files)
{
	folder_write("ca.pem", "");
	folder_write("gw.pem", "");
	folder_write("gw.key", "");
	expect(
	    "broker = { tls = { enabled = true; ca = \"ca.pem\"; cert = \"gw.pem\"; key = \"gw.key\"; }; };\n",
	    "");
	expect("broker = { tls = { enabled = true;\n cert = \"gw.pem\"; }; };\n",
	    "t.conf:2: broker.tls.cert: needs broker.tls.key\n");
	expect("broker = { tls = { enabled = true;\n key = \"gw.key\"; }; };\n",
	    "t.conf:2: broker.tls.key: needs broker.tls.cert\n");
}

Test(check, tls_settings_without_the_switch)
{
	folder_write("ca.pem", "");
	expect("broker = { tls = {\n ca = \"ca.pem\"; }; };\n",
	    "t.conf:2: broker.tls.ca: needs broker.tls.enabled\n");
	expect("broker = { tls = {\n insecure = true; }; };\n",
	    "t.conf:2: broker.tls.insecure: needs broker.tls.enabled\n");
	/* Switched off on purpose. */
	expect("broker = { tls = { enabled = false; ca = \"ca.pem\"; }; };\n", "");
}

Test(check, files_that_cannot_be_read)
{
	cr_assert_eq(mkdir("dir", 0700), 0);
	expect("broker = { tls = { enabled = true;\n ca = \"nope.pem\";\n cert = \"dir\";\n"
	       " key = \"/dev/null/x\"; }; };\n",
	    "t.conf:2: broker.tls.ca: cannot read \"nope.pem\": No such file or directory\n"
	    "t.conf:3: broker.tls.cert: cannot read \"dir\": Is a directory\n"
	    "t.conf:4: broker.tls.key: cannot read \"/dev/null/x\": Not a directory\n");
}

Test(check, files_that_may_not_be_read)
{
	folder_write("ca.pem", "");
	cr_assert_eq(chmod("ca.pem", 0), 0);
	if (access("ca.pem", R_OK) == 0) {
		folder_leave(); /* a skipped test has no end */
		cr_skip_test("the superuser may read everything");
	}
	expect("broker = { tls = { enabled = true; ca = \"ca.pem\"; }; };\n",
	    "t.conf:1: broker.tls.ca: cannot read \"ca.pem\": Permission denied\n");
}

/* --- the password's file --- */

static void expect_password(const char *file, const char *password)
{
	struct conf *conf;

	folder_write("pw", file);
	conf = conf_of("broker = { user = \"u\"; password_file = \"pw\"; };\n");
	cr_assert_str_eq(conf->broker.password, password);
	conf_free(conf);
}

Test(check, the_password_is_the_first_line_of_its_file)
{
	expect_password("secret\n", "secret");
	expect_password("secret", "secret");
	expect_password("two words\r\nmore\n", "two words");
}

Test(check, files_without_a_password)
{
	static const char text[] = "broker = { user = \"u\";\n password_file = \"pw\"; };\n";

	expect(text,
	    "t.conf:2: broker.password_file: cannot read \"pw\": No such file or directory\n");
	folder_write("pw", "");
	expect(text, "t.conf:2: broker.password_file: no password can be read from \"pw\"\n");
	folder_write("pw", "\nsecret\n");
	expect(text,
	    "t.conf:2: broker.password_file: must be a string of 1 to 65535 octets, not of 0\n");
}

Test(check, one_password_is_enough)
{
	folder_write("pw", "secret\n");
	expect("broker = { user = \"u\"; password = \"p\";\n password_file = \"pw\"; };\n",
	    "t.conf:2: broker.password_file: broker.password is given too\n");
	expect("broker = {\n password_file = \"pw\"; };\n",
	    "t.conf:2: broker.password_file: needs broker.user\n");
}
