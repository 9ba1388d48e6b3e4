/* SPDX-License-Identifier: BSD-3-Clause */
#include <criterion/criterion.h>
#include <string.h>

#include "forwarder/trace.h"

static char line[TRACE_LINE_MAX];

Test(trace, a_message_of_a_node_with_its_address)
{
	struct netaddr addr;
	struct fwd_packet packet = { .addr = &addr, .data = (const uint8_t *)"\x02\x16", .len = 2 };

	netaddr_parse(&addr, "192.0.2.7:3000", 0);
	cr_assert_str_eq(trace_print("udp 0.0.0.0:1885", &packet, line),
	    "udp 0.0.0.0:1885 192.0.2.7:3000 > PINGREQ");
}

Test(trace, a_frame_with_its_node)
{
	struct fwd_packet packet = { .out = true,
		.encapsulated = true,
		.radius = 2,
		.node_id = { (const uint8_t *)"\x0A\x01", 2 },
		.data = (const uint8_t *)"\x02\x17",
		.len = 2 };

	cr_assert_str_eq(trace_print("serial /dev/ttyUSB0", &packet, line),
	    "serial /dev/ttyUSB0 < ENCAPSULATED radius=2 node=0a01 PINGRESP");
}

Test(trace, what_is_no_message_and_why_it_was_dropped)
{
	struct fwd_packet packet = {
		.data = (const uint8_t *)"\x03\x16", .len = 2, .verdict = "malformed"
	};

	cr_assert_str_eq(trace_print("serial x", &packet, line), "serial x > 0316 -- malformed");
	packet.len = 0;
	cr_assert_str_eq(trace_print("serial x", &packet, line), "serial x > nothing -- malformed");
}

Test(trace, a_line_is_cut_and_keeps_the_verdict)
{
	static uint8_t message[4000];
	struct fwd_packet packet = { .data = message, .len = sizeof message, .verdict = "why" };
	static const uint8_t head[] = { 1, 4000 >> 8, 4000 & 255, 0x0A, 0, 1, 0, 1 };

	memset(message, '\\', sizeof message);
	memcpy(message, head, sizeof head);
	trace_print("serial x", &packet, line);
	cr_assert_lt(strlen(line), TRACE_LINE_MAX);
	cr_assert_str_eq(line + strlen(line) - strlen("... -- why"), "... -- why");
}
