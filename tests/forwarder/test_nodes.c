/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>

#include "forwarder/nodes.h"
#include "tests/bytes.h"

static const struct siphash_key key = { 1, 2 };

static monotime_t at(int64_t seconds)
{
	return monotime_add_ms((monotime_t){ 0 }, 1000 * seconds);
}

static struct nodes *table(uint32_t limit, uint32_t age_s)
{
	struct nodes *nodes = nodes_new(key);

	cr_assert_not_null(nodes);
	nodes_configure(nodes, limit, 1000 * age_s);
	return nodes;
}

/* What came to a group does not tell it. */
Test(nodes, the_address_it_speaks_to_is_kept)
{
	struct nodes *nodes = table(10, 60);
	struct node_place unicast = { 0 }, group = { 0 };

	netaddr_parse(&unicast.addr, "192.0.2.1:5", 0);
	netaddr_parse(&unicast.local, "192.0.2.9:1885", 0);
	group.addr = unicast.addr;
	nodes_heard(nodes, at(0), 0, &unicast, bytes("x"));
	nodes_heard(nodes, at(1), 0, &group, bytes("x"));
	cr_assert(netaddr_equal(&nodes_find(nodes, bytes("x"))->place.local, &unicast.local));
	nodes_heard(nodes, at(2), 1, &group, bytes("x"));
	cr_assert_eq(nodes_find(nodes, bytes("x"))->place.local.family, 0, "another listener");
	nodes_free(nodes);
}

Test(nodes, a_node_is_where_it_was_heard_last)
{
	struct nodes *nodes = table(10, 60);
	struct node_place a = { 0 }, b = { 0 };

	netaddr_parse(&a.addr, "192.0.2.1:5", 0);
	netaddr_parse(&b.addr, "192.0.2.1:6", 0);
	cr_assert_null(nodes_find(nodes, bytes("x")));
	cr_assert_eq(nodes_heard(nodes, at(0), 0, &a, bytes("x")), NODE_NEW);
	cr_assert_eq(nodes_heard(nodes, at(1), 0, &a, bytes("x")), NODE_KNOWN);
	cr_assert_eq(nodes_heard(nodes, at(2), 0, &b, bytes("x")), NODE_MOVED);
	cr_assert(netaddr_equal(&nodes_find(nodes, bytes("x"))->place.addr, &b.addr));
	cr_assert_eq(nodes_heard(nodes, at(3), 7, NULL, bytes("x")), NODE_MOVED);
	cr_assert_eq(nodes_find(nodes, bytes("x"))->side, 7);
	cr_assert_eq(nodes_heard(nodes, at(4), 7, NULL, bytes("x")), NODE_KNOWN);
	cr_assert_eq(nodes_count(nodes), 1);
	nodes_free(nodes);
}

Test(nodes, ids_may_be_empty_long_or_begin_alike)
{
	struct nodes *nodes = table(10, 60);
	uint8_t longest[SN_NODE_ID_MAX] = { 'x' };
	const struct sn_bytes ids[] = { { NULL, 0 }, { longest, sizeof longest }, { longest, 1 },
		{ longest, sizeof longest - 1 } };

	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(nodes_heard(nodes, at(0), (uint16_t)i, NULL, ids[i]), NODE_NEW);
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(nodes_find(nodes, ids[i])->side, i);
	nodes_free(nodes);
}

Test(nodes, when_full_the_one_silent_the_longest_goes)
{
	struct nodes *nodes = table(2, 60);

	nodes_heard(nodes, at(0), 0, NULL, bytes("a"));
	nodes_heard(nodes, at(1), 0, NULL, bytes("b"));
	nodes_heard(nodes, at(2), 0, NULL, bytes("a"));
	cr_assert_eq(nodes_heard(nodes, at(3), 0, NULL, bytes("c")), NODE_INSTEAD);
	cr_assert_not_null(nodes_find(nodes, bytes("a")));
	cr_assert_null(nodes_find(nodes, bytes("b")));
	cr_assert_eq(nodes_count(nodes), 2);
	nodes_free(nodes);
}

Test(nodes, age_counts_from_when_it_was_heard_last)
{
	struct nodes *nodes = table(10, 60);
	monotime_t when;

	cr_assert_not(nodes_next_deadline(nodes, &when));
	nodes_heard(nodes, at(0), 0, NULL, bytes("a"));
	nodes_heard(nodes, at(10), 0, NULL, bytes("b"));
	nodes_heard(nodes, at(20), 0, NULL, bytes("a"));
	cr_assert(nodes_next_deadline(nodes, &when));
	cr_assert_eq(when.us, at(70).us);
	nodes_expire(nodes, (monotime_t){ at(70).us - 1 });
	cr_assert_eq(nodes_count(nodes), 2);
	nodes_expire(nodes, at(70));
	cr_assert_null(nodes_find(nodes, bytes("b")));
	cr_assert_not_null(nodes_find(nodes, bytes("a")));
	nodes_expire(nodes, at(80));
	cr_assert_eq(nodes_count(nodes), 0);
	nodes_free(nodes);
}

Test(nodes, a_smaller_limit_takes_effect_at_once)
{
	struct nodes *nodes = table(10, 60);
	const struct node *first;

	nodes_heard(nodes, at(0), 0, NULL, bytes("a"));
	nodes_heard(nodes, at(1), 0, NULL, bytes("b"));
	nodes_heard(nodes, at(2), 0, NULL, bytes("c"));
	nodes_configure(nodes, 2, 60000);
	first = nodes_first(nodes);
	cr_assert_eq(first->id[0], 'b');
	cr_assert_eq(nodes_after(first)->id[0], 'c');
	cr_assert_null(nodes_after(nodes_after(first)));
	cr_assert_null(nodes_free(nodes));
	cr_assert_null(nodes_free(NULL));
}
