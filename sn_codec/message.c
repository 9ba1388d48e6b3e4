/* SPDX-License-Identifier: BSD-3-Clause */
#include "sn_codec/message.h"

/* The Flags octet (5.3.4). */
enum {
	FLAG_DUP = 0x80,
	FLAG_QOS = 0x60,
	FLAG_RETAIN = 0x10,
	FLAG_WILL = 0x08,
	FLAG_CLEAN = 0x04,
	FLAG_TOPIC_TYPE = 0x03,
	FLAG_QOS_SHIFT = 5,
	QOS_MINUS_ONE = 3, /* how QoS -1 is written */
};

/* What each message uses of them: the rest is ignored when read and 0 when written. */
enum {
	CONNECT_FLAGS = FLAG_WILL | FLAG_CLEAN,
	WILL_TOPIC_FLAGS = FLAG_QOS | FLAG_RETAIN,
	PUBLISH_FLAGS = FLAG_DUP | FLAG_QOS | FLAG_RETAIN | FLAG_TOPIC_TYPE,
	SUBSCRIBE_FLAGS = FLAG_DUP | FLAG_QOS | FLAG_TOPIC_TYPE,
	UNSUBSCRIBE_FLAGS = FLAG_TOPIC_TYPE,
	SUBACK_FLAGS = FLAG_QOS,
};

static struct sn_flags rd_flags(struct wire_reader *r, unsigned int used)
{
	unsigned int octet = rd_u8(r) & used;
	unsigned int qos = (octet & FLAG_QOS) >> FLAG_QOS_SHIFT;

	return (struct sn_flags){
		.dup = octet & FLAG_DUP,
		.qos = qos == QOS_MINUS_ONE ? -1 : (int8_t)qos,
		.retain = octet & FLAG_RETAIN,
		.will = octet & FLAG_WILL,
		.clean = octet & FLAG_CLEAN,
		.topic_type = octet & FLAG_TOPIC_TYPE,
	};
}

static void wr_flags(struct wire_writer *w, struct sn_flags flags, unsigned int used)
{
	unsigned int qos = flags.qos == -1 ? QOS_MINUS_ONE : (unsigned int)flags.qos;
	unsigned int octet = (flags.dup ? FLAG_DUP : 0) | qos << FLAG_QOS_SHIFT |
	                     (flags.retain ? FLAG_RETAIN : 0) | (flags.will ? FLAG_WILL : 0) |
	                     (flags.clean ? FLAG_CLEAN : 0) | flags.topic_type;

	if (flags.qos < -1 || flags.qos > 2 || flags.topic_type > SN_TOPIC_RESERVED)
		wr_fail(w, SN_BAD_FIELD);
	wr_u8(w, (uint8_t)(octet & used));
}

/* WILLTOPICREQ, WILLMSGREQ, PINGRESP (5.4.6, 5.4.8, 5.4.20). */

static void rd_nothing(struct wire_reader *r, struct sn_packet *packet)
{
	(void)r;
	(void)packet;
}

static void wr_nothing(struct wire_writer *w, const struct sn_packet *packet)
{
	(void)w;
	(void)packet;
}

/* 5.4.1 */

static void rd_advertise(struct wire_reader *r, struct sn_packet *packet)
{
	packet->advertise.gateway_id = rd_u8(r);
	packet->advertise.duration = rd_u16(r);
}

static void wr_advertise(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_u8(w, packet->advertise.gateway_id);
	wr_u16(w, packet->advertise.duration);
}

/* 5.4.2 */

static void rd_searchgw(struct wire_reader *r, struct sn_packet *packet)
{
	packet->searchgw.radius = rd_u8(r);
}

static void wr_searchgw(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_u8(w, packet->searchgw.radius);
}

/* 5.4.3 */

static void rd_gwinfo(struct wire_reader *r, struct sn_packet *packet)
{
	packet->gwinfo.gateway_id = rd_u8(r);
	packet->gwinfo.address = rd_rest(r);
}

static void wr_gwinfo(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_u8(w, packet->gwinfo.gateway_id);
	wr_bytes(w, packet->gwinfo.address);
}

/* 5.4.4 */

static void rd_connect(struct wire_reader *r, struct sn_packet *packet)
{
	packet->connect.flags = rd_flags(r, CONNECT_FLAGS);
	packet->connect.protocol_id = rd_u8(r);
	packet->connect.keep_alive = rd_u16(r);
	packet->connect.client_id = rd_rest(r);
}

static void wr_connect(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_flags(w, packet->connect.flags, CONNECT_FLAGS);
	wr_u8(w, packet->connect.protocol_id);
	wr_u16(w, packet->connect.keep_alive);
	wr_bytes(w, packet->connect.client_id);
}

/* CONNACK, WILLTOPICRESP, WILLMSGRESP (5.4.5, 5.4.24, 5.4.25). */

static void rd_result(struct wire_reader *r, struct sn_packet *packet)
{
	packet->result.code = rd_u8(r);
}

static void wr_result(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_u8(w, packet->result.code);
}

/* WILLTOPIC, WILLTOPICUPD (5.4.7, 5.4.22): the empty form has no Flags either. */

static void rd_will_topic(struct wire_reader *r, struct sn_packet *packet)
{
	if (rd_left(r) == 0)
		return;
	packet->will_topic.flags = rd_flags(r, WILL_TOPIC_FLAGS);
	packet->will_topic.topic = rd_rest(r);
	if (packet->will_topic.topic.len == 0)
		rd_fail(r, SN_BAD_FIELD);
}

static void wr_will_topic(struct wire_writer *w, const struct sn_packet *packet)
{
	if (packet->will_topic.topic.len == 0)
		return;
	wr_flags(w, packet->will_topic.flags, WILL_TOPIC_FLAGS);
	wr_bytes(w, packet->will_topic.topic);
}

/* WILLMSG, WILLMSGUPD (5.4.9, 5.4.23). */

static void rd_will_msg(struct wire_reader *r, struct sn_packet *packet)
{
	packet->will_msg.message = rd_rest(r);
}

static void wr_will_msg(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_bytes(w, packet->will_msg.message);
}

/* 5.4.10 */

static void rd_register(struct wire_reader *r, struct sn_packet *packet)
{
	packet->reg.topic_id = rd_u16(r);
	packet->reg.msg_id = rd_u16(r);
	packet->reg.topic = rd_rest(r);
}

static void wr_register(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_u16(w, packet->reg.topic_id);
	wr_u16(w, packet->reg.msg_id);
	wr_bytes(w, packet->reg.topic);
}

/* REGACK, PUBACK (5.4.11, 5.4.13). */

static void rd_topic_ack(struct wire_reader *r, struct sn_packet *packet)
{
	packet->topic_ack.topic_id = rd_u16(r);
	packet->topic_ack.msg_id = rd_u16(r);
	packet->topic_ack.code = rd_u8(r);
}

static void wr_topic_ack(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_u16(w, packet->topic_ack.topic_id);
	wr_u16(w, packet->topic_ack.msg_id);
	wr_u8(w, packet->topic_ack.code);
}

/* 5.4.12 */

static void rd_publish(struct wire_reader *r, struct sn_packet *packet)
{
	packet->publish.flags = rd_flags(r, PUBLISH_FLAGS);
	packet->publish.topic_id = rd_u16(r);
	packet->publish.msg_id = rd_u16(r);
	packet->publish.data = rd_rest(r);
}

static void wr_publish(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_flags(w, packet->publish.flags, PUBLISH_FLAGS);
	wr_u16(w, packet->publish.topic_id);
	wr_u16(w, packet->publish.msg_id);
	wr_bytes(w, packet->publish.data);
}

/* PUBREC, PUBREL, PUBCOMP, UNSUBACK (5.4.14, 5.4.18). */

static void rd_msg_ack(struct wire_reader *r, struct sn_packet *packet)
{
	packet->msg_ack.msg_id = rd_u16(r);
}

static void wr_msg_ack(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_u16(w, packet->msg_ack.msg_id);
}

/* SUBSCRIBE, UNSUBSCRIBE (5.4.15, 5.4.17): the same layout, not the same flags. */

static unsigned int subscribe_flags(uint8_t type)
{
	return type == SN_SUBSCRIBE ? SUBSCRIBE_FLAGS : UNSUBSCRIBE_FLAGS;
}

static bool subscribe_has_id(const struct sn_subscribe *subscribe)
{
	return subscribe->flags.topic_type == SN_TOPIC_PREDEFINED ||
	       subscribe->flags.topic_type == SN_TOPIC_SHORT;
}

static void rd_subscribe(struct wire_reader *r, struct sn_packet *packet)
{
	struct sn_subscribe *subscribe = &packet->subscribe;

	subscribe->flags = rd_flags(r, subscribe_flags(packet->type));
	subscribe->msg_id = rd_u16(r);
	if (subscribe_has_id(subscribe))
		subscribe->topic_id = rd_u16(r);
	else
		subscribe->topic = rd_rest(r);
}

static void wr_subscribe(struct wire_writer *w, const struct sn_packet *packet)
{
	const struct sn_subscribe *subscribe = &packet->subscribe;

	wr_flags(w, subscribe->flags, subscribe_flags(packet->type));
	wr_u16(w, subscribe->msg_id);
	if (subscribe_has_id(subscribe))
		wr_u16(w, subscribe->topic_id);
	else
		wr_bytes(w, subscribe->topic);
}

/* 5.4.16 */

static void rd_suback(struct wire_reader *r, struct sn_packet *packet)
{
	packet->suback.flags = rd_flags(r, SUBACK_FLAGS);
	packet->suback.topic_id = rd_u16(r);
	packet->suback.msg_id = rd_u16(r);
	packet->suback.code = rd_u8(r);
}

static void wr_suback(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_flags(w, packet->suback.flags, SUBACK_FLAGS);
	wr_u16(w, packet->suback.topic_id);
	wr_u16(w, packet->suback.msg_id);
	wr_u8(w, packet->suback.code);
}

/* 5.4.19 */

static void rd_pingreq(struct wire_reader *r, struct sn_packet *packet)
{
	packet->pingreq.client_id = rd_rest(r);
}

static void wr_pingreq(struct wire_writer *w, const struct sn_packet *packet)
{
	wr_bytes(w, packet->pingreq.client_id);
}

/* 5.4.21 */

static void rd_disconnect(struct wire_reader *r, struct sn_packet *packet)
{
	packet->disconnect.has_duration = rd_left(r) > 0;
	if (packet->disconnect.has_duration)
		packet->disconnect.duration = rd_u16(r);
}

static void wr_disconnect(struct wire_writer *w, const struct sn_packet *packet)
{
	if (packet->disconnect.has_duration)
		wr_u16(w, packet->disconnect.duration);
}

/* Table 3 of 5.2.2. */
const struct message message_table[256] = {
	[SN_ADVERTISE] = { "ADVERTISE", rd_advertise, wr_advertise },
	[SN_SEARCHGW] = { "SEARCHGW", rd_searchgw, wr_searchgw },
	[SN_GWINFO] = { "GWINFO", rd_gwinfo, wr_gwinfo },
	[SN_CONNECT] = { "CONNECT", rd_connect, wr_connect },
	[SN_CONNACK] = { "CONNACK", rd_result, wr_result },
	[SN_WILLTOPICREQ] = { "WILLTOPICREQ", rd_nothing, wr_nothing },
	[SN_WILLTOPIC] = { "WILLTOPIC", rd_will_topic, wr_will_topic },
	[SN_WILLMSGREQ] = { "WILLMSGREQ", rd_nothing, wr_nothing },
	[SN_WILLMSG] = { "WILLMSG", rd_will_msg, wr_will_msg },
	[SN_REGISTER] = { "REGISTER", rd_register, wr_register },
	[SN_REGACK] = { "REGACK", rd_topic_ack, wr_topic_ack },
	[SN_PUBLISH] = { "PUBLISH", rd_publish, wr_publish },
	[SN_PUBACK] = { "PUBACK", rd_topic_ack, wr_topic_ack },
	[SN_PUBCOMP] = { "PUBCOMP", rd_msg_ack, wr_msg_ack },
	[SN_PUBREC] = { "PUBREC", rd_msg_ack, wr_msg_ack },
	[SN_PUBREL] = { "PUBREL", rd_msg_ack, wr_msg_ack },
	[SN_SUBSCRIBE] = { "SUBSCRIBE", rd_subscribe, wr_subscribe },
	[SN_SUBACK] = { "SUBACK", rd_suback, wr_suback },
	[SN_UNSUBSCRIBE] = { "UNSUBSCRIBE", rd_subscribe, wr_subscribe },
	[SN_UNSUBACK] = { "UNSUBACK", rd_msg_ack, wr_msg_ack },
	[SN_PINGREQ] = { "PINGREQ", rd_pingreq, wr_pingreq },
	[SN_PINGRESP] = { "PINGRESP", rd_nothing, wr_nothing },
	[SN_DISCONNECT] = { "DISCONNECT", rd_disconnect, wr_disconnect },
	[SN_WILLTOPICUPD] = { "WILLTOPICUPD", rd_will_topic, wr_will_topic },
	[SN_WILLTOPICRESP] = { "WILLTOPICRESP", rd_result, wr_result },
	[SN_WILLMSGUPD] = { "WILLMSGUPD", rd_will_msg, wr_will_msg },
	[SN_WILLMSGRESP] = { "WILLMSGRESP", rd_result, wr_result },
	[SN_ENCAPSULATED] = { "ENCAPSULATED", NULL, NULL },
};
