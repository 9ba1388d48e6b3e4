/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/pcapng.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/trace/blocks.h"

static uint8_t buf[PCAPNG_PACKET_MAX];
static uint8_t datagram[65536];
static struct peer peer;
static struct sn_packet decoded;
static struct gw_packet packet;
static struct seen seen;

static void between(const char *from, const char *to)
{
	cr_assert_eq(netaddr_parse(&seen.from, from, 0), 0);
	cr_assert_eq(netaddr_parse(&seen.to, to, 0), 0);
}

/* A PUBLISH of "23.5" from pump-7. */
static void setup(void)
{
	static const uint8_t octets[] = { 11, SN_PUBLISH, 0x20, 0, 1, 0, 2, '2', '3', '.', '5' };

	memcpy(datagram, octets, sizeof octets);
	cr_assert_eq(sn_decode(datagram, sizeof octets, &decoded), SN_OK);
	peer = (struct peer){ 0 };
	packet = (struct gw_packet){
		.peer = &peer, .data = datagram, .len = sizeof octets, .packet = &decoded
	};
	seen = (struct seen){ .wall_us = 1795396336123456,
		.client_id = "pump-7",
		.packet = &packet,
		.payloads = true };
	between("10.0.0.5:4711", "10.0.0.1:1884");
}

TestSuite(pcapng, .init = setup);

static struct read_packet encode(uint64_t lost)
{
	size_t len = pcapng_packet(buf, &seen, lost);
	const uint8_t *at = buf;
	struct read_packet read;

	cr_assert_leq(len, sizeof buf);
	read = read_packet(&at, buf + len);
	cr_assert_eq(at, buf + len, "one block");
	return read;
}

Test(pcapng, begins_with_section_and_interface)
{
	uint8_t head[PCAPNG_HEAD_MAX];
	const uint8_t *at = head, *end = head + pcapng_head(head);

	read_head(&at, end);
	cr_assert_eq(at, end);
}

Test(pcapng, heard_by_ipv4)
{
	struct read_packet read = encode(0);

	cr_assert_eq(read.us, 1795396336123456);
	cr_assert_eq(read.ip_version, 4);
	cr_assert_eq(memcmp(read.from, "\x0a\0\0\x05", 4), 0);
	cr_assert_eq(memcmp(read.to, "\x0a\0\0\x01", 4), 0);
	cr_assert_eq(read.from_port, 4711);
	cr_assert_eq(read.to_port, 1884);
	cr_assert_eq(read.len, packet.len);
	cr_assert_eq(memcmp(read.data, datagram, packet.len), 0);
	cr_assert_str_eq(read.comment, "client=pump-7");
	cr_assert_eq(read.flags, 1, "inbound");
	cr_assert_eq(read.dropped, 0);
}

Test(pcapng, said_by_ipv6)
{
	struct read_packet read;

	between("[::1]:1884", "[fe80::5%3]:4711");
	packet.out = true;
	read = encode(0);
	cr_assert_eq(read.ip_version, 6);
	cr_assert_eq(memcmp(read.from, seen.from.ip, 16), 0);
	cr_assert_eq(memcmp(read.to, seen.to.ip, 16), 0);
	cr_assert_eq(read.from_port, 1884);
	cr_assert_eq(read.flags, 2, "outbound");
}

/* read_packet() checks the checksums; here are those whose sum has a carry, or is 0. */
Test(pcapng, checksums_of_any_content)
{
	packet.packet = NULL;
	for (size_t len = 0; len < 600; len++) {
		memset(datagram, (int)(len * 7), len);
		packet.len = len;
		cr_assert_eq(encode(0).len, len);
	}
	between("0.0.0.0:0", "0.0.0.0:0");
	packet.len = 4; /* of zeros: sum 17 + 2 * 12; this content makes it 0xffff, checksum 0 */
	memcpy(datagram, "\xff\xd6\0\0", 4);
	cr_assert_eq(encode(0).len, 4);
}

Test(pcapng, behind_a_forwarder_the_node_is_in_the_comment)
{
	peer.encapsulated = 1;
	peer.node_len = 2;
	peer.node[1] = 7;
	cr_assert_str_eq(encode(0).comment, "client=pump-7 node=0007");
}

Test(pcapng, a_verdict_and_losses_are_in_the_comment)
{
	struct read_packet read;

	seen.client_id = NULL;
	packet.verdict = "no session";
	read = encode(12);
	cr_assert_str_eq(read.comment, "verdict=\"no session\" lost=12");
	cr_assert_eq(read.dropped, 12);
	packet.verdict = NULL;
	cr_assert_str_eq(encode(0).comment, "");
}

Test(pcapng, the_longest_comment_fits)
{
	char id[400], verdict[400];

	memset(id, '\n', sizeof id - 1);
	memset(verdict, 'v', sizeof verdict - 1);
	id[sizeof id - 1] = verdict[sizeof verdict - 1] = '\0';
	seen.client_id = id;
	packet.verdict = verdict;
	peer.encapsulated = 1;
	peer.node_len = 20;
	cr_assert_gt(strlen(encode(UINT64_MAX).comment), 250);
}

static void expect_data(const char *octets)
{
	struct read_packet read = encode(0);

	cr_assert_eq(read.len, packet.len, "the length stays");
	cr_assert_eq(memcmp(read.data, octets, read.len), 0);
}

static void take(const char *octets, size_t len)
{
	memcpy(datagram, octets, len);
	packet.len = len;
	packet.packet = sn_decode(datagram, len, &decoded) == SN_OK ? &decoded : NULL;
}

Test(pcapng, hidden_payloads_are_zeros)
{
	seen.payloads = false;
	expect_data("\x0b\x0c\x20\0\1\0\2\0\0\0\0");
	cr_assert_eq(datagram[7], '2', "only in the trace");
	take("\x06\x09gone", 6); /* WILLMSG */
	expect_data("\x06\x09\0\0\0\0");
	take("\x06\x1cgone", 6); /* WILLMSGUPD */
	expect_data("\x06\x1c\0\0\0\0");
	take("\x07\x07\x10wills", 8); /* wrong length: no packet */
	cr_assert_null(packet.packet);
	expect_data("\x07\x07\0\0\0\0\0\0");
	take("\x08\x07\x10wills", 8); /* WILLTOPIC: a topic is no payload */
	expect_data("\x08\x07\x10wills");
	take("\x01", 1);
	expect_data("\x01");
}

Test(pcapng, the_longest_datagrams)
{
	packet.packet = NULL;
	packet.len = 65507;
	cr_assert_eq(encode(1).len, 65507);
	packet.len = 65508;
	cr_assert_eq(pcapng_packet(buf, &seen, 0), 0, "more than IPv4 can carry");
	between("[::1]:1884", "[::2]:4711");
	packet.len = 65527;
	cr_assert_eq(encode(1).len, 65527);
	packet.len = 65528;
	cr_assert_eq(pcapng_packet(buf, &seen, 0), 0);
}

Test(pcapng, without_addresses_it_is_no_packet)
{
	seen.to = (struct netaddr){ 0 };
	cr_assert_eq(pcapng_packet(buf, &seen, 0), 0);
	cr_assert_eq(netaddr_parse(&seen.to, "[::1]:1884", 0), 0);
	cr_assert_eq(pcapng_packet(buf, &seen, 0), 0);
}
