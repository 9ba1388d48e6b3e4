/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers kept for repeats (SN12-MSGID-05): when a request comes again because our answer was lost,
 * the answer goes out again and the request is not done twice.  The last few per client, for
 * T_retry x (N_retry + 1).
 */
#ifndef CORE_REPLIES_H
#define CORE_REPLIES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/monotime.h"
#include "sn_codec/sn_codec.h"

struct gw;
struct client;

enum {
	REPLIES_KEPT = 2
};

struct reply {
	monotime_t until;
	uint32_t digest; /* of the request */
	uint16_t msg_id;
	uint16_t topic_id;
	uint8_t type; /* PUBACK, PUBREC, SUBACK; 0 (ADVERTISE): none kept */
	uint8_t code;
	int8_t qos;
};

struct replies {
	struct reply kept[REPLIES_KEPT];
	uint8_t next;
};

/* What makes two requests of one message id the same: everything but DUP. */
uint32_t reply_digest(const struct gw *gw, const struct sn_packet *request);

/* Remembers an answer that has just been given. @reply's `until` is set here. */
void reply_keep(struct gw *gw, struct client *client, struct reply reply);

/* Gives the kept answer again if @request is a repeat of what it answered.  False: it is new. */
bool reply_repeat(struct gw *gw, struct client *client, const struct sn_packet *request);

void replies_clear(struct replies *replies);

/* Forgets the kept answers of @type: what looks like a repeat of their requests is new. */
void replies_forget(struct replies *replies, uint8_t type);

#endif
