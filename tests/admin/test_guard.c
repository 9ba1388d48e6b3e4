/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "gateway/admin/guard.h"

#define TOKEN "0123456789abcdef"

Test(guard, hosts_that_nobody_else_can_point_here_are_safe)
{
	static const char *const safe[] = { "localhost", "localhost:9884", "LocalHost:1",
		"127.0.0.1", "127.0.0.1:9884", "[::1]:9884", "[::1]", "192.0.2.1:80" };
	static const char *const unsafe[] = { "", "example.org", "example.org:9884",
		"localhost.example.org", "localhostx", "localhost:9884.example.org",
		"127.0.0.1.example.org", "127.1", "0x7f000001", "2130706433", "evil@127.0.0.1",
		"[::1", "localhost:x" };

	cr_expect(guard_host_is_safe(NULL));
	for (size_t i = 0; i < sizeof safe / sizeof safe[0]; i++)
		cr_expect(guard_host_is_safe(safe[i]), "%s", safe[i]);
	for (size_t i = 0; i < sizeof unsafe / sizeof unsafe[0]; i++)
		cr_expect_not(guard_host_is_safe(unsafe[i]), "%s", unsafe[i]);
}

Test(guard, only_the_whole_token_is_the_token)
{
	static const char *const wrong[] = { "", "Bearer", "Bearer ", TOKEN, "Basic " TOKEN,
		"Bearer " TOKEN "0", "Bearer 0123456789abcde", "Bearer 0123456789abcdeF",
		"Bearer x" TOKEN, "Bearer " TOKEN " ", "Bearer " TOKEN TOKEN };

	cr_expect(guard_has_token("Bearer " TOKEN, TOKEN));
	cr_expect(guard_has_token("bearer  " TOKEN, TOKEN));
	cr_expect_not(guard_has_token(NULL, TOKEN));
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		cr_expect_not(guard_has_token(wrong[i], TOKEN), "%s", wrong[i]);
}

/* --- what each may --- */

static const struct http_request local = { .host = "127.0.0.1:9884" };
static const struct http_request known = { .host = "127.0.0.1:9884",
	.authorization = "Bearer " TOKEN };
static const struct http_request wrong = { .host = "127.0.0.1:9884",
	.authorization = "Bearer ................" };
static const struct http_request rebound = { .host = "evil.example.org:9884" };
static const struct http_request embedded = { .host = "127.0.0.1:9884", .cross_site = true };
static const struct http_request proxied = { .host = "gateway.example.org",
	.authorization = "Bearer " TOKEN };

static int check(
    const struct guard *guard, enum guard_access access, const struct http_request *request)
{
	const char *why = NULL;
	int status = guard_check(guard, access, request, &why);

	cr_expect_eq(status == 0, why == NULL);
	return status;
}

Test(guard, without_a_token_it_is_for_looking_only)
{
	const struct guard guard = { .token = NULL };

	cr_expect_eq(check(&guard, GUARD_PAGE, &local), 0);
	cr_expect_eq(check(&guard, GUARD_READ, &local), 0);
	cr_expect_eq(check(&guard, GUARD_ACT, &local), 403);
	cr_expect_eq(check(&guard, GUARD_ACT, &known), 403);
}

Test(guard, to_act_needs_the_token)
{
	const struct guard guard = { .token = TOKEN };

	cr_expect_eq(check(&guard, GUARD_READ, &local), 0);
	cr_expect_eq(check(&guard, GUARD_ACT, &local), 401);
	cr_expect_eq(check(&guard, GUARD_ACT, &wrong), 401);
	cr_expect_eq(check(&guard, GUARD_ACT, &known), 0);
}

Test(guard, to_look_needs_it_where_it_is_asked_for)
{
	const struct guard guard = { .token = TOKEN, .token_for_reading = true };

	cr_expect_eq(check(&guard, GUARD_PAGE, &local), 0, "the page asks for the token");
	cr_expect_eq(check(&guard, GUARD_READ, &local), 401);
	cr_expect_eq(check(&guard, GUARD_READ, &wrong), 401);
	cr_expect_eq(check(&guard, GUARD_READ, &known), 0);
}

Test(guard, pages_from_elsewhere_get_nothing)
{
	const struct guard guard = { .token = TOKEN };

	cr_expect_eq(check(&guard, GUARD_READ, &rebound), 403);
	cr_expect_eq(check(&guard, GUARD_READ, &embedded), 403);
	cr_expect_eq(check(&guard, GUARD_ACT, &rebound), 403);
	cr_expect_eq(check(&guard, GUARD_READ, &proxied), 0, "nobody else knows the token");
	cr_expect_eq(check(&guard, GUARD_ACT, &proxied), 0);
}
