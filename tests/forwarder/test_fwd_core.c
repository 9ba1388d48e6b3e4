/* SPDX-License-Identifier: BSD-3-Clause */
/* A forwarder with a UDP side without a group (0), one with a group (1), a line of frames (2) and a
 * line of a single node (3). */
#include <criterion/criterion.h>
#include <string.h>

#include "forwarder/fwd_core.h"

enum {
	UDP,
	UDP_GROUP,
	FRAMES,
	PLAIN,
	SIDES,
	TO_GATEWAY = 100, /* in struct said, beside the sides */
	SAID_MAX = 32,
};

struct said {
	int where;
	bool group;
	uint8_t radius;
	struct netaddr addr, local;
	uint8_t data[600];
	size_t len;
};

struct world {
	struct fwd *fwd;
	monotime_t now;
	struct netaddr gateway, other, node;
	struct netaddr local; /* ours, that nodes speak to */
	struct said said[SAID_MAX];
	size_t n;
	unsigned searches, changes, oversizes, traced, refused;
};

static struct world w;

static struct said *note(int where, const struct netaddr *addr, const uint8_t *data, size_t len)
{
	struct said *s = &w.said[w.n++];

	cr_assert_leq(w.n, SAID_MAX);
	cr_assert_leq(len, sizeof s->data);
	*s = (struct said){ .where = where, .len = len };
	if (addr != NULL)
		s->addr = *addr;
	memcpy(s->data, data, len);
	return s;
}

static void to_gateway(void *ctx, const struct netaddr *to, const uint8_t *data, size_t len)
{
	(void)ctx;
	note(TO_GATEWAY, to, data, len);
}

static void search(void *ctx, const uint8_t *data, size_t len)
{
	(void)ctx;
	cr_assert_eq(len, 3);
	cr_assert_eq(memcmp(data, "\x03\x01\x00", 3), 0);
	w.searches++;
}

static void to_node(
    void *ctx, uint16_t side, const struct node_place *place, const uint8_t *data, size_t len)
{
	struct said *s = note(side, place != NULL ? &place->addr : NULL, data, len);

	(void)ctx;
	cr_assert_eq(place != NULL, side == UDP || side == UDP_GROUP);
	if (place != NULL)
		s->local = place->local;
}

static void broadcast(void *ctx, uint16_t side, uint8_t radius, const uint8_t *data, size_t len)
{
	struct said *s = note(side, NULL, data, len);

	(void)ctx;
	cr_assert_eq(side, UDP_GROUP);
	s->group = true;
	s->radius = radius;
}

static void changed(void *ctx, const struct netaddr *to)
{
	(void)ctx;
	(void)to;
	w.changes++;
}

static void oversize(void *ctx, uint16_t side, size_t len)
{
	(void)ctx;
	(void)len;
	cr_assert_lt(side, SIDES);
	w.oversizes++;
}

static void packet(void *ctx, const struct fwd_packet *p)
{
	(void)ctx;
	w.traced++;
	w.refused += p->verdict != NULL;
}

static const struct fwd_side sides[SIDES] = {
	[UDP] = { FWD_DATAGRAMS, .max_packet = 300 },
	[UDP_GROUP] = { FWD_DATAGRAMS, .max_packet = 300, .group = true },
	[FRAMES] = { FWD_FRAMES, .max_packet = 100, .prefix_len = 1, .prefix = { 0x77 } },
	[PLAIN] = { FWD_MESSAGES, .max_packet = 100, .prefix_len = 2, .prefix = { 0xAB, 0xCD } },
};

static struct fwd_config config(void)
{
	struct fwd_config c = {
		.sides = sides,
		.n_sides = SIDES,
		.nodes = 4,
		.node_age_ms = 60000,
		.gateways = { .n_fixed = 1, .probe = 10000, .missed = 3 },
	};

	c.gateways.fixed[0] = w.gateway;
	return c;
}

static void begin(void)
{
	const struct fwd_ports ports = { NULL, to_gateway, search, to_node, broadcast, changed,
		oversize, packet };
	struct fwd_config c;

	memset(&w, 0, sizeof w);
	netaddr_parse(&w.gateway, "192.0.2.1:1884", 0);
	netaddr_parse(&w.other, "192.0.2.2:1884", 0);
	netaddr_parse(&w.node, "10.1.2.3:4660", 0);
	netaddr_parse(&w.local, "192.0.2.9:1885", 0);
	c = config();
	w.fwd = fwd_new(&ports, (struct siphash_key){ 3, 4 });
	cr_assert_not_null(w.fwd);
	fwd_configure(w.fwd, &c, w.now);
}

static void end(void)
{
	fwd_free(w.fwd);
}

TestSuite(fwd_core, .init = begin, .fini = end);

static void from_node(int side, const void *data, size_t len)
{
	const struct node_place place = { w.node, w.local };
	bool datagrams = side == UDP || side == UDP_GROUP;

	fwd_from_node(w.fwd, w.now, (uint16_t)side, datagrams ? &place : NULL, data, len);
}

static void from_gateway(const void *data, size_t len)
{
	fwd_from_gateway(w.fwd, w.now, &w.gateway, data, len);
}

/* The octets of a string literal. */
#define FROM_NODE(side, text) from_node(side, text, sizeof(text) - 1)
#define FROM_GATEWAY(text)    from_gateway(text, sizeof(text) - 1)

static bool was_said(size_t i, int where, const void *data, size_t len)
{
	return i < w.n && w.said[i].where == where && w.said[i].len == len &&
	       memcmp(w.said[i].data, data, len) == 0;
}

#define SAID(i, where, text) was_said(i, where, text, sizeof(text) - 1)

#define PINGREQ  "\x02\x16"
#define PINGRESP "\x02\x17"
#define UDP_ID   "\x0A\x01\x02\x03\x12\x34" /* 10.1.2.3:4660 */

/* SN12-FWD-01, SN12-FWD-03. */
Test(fwd_core, a_datagram_is_wrapped_and_its_answer_unwrapped)
{
	FROM_NODE(UDP, PINGREQ);
	cr_assert(SAID(0, TO_GATEWAY, "\x09\xFE\x00" UDP_ID PINGREQ));
	cr_assert(netaddr_equal(&w.said[0].addr, &w.gateway));
	FROM_GATEWAY("\x09\xFE\x00" UDP_ID PINGRESP);
	cr_assert(SAID(1, UDP, PINGRESP));
	cr_assert(netaddr_equal(&w.said[1].addr, &w.node));
	cr_assert(netaddr_equal(&w.said[1].local, &w.local));
	cr_assert_eq(fwd_counters(w.fwd)->to_gateway, 1);
	cr_assert_eq(fwd_counters(w.fwd)->to_nodes, 1);
	cr_assert_eq(w.traced, 4);
	cr_assert_eq(w.refused, 0);
}

Test(fwd_core, an_ipv6_node_has_an_id_of_18_octets)
{
	netaddr_parse(&w.node, "[2001:db8::5]:258", 0);
	FROM_NODE(UDP, PINGREQ);
	cr_assert(SAID(0, TO_GATEWAY,
	    "\x15\xFE\x00\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x05\x01\x02" PINGREQ));
}

Test(fwd_core, a_frame_gets_its_prefix_and_loses_it_again)
{
	FROM_NODE(FRAMES, "\x05\xFE\x00\x01\x02" PINGREQ);
	cr_assert(SAID(0, TO_GATEWAY, "\x06\xFE\x00\x77\x01\x02" PINGREQ));
	FROM_GATEWAY("\x06\xFE\x00\x77\x01\x02" PINGRESP);
	cr_assert(SAID(1, FRAMES, "\x05\xFE\x00\x01\x02" PINGRESP));
}

Test(fwd_core, a_single_node_has_the_id_of_its_line)
{
	FROM_NODE(PLAIN, PINGREQ);
	cr_assert(SAID(0, TO_GATEWAY, "\x05\xFE\x00\xAB\xCD" PINGREQ));
	FROM_GATEWAY("\x05\xFE\x00\xAB\xCD" PINGRESP);
	cr_assert(SAID(1, PLAIN, PINGRESP));
}

/* SN12-FWD-05: the radius of a frame from a node means nothing, reserved bits neither. */
Test(fwd_core, ctrl_from_the_radio_is_ignored)
{
	FROM_NODE(FRAMES, "\x04\xFE\xFF\x01" PINGREQ);
	cr_assert(SAID(0, TO_GATEWAY, "\x05\xFE\x00\x77\x01" PINGREQ));
}

/* SN12-FWD-13. */
Test(fwd_core, only_the_length_is_looked_at)
{
	FROM_NODE(PLAIN, "\x03\x03?"); /* a reserved type */
	cr_assert(SAID(0, TO_GATEWAY, "\x05\xFE\x00\xAB\xCD\x03\x03?"));
	FROM_NODE(PLAIN, "\x01\x00\x05\x1F!"); /* Length of 3 octets */
	cr_assert(SAID(1, TO_GATEWAY, "\x05\xFE\x00\xAB\xCD\x01\x00\x05\x1F!"));
	cr_assert_eq(fwd_counters(w.fwd)->malformed, 0);
}

Test(fwd_core, a_wrong_length_is_dropped_both_ways)
{
	static const char *const bad[] = { "", "\x02", "\x03\x16", "\x01\x16", "\x02\x16\x16",
		"\x01\x01\x00\x16" };
	static const size_t lengths[] = { 0, 1, 2, 2, 3, 4 };
	uint8_t wrapped[16] = "\x05\xFE\x00\xAB\xCD";

	FROM_NODE(PLAIN, PINGREQ);
	for (size_t i = 0; i < 6; i++) {
		from_node(PLAIN, bad[i], lengths[i]);
		memcpy(wrapped + 5, bad[i], lengths[i]);
		from_gateway(wrapped, 5 + lengths[i]);
	}
	cr_assert_eq(w.n, 1);
	cr_assert_eq(fwd_counters(w.fwd)->malformed, 12);
	cr_assert_eq(w.refused, 12);
}

/* Every truncation of a frame is refused; none reads beyond its end. */
Test(fwd_core, truncated_frames_are_refused)
{
	static const char frame[] = "\x05\xFE\x00\x01\x02\x0A\x0C\x00\x00\x01\x00\x00xyz";

	for (size_t len = 0; len < sizeof frame - 1; len++) {
		uint8_t *copy = malloc(len + 1);

		cr_assert_not_null(copy);
		memcpy(copy, frame, len);
		from_node(FRAMES, copy, len);
		free(copy);
	}
	cr_assert_eq(w.n, 0);
	cr_assert_eq(fwd_counters(w.fwd)->malformed, sizeof frame - 1);
	from_node(FRAMES, frame, sizeof frame - 1);
	cr_assert_eq(w.n, 1);
}

/* SN12-FWD-09. */
Test(fwd_core, nested_encapsulation_is_refused)
{
	FROM_NODE(UDP, "\x04\xFE\x00\x01" PINGREQ);
	FROM_NODE(FRAMES, "\x04\xFE\x00\x01\x04\xFE\x00\x02" PINGREQ);
	FROM_GATEWAY("\x04\xFE\x00\x01\x04\xFE\x00\x02" PINGREQ);
	cr_assert_eq(w.n, 0);
	cr_assert_eq(fwd_counters(w.fwd)->nested, 3);
}

/* SN12-FWD-11. */
Test(fwd_core, an_unknown_node_is_counted)
{
	FROM_GATEWAY("\x05\xFE\x00\xAB\xCD" PINGRESP);
	cr_assert_eq(w.n, 0);
	cr_assert_eq(fwd_counters(w.fwd)->unknown_nodes, 1);
}

Test(fwd_core, a_silent_node_is_forgotten)
{
	FROM_NODE(PLAIN, PINGREQ);
	w.now = monotime_add_ms(w.now, 59999);
	fwd_advance(w.fwd, w.now);
	cr_assert_eq(fwd_node_count(w.fwd), 1);
	cr_assert_leq(fwd_next_deadline(w.fwd).us, monotime_add_ms(w.now, 1).us);
	w.now = monotime_add_ms(w.now, 1);
	fwd_advance(w.fwd, w.now);
	cr_assert_eq(fwd_node_count(w.fwd), 0);
}

Test(fwd_core, the_table_is_bounded)
{
	for (uint16_t port = 1; port <= 10; port++) {
		w.node.port = port;
		FROM_NODE(UDP, PINGREQ);
	}
	cr_assert_eq(fwd_node_count(w.fwd), 4);
	cr_assert_eq(fwd_counters(w.fwd)->nodes_replaced, 6);
}

Test(fwd_core, a_node_that_moves_is_reached_where_it_was_heard_last)
{
	FROM_NODE(FRAMES, "\x04\xFE\x00\x01" PINGREQ);
	/* The id 7701 of another side: no prefix there. */
	netaddr_parse(&w.node, "119.1.0.0:0", 0);
	FROM_NODE(UDP, PINGREQ);
	FROM_NODE(UDP_GROUP, PINGREQ);
	cr_assert_eq(fwd_counters(w.fwd)->nodes_moved, 1);
	w.n = 0;
	FROM_GATEWAY("\x09\xFE\x00\x77\x01\0\0\0\0" PINGRESP);
	cr_assert(SAID(0, UDP_GROUP, PINGRESP));
}

Test(fwd_core, what_is_longer_than_the_radio_carries_is_refused_both_ways)
{
	uint8_t message[108] = "\x05\xFE\x00\xAB\xCD";

	FROM_NODE(PLAIN, PINGREQ);
	memset(message + 5, 'x', sizeof message - 5);
	message[5] = 100;
	message[6] = 0x0C;
	from_node(PLAIN, message + 5, 100);
	from_gateway(message, 105);
	cr_assert_eq(w.n, 3);
	message[5] = 101;
	from_node(PLAIN, message + 5, 101);
	from_gateway(message, 106);
	cr_assert_eq(w.n, 3);
	cr_assert_eq(fwd_counters(w.fwd)->oversize, 2);
	cr_assert_eq(w.oversizes, 2);
}

/* --- broadcasts: SN12-FWD-06, SN12-FWD-12, SN12-DISCO-12 --- */

#define ADVERTISE "\x05\x00\x01\x03\x84"
#define GWINFO    "\x03\x02\x01"

Test(fwd_core, advertise_in_encapsulation_reaches_all_nodes_with_its_radius)
{
	FROM_NODE(UDP, PINGREQ);
	w.n = 0;
	FROM_GATEWAY("\x03\xFE\x02" ADVERTISE);
	cr_assert_eq(w.n, 4);
	cr_assert(SAID(0, UDP, ADVERTISE));
	cr_assert(SAID(1, UDP_GROUP, ADVERTISE));
	cr_assert(w.said[1].group);
	cr_assert_eq(w.said[1].radius, 2);
	cr_assert(SAID(2, FRAMES, "\x03\xFE\x02" ADVERTISE));
	cr_assert(SAID(3, PLAIN, ADVERTISE));
	cr_assert_eq(fwd_counters(w.fwd)->broadcasts, 1);
}

/* SN12-DISCO-12 */
Test(fwd_core, advertise_of_the_gateway_in_use_is_handed_to_all_nodes)
{
	FROM_GATEWAY(ADVERTISE);
	cr_assert_eq(w.n, 3);
	w.n = 0;
	fwd_from_gateway(w.fwd, w.now, &w.other, (const uint8_t *)ADVERTISE, 5);
	cr_assert_eq(w.n, 0);
	cr_assert_eq(fwd_counters(w.fwd)->strangers, 1);
}

/* SN12-FWD-12 */
Test(fwd_core, gwinfo_is_for_all_whatever_its_id_and_for_the_one_who_asked)
{
	FROM_NODE(UDP, "\x03\x01\x00");
	w.node.port++;
	FROM_NODE(UDP, PINGREQ); /* did not ask */
	w.n = 0;
	FROM_GATEWAY("\x09\xFE\x01" UDP_ID GWINFO);
	cr_assert_eq(w.n, 4);
	cr_assert(SAID(0, UDP_GROUP, GWINFO));
	cr_assert(SAID(1, FRAMES, "\x03\xFE\x01" GWINFO));
	cr_assert(SAID(2, PLAIN, GWINFO));
	cr_assert(SAID(3, UDP, GWINFO));
	cr_assert_eq(w.said[3].addr.port, 4660);
	w.n = 0;
	FROM_GATEWAY("\x05\xFE\x01\x99\x99" GWINFO); /* of a node that is not known */
	cr_assert_eq(w.n, 3);
	cr_assert_eq(fwd_counters(w.fwd)->unknown_nodes, 0);
}

Test(fwd_core, a_broadcast_that_is_too_long_for_a_side_leaves_it_out)
{
	uint8_t gwinfo[3 + 150] = "\x03\xFE\x00\x96\x02\x01";

	from_gateway(gwinfo, sizeof gwinfo);
	cr_assert_eq(w.n, 1);
	cr_assert_eq(w.said[0].where, UDP_GROUP);
	cr_assert_eq(fwd_counters(w.fwd)->oversize, 2);
}

/* --- gateways --- */

Test(fwd_core, frames_of_strangers_are_refused)
{
	FROM_NODE(PLAIN, PINGREQ);
	w.n = 0;
	fwd_from_gateway(
	    w.fwd, w.now, &w.other, (const uint8_t *)"\x05\xFE\x00\xAB\xCD" PINGRESP, 7);
	cr_assert_eq(w.n, 0);
	cr_assert_eq(fwd_counters(w.fwd)->strangers, 1);
}

Test(fwd_core, what_a_gateway_says_to_the_forwarder_itself_goes_no_further)
{
	FROM_GATEWAY("\x02\x18");
	FROM_GATEWAY(GWINFO);
	FROM_GATEWAY("\x02\x18\x00");
	cr_assert_eq(w.n, 0);
	cr_assert_eq(fwd_counters(w.fwd)->malformed, 1);
}

Test(fwd_core, without_a_gateway_one_is_searched_and_messages_are_counted)
{
	struct fwd_config c = config();

	c.gateways.n_fixed = 0;
	c.gateways.discover = true;
	fwd_configure(w.fwd, &c, w.now);
	cr_assert_null(fwd_gateway(w.fwd));
	FROM_NODE(PLAIN, PINGREQ);
	cr_assert_eq(fwd_counters(w.fwd)->no_gateway, 1);
	fwd_advance(w.fwd, w.now);
	cr_assert_eq(w.searches, 1);
	/* A client's GWINFO speaks of somebody else. */
	fwd_from_gateway(w.fwd, w.now, &w.other,
	    (const uint8_t *)"\x07\x02\x01"
	                     "abcd",
	    7);
	cr_assert_null(fwd_gateway(w.fwd));
	fwd_from_gateway(w.fwd, w.now, &w.other, (const uint8_t *)GWINFO, 3);
	cr_assert(netaddr_equal(fwd_gateway(w.fwd), &w.other));
	FROM_NODE(PLAIN, PINGREQ);
	cr_assert(SAID(0, TO_GATEWAY, "\x05\xFE\x00\xAB\xCD" PINGREQ));
}

Test(fwd_core, a_gateway_that_falls_silent_is_left)
{
	struct fwd_config c = config();

	c.gateways.fixed[c.gateways.n_fixed++] = w.other;
	fwd_configure(w.fwd, &c, w.now);
	for (int s = 0; s <= 50; s++) {
		w.now = monotime_add_ms(w.now, 1000);
		w.n = 0;
		fwd_advance(w.fwd, w.now);
		for (size_t i = 0; i < w.n; i++) {
			cr_assert(SAID(i, TO_GATEWAY, PINGREQ));
			if (netaddr_equal(&w.said[i].addr, &w.other))
				fwd_from_gateway(
				    w.fwd, w.now, &w.other, (const uint8_t *)"\x02\x18", 2);
		}
	}
	cr_assert(netaddr_equal(fwd_gateway(w.fwd), &w.other));
	cr_assert_eq(fwd_counters(w.fwd)->gateway_changes, 2);
}
