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
 * Words after the type are in any order when read, in one fixed order when printed; a member that is
 * 0, false or empty may be left out when read.  Text and data stand in double quotes with \" \\ \n
 * \r \t \xHH; a client id without blanks or quotes may stand bare.  Return codes are accepted,
 * congestion, invalid-topic-id, not-supported, or a number.
 */
#ifndef SN_TEXT_H
#define SN_TEXT_H

#include "sn_codec/sn_codec.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the line, terminated, without a newline.  As snprintf() it returns the length that the
 * whole line has and cuts what does not fit in @size.  @data_max: how many octets of payload to
 * show, SIZE_MAX for all; what is left out is told as «"abc"...(8000)», which does not parse. */
size_t sn_text_print(char *buf, size_t size, const struct sn_packet *packet, size_t data_max);

/* Memory for the octets that a parsed packet points to. */
struct sn_text_arena {
	uint8_t *buf;
	size_t size;
	size_t used; /* set to 0 before the first call */
};

/* Reads one packet from @line.  Names and data are unescaped into @arena and valid as long as it is.
 * Returns NULL, or a message (a constant) that says what is wrong and *@error_at, the offset into
 * @line where (may be NULL). */
const char *sn_text_parse(const char *line, struct sn_packet *out, struct sn_text_arena *arena, size_t *error_at);

/* "accepted", "congestion", "invalid-topic-id", "not-supported", or NULL for a reserved code. */
const char *sn_return_code_name(uint8_t code);

#ifdef __cplusplus
}
#endif
#endif
