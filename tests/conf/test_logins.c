/* SPDX-License-Identifier: BSD-3-Clause */
/* The logins file, and what the core is given of it. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/conf/fixture.h"

TestSuite(logins, .init = folder_enter, .fini = folder_leave);

#define OPEN   "broker = { logins_file = \"l.conf\"; };\n"
#define CLOSED "broker = { logins_file = \"l.conf\"; unlisted_clients = \"refuse\"; };\n"

static struct conf *conf_with(const char *how, const char *logins)
{
	folder_write("l.conf", logins);
	return conf_of(how);
}

static void expect_mistakes(const char *logins, const char *expected)
{
	char *mistakes;

	folder_write("l.conf", logins);
	mistakes = mistakes_in(OPEN);
	cr_assert_str_eq(mistakes, expected, "%s gives:\n%s", logins, mistakes);
	free(mistakes);
}

static struct sn_bytes bytes(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
}

/* The entry for the client, or NULL. */
static const struct conf_login *find(const struct conf *conf, const char *id)
{
	size_t n = admission_find(conf->core.admission, bytes(id));

	return n != ADMISSION_NONE ? &conf->logins.list[n] : NULL;
}

static bool is_refused(const struct conf *conf, const char *id)
{
	return admission_refusal(conf->core.admission, bytes(id)) != NULL;
}

/* MAP-CONN-15 */
Test(logins, the_first_entry_that_matches_counts)
{
	struct conf *conf = conf_with(OPEN, "# sensors of the plant\n"
	                                    "logins = (\n"
	                                    " { clients = \"pump-9\"; refuse = true; },\n"
	                                    " { clients = \"pump-*\"; user = \"pumps\";\n"
	                                    "   password = \"two \\\"words\\\"\"; },\n"
	                                    " { clients = \"meter\"; user = \"m\"; },\n"
	                                    " { clients = \"plain\"; } );\n");

	cr_assert(is_refused(conf, "pump-9"));
	cr_assert_not(is_refused(conf, "pump-1"));
	cr_assert_str_eq(find(conf, "pump-1")->user, "pumps");
	cr_assert_str_eq(find(conf, "pump-1")->password, "two \"words\"");
	cr_assert_str_eq(find(conf, "meter")->user, "m");
	cr_assert_null(find(conf, "meter")->password);
	cr_assert_null(find(conf, "plain")->user);
	cr_assert_null(find(conf, "other"));
	cr_assert_not(is_refused(conf, "other"));
	conf_free(conf);
}

Test(logins, with_unlisted_clients_refused_the_file_is_an_allow_list)
{
	struct conf *conf = conf_with(CLOSED, "logins = ( { clients = \"pump-*\"; } );\n");

	cr_assert_not(is_refused(conf, "pump-1"));
	cr_assert(is_refused(conf, "other"));
	conf_free(conf);

	conf = conf_with(CLOSED, "");
	cr_assert(is_refused(conf, "pump-1"));
	conf_free(conf);
}

Test(logins, without_a_file_all_may_connect)
{
	struct conf *conf = conf_of("");

	cr_assert_null(conf->core.admission);
	conf_free(conf);
}

Test(logins, a_user_may_hold_the_id_of_the_client)
{
	char buf[LOGIN_USER_MAX];
	struct conf *conf = conf_with(OPEN,
	    "logins = ( { clients = \"a*\"; user = \"sn/${client}@plant\"; },\n"
	    " { clients = \"b*\"; user = \"${client}\"; }, { clients = \"c\"; user = \"$\"; } );\n");

	cr_assert_str_eq(logins_user(find(conf, "a-7"), "a-7", buf), "sn/a-7@plant");
	cr_assert_str_eq(logins_user(find(conf, "b%s"), "b%s", buf), "b%s");
	cr_assert_str_eq(logins_user(find(conf, "c"), "c", buf), "$");
	conf_free(conf);
}

/* As long as schema and limits.client_id allow. */
Test(logins, there_is_room_for_the_longest_user)
{
	enum {
		USER = 1024,
		ID = 4096
	};
	char user[USER + 1], id[ID + 1], text[2 * USER], buf[LOGIN_USER_MAX];
	struct conf *conf;

	memset(user, 'u', USER);
	strcpy(user + USER - strlen("${client}"), "${client}");
	memset(id, 'i', ID);
	id[ID] = '\0';
	snprintf(text, sizeof text, "logins = ( { clients = \"*\"; user = \"%s\"; } );\n", user);
	conf = conf_with(OPEN, text);
	cr_assert_eq(strlen(logins_user(find(conf, id), id, buf)), USER - strlen("${client}") + ID);
	conf_free(conf);
}

Test(logins, mistakes_are_told_with_file_and_line)
{
	expect_mistakes(
	    "logins = (\n { user = \"u\"; } );\n", "l.conf:2: logins.0: \"clients\" is missing\n");
	expect_mistakes("logins = (\n { clients = \"a\";\n  usr = \"u\"; } );\n",
	    "l.conf:3: logins.0.usr: no such setting; did you mean \"user\"?\n");
	expect_mistakes("logins = (\n { clients = \"a\"; password = \"p\"; } );\n",
	    "l.conf:2: logins.0.password: needs \"user\" beside it\n");
	expect_mistakes("logins = (\n { clients = \"a\"; user = \"u\"; refuse = true; } );\n",
	    "l.conf:2: logins.0.user: clients that are refused need none\n");
	expect_mistakes("logins = (\n { clients = \"a\"; user = \"${client}${client}\"; } );\n",
	    "l.conf:2: logins.0.user: ${client} can stand in it once\n");
	expect_mistakes("logins = (\n { clients = \"a\"; user = \"\"; } );\n",
	    "l.conf:2: logins.0.user: must be a string of 1 to 1024 octets, not of 0\n");
	expect_mistakes("logins = (\n { clients = \"a\" }\n { clients = \"b\" } );\n",
	    "l.conf:3: syntax error\n");
	expect_mistakes("broker = { };\n", "l.conf:1: broker: no such setting\n");
}

Test(logins, an_entry_that_is_never_reached_is_a_mistake)
{
	expect_mistakes("logins = (\n"
	                " { clients = \"b\"; },\n"
	                " { clients = \"a*\"; },\n"
	                " { clients = \"b\"; user = \"u\"; },\n"
	                " { clients = \"a*\"; } );\n",
	    "l.conf:5: logins.3.clients: is given at l.conf:3 already\n"
	    "l.conf:4: logins.2.clients: is given at l.conf:2 already\n");
}

/* A password that is told by mistake would be in the log. */
Test(logins, no_mistake_shows_a_password)
{
	char *mistakes;

	folder_write("l.conf", "logins = (\n"
	                       " { clients = \"a\"; password = \"hunter2\"; },\n"
	                       " { clients = \"a\"; user = \"u\"; pasword = \"hunter2\"; } );\n");
	mistakes = mistakes_in(OPEN);
	cr_assert_not_null(strstr(mistakes, "l.conf:3: "));
	cr_assert_null(strstr(mistakes, "hunter2"), "%s", mistakes);
	free(mistakes);
}

Test(logins, the_configuration_shows_the_file_alone)
{
	struct conf *conf = conf_with(
	    OPEN, "logins = ( { clients = \"a\"; user = \"u\"; password = \"hunter2\"; } );\n");
	char *text = text_of_conf(conf);

	cr_assert_not_null(strstr(text, "\n\tlogins_file = \"l.conf\";\n"));
	cr_assert_null(strstr(text, "hunter2"));
	free(text);
	conf_free(conf);
}

Test(logins, the_file_must_be_there)
{
	char *mistakes = mistakes_in(OPEN);

	cr_assert_str_eq(mistakes,
	    "t.conf:1: broker.logins_file: cannot read \"l.conf\": No such file or directory\n");
	free(mistakes);
	mistakes = mistakes_in("broker = {\n unlisted_clients = \"refuse\"; };\n");
	cr_assert_str_eq(mistakes, "t.conf:2: broker.unlisted_clients: needs broker.logins_file\n");
	free(mistakes);
}
