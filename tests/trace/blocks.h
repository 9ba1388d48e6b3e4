/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads pcapng back, by its draft alone: what the gateway writes shares no line with this. */
#ifndef TESTS_TRACE_BLOCKS_H
#define TESTS_TRACE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#define BLOCK_SECTION   0x0A0D0D0Au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET    6u

/* A packet with IP and UDP headers; pointers go into what was read. */
struct read_packet {
	uint64_t us;
	uint8_t ip_version;
	const uint8_t *from, *to; /* addresses, 4 or 16 octets */
	uint16_t from_port, to_port;
	const uint8_t *data;
	size_t len;
	char comment[512]; /* "" if there is none */
	uint32_t flags;
	uint64_t dropped;
};

/* The block at *@at, which goes to the next one; fails the test if its frame is broken.  Returns
 * its type. */
uint32_t read_block(const uint8_t **at, const uint8_t *end);

/* Skips section and interface, and fails if they are not there. */
void read_head(const uint8_t **at, const uint8_t *end);

/* The packet at *@at; checks every length and checksum. */
struct read_packet read_packet(const uint8_t **at, const uint8_t *end);

#endif
