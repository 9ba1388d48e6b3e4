/* SPDX-License-Identifier: BSD-3-Clause */
/* Every allocation fails once: that is told, and nothing is lost or leaks. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/conf/fixture.h"
#include "tests/scenarios/failing.h"

TestSuite(memory, .init = folder_enter, .fini = folder_leave);

#define ENOUGH 10000 /* allocations for one configuration */

static void write_files(void)
{
	folder_write("pw", "secret\n");
	folder_write("l.conf", "logins = ( { clients = \"a\"; user = \"u\"; password = \"p\"; },\n"
	                       " { clients = \"*\"; refuse = true; } );\n");
	folder_write("t.conf",
	    "listeners = ( { address = \"127.0.0.1:5\"; }, { address = \"[::1]:5\"; } );\n"
	    "@include \"u.conf\"\n"
	    "qos_minus_one = { topics = [ \"a\", \"b\" ]; };\n");
	folder_write("u.conf", "broker = { user = \"u\"; password_file = \"pw\";\n"
	                       " logins_file = \"l.conf\"; };\n"
	                       "predefined = ( { id = 1; topic = \"a\"; clients = \"b\"; } );\n");
}

static struct conf *make_conf(struct conf_errors *errors)
{
	struct conf *conf = conf_new();

	if (conf == NULL)
		return NULL;
	conf_load(conf, "t.conf", errors);
	conf_set(conf, "--set", "timers.retry=5", errors);
	conf_set_broker(conf, "broker.example.org:1", errors);
	conf_set_broker(conf, "another.example.org", errors);
	conf_set_broker(conf, "[::1]:2", errors);
	conf_add_predefined(conf, "c:2=d", errors);
	conf_add_listener(conf, "127.0.0.1:6", errors);
	conf_finish(conf, errors);
	return conf;
}

/* Whether an allocation failed. */
static bool make_with_failure(long n)
{
	struct conf_errors *errors = conf_errors_new();
	struct conf *conf;
	bool told;

	failing_set(n);
	failing_arm(true);
	conf = make_conf(errors);
	failing_arm(false);
	told = conf == NULL || conf_errors_count(errors) > 0;
	cr_assert_eq(told, failing_happened(), "allocation %ld", n);
	conf_free(conf);
	conf_errors_free(errors);
	return failing_happened();
}

Test(memory, every_lack_of_it_is_told)
{
	long n = 1;

	write_files();
	while (n < ENOUGH && make_with_failure(n))
		n++;
	cr_assert_lt(n, ENOUGH);
	cr_assert_gt(n, 50);
}

Test(memory, mistakes_that_find_none_are_counted)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();
	char *text;

	failing_set(1); /* the text of all mistakes */
	failing_arm(true);
	cr_assert_not(conf_set(conf, "--set", "", errors));
	failing_arm(false);
	cr_assert(failing_happened());
	cr_assert_eq(conf_errors_count(errors), 1);
	text = text_of_errors(errors);
	cr_assert_str_eq(text, "out of memory; mistakes not shown: 1\n");
	free(text);
	conf_errors_free(errors);
	conf_free(conf);
}
