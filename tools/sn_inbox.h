/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receiving half of a client: the messages of the gateway, and the names that it gives to topic
 * ids.  It answers each packet by at most one packet, and never speaks by itself.
 */
#ifndef TOOLS_SN_INBOX_H
#define TOOLS_SN_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "sn_codec/sn_codec.h"

struct sn_inbox;

/* A message of the gateway.  All of it is valid until the call returns. */
struct sn_client_message {
	const char *topic; /* the name; of a predefined topic its id in decimal */
	struct sn_bytes data;
	int qos; /* 0..2 */
	bool retain;
	uint16_t msg_id; /* 0 at QoS 0 */
};

/* False if the message could not be taken: then it is not acknowledged. */
typedef bool sn_inbox_take(void *ctx, const struct sn_client_message *message);

/* @take gets each message, with @ctx; NULL: none is taken.  NULL when out of memory. */
struct sn_inbox *sn_inbox_new(sn_inbox_take *take, void *ctx);

/* NULL is fine; returns NULL. */
struct sn_inbox *sn_inbox_free(struct sn_inbox *inbox);

/* A new connection: topic ids are forgotten, and with @clean also which QoS 2 messages were taken.
 */
void sn_inbox_reset(struct sn_inbox *inbox, bool clean);

/* SUBACK gave @id to the topic name @name. */
void sn_inbox_learn(struct sn_inbox *inbox, uint16_t id, struct sn_bytes name);

/* Each handles a packet of the type that it is named after.  True if *@reply is to be sent. */
bool sn_inbox_register(
    struct sn_inbox *inbox, const struct sn_register *reg, struct sn_packet *reply);
bool sn_inbox_publish(
    struct sn_inbox *inbox, const struct sn_publish *publish, struct sn_packet *reply);
bool sn_inbox_pubrel(
    struct sn_inbox *inbox, const struct sn_msg_ack *pubrel, struct sn_packet *reply);

#endif
