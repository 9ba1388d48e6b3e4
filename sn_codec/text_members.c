/* SPDX-License-Identifier: BSD-3-Clause */
#include "sn_codec/text_members.h"

#define AT(member) offsetof(struct sn_packet, member)

enum {
	NORMAL = 1 << SN_TOPIC_NORMAL,
	PREDEFINED = 1 << SN_TOPIC_PREDEFINED,
	SHORT_NAME = 1 << SN_TOPIC_SHORT,
	RESERVED = 1 << SN_TOPIC_RESERVED,
};

static const struct text_member nothing[] = {
	{ NULL, TEXT_END },
};

static const struct text_member advertise[] = {
	{ "gw", TEXT_U8, AT(advertise.gateway_id) },
	{ "duration", TEXT_U16, AT(advertise.duration) },
	{ NULL, TEXT_END },
};

static const struct text_member searchgw[] = {
	{ "radius", TEXT_U8, AT(searchgw.radius) },
	{ NULL, TEXT_END },
};

static const struct text_member gwinfo[] = {
	{ "gw", TEXT_U8, AT(gwinfo.gateway_id) },
	{ "addr", TEXT_HEX, AT(gwinfo.address), .optional = true },
	{ NULL, TEXT_END },
};

static const struct text_member connect[] = {
	{ "id", TEXT_NAME, AT(connect.client_id) },
	{ "clean", TEXT_SWITCH, AT(connect.flags.clean) },
	{ "will", TEXT_SWITCH, AT(connect.flags.will) },
	{ "keepalive", TEXT_U16, AT(connect.keep_alive) },
	{ "proto", TEXT_U8, AT(connect.protocol_id), .optional = true, .fallback = 1 },
	{ NULL, TEXT_END },
};

static const struct text_member result[] = {
	{ "rc", TEXT_CODE, AT(result.code) },
	{ NULL, TEXT_END },
};

static const struct text_member will_topic[] = {
	{ "qos", TEXT_QOS, AT(will_topic.flags.qos), .optional = true },
	{ "retain", TEXT_SWITCH, AT(will_topic.flags.retain) },
	{ NULL, TEXT_QUOTED, AT(will_topic.topic), .optional = true },
	{ NULL, TEXT_END },
};

static const struct text_member will_msg[] = {
	{ NULL, TEXT_PAYLOAD, AT(will_msg.message) },
	{ NULL, TEXT_END },
};

static const struct text_member reg[] = {
	{ "tid", TEXT_U16, AT(reg.topic_id) },
	{ "mid", TEXT_U16, AT(reg.msg_id) },
	{ NULL, TEXT_QUOTED, AT(reg.topic) },
	{ NULL, TEXT_END },
};

static const struct text_member topic_ack[] = {
	{ "tid", TEXT_U16, AT(topic_ack.topic_id) },
	{ "mid", TEXT_U16, AT(topic_ack.msg_id) },
	{ "rc", TEXT_CODE, AT(topic_ack.code) },
	{ NULL, TEXT_END },
};

static const struct text_member publish[] = {
	{ "qos", TEXT_QOS, AT(publish.flags.qos) },
	{ "dup", TEXT_SWITCH, AT(publish.flags.dup) },
	{ "retain", TEXT_SWITCH, AT(publish.flags.retain) },
	{ "reserved", TEXT_MARK, .topics = RESERVED },
	{ "tid", TEXT_U16, AT(publish.topic_id), .topics = NORMAL | RESERVED },
	{ "pre", TEXT_U16, AT(publish.topic_id), .topics = PREDEFINED },
	{ "short", TEXT_SHORT, AT(publish.topic_id), .topics = SHORT_NAME },
	{ "mid", TEXT_U16, AT(publish.msg_id), .optional = true },
	{ NULL, TEXT_PAYLOAD, AT(publish.data) },
	{ NULL, TEXT_END },
};

static const struct text_member msg_ack[] = {
	{ "mid", TEXT_U16, AT(msg_ack.msg_id) },
	{ NULL, TEXT_END },
};

/* UNSUBSCRIBE is SUBSCRIBE without the first two. */
static const struct text_member subscribe[] = {
	{ "qos", TEXT_QOS, AT(subscribe.flags.qos) },
	{ "dup", TEXT_SWITCH, AT(subscribe.flags.dup) },
	{ "mid", TEXT_U16, AT(subscribe.msg_id) },
	{ "reserved", TEXT_MARK, .topics = RESERVED },
	{ "pre", TEXT_U16, AT(subscribe.topic_id), .topics = PREDEFINED },
	{ "short", TEXT_SHORT, AT(subscribe.topic_id), .topics = SHORT_NAME },
	{ NULL, TEXT_QUOTED, AT(subscribe.topic), .topics = NORMAL | RESERVED },
	{ NULL, TEXT_END },
};

static const struct text_member suback[] = {
	{ "qos", TEXT_QOS, AT(suback.flags.qos) },
	{ "tid", TEXT_U16, AT(suback.topic_id) },
	{ "mid", TEXT_U16, AT(suback.msg_id) },
	{ "rc", TEXT_CODE, AT(suback.code) },
	{ NULL, TEXT_END },
};

static const struct text_member pingreq[] = {
	{ "id", TEXT_NAME, AT(pingreq.client_id), .optional = true },
	{ NULL, TEXT_END },
};

static const struct text_member disconnect[] = {
	{ "duration", TEXT_SLEEP, AT(disconnect) },
	{ NULL, TEXT_END },
};

static const struct text_member encapsulated[] = {
	{ "radius", TEXT_U8, AT(encapsulated.radius) },
	{ "node", TEXT_HEX, AT(encapsulated.node_id) },
	{ "inner", TEXT_INNER, AT(encapsulated.inner), .optional = true },
	{ NULL, TEXT_END },
};

const struct text_member *const text_members[256] = {
	[SN_ADVERTISE] = advertise,
	[SN_SEARCHGW] = searchgw,
	[SN_GWINFO] = gwinfo,
	[SN_CONNECT] = connect,
	[SN_CONNACK] = result,
	[SN_WILLTOPICREQ] = nothing,
	[SN_WILLTOPIC] = will_topic,
	[SN_WILLMSGREQ] = nothing,
	[SN_WILLMSG] = will_msg,
	[SN_REGISTER] = reg,
	[SN_REGACK] = topic_ack,
	[SN_PUBLISH] = publish,
	[SN_PUBACK] = topic_ack,
	[SN_PUBCOMP] = msg_ack,
	[SN_PUBREC] = msg_ack,
	[SN_PUBREL] = msg_ack,
	[SN_SUBSCRIBE] = subscribe,
	[SN_SUBACK] = suback,
	[SN_UNSUBSCRIBE] = subscribe + 2,
	[SN_UNSUBACK] = msg_ack,
	[SN_PINGREQ] = pingreq,
	[SN_PINGRESP] = nothing,
	[SN_DISCONNECT] = disconnect,
	[SN_WILLTOPICUPD] = will_topic,
	[SN_WILLTOPICRESP] = result,
	[SN_WILLMSGUPD] = will_msg,
	[SN_WILLMSGRESP] = result,
	[SN_ENCAPSULATED] = encapsulated,
};
