/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <string.h>

#include "tools/client_id.h"

static char id[CLIENT_ID_MAX];

Test(client_id, has_random_digits)
{
	client_id_make(id, "pub", NULL, 17, 0xabcd0012);
	cr_assert_str_eq(id, "mqttsn-pub-17-0012");
}

Test(client_id, is_never_longer_than_the_specification_allows)
{
	client_id_make(id, "sub", NULL, 4194304, 0xffffffff);
	cr_assert_str_eq(id, "mqttsn-sub-4194304-ffff");
	cr_assert_eq(strlen(id), 23);
}

Test(client_id, takes_a_prefix)
{
	char prefix[CLIENT_ID_PREFIX_MAX + 1];

	client_id_make(id, "pub", "lab-", 17, 1);
	cr_assert_str_eq(id, "lab-17");
	memset(prefix, 'p', CLIENT_ID_PREFIX_MAX);
	prefix[CLIENT_ID_PREFIX_MAX] = '\0';
	client_id_make(id, "pub", prefix, 4194304, 1);
	cr_assert_eq(strlen(id), CLIENT_ID_PREFIX_MAX + 7);
}
