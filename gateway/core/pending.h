/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one packet that waits for the client's answer (SN12-REG-05, SN12-GPUB-11), and its
 * retransmission: again after T_retry, N_retry times, then given up (SN12-RETRY-02, -03).
 */
#ifndef CORE_PENDING_H
#define CORE_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/deadline.h"

struct gw;
struct client;

struct pending {
	struct deadline deadline; /* next retransmission; while on hold: when to go on */
	uint16_t msg_id;
	uint8_t type;    /* WILLTOPICREQ, WILLMSGREQ, REGISTER, PUBLISH, PUBREL; or PENDING_NONE,
	                    PENDING_HOLD */
	uint8_t repeats; /* how often it was sent again */
};

enum {
	PENDING_NONE = 0x03, /* reserved message types, so never a packet's */
	PENDING_HOLD =
	    0x11, /* the client said congestion: nothing is sent until the deadline (SN12-RC-08) */
};

/* How long a packet is repeated before it is given up: T_retry x (N_retry + 1), in ms. */
int64_t pending_patience_ms(const struct gw *gw);

void pending_init(struct pending *pending);

/* The packet of @type was sent: wait for its answer. */
void pending_start(struct gw *gw, struct client *client, uint8_t type, uint16_t msg_id);

/* Nothing for T_WAIT. */
void pending_hold(struct gw *gw, struct client *client);

/* Sends the pending packet again before its time, unless that was done just now: the client's clock
 * and ours often run in step, and two copies that cross the answer to the first would look like two
 * messages. */
void pending_repeat(struct gw *gw, struct client *client);

void pending_stop(struct gw *gw, struct client *client);

/* True if that packet waits for an answer. */
bool pending_is(const struct pending *pending, uint8_t type, uint16_t msg_id);

static inline bool pending_none(const struct pending *pending)
{
	return pending->type == PENDING_NONE;
}

#endif
