/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PUBLISH from the client to the broker (section 6.6; SN12-PUB-*): acknowledged only when the
 * broker has taken responsibility, or the spool has while the broker is away.
 */
#ifndef CORE_PUB_IN_H
#define CORE_PUB_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sn_codec/sn_codec.h"

struct gw;
struct client;
struct stored_received;

enum inbound_stage {
	INBOUND_FORWARDED, /* with the broker, which has not answered yet */
	INBOUND_RECEIVED,  /* QoS 2: PUBREC sent, the id is kept until PUBREL */
};

/* A QoS 1 or 2 publish of the client that is not finished. */
struct inbound {
	uint32_t digest;
	uint16_t msg_id;
	uint16_t topic_id;
	uint16_t token; /* of up_publish() */
	uint8_t qos;
	uint8_t stage;
};

/* In the order of their arrival. */
struct inbound_list {
	struct inbound *items;
	uint16_t count;
	uint16_t room;
};

void pub_in_publish(struct gw *gw, struct client *client, const struct sn_packet *packet);
void pub_in_pubrel(struct gw *gw, struct client *client, const struct sn_packet *packet);

/* The broker took responsibility for the publish of @token. */
void pub_in_published(struct gw *gw, struct client *client, uint16_t token);

/* True if the broker has not acknowledged all. */
bool pub_in_is_forwarding(const struct client *client);

/* The upstream session is gone: forgets what the broker has not acknowledged. */
void pub_in_link_closed(struct client *client);

/* The id of a QoS 2 publish of an earlier process, whose PUBREL is awaited.  False when out of
 * memory. */
bool pub_in_restore_received(struct client *client, const struct stored_received *stored);

/* Forgets everything. */
void pub_in_clear(struct client *client);

#endif
