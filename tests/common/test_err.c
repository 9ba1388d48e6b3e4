/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/err.h"

Test(err, each_code_has_a_text_of_its_own)
{
	errno = ENOENT;
	for (int a = 0; a <= ERR_SYSTEM; a++) {
		cr_expect_str_neq(err_text(-a), "unknown error", "code %d", -a);
		for (int b = 0; b < a; b++)
			cr_expect_str_neq(err_text(-a), err_text(-b), "%d and %d", -a, -b);
	}
}

Test(err, a_system_error_says_what_errno_says)
{
	errno = EADDRINUSE;
	cr_expect_str_eq(err_text(-ERR_SYSTEM), strerror(EADDRINUSE));
}

Test(err, what_is_no_code_has_a_text_too)
{
	static const int codes[] = { 1, INT_MAX, -ERR_SYSTEM - 1, INT_MIN };

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		cr_expect_str_eq(err_text(codes[i]), "unknown error", "code %d", codes[i]);
}
