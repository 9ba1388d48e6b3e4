/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "tests/conf/fixture.h"

Test(conf, is_good_without_any_file)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();

	cr_assert(conf_finish(conf, errors));
	cr_assert_eq(conf->core.n_listeners, 1);
	cr_assert_eq(conf->core.listeners[0].max_packet, 65507);
	cr_assert_eq(topic_predef_count(conf->core.predefined), 0);
	cr_assert(netaddr_is_loopback(&conf->listeners[0].bind), "open to the network by default");
	conf_errors_free(errors);
	cr_assert_null(conf_free(conf));
	cr_assert_null(conf_free(NULL));
}
