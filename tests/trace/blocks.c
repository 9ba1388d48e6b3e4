/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/trace/blocks.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <string.h>

static uint64_t little(const uint8_t *p, int n)
{
	return n == 0 ? 0 : p[0] | little(p + 1, n - 1) << 8;
}

static uint16_t big_16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t read_block(const uint8_t **at, const uint8_t *end)
{
	const uint8_t *block = *at;
	uint32_t len;

	cr_assert_geq(end - block, 12);
	len = (uint32_t)little(block + 4, 4);
	cr_assert_eq(len % 4, 0);
	cr_assert_leq(len, end - block);
	cr_assert_eq(little(block + len - 4, 4), len);
	*at = block + len;
	return (uint32_t)little(block, 4);
}

void read_head(const uint8_t **at, const uint8_t *end)
{
	const uint8_t *section = *at, *interface;

	cr_assert_eq(read_block(at, end), BLOCK_SECTION);
	cr_assert_eq(little(section + 8, 4), 0x1A2B3C4D);
	cr_assert_eq(little(section + 12, 4), 1, "version 1.0");
	interface = *at;
	cr_assert_eq(read_block(at, end), BLOCK_INTERFACE);
	cr_assert_eq(little(interface + 8, 2), 101, "raw IP");
}

static void read_options(const uint8_t *at, const uint8_t *end, struct read_packet *out)
{
	while (true) {
		uint16_t code = (uint16_t)little(at, 2), len = (uint16_t)little(at + 2, 2);

		at += 4;
		cr_assert_leq(at + len, end);
		if (code == 0)
			break;
		if (code == 1) {
			cr_assert_lt(len, sizeof out->comment);
			memcpy(out->comment, at, len);
			out->comment[len] = '\0';
		} else if (code == 2) {
			out->flags = (uint32_t)little(at, len);
		} else if (code == 4) {
			out->dropped = little(at, len);
		} else {
			cr_assert_fail("option %u", code);
		}
		at += (len + 3) / 4 * 4;
	}
	cr_assert_eq(at, end, "the end of options is the end of the block");
}

/* RFC 1071. */
static uint32_t add_up(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

/* Returns the UDP header. */
static const uint8_t *read_ip(const uint8_t *ip, size_t len, struct read_packet *out)
{
	size_t address = 4, header = 20;

	out->ip_version = ip[0] >> 4;
	if (out->ip_version == 4) {
		cr_assert_eq(ip[0], 0x45);
		cr_assert_eq(big_16(ip + 2), len);
		cr_assert_eq(ip[9], 17, "UDP");
		cr_assert_eq(add_up(0, ip, 20), 0xffff, "checksum of the header");
		out->from = ip + 12;
	} else {
		cr_assert_eq(out->ip_version, 6);
		address = 16;
		header = 40;
		cr_assert_eq(big_16(ip + 4), len - header);
		cr_assert_eq(ip[6], 17, "UDP");
		out->from = ip + 8;
	}
	out->to = out->from + address;
	cr_assert_eq(add_up(add_up(17 + (uint32_t)(len - header), out->from, 2 * address),
	                 ip + header, len - header),
	    0xffff, "checksum of UDP");
	return ip + header;
}

struct read_packet read_packet(const uint8_t **at, const uint8_t *end)
{
	const uint8_t *block = *at, *udp;
	struct read_packet out = { 0 };
	size_t len;

	cr_assert_eq(read_block(at, end), BLOCK_PACKET);
	cr_assert_eq(little(block + 8, 4), 0, "the interface");
	out.us = little(block + 12, 4) << 32 | little(block + 16, 4);
	len = little(block + 20, 4);
	cr_assert_eq(little(block + 24, 4), len, "all of it was captured");
	udp = read_ip(block + 28, len, &out);
	out.from_port = big_16(udp);
	out.to_port = big_16(udp + 2);
	out.data = udp + 8;
	out.len = (size_t)big_16(udp + 4) - 8;
	cr_assert_neq(big_16(udp + 6), 0, "there is a checksum");
	cr_assert_eq(out.data + out.len, block + 28 + len);
	read_options(block + 28 + (len + 3) / 4 * 4, *at - 4, &out);
	return out;
}
