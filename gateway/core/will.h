/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Will data (sections 6.3, 6.4): what the broker publishes when the client is lost.
 */
#ifndef CORE_WILL_H
#define CORE_WILL_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/ports.h"
#include "sn_codec/sn_codec.h"

struct will {
	char *topic; /* terminated; a valid topic name */
	uint8_t *message;
	size_t message_len;
	uint8_t qos;
	bool retain;
};

/* NULL when out of memory. */
struct will *will_new(struct sn_bytes topic, uint8_t qos, bool retain);
/* A copy without the message. */
struct will *will_copy(const struct will *will);

/* Copies @message.  0 or -ERR_NOMEM. */
int will_set_message(struct will *will, struct sn_bytes message);

/* NULL is fine; returns NULL. */
struct will *will_free(struct will *will);

/* Two wills, either of which may be NULL, would be told to the broker alike. */
bool will_equal(const struct will *a, const struct will *b);

/* True if WILLTOPIC or WILLTOPICUPD carries a topic and QoS that may be a will (SN12-WILL-09). */
bool will_topic_valid(const struct sn_will_topic *packet);

struct up_will will_for_broker(const struct will *will);

#endif
