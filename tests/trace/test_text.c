/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/text.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/err.h"
#include "gateway/trace/label.h"

static struct peer peer;

static void setup(void)
{
	peer = (struct peer){ 0 };
	cr_assert_eq(netaddr_parse(&peer.addr, "127.0.0.1:4711", 0), 0);
}

TestSuite(text, .init = setup);

static void expect_seen(const struct seen *seen, const char *expected)
{
	char line[TRACE_TEXT_MAX];

	cr_assert_str_eq(text_print(seen, line), expected);
}

static struct seen seen_packet(const struct gw_packet *packet)
{
	return (struct seen){ .client_id = packet->client_id, .packet = packet, .payloads = true };
}

static void expect_trace(const struct gw_packet *packet, const char *expected)
{
	struct seen seen = seen_packet(packet);

	expect_seen(&seen, expected);
}

static void expect_hidden(const struct gw_packet *packet, const char *expected)
{
	struct seen seen = seen_packet(packet);

	seen.payloads = false;
	expect_seen(&seen, expected);
}

static void expect_call(const struct up_call *call, const char *expected)
{
	expect_seen(
	    &(struct seen){ .client_id = "pump-7", .call = call, .payloads = true }, expected);
}

static void expect_event(const struct up_event *event, const char *expected)
{
	expect_seen(
	    &(struct seen){ .client_id = "pump-7", .event = event, .payloads = true }, expected);
}

static struct sn_bytes bytes(const char *text)
{
	return (struct sn_bytes){ (const uint8_t *)text, strlen(text) };
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

Test(text, heard)
{
	struct sn_packet p;
	struct gw_packet packet = publish(&p, "23.5", 4);

	expect_trace(&packet, "pump-7 127.0.0.1:4711 > PUBLISH qos=1 tid=1 mid=2 \"23.5\"");
}

Test(text, said)
{
	struct sn_packet p = { .type = SN_PINGRESP };
	struct gw_packet packet = {
		.out = true, .peer = &peer, .client_id = "pump-7", .packet = &p
	};

	expect_trace(&packet, "pump-7 127.0.0.1:4711 < PINGRESP");
}

Test(text, refused_with_its_verdict)
{
	struct sn_packet p;
	struct gw_packet packet = publish(&p, "x", 1);

	packet.client_id = NULL;
	packet.verdict = "no session";
	expect_trace(&packet, "- 127.0.0.1:4711 > PUBLISH qos=1 tid=1 mid=2 \"x\" -- no session");
}

Test(text, behind_a_forwarder)
{
	struct sn_packet p = { .type = SN_PINGREQ };
	struct gw_packet packet = { .peer = &peer, .client_id = "pump-7", .packet = &p };

	peer.encapsulated = 1;
	peer.node_len = 2;
	peer.node[1] = 0x0f;
	expect_trace(&packet, "pump-7 127.0.0.1:4711/000f > PINGREQ");
}

Test(text, no_packet_is_shown_by_its_octets)
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

Test(text, a_long_payload_is_cut_and_its_length_told)
{
	static uint8_t data[8000];
	char line[TRACE_TEXT_MAX];
	struct sn_packet p;
	struct gw_packet packet = publish(&p, data, sizeof data);
	struct seen seen = seen_packet(&packet);

	memset(data, 'x', sizeof data);
	text_print(&seen, line);
	cr_assert_not_null(strstr(line, "xxx\"...(8000)"), "%s", line);
	cr_assert_lt(strlen(line), 250);
}

/* The longest of everything: what does not fit is cut, and the verdict still stands at the end. */
Test(text, a_line_that_is_too_long_is_cut_before_the_verdict)
{
	static uint8_t name[60000];
	static const char end[] = "nnn... -- limit reached";
	char id[400], line[TRACE_TEXT_MAX + 1];
	struct sn_packet p = { .type = SN_REGISTER, .reg.topic = { name, sizeof name } };
	struct gw_packet packet = {
		.peer = &peer, .client_id = id, .packet = &p, .verdict = "limit reached"
	};
	struct seen seen = seen_packet(&packet);

	memset(name, 'n', sizeof name);
	memset(id, '\x80', sizeof id - 1);
	id[sizeof id - 1] = '\0';
	peer.encapsulated = 1;
	peer.node_len = SN_NODE_ID_MAX;
	line[TRACE_TEXT_MAX] = 'E';
	text_print(&seen, line);
	cr_assert_eq(line[TRACE_TEXT_MAX], 'E');
	cr_assert_eq(strlen(line), TRACE_TEXT_MAX - 1);
	cr_assert_str_eq(line + strlen(line) - strlen(end), end);
}

Test(text, hidden_payloads_leave_their_length)
{
	static const uint8_t garbage[] = { 0x09, 0x0c, 's', 'e', 'c', 'r', 'e', 't' };
	static const uint8_t long_garbage[] = { 0x01, 0x00, 0x09, 0x0c, 's', 'e', 'c' };
	struct sn_packet p;
	struct gw_packet packet = publish(&p, "23.5", 4);

	expect_hidden(&packet, "pump-7 127.0.0.1:4711 > PUBLISH qos=1 tid=1 mid=2 \"\"...(4)");
	p = (struct sn_packet){ .type = SN_WILLMSG, .will_msg.message = bytes("gone") };
	expect_hidden(&packet, "pump-7 127.0.0.1:4711 > WILLMSG \"\"...(4)");
	p = (struct sn_packet){ .type = SN_WILLMSGUPD, .will_msg.message = bytes("gone") };
	expect_hidden(&packet, "pump-7 127.0.0.1:4711 > WILLMSGUPD \"\"...(4)");

	packet = (struct gw_packet){
		.peer = &peer, .data = garbage, .len = sizeof garbage, .verdict = "bad length"
	};
	expect_hidden(&packet, "- 127.0.0.1:4711 > 090c...(8) -- bad length");
	packet.data = long_garbage;
	packet.len = sizeof long_garbage;
	expect_hidden(&packet, "- 127.0.0.1:4711 > 0100090c...(7) -- bad length");
	packet.len = 1;
	expect_hidden(&packet, "- 127.0.0.1:4711 > 01 -- bad length");
}

Test(text, calls_to_the_broker)
{
	struct up_will will = {
		.topic = "wills/pump-7", .message = bytes("gone"), .qos = 1, .retain = true
	};
	struct up_spec spec = { .client_id = "pump-7", .clean = true };

	expect_call(&(struct up_call){ .kind = UP_CALL_CONNECT, .spec = &spec },
	    "pump-7 broker < CONNECT clean");
	spec = (struct up_spec){ .client_id = "pump-7", .will = &will };
	expect_call(&(struct up_call){ .kind = UP_CALL_CONNECT, .spec = &spec },
	    "pump-7 broker < CONNECT will \"wills/pump-7\" qos=1 retain len=4 \"gone\"");
	expect_call(
	    &(struct up_call){ .kind = UP_CALL_RECONNECT }, "pump-7 broker < CONNECT again");
	expect_call(&(struct up_call){ .kind = UP_CALL_RECONNECT, .user = "pumps" },
	    "pump-7 broker < CONNECT again user \"pumps\"");
	expect_call(&(struct up_call){ .kind = UP_CALL_CONNECT, .spec = &spec, .user = "a\nb" },
	    "pump-7 broker < CONNECT user \"a\\nb\" will \"wills/pump-7\" qos=1 retain len=4 \"gone\"");
	expect_call(&(struct up_call){ .kind = UP_CALL_CLOSE, .farewell = UP_DISCONNECT },
	    "pump-7 broker < DISCONNECT");
	expect_call(&(struct up_call){ .kind = UP_CALL_CLOSE, .farewell = UP_ABORT },
	    "pump-7 broker < CLOSE");
	expect_call(&(struct up_call){ .kind = UP_CALL_PUBLISH,
	                .topic = "a/b",
	                .payload = bytes("a\n\"\x80"),
	                .qos = 2,
	                .retain = true,
	                .token = 7 },
	    "pump-7 broker < PUBLISH qos=2 retain token=7 \"a/b\" len=4 \"a\\n\\\"\\x80\"");
	expect_call(&(struct up_call){ .kind = UP_CALL_PUBLISH, .topic = "a", .rc = -ERR_STATE },
	    "pump-7 broker < PUBLISH qos=0 \"a\" len=0 \"\" -- not possible now");
	expect_call(
	    &(struct up_call){ .kind = UP_CALL_SUBSCRIBE, .topic = "a/+", .qos = 1, .token = 8 },
	    "pump-7 broker < SUBSCRIBE qos=1 token=8 \"a/+\"");
	expect_call(&(struct up_call){ .kind = UP_CALL_UNSUBSCRIBE, .topic = "a/+", .token = 9 },
	    "pump-7 broker < UNSUBSCRIBE token=9 \"a/+\"");
	expect_call(
	    &(struct up_call){ .kind = UP_CALL_PAUSE, .paused = true }, "pump-7 broker < PAUSE");
	expect_call(&(struct up_call){ .kind = UP_CALL_PAUSE }, "pump-7 broker < RESUME");
}

Test(text, events_of_the_broker)
{
	expect_event(&(struct up_event){ .kind = UP_CONNECTED }, "pump-7 broker > CONNACK");
	expect_event(&(struct up_event){ .kind = UP_CONNECTED, .session_present = true },
	    "pump-7 broker > CONNACK present");
	expect_event(&(struct up_event){ .kind = UP_REFUSED, .down.why = "refused" },
	    "pump-7 broker > REFUSED -- refused");
	expect_event(&(struct up_event){ .kind = UP_LOST, .down.why = "closed" },
	    "pump-7 broker > LOST -- closed");
	expect_event(&(struct up_event){ .kind = UP_PUBLISHED, .token = 7 },
	    "pump-7 broker > PUBACK token=7");
	expect_event(&(struct up_event){ .kind = UP_SUBSCRIBED, .token = 8, .granted_qos = 1 },
	    "pump-7 broker > SUBACK token=8 qos=1");
	expect_event(&(struct up_event){ .kind = UP_SUBSCRIBED, .token = 8, .granted_qos = -1 },
	    "pump-7 broker > SUBACK token=8 refused");
	expect_event(&(struct up_event){ .kind = UP_UNSUBSCRIBED, .token = 9 },
	    "pump-7 broker > UNSUBACK token=9");
	expect_event(
	    &(struct up_event){ .kind = UP_MESSAGE, .message = { "a/b", bytes("open"), 1, true } },
	    "pump-7 broker > PUBLISH qos=1 retain \"a/b\" len=4 \"open\"");
}

Test(text, payloads_are_hidden_on_the_way_to_the_broker_too)
{
	struct up_will will = { .topic = "w", .message = bytes("gone") };
	struct up_spec spec = { .client_id = "pump-7", .will = &will };
	struct up_call call = { .kind = UP_CALL_CONNECT, .spec = &spec };
	struct up_event event = { .kind = UP_MESSAGE, .message = { "a", bytes("open"), 0, false } };

	expect_seen(&(struct seen){ .client_id = "pump-7", .call = &call },
	    "pump-7 broker < CONNECT will \"w\" qos=0 len=4 \"\"...(4)");
	call = (struct up_call){ .kind = UP_CALL_PUBLISH, .topic = "a", .payload = bytes("shut") };
	expect_seen(&(struct seen){ .client_id = "pump-7", .call = &call },
	    "pump-7 broker < PUBLISH qos=0 \"a\" len=4 \"\"...(4)");
	expect_seen(&(struct seen){ .client_id = "pump-7", .event = &event },
	    "pump-7 broker > PUBLISH qos=0 \"a\" len=4 \"\"...(4)");
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
