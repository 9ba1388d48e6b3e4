/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/dtls/peers.h"

#include <criterion/criterion.h>

#define MANY 1000

static struct dtls_peers peers;

static struct netaddr address(unsigned n)
{
	return (struct netaddr){
		.ip = { 10, 0, (uint8_t)(n >> 8), (uint8_t)n }, .port = 5000, .family = 4
	};
}

static struct dtls_peer *add(unsigned n)
{
	const struct netaddr a = address(n);

	return peers_add(&peers, &a, NULL);
}

static struct dtls_peer *find_open(unsigned n)
{
	const struct netaddr a = address(n);

	return peers_find_open(&peers, &a);
}

static struct dtls_peer *find_shaking(unsigned n)
{
	const struct netaddr a = address(n);

	return peers_find_shaking(&peers, &a);
}

static void drop_all(void)
{
	while (peers.shaking != NULL)
		peers_drop_shaking(&peers, peers.shaking);
	while (peers.oldest != NULL)
		peers_drop_open(&peers, peers.oldest);
}

TestSuite(peers, .fini = drop_all);

Test(peers, are_found_where_they_are)
{
	for (unsigned n = 0; n < MANY; n++)
		cr_assert_not_null(add(n));
	cr_assert_eq(peers_count_shaking(&peers), MANY);
	for (unsigned n = 0; n < MANY; n += 2)
		cr_assert(peers_open(&peers, find_shaking(n), (monotime_t){ n }));
	cr_assert_eq(peers_count_shaking(&peers), MANY / 2);
	cr_assert_eq(peers_count_open(&peers), MANY / 2);
	for (unsigned n = 0; n < MANY; n++) {
		cr_assert_eq(find_open(n) != NULL, n % 2 == 0);
		cr_assert_eq(find_shaking(n) != NULL, n % 2 == 1);
	}
	cr_assert_null(find_open(MANY));
}

Test(peers, an_address_may_be_in_both_tables)
{
	struct dtls_peer *old = add(1), *coming;

	peers_open(&peers, old, (monotime_t){ 1 });
	coming = add(1);
	cr_assert_not_null(coming);
	cr_assert_eq(find_open(1), old);
	cr_assert_eq(find_shaking(1), coming);
	peers_drop_shaking(&peers, coming);
	cr_assert_eq(find_open(1), old);
}

Test(peers, are_in_the_order_in_which_they_were_heard)
{
	static const unsigned order[] = { 1, 3, 0, 2 };

	for (unsigned n = 0; n < 4; n++)
		peers_open(&peers, add(n), (monotime_t){ n });
	peers_heard(&peers, find_open(0), (monotime_t){ 10 });
	peers_heard(&peers, find_open(2), (monotime_t){ 11 });
	peers_heard(&peers, find_open(2), (monotime_t){ 12 }); /* it is the last one already */
	for (size_t i = 0; i < 4; i++) {
		cr_assert_eq(peers.oldest, find_open(order[i]), "place %zu", i);
		peers_drop_open(&peers, peers.oldest);
	}
	cr_assert_null(peers.oldest);
}
