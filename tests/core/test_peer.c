/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/peer.h"

static struct peer make(const char *addr, uint16_t listener)
{
	struct peer peer = { .listener = listener };

	cr_assert_eq(netaddr_parse(&peer.addr, addr, 0), 0);
	return peer;
}

static struct peer make_node(const char *addr, const char *node)
{
	struct peer peer = make(addr, 0);

	peer.encapsulated = 1;
	peer.node_len = (uint8_t)strlen(node);
	memcpy(peer.node, node, peer.node_len);
	return peer;
}

/* SN12-FWD-07, SN12-FWD-08: the same node behind another forwarder, or an address without one, is
 * another peer. */
Test(peer, identity)
{
	const struct peer peers[] = {
		make("192.0.2.1:1", 0),
		make("192.0.2.2:1", 0),
		make("192.0.2.1:2", 0),
		make("192.0.2.1:1", 1),
		make("[2001:db8::1]:1", 0),
		make_node("192.0.2.1:1", ""),
		make_node("192.0.2.1:1", "a"),
		make_node("192.0.2.1:1", "b"),
		make_node("192.0.2.1:1", "ab"),
		make_node("192.0.2.2:1", "ab"),
	};
	const size_t n = sizeof peers / sizeof peers[0];

	for (size_t a = 0; a < n; a++) {
		for (size_t b = 0; b < n; b++)
			cr_expect_eq(peer_equal(&peers[a], &peers[b]), a == b, "%zu, %zu", a, b);
	}
}

Test(peer, octets_behind_the_node_id_do_not_count)
{
	struct peer a = make_node("192.0.2.1:1", "ab"), b = a;

	b.node[2] = 0xaa;
	b.node[SN_NODE_ID_MAX - 1] = 0xaa;
	cr_expect(peer_equal(&a, &b));
	cr_expect_eq(peer_size(&a), peer_size(&b));
	cr_expect_eq(memcmp(&a, &b, peer_size(&a)), 0);
}

Test(peer, one_that_speaks_to_another_address_of_ours_is_the_same)
{
	struct peer a = make_node("192.0.2.1:1", "ab"), b = a;

	cr_assert_eq(netaddr_parse(&b.local, "192.0.2.9:1884", 0), 0);
	cr_expect(peer_equal(&a, &b));
	cr_expect_eq(peer_identity(&a).len, peer_identity(&b).len);
	cr_expect_arr_eq(peer_identity(&a).data, peer_identity(&b).data, peer_identity(&a).len);
}

/* The core keeps no more of a peer than its size. */
Test(peer, only_the_octets_of_its_size_are_read)
{
	struct peer whole = make_node("192.0.2.1:1", "abcd");
	struct peer longer = make_node("192.0.2.1:1", "abcde");
	struct peer *kept = malloc(peer_size(&whole));

	cr_assert_not_null(kept);
	memcpy(kept, &whole, peer_size(&whole));
	cr_expect(peer_equal(kept, &whole));
	cr_expect(peer_equal(&whole, kept));
	cr_expect_not(peer_equal(kept, &longer));
	cr_expect_not(peer_equal(&longer, kept));
	free(kept);
}

Test(peer, print)
{
	struct peer plain = make("127.0.0.1:4711", 3), node = make_node("[::1]:4711", "\xaa\x0b");
	struct peer empty = make_node("127.0.0.1:4711", "");
	char buf[PEER_TEXT_MAX];

	cr_expect_str_eq(peer_print(&plain, buf), "127.0.0.1:4711");
	cr_expect_str_eq(peer_print(&node, buf), "[::1]:4711/aa0b");
	cr_expect_str_eq(peer_print(&empty, buf), "127.0.0.1:4711/");
}

Test(peer, the_longest_one_fits)
{
	struct peer peer =
	    make("[1111:2222:3333:4444:5555:6666:7777:8888%4294967295]:65535", 65535);
	char buf[PEER_TEXT_MAX];

	peer.encapsulated = 1;
	peer.node_len = SN_NODE_ID_MAX;
	memset(peer.node, 0xff, sizeof peer.node);
	peer_print(&peer, buf);
	cr_expect_eq(strlen(strchr(buf, '/')), 1 + 2 * SN_NODE_ID_MAX);
	cr_expect_lt(strlen(buf), sizeof buf);
}
