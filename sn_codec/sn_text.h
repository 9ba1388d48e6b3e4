/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text form of a packet: one line, the same in traces, scenarios, tools and failing tests.
 *
 *	CONNECT id=c1 clean will keepalive=60          PUBLISH qos=1 tid=1 mid=2 "23.5"
 *	CONNACK rc=accepted                            PUBLISH qos=2 dup retain pre=5 mid=7 ""
 *	WILLTOPIC qos=1 retain "w"                     PUBLISH qos=-1 short="ab" "x"
 *	REGISTER tid=0 mid=1 "a/b"                     SUBSCRIBE qos=1 mid=3 "a/+"
 *	REGACK tid=1 mid=1 rc=accepted                 SUBACK qos=1 tid=0 mid=3 rc=accepted
 *	DISCONNECT duration=60                         ENCAPSULATED radius=0 node=aabb PINGREQ
 *
 * All words, in the order in which they are printed; in [] what is not printed when it is 0, false
 * or empty (proto: when it is 1):
 *
 *	ADVERTISE                         gw=N duration=N
 *	SEARCHGW                          radius=N
 *	GWINFO                            gw=N [addr=HEX]
 *	CONNECT                           id=NAME [clean] [will] keepalive=N [proto=N]
 *	CONNACK WILLTOPICRESP WILLMSGRESP rc=CODE
 *	WILLTOPIC WILLTOPICUPD            [qos=Q] [retain] ["topic"]
 *	WILLMSG WILLMSGUPD                "message"
 *	REGISTER                          tid=N mid=N "topic"
 *	REGACK PUBACK                     tid=N mid=N rc=CODE
 *	PUBLISH                           qos=Q [dup] [retain] ID [mid=N] "data"
 *	PUBREC PUBREL PUBCOMP UNSUBACK    mid=N
 *	SUBSCRIBE                         qos=Q [dup] mid=N TOPIC
 *	UNSUBSCRIBE                       mid=N TOPIC
 *	SUBACK                            qos=Q tid=N mid=N rc=CODE
 *	PINGREQ                           [id=NAME]
 *	DISCONNECT                        [duration=N]; duration=0 is not the same as none
 *	ENCAPSULATED                      radius=N node=HEX, then the inner message as text; or
 *	                                  inner=HEX if it does not decode or is encapsulated again
 *	WILLTOPICREQ WILLMSGREQ PINGRESP  nothing
 *
 *	ID     one of tid=N, pre=N (predefined), short="ab", reserved tid=N
 *	TOPIC  one of "name", pre=N, short="ab", reserved "octets"
 *	Q      -1, 0, 1, 2
 *	CODE   accepted, congestion, invalid-topic-id, not-supported, or a number
 *	NAME   "in quotes", or bare if it has no blank and no quote
 *
 * When read, words may be in any order (the inner message comes last), and each may be left out:
 * the member is then 0, false or empty, proto 1.  Text stands in double quotes with \" \\ \n \r \t
 * \xHH; what is not printable ASCII is printed as one of these.
 *
 * What is printed reads back as the same packet; an inner message as the same message, though with
 * the shortest Length and without the Flags bits that it does not use.
 */
#ifndef SN_TEXT_H
#define SN_TEXT_H

#include "sn_codec/sn_codec.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the line, terminated, without a newline.  As snprintf() it returns the length that the
 * whole line has and cuts what does not fit in @size.  A reserved type is printed as "0x1f", which
 * does not parse.
 *
 * @data_max: how many octets to show of a payload, will message or undecoded inner message;
 * SIZE_MAX for all.  Longer ones end in their full length, "abc"...(8000), which does not parse. */
size_t sn_text_print(char *buf, size_t size, const struct sn_packet *packet, size_t data_max);

/* Memory for the octets that a parsed packet points to. */
struct sn_text_arena {
	uint8_t *buf;
	size_t size; /* twice the length of the line is always enough */
	size_t used; /* set to 0 before the first call */
};

/* Reads one packet from @line.  Names and data are unescaped into @arena, behind what is there, and
 * live as long as it does.
 *
 * Returns NULL; or a constant that says what is wrong, with *@error_at set to the offset into @line
 * where that is (may be NULL) and @arena as it was. */
const char *sn_text_parse(
    const char *line, struct sn_packet *out, struct sn_text_arena *arena, size_t *error_at);

/* "accepted", "congestion", "invalid-topic-id", "not-supported", or NULL for a reserved code. */
const char *sn_return_code_name(uint8_t code);

#ifdef __cplusplus
}
#endif
#endif
