/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "conf/print.h"
#include "tests/conf/fixture.h"

TestSuite(print, .init = folder_enter, .fini = folder_leave);

/* What is printed, read back and printed again. */
static void expect_round_trip(const char *text)
{
	struct conf *conf = conf_of(text);
	char *first = text_of_conf(conf);
	struct conf *again = conf_of(first);
	char *second = text_of_conf(again);

	cr_assert_str_eq(first, second);
	conf_free(conf);
	conf_free(again);
	free(first);
	free(second);
}

Test(print, defaults_read_back)
{
	expect_round_trip("");
}

Test(print, everything_reads_back)
{
	folder_write("a.pem", "");
	folder_write("pw", "secret\n");
	folder_write("l.conf", "logins = ( { clients = \"a\"; } );\n");
	expect_round_trip(
	    "gateway = { id = 255; };\n"
	    "listeners = ( { address = \"[::1]:0\"; max_packet = 32; qos_minus_one = true; },\n"
	    " { discovery = false; receive_buffer = 1073741824; } );\n"
	    "broker = { host = \"h\"; port = 65535; user = \"\\\"\\\\\\n\\t\xc3\xa4\";\n"
	    " password_file = \"pw\"; logins_file = \"l.conf\"; unlisted_clients = \"refuse\";\n"
	    " keep_alive = 0; client_id_prefix = \"#\";\n"
	    " client_id_suffix = \"/*\"; tls = { enabled = true; ca = \"a.pem\"; cert = \"a.pem\";\n"
	    " key = \"a.pem\"; insecure = true; }; };\n"
	    "timers = { retry = 0.123; wait = 86399.999; max_idle = 2592000; hold = 0; };\n"
	    "limits = { clients = 1000000; queue_bytes = 1073741824; };\n"
	    "predefined = ( { id = 65534; topic = \"a\"; },\n"
	    " { id = 1; topic = \"${client}\"; clients = \"*?\"; } );\n"
	    "qos_minus_one = { topics = [ \"a/#\", \"\\\"\" ]; };\n"
	    "sleep = { wake_connect = \"honour\"; };\n"
	    "log = { level = \"debug\"; packets = true; };\n");
}

Test(print, what_was_set_is_there)
{
	struct conf *conf = conf_of("timers = { retry = 0.5; };\n"
	                            "predefined = ( { id = 7; topic = \"x/y\"; } );\n");
	char *text = text_of_conf(conf);

	cr_assert_not_null(strstr(text, "\n\tretry = 0.5;\n"));
	cr_assert_not_null(strstr(text, "\n\t\tid = 7;\n"));
	cr_assert_not_null(strstr(text, "\n\t\ttopic = \"x/y\";\n"));
	cr_assert_not_null(strstr(text, "\n\t\t#clients = \"sensor-*\";\n"));
	cr_assert_not_null(strstr(text, "\n\t#topics = [ \"sensors/#\" ];\n"));
	cr_assert_not_null(strstr(text, "\n\t#user = \"mqttsn-gateway\";\n"));
	free(text);
	conf_free(conf);
}

Test(print, settings_are_explained)
{
	struct conf *conf = conf_new();
	char *text = text_of_conf(conf);

	cr_assert_not_null(
	    strstr(text, "\n\t# How often, before the client is deemed lost (N_retry).\n"
	                 "\t# 0 to 100; default 3\n"
	                 "\tretries = 3;\n"));
	free(text);
	conf_free(conf);
}

Test(print, a_password_is_never_shown)
{
	struct conf *conf = conf_of("broker = { user = \"u\"; password = \"hunter2\"; };\n");
	char *text = text_of_conf(conf);

	cr_assert_null(strstr(text, "hunter2"));
	cr_assert_not_null(strstr(text, "\n\t# password is set and not shown\n"));
	free(text);
	conf_free(conf);

	folder_write("pw", "hunter2\n");
	conf = conf_of("broker = { user = \"u\"; password_file = \"pw\"; };\n");
	text = text_of_conf(conf);
	cr_assert_null(strstr(text, "hunter2"));
	cr_assert_not_null(strstr(text, "\n\tpassword_file = \"pw\";\n"));
	free(text);
	conf_free(conf);
}

static char *sample(void)
{
	struct conf *defaults = conf_new();
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	conf_print_sample(defaults, to);
	fclose(to);
	conf_free(defaults);
	return text;
}

Test(print, the_sample_sets_nothing)
{
	char *text = sample();
	struct conf *conf = conf_of(text), *defaults = conf_new();
	char *a = text_of_conf(conf), *b = text_of_conf(defaults);

	cr_assert_str_eq(a, b);
	free(a);
	free(b);
	conf_free(conf);
	conf_free(defaults);
	free(text);
}

/* The sample with its settings switched on. */
static char *uncommented(const char *text)
{
	char *out = malloc(strlen(text) + 1), *o = out;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '#' && p[1] != ' ')
			continue;
		if (*p != '#') {
			*o++ = *p;
			continue;
		}
		while (*p != '\n')
			*o++ = *p++;
		*o++ = '\n';
	}
	*o = '\0';
	return out;
}

/* All is known and of the right kind; what is wrong are files that are not there, and that there
 * are two passwords. */
Test(print, the_sample_switched_on_is_valid)
{
	char *text = sample(), *all = uncommented(text), *mistakes;
	struct conf_errors *errors = conf_errors_new();
	struct conf *conf = conf_new();

	folder_write("t.conf", all);
	conf_load(conf, "t.conf", errors);
	mistakes = text_of_errors(errors);
	cr_assert_str_eq(mistakes, "");
	cr_assert_eq(conf->n_predefined, 1);
	cr_assert_str_eq(conf->predefined[0].clients, "sensor-*");
	cr_assert_str_eq(conf->broker.tls_key, "/etc/mqttsn-gateway/gateway.key");
	free(mistakes);
	conf_errors_free(errors);
	conf_free(conf);
	free(all);
	free(text);
}

Test(print, lines_have_at_most_100_columns)
{
	char *text = sample();

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		size_t columns = 0;

		for (const char *p = line; *p != '\0'; p++)
			columns = *p == '\t' ? (columns / 8 + 1) * 8 : columns + 1;
		cr_assert_leq(columns, 100, "%s", line);
	}
	free(text);
}

static void expect_facts(const char *group, const char *name, const char *expected)
{
	const struct schema_row *row =
	    schema_find(&schema_find(schema_conf(), group)->members, name);
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	print_facts(row, to);
	fclose(to);
	cr_assert_str_eq(text, expected);
	free(text);
}

Test(print, facts)
{
	expect_facts("gateway", "id", "1 to 255; default 1");
	expect_facts("log", "packets", "true or false; default false");
	expect_facts("broker", "host", "a string of 1 to 255 octets; default \"127.0.0.1\"");
	expect_facts("broker", "user", "a string of 1 to 65535 octets; not set by default");
	expect_facts("predefined", "id", "1 to 65534; required");
}
