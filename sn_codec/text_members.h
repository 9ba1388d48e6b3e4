/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of the text form: one row per member of a packet, used to print and to parse. */
#ifndef SN_CODEC_TEXT_MEMBERS_H
#define SN_CODEC_TEXT_MEMBERS_H

#include "sn_codec/sn_codec.h"

/* How a member is written, and its type. */
enum text_kind {
	TEXT_END,     /* behind the last row */
	TEXT_U8,      /* uint8_t */
	TEXT_U16,     /* uint16_t */
	TEXT_QOS,     /* int8_t */
	TEXT_CODE,    /* uint8_t: a return code */
	TEXT_SHORT,   /* uint16_t: a short topic name */
	TEXT_SWITCH,  /* bool: the word alone */
	TEXT_MARK,    /* no member: the word alone tells the topic type */
	TEXT_SLEEP,   /* struct sn_disconnect */
	TEXT_NAME,    /* struct sn_bytes: quoted or bare */
	TEXT_HEX,     /* struct sn_bytes */
	TEXT_QUOTED,  /* struct sn_bytes, without a word */
	TEXT_PAYLOAD, /* the same; may be cut when printed */
	TEXT_INNER,   /* struct sn_bytes: a message as text, or with the word in hex */
	TEXT_KINDS
};

struct text_member {
	const char *word;
	enum text_kind kind;
	size_t offset;    /* into struct sn_packet */
	bool optional;    /* not printed if it has its @fallback */
	uint8_t fallback; /* the value if it is left out; for TEXT_U8 only */
	uint8_t topics;   /* if not 0: only with these topic types, as bits 1 << SN_TOPIC_* */
};

/* By MsgType: the rows in the order of printing, up to TEXT_END; NULL for a reserved type. */
extern const struct text_member *const text_members[256];

/* The messages that have rows with @topics: PUBLISH, SUBSCRIBE, UNSUBSCRIBE.  Their structs begin
 * alike, so the topic type of all is in publish.flags. */
_Static_assert(
    offsetof(struct sn_packet, publish.flags) == offsetof(struct sn_packet, subscribe.flags),
    "struct sn_publish and struct sn_subscribe begin with the flags");

#endif
