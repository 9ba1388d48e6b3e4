/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/trace.h"

#include <criterion/criterion.h>
#include <string.h>

#include "gateway/trace/label.h"
#include "tests/gateway/captured_log.h"

static struct peer peer;

static void setup(void)
{
	peer = (struct peer){ 0 };
	cr_assert_eq(netaddr_parse(&peer.addr, "127.0.0.1:4711", 0), 0);
}

TestSuite(trace, .init = setup);

static void expect_trace(const struct gw_packet *packet, const char *expected)
{
	char line[TRACE_LINE_MAX];

	cr_assert_str_eq(trace_print(packet, line), expected);
}

static struct gw_packet publish(struct sn_packet *p, const void *data, size_t len)
{
	*p = (struct sn_packet){ .type = SN_PUBLISH };
	p->publish.flags.qos = 1;
	p->publish.topic_id = 1;
	p->publish.msg_id = 2;
	p->publish.data = (struct sn_bytes){ data, len };
	return (struct gw_packet){ .peer = &peer, .client_id = "pump-7", .packet = p };
}

Test(trace, heard)
{
	struct sn_packet p;
	struct gw_packet packet = publish(&p, "23.5", 4);

	expect_trace(&packet, "pump-7 127.0.0.1:4711 > PUBLISH qos=1 tid=1 mid=2 \"23.5\"");
}

Test(trace, said)
{
	struct sn_packet p = { .type = SN_PINGRESP };
	struct gw_packet packet = {
		.out = true, .peer = &peer, .client_id = "pump-7", .packet = &p
	};

	expect_trace(&packet, "pump-7 127.0.0.1:4711 < PINGRESP");
}

Test(trace, refused_with_its_verdict)
{
	struct sn_packet p;
	struct gw_packet packet = publish(&p, "x", 1);

	packet.client_id = NULL;
	packet.verdict = "no session";
	expect_trace(&packet, "- 127.0.0.1:4711 > PUBLISH qos=1 tid=1 mid=2 \"x\" -- no session");
}

Test(trace, behind_a_forwarder)
{
	struct sn_packet p = { .type = SN_PINGREQ };
	struct gw_packet packet = { .peer = &peer, .client_id = "pump-7", .packet = &p };

	peer.encapsulated = 1;
	peer.node_len = 2;
	peer.node[1] = 0x0f;
	expect_trace(&packet, "pump-7 127.0.0.1:4711/000f > PINGREQ");
}

Test(trace, no_packet_is_shown_by_its_octets)
{
	uint8_t octets[200];
	char expected[600];
	struct gw_packet packet = {
		.peer = &peer, .data = octets, .len = 3, .verdict = "bad length"
	};

	memcpy(octets, "\x02\x16\x00", 3);
	expect_trace(&packet, "- 127.0.0.1:4711 > 021600 -- bad length");

	packet.len = 0;
	expect_trace(&packet, "- 127.0.0.1:4711 > nothing -- bad length");

	memset(octets, 0xab, sizeof octets);
	packet.len = sizeof octets;
	strcpy(expected, "- 127.0.0.1:4711 > ");
	for (int i = 0; i < 128; i++)
		strcat(expected, "ab");
	strcat(expected, "...(200) -- bad length");
	expect_trace(&packet, expected);
}

Test(trace, a_long_payload_is_cut_and_its_length_told)
{
	static uint8_t data[8000];
	char line[TRACE_LINE_MAX];
	struct sn_packet p;
	struct gw_packet packet = publish(&p, data, sizeof data);

	memset(data, 'x', sizeof data);
	trace_print(&packet, line);
	cr_assert_not_null(strstr(line, "xxx\"...(8000)"), "%s", line);
	cr_assert_lt(strlen(line), 250);
}

/* The longest of everything: what does not fit is cut, and the verdict still stands at the end. */
Test(trace, a_line_that_is_too_long_is_cut_before_the_verdict)
{
	static uint8_t name[60000];
	static const char end[] = "nnn... -- limit reached";
	char id[400], line[TRACE_LINE_MAX + 1];
	struct sn_packet p = { .type = SN_REGISTER, .reg.topic = { name, sizeof name } };
	struct gw_packet packet = {
		.peer = &peer, .client_id = id, .packet = &p, .verdict = "limit reached"
	};

	memset(name, 'n', sizeof name);
	memset(id, '\x80', sizeof id - 1);
	id[sizeof id - 1] = '\0';
	peer.encapsulated = 1;
	peer.node_len = SN_NODE_ID_MAX;
	line[TRACE_LINE_MAX] = 'E';
	trace_print(&packet, line);
	cr_assert_eq(line[TRACE_LINE_MAX], 'E');
	cr_assert_eq(strlen(line), TRACE_LINE_MAX - 1);
	cr_assert_str_eq(line + strlen(line) - strlen(end), end);
}

Test(trace, is_a_line_of_the_log)
{
	struct sn_packet p;
	struct gw_packet packet = publish(&p, "a\nb", 3);

	capture_log();
	trace_packet(&packet);
	cr_assert_eq(lines_with(""), 1);
	cr_assert_eq(
	    lines_with("pump-7 127.0.0.1:4711 > PUBLISH qos=1 tid=1 mid=2 \"a\\nb\"\n"), 1);
}

Test(label, keeps_visible_ascii_and_escapes_the_rest)
{
	char buf[LABEL_MAX];

	cr_assert_str_eq(label_print("pump-7_!~", buf), "pump-7_!~");
	cr_assert_str_eq(label_print("a b\"\xc3\xbc", buf), "a\\x20b\\x22\\xc3\\xbc");
	cr_assert_str_eq(label_print("", buf), "");
	cr_assert_str_eq(label_print(NULL, buf), "-");
}

Test(label, is_cut_inside_its_buffer)
{
	char id[200], buf[LABEL_MAX + 1];

	for (size_t len = 0; len < sizeof id; len++) {
		memset(id, len % 2 == 0 ? 'x' : '\n', len);
		id[len] = '\0';
		buf[LABEL_MAX] = 'E';
		label_print(id, buf);
		cr_assert_eq(buf[LABEL_MAX], 'E');
		cr_assert_lt(strlen(buf), LABEL_MAX);
	}
	cr_assert_str_eq(buf + strlen(buf) - 3, "...");
}
