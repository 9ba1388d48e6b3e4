/* SPDX-License-Identifier: BSD-3-Clause */
#include <assert.h>
#include <string.h>

#include "tests/codec/packets.h"

/* The test vectors of the conformance list, then one for each shape that those leave out. */
const struct vector vectors[] = {
	/* SN12-MSG-01 */
	{ "05 00 01 03 84", "ADVERTISE gw=1 duration=900",
	    { SN_ADVERTISE, .advertise = { .gateway_id = 1, .duration = 900 } } },
	/* SN12-MSG-02 */
	{ "03 01 01", "SEARCHGW radius=1", { SN_SEARCHGW, .searchgw = { .radius = 1 } } },
	/* SN12-MSG-03 */
	{ "03 02 01", "GWINFO gw=1", { SN_GWINFO, .gwinfo = { .gateway_id = 1 } } },
	{ "07 02 01 C0 00 02 01", "GWINFO gw=1 addr=c0000201",
	    { SN_GWINFO, .gwinfo = { .gateway_id = 1, .address = BYTES("\xc0\0\2\1") } } },
	/* SN12-MSG-04 */
	{ "08 04 04 01 00 3C 63 31", "CONNECT id=c1 clean keepalive=60",
	    { SN_CONNECT, .connect = { .flags = { .clean = true },
	                      .protocol_id = 1,
	                      .keep_alive = 60,
	                      .client_id = BYTES("c1") } } },
	{ "08 04 0C 01 00 3C 63 31", "CONNECT id=c1 clean will keepalive=60",
	    { SN_CONNECT, .connect = { .flags = { .clean = true, .will = true },
	                      .protocol_id = 1,
	                      .keep_alive = 60,
	                      .client_id = BYTES("c1") } } },
	/* SN12-MSG-05 */
	{ "03 05 00", "CONNACK rc=accepted", { SN_CONNACK, .result = { SN_ACCEPTED } } },
	{ "03 05 01", "CONNACK rc=congestion", { SN_CONNACK, .result = { SN_CONGESTION } } },
	/* SN12-MSG-06 */
	{ "02 06", "WILLTOPICREQ", { SN_WILLTOPICREQ } },
	{ "02 08", "WILLMSGREQ", { SN_WILLMSGREQ } },
	/* SN12-MSG-07 */
	{ "04 07 30 77", "WILLTOPIC qos=1 retain \"w\"",
	    { SN_WILLTOPIC,
	        .will_topic = { .flags = { .qos = 1, .retain = true }, .topic = BYTES("w") } } },
	{ "02 07", "WILLTOPIC", { SN_WILLTOPIC } },
	/* SN12-MSG-08 */
	{ "05 09 62 79 65", "WILLMSG \"bye\"", { SN_WILLMSG, .will_msg = { BYTES("bye") } } },
	/* SN12-MSG-09 */
	{ "09 0A 00 00 00 01 61 2F 62", "REGISTER tid=0 mid=1 \"a/b\"",
	    { SN_REGISTER, .reg = { .msg_id = 1, .topic = BYTES("a/b") } } },
	/* SN12-MSG-10 */
	{ "07 0B 00 01 00 01 00", "REGACK tid=1 mid=1 rc=accepted",
	    { SN_REGACK, .topic_ack = { .topic_id = 1, .msg_id = 1 } } },
	/* SN12-MSG-11 */
	{ "09 0C 20 00 01 00 02 68 69", "PUBLISH qos=1 tid=1 mid=2 \"hi\"",
	    { SN_PUBLISH, .publish = { .flags = { .qos = 1 },
	                      .topic_id = 1,
	                      .msg_id = 2,
	                      .data = BYTES("hi") } } },
	{ "07 0C D1 00 05 00 07", "PUBLISH qos=2 dup retain pre=5 mid=7 \"\"",
	    { SN_PUBLISH, .publish = { .flags = { .dup = true,
	                                   .qos = 2,
	                                   .retain = true,
	                                   .topic_type = SN_TOPIC_PREDEFINED },
	                      .topic_id = 5,
	                      .msg_id = 7 } } },
	{ "08 0C 62 61 62 00 00 78", "PUBLISH qos=-1 short=\"ab\" \"x\"",
	    { SN_PUBLISH, .publish = { .flags = { .qos = -1, .topic_type = SN_TOPIC_SHORT },
	                      .topic_id = 'a' << 8 | 'b',
	                      .data = BYTES("x") } } },
	/* SN12-MSG-12 */
	{ "07 0D 00 01 00 02 02", "PUBACK tid=1 mid=2 rc=invalid-topic-id",
	    { SN_PUBACK,
	        .topic_ack = { .topic_id = 1, .msg_id = 2, .code = SN_INVALID_TOPIC_ID } } },
	/* SN12-MSG-13 */
	{ "04 0F 00 07", "PUBREC mid=7", { SN_PUBREC, .msg_ack = { 7 } } },
	{ "04 10 00 07", "PUBREL mid=7", { SN_PUBREL, .msg_ack = { 7 } } },
	{ "04 0E 00 07", "PUBCOMP mid=7", { SN_PUBCOMP, .msg_ack = { 7 } } },
	/* SN12-MSG-14 */
	{ "08 12 20 00 03 61 2F 2B", "SUBSCRIBE qos=1 mid=3 \"a/+\"",
	    { SN_SUBSCRIBE,
	        .subscribe = { .flags = { .qos = 1 }, .msg_id = 3, .topic = BYTES("a/+") } } },
	/* SN12-MSG-15 */
	{ "08 13 20 00 00 00 03 00", "SUBACK qos=1 tid=0 mid=3 rc=accepted",
	    { SN_SUBACK, .suback = { .flags = { .qos = 1 }, .msg_id = 3 } } },
	{ "07 12 01 00 04 00 05", "SUBSCRIBE qos=0 mid=4 pre=5",
	    { SN_SUBSCRIBE, .subscribe = { .flags = { .topic_type = SN_TOPIC_PREDEFINED },
	                        .msg_id = 4,
	                        .topic_id = 5 } } },
	/* SN12-MSG-16 */
	{ "08 14 00 00 05 61 2F 2B", "UNSUBSCRIBE mid=5 \"a/+\"",
	    { SN_UNSUBSCRIBE, .subscribe = { .msg_id = 5, .topic = BYTES("a/+") } } },
	/* SN12-MSG-17 */
	{ "04 15 00 05", "UNSUBACK mid=5", { SN_UNSUBACK, .msg_ack = { 5 } } },
	/* SN12-MSG-18 */
	{ "02 16", "PINGREQ", { SN_PINGREQ } },
	{ "04 16 63 31", "PINGREQ id=c1", { SN_PINGREQ, .pingreq = { BYTES("c1") } } },
	/* SN12-MSG-19 */
	{ "02 17", "PINGRESP", { SN_PINGRESP } },
	/* SN12-MSG-20 */
	{ "02 18", "DISCONNECT", { SN_DISCONNECT } },
	{ "04 18 00 3C", "DISCONNECT duration=60",
	    { SN_DISCONNECT, .disconnect = { .has_duration = true, .duration = 60 } } },
	/* SN12-MSG-21 */
	{ "05 1A 00 77 32", "WILLTOPICUPD \"w2\"",
	    { SN_WILLTOPICUPD, .will_topic = { .topic = BYTES("w2") } } },
	{ "02 1A", "WILLTOPICUPD", { SN_WILLTOPICUPD } },
	/* SN12-MSG-23 */
	{ "03 1B 00", "WILLTOPICRESP rc=accepted", { SN_WILLTOPICRESP } },
	/* SN12-MSG-22 */
	{ "03 1C 78", "WILLMSGUPD \"x\"", { SN_WILLMSGUPD, .will_msg = { BYTES("x") } } },
	{ "03 1D 00", "WILLMSGRESP rc=accepted", { SN_WILLMSGRESP } },
	/* SN12-MSG-24 */
	{ "05 FE 00 AA BB 02 16", "ENCAPSULATED radius=0 node=aabb PINGREQ",
	    { SN_ENCAPSULATED,
	        .encapsulated = { .node_id = BYTES("\xaa\xbb"), .inner = BYTES("\2\x16") } } },

	{ "06 04 00 02 00 00", "CONNECT id=\"\" keepalive=0 proto=2",
	    { SN_CONNECT, .connect = { .protocol_id = 2 } } },
	{ "03 05 C8", "CONNACK rc=200", { SN_CONNACK, .result = { 200 } } },
	{ "04 07 60 77", "WILLTOPIC qos=-1 \"w\"",
	    { SN_WILLTOPIC, .will_topic = { .flags = { .qos = -1 }, .topic = BYTES("w") } } },
	{ "02 09", "WILLMSG \"\"", { SN_WILLMSG } },
	{ "06 0A FF FF 00 01", "REGISTER tid=65535 mid=1 \"\"",
	    { SN_REGISTER, .reg = { .topic_id = 65535, .msg_id = 1 } } },
	{ "07 0C 03 12 34 00 00", "PUBLISH qos=0 reserved tid=4660 \"\"",
	    { SN_PUBLISH,
	        .publish = { .flags = { .topic_type = SN_TOPIC_RESERVED }, .topic_id = 0x1234 } } },
	{ "05 12 60 00 01", "SUBSCRIBE qos=-1 mid=1 \"\"",
	    { SN_SUBSCRIBE, .subscribe = { .flags = { .qos = -1 }, .msg_id = 1 } } },
	{ "07 12 C2 00 01 61 62", "SUBSCRIBE qos=2 dup mid=1 short=\"ab\"",
	    { SN_SUBSCRIBE,
	        .subscribe = { .flags = { .dup = true, .qos = 2, .topic_type = SN_TOPIC_SHORT },
	            .msg_id = 1,
	            .topic_id = 'a' << 8 | 'b' } } },
	{ "06 12 03 00 01 FF", "SUBSCRIBE qos=0 mid=1 reserved \"\\xff\"",
	    { SN_SUBSCRIBE, .subscribe = { .flags = { .topic_type = SN_TOPIC_RESERVED },
	                        .msg_id = 1,
	                        .topic = BYTES("\xff") } } },
	{ "07 14 01 00 05 00 09", "UNSUBSCRIBE mid=5 pre=9",
	    { SN_UNSUBSCRIBE, .subscribe = { .flags = { .topic_type = SN_TOPIC_PREDEFINED },
	                          .msg_id = 5,
	                          .topic_id = 9 } } },
	{ "04 18 00 00", "DISCONNECT duration=0",
	    { SN_DISCONNECT, .disconnect = { .has_duration = true } } },
	{ "03 FE 03", "ENCAPSULATED radius=3 node=", { SN_ENCAPSULATED, .encapsulated = { 3 } } },
	{ "04 FE 00 01 05 FE 00 AA BB 02 16", "ENCAPSULATED radius=0 node=01 inner=05fe00aabb0216",
	    { SN_ENCAPSULATED, .encapsulated = { .node_id = BYTES("\1"),
	                           .inner = BYTES("\5\xfe\0\xaa\xbb\2\x16") } } },
	{ "04 FE 00 01 03 16", "ENCAPSULATED radius=0 node=01 inner=0316",
	    { SN_ENCAPSULATED,
	        .encapsulated = { .node_id = BYTES("\1"), .inner = BYTES("\3\x16") } } },
};

const size_t vector_count = sizeof(vectors) / sizeof(vectors[0]);

static unsigned int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c);

	assert(at != NULL);
	return (unsigned int)(at - digits);
}

size_t hex_octets(const char *hex, uint8_t *out, size_t size)
{
	size_t len = 0;

	for (; *hex != '\0'; hex++) {
		if (*hex == ' ')
			continue;
		assert(len < size);
		out[len++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
		hex++;
	}
	return len;
}

bool bytes_equal(struct sn_bytes a, struct sn_bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool flags_equal(const struct sn_flags *a, const struct sn_flags *b)
{
	return a->dup == b->dup && a->qos == b->qos && a->retain == b->retain &&
	       a->will == b->will && a->clean == b->clean && a->topic_type == b->topic_type;
}

bool packet_equal(const struct sn_packet *a, const struct sn_packet *b)
{
	if (a->type != b->type)
		return false;
	switch ((enum sn_type)a->type) {
	case SN_ADVERTISE:
		return a->advertise.gateway_id == b->advertise.gateway_id &&
		       a->advertise.duration == b->advertise.duration;
	case SN_SEARCHGW:
		return a->searchgw.radius == b->searchgw.radius;
	case SN_GWINFO:
		return a->gwinfo.gateway_id == b->gwinfo.gateway_id &&
		       bytes_equal(a->gwinfo.address, b->gwinfo.address);
	case SN_CONNECT:
		return flags_equal(&a->connect.flags, &b->connect.flags) &&
		       a->connect.protocol_id == b->connect.protocol_id &&
		       a->connect.keep_alive == b->connect.keep_alive &&
		       bytes_equal(a->connect.client_id, b->connect.client_id);
	case SN_CONNACK:
	case SN_WILLTOPICRESP:
	case SN_WILLMSGRESP:
		return a->result.code == b->result.code;
	case SN_WILLTOPICREQ:
	case SN_WILLMSGREQ:
	case SN_PINGRESP:
		return true;
	case SN_WILLTOPIC:
	case SN_WILLTOPICUPD:
		return flags_equal(&a->will_topic.flags, &b->will_topic.flags) &&
		       bytes_equal(a->will_topic.topic, b->will_topic.topic);
	case SN_WILLMSG:
	case SN_WILLMSGUPD:
		return bytes_equal(a->will_msg.message, b->will_msg.message);
	case SN_REGISTER:
		return a->reg.topic_id == b->reg.topic_id && a->reg.msg_id == b->reg.msg_id &&
		       bytes_equal(a->reg.topic, b->reg.topic);
	case SN_REGACK:
	case SN_PUBACK:
		return a->topic_ack.topic_id == b->topic_ack.topic_id &&
		       a->topic_ack.msg_id == b->topic_ack.msg_id &&
		       a->topic_ack.code == b->topic_ack.code;
	case SN_PUBLISH:
		return flags_equal(&a->publish.flags, &b->publish.flags) &&
		       a->publish.topic_id == b->publish.topic_id &&
		       a->publish.msg_id == b->publish.msg_id &&
		       bytes_equal(a->publish.data, b->publish.data);
	case SN_PUBREC:
	case SN_PUBREL:
	case SN_PUBCOMP:
	case SN_UNSUBACK:
		return a->msg_ack.msg_id == b->msg_ack.msg_id;
	case SN_SUBSCRIBE:
	case SN_UNSUBSCRIBE:
		return flags_equal(&a->subscribe.flags, &b->subscribe.flags) &&
		       a->subscribe.msg_id == b->subscribe.msg_id &&
		       a->subscribe.topic_id == b->subscribe.topic_id &&
		       bytes_equal(a->subscribe.topic, b->subscribe.topic);
	case SN_SUBACK:
		return flags_equal(&a->suback.flags, &b->suback.flags) &&
		       a->suback.topic_id == b->suback.topic_id &&
		       a->suback.msg_id == b->suback.msg_id && a->suback.code == b->suback.code;
	case SN_PINGREQ:
		return bytes_equal(a->pingreq.client_id, b->pingreq.client_id);
	case SN_DISCONNECT:
		return a->disconnect.has_duration == b->disconnect.has_duration &&
		       a->disconnect.duration == b->disconnect.duration;
	case SN_ENCAPSULATED:
		return a->encapsulated.radius == b->encapsulated.radius &&
		       bytes_equal(a->encapsulated.node_id, b->encapsulated.node_id) &&
		       bytes_equal(a->encapsulated.inner, b->encapsulated.inner);
	}
	return false;
}
