/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "conf/errors.h"
#include "tests/conf/fixture.h"

Test(errors, are_printed_in_the_order_of_their_coming)
{
	struct conf_errors *errors = conf_errors_new();
	char *text;

	conf_error(errors, &(struct conf_at){ "b.conf:9", "timers.retry" }, "is %s", "late");
	conf_error(errors, &(struct conf_at){ "a.conf:1", NULL }, "%d of them", 3);
	conf_error(errors, &(struct conf_at){ "--set", "x" }, "100%%");
	cr_assert_eq(conf_errors_count(errors), 3);
	text = text_of_errors(errors);
	cr_assert_str_eq(text, "b.conf:9: timers.retry: is late\n"
	                       "a.conf:1: 3 of them\n"
	                       "--set: x: 100%\n");
	free(text);
	conf_errors_free(errors);
}

Test(errors, none_print_nothing)
{
	struct conf_errors *errors = conf_errors_new();
	char *text = text_of_errors(errors);

	cr_assert_eq(conf_errors_count(errors), 0);
	cr_assert_str_eq(text, "");
	free(text);
	cr_assert_null(conf_errors_free(errors));
	cr_assert_null(conf_errors_free(NULL));
}

Test(errors, may_be_of_no_interest)
{
	conf_error(NULL, &(struct conf_at){ "a.conf:1", NULL }, "nobody reads this");
}
