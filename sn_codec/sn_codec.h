/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sn_codec - MQTT-SN 1.2 messages: octets <-> structs.
 *
 * Every message of the specification, in both directions (a gateway and a client read each
 * other's), and the forwarder encapsulation.  No allocation, no I/O, no state: all functions may be
 * called from any thread.  The one-line text form of a packet is in sn_text.h.
 *
 * Section numbers are those of the MQTT-SN 1.2 specification.
 */
#ifndef SN_CODEC_H
#define SN_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Limits of the wire format. */
#define SN_PACKET_MAX  65535u /* the 3-octet Length field (5.2.1) */
#define SN_NODE_ID_MAX 252u   /* a wireless node id: a 1-octet Length less 3 (5.5) */

/* Octets that belong to somebody else.  In a decoded packet they point into the buffer that was
 * decoded and live as long as it does.  Text is not terminated.  @data may be NULL if @len is 0. */
struct sn_bytes {
	const uint8_t *data;
	size_t len;
};

/* Message types (5.2.2, table 3). */
enum sn_type {
	SN_ADVERTISE = 0x00,
	SN_SEARCHGW = 0x01,
	SN_GWINFO = 0x02,
	SN_CONNECT = 0x04,
	SN_CONNACK = 0x05,
	SN_WILLTOPICREQ = 0x06,
	SN_WILLTOPIC = 0x07,
	SN_WILLMSGREQ = 0x08,
	SN_WILLMSG = 0x09,
	SN_REGISTER = 0x0A,
	SN_REGACK = 0x0B,
	SN_PUBLISH = 0x0C,
	SN_PUBACK = 0x0D,
	SN_PUBCOMP = 0x0E,
	SN_PUBREC = 0x0F,
	SN_PUBREL = 0x10,
	SN_SUBSCRIBE = 0x12,
	SN_SUBACK = 0x13,
	SN_UNSUBSCRIBE = 0x14,
	SN_UNSUBACK = 0x15,
	SN_PINGREQ = 0x16,
	SN_PINGRESP = 0x17,
	SN_DISCONNECT = 0x18,
	SN_WILLTOPICUPD = 0x1A,
	SN_WILLTOPICRESP = 0x1B,
	SN_WILLMSGUPD = 0x1C,
	SN_WILLMSGRESP = 0x1D,
	SN_ENCAPSULATED = 0xFE,
};

/* The name as the specification writes it ("PUBLISH"), "ENCAPSULATED" for 0xFE, or NULL for a
 * reserved type. */
const char *sn_type_name(uint8_t type);

/* Return codes (5.3.10).  Others are reserved; a decoded packet may hold them. */
enum sn_return_code {
	SN_ACCEPTED = 0x00,
	SN_CONGESTION = 0x01,
	SN_INVALID_TOPIC_ID = 0x02,
	SN_NOT_SUPPORTED = 0x03,
};

/* What a topic field holds (5.3.4, TopicIdType). */
enum sn_topic_type {
	SN_TOPIC_NORMAL = 0,     /* a registered id; in SUBSCRIBE and UNSUBSCRIBE a name */
	SN_TOPIC_PREDEFINED = 1, /* an id that both sides know beforehand */
	SN_TOPIC_SHORT = 2,      /* a topic name of two octets in the place of the id */
	SN_TOPIC_RESERVED = 3,
};

/* The Flags octet (5.3.4).  A decoder sets only the members that its message uses, an encoder
 * writes only those; the rest is 0 on the wire and in the struct. */
struct sn_flags {
	bool dup;
	int8_t qos; /* 0, 1, 2, or -1 (on the wire 0b11) */
	bool retain;
	bool will;
	bool clean;
	uint8_t topic_type; /* enum sn_topic_type */
};

struct sn_advertise {
	uint8_t gateway_id;
	uint16_t duration; /* seconds until the next ADVERTISE */
};

struct sn_searchgw {
	uint8_t radius; /* 0: the whole network */
};

struct sn_gwinfo {
	uint8_t gateway_id;
	struct sn_bytes address; /* empty when a gateway sends it */
};

struct sn_connect {
	struct sn_flags flags; /* will, clean */
	uint8_t protocol_id;   /* 0x01 */
	uint16_t keep_alive;   /* seconds (the Duration field) */
	struct sn_bytes client_id;
};

/* CONNACK, WILLTOPICRESP, WILLMSGRESP. */
struct sn_result {
	uint8_t code; /* enum sn_return_code, or a reserved value */
};

/* WILLTOPIC, WILLTOPICUPD.  An empty @topic is the form without Flags: "no will", "delete". */
struct sn_will_topic {
	struct sn_flags flags; /* qos, retain */
	struct sn_bytes topic;
};

/* WILLMSG, WILLMSGUPD. */
struct sn_will_msg {
	struct sn_bytes message;
};

struct sn_register {
	uint16_t topic_id; /* 0 from a client */
	uint16_t msg_id;
	struct sn_bytes topic;
};

/* REGACK, PUBACK. */
struct sn_topic_ack {
	uint16_t topic_id;
	uint16_t msg_id;
	uint8_t code;
};

struct sn_publish {
	struct sn_flags flags; /* dup, qos, retain, topic_type */
	uint16_t topic_id;     /* the id, or a short name: see sn_short_topic() */
	uint16_t msg_id;       /* 0 unless the QoS is 1 or 2 */
	struct sn_bytes data;
};

/* PUBREC, PUBREL, PUBCOMP, UNSUBACK. */
struct sn_msg_ack {
	uint16_t msg_id;
};

/* SUBSCRIBE, UNSUBSCRIBE.  @flags.topic_type tells which of @topic_id (predefined, short) and
 * @topic (normal, reserved) is in use; the other is 0.  UNSUBSCRIBE uses no other flag. */
struct sn_subscribe {
	struct sn_flags flags; /* dup, qos, topic_type */
	uint16_t msg_id;
	uint16_t topic_id;
	struct sn_bytes topic;
};

struct sn_suback {
	struct sn_flags flags; /* qos: the granted one */
	uint16_t topic_id;
	uint16_t msg_id;
	uint8_t code;
};

struct sn_pingreq {
	struct sn_bytes client_id; /* empty unless a sleeping client wakes */
};

struct sn_disconnect {
	bool has_duration; /* the client goes to sleep */
	uint16_t duration; /* seconds */
};

/* A frame of a forwarder (5.5).  @inner is a whole MQTT-SN message, not looked at by the decoder.
 * Encoding with an empty @inner yields the header alone, to write the inner message behind it. */
struct sn_encapsulated {
	uint8_t radius; /* 0..3, 0: the whole network */
	struct sn_bytes node_id;
	struct sn_bytes inner;
};

struct sn_packet {
	uint8_t type; /* enum sn_type; tells which member of the union is valid */
	union {
		struct sn_advertise advertise;
		struct sn_searchgw searchgw;
		struct sn_gwinfo gwinfo;
		struct sn_connect connect;
		struct sn_result result;         /* CONNACK, WILLTOPICRESP, WILLMSGRESP */
		struct sn_will_topic will_topic; /* WILLTOPIC, WILLTOPICUPD */
		struct sn_will_msg will_msg;     /* WILLMSG, WILLMSGUPD */
		struct sn_register reg;
		struct sn_topic_ack topic_ack; /* REGACK, PUBACK */
		struct sn_publish publish;
		struct sn_msg_ack msg_ack;     /* PUBREC, PUBREL, PUBCOMP, UNSUBACK */
		struct sn_subscribe subscribe; /* SUBSCRIBE, UNSUBSCRIBE */
		struct sn_suback suback;
		struct sn_pingreq pingreq;
		struct sn_disconnect disconnect;
		struct sn_encapsulated encapsulated;
	};
};

enum sn_status {
	SN_OK = 0,
	SN_SHORT,        /* the message ends before its fields do */
	SN_BAD_LENGTH,   /* the Length field is illegal or is not the length of the datagram */
	SN_TRAILING,     /* octets left behind the last field */
	SN_UNKNOWN_TYPE, /* a reserved message type */
	SN_BAD_FIELD, /* a field that the message does not allow, e.g. Flags without a will topic */
	SN_NO_SPACE,  /* encoding: the buffer is too small, or the message above SN_PACKET_MAX */
};

/* "too short", "bad length", ... for logs; never NULL. */
const char *sn_status_name(enum sn_status status);

/* Decodes the one message that @buf holds; its Length must be exactly @len (5.2.1; the header-only
 * Length of an encapsulated frame is taken care of).  Both forms of the Length field are read.
 *
 * Returns SN_OK, or SN_SHORT, SN_BAD_LENGTH, SN_TRAILING, SN_UNKNOWN_TYPE or SN_BAD_FIELD: then
 * @out is not to be used, save @out->type if the status is SN_UNKNOWN_TYPE. */
enum sn_status sn_decode(const uint8_t *buf, size_t len, struct sn_packet *out);

/* Encodes @packet into @buf, which must not overlap the octets that @packet points to, and sets
 * *@len.  The 1-octet Length is used up to 255 octets.  All that sn_decode() yields can be encoded:
 * whether a name may be empty or a reserved value sent is the caller's business.
 *
 * Returns SN_OK; SN_NO_SPACE; SN_UNKNOWN_TYPE; SN_BAD_FIELD when a member does not fit its field
 * (QoS, topic type, radius, a node id longer than SN_NODE_ID_MAX).  Unless it is SN_OK, *@len keeps
 * its value and the content of @buf is undefined. */
enum sn_status sn_encode(uint8_t *buf, size_t size, const struct sn_packet *packet, size_t *len);

/* A short topic name and the topic id field that carries it (5.3.11, 6.7). */
static inline uint16_t sn_short_topic_id(const uint8_t name[2])
{
	return (uint16_t)(name[0] << 8 | name[1]);
}

static inline void sn_short_topic(uint16_t topic_id, uint8_t name[2])
{
	name[0] = (uint8_t)(topic_id >> 8);
	name[1] = (uint8_t)topic_id;
}

#ifdef __cplusplus
}
#endif
#endif
