/* SPDX-License-Identifier: BSD-3-Clause */
#include "tools/sn_inbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "tools/topic_table.h"

struct sn_inbox {
	sn_inbox_take *take;
	void *ctx;
	struct topic_table *topics;
	uint8_t taken[(UINT16_MAX + 1) /
	              8]; /* a bit for each QoS 2 message whose PUBREL has not come */
};

struct sn_inbox *sn_inbox_new(sn_inbox_take *take, void *ctx)
{
	struct sn_inbox *inbox = calloc(1, sizeof *inbox);

	if (inbox == NULL)
		return NULL;
	inbox->take = take;
	inbox->ctx = ctx;
	inbox->topics = topic_table_new();
	return inbox->topics == NULL ? sn_inbox_free(inbox) : inbox;
}

struct sn_inbox *sn_inbox_free(struct sn_inbox *inbox)
{
	if (inbox == NULL)
		return NULL;
	topic_table_free(inbox->topics);
	free(inbox);
	return NULL;
}

void sn_inbox_reset(struct sn_inbox *inbox, bool clean)
{
	topic_table_clear(inbox->topics);
	if (clean)
		memset(inbox->taken, 0, sizeof inbox->taken);
}

/* An id that cannot be kept is met again as an unknown one, and then the gateway is told. */
void sn_inbox_learn(struct sn_inbox *inbox, uint16_t id, struct sn_bytes name)
{
	topic_table_bind(inbox->topics, id, name);
}

bool sn_inbox_register(
    struct sn_inbox *inbox, const struct sn_register *reg, struct sn_packet *reply)
{
	int rc = topic_table_bind(inbox->topics, reg->topic_id, reg->topic);
	uint8_t code = SN_ACCEPTED;

	if (rc < 0)
		code = rc == -ERR_INVALID ? SN_NOT_SUPPORTED : SN_CONGESTION;
	*reply = (struct sn_packet){
		.type = SN_REGACK,
		.topic_ack = { reg->topic_id, reg->msg_id, code },
	};
	return true;
}

static bool is_taken(const struct sn_inbox *inbox, uint16_t msg_id)
{
	return inbox->taken[msg_id / 8] >> msg_id % 8 & 1;
}

static void set_taken(struct sn_inbox *inbox, uint16_t msg_id)
{
	inbox->taken[msg_id / 8] |= (uint8_t)(1 << msg_id % 8);
}

static void clear_taken(struct sn_inbox *inbox, uint16_t msg_id)
{
	inbox->taken[msg_id / 8] &= (uint8_t) ~(1 << msg_id % 8);
}

/* How the topic is called, or NULL if the id is unknown.  @scratch: 8 octets. */
static const char *topic_text(
    const struct sn_inbox *inbox, const struct sn_publish *publish, char *scratch)
{
	uint8_t name[2];

	switch (publish->flags.topic_type) {
	case SN_TOPIC_NORMAL:
		return topic_table_name(inbox->topics, publish->topic_id);
	case SN_TOPIC_SHORT:
		sn_short_topic(publish->topic_id, name);
		snprintf(scratch, 8, "%c%c", name[0], name[1]);
		return scratch;
	case SN_TOPIC_PREDEFINED:
		snprintf(scratch, 8, "%u", publish->topic_id);
		return scratch;
	default:
		return NULL;
	}
}

static bool hand_over(
    const struct sn_inbox *inbox, const struct sn_publish *publish, const char *topic)
{
	struct sn_client_message message = {
		.topic = topic,
		.data = publish->data,
		.qos = publish->flags.qos,
		.retain = publish->flags.retain,
		.msg_id = publish->flags.qos > 0 ? publish->msg_id : 0,
	};

	return inbox->take != NULL && inbox->take(inbox->ctx, &message);
}

static bool puback(const struct sn_publish *publish, uint8_t code, struct sn_packet *reply)
{
	*reply = (struct sn_packet){
		.type = SN_PUBACK,
		.topic_ack = { publish->topic_id, publish->msg_id, code },
	};
	return true;
}

bool sn_inbox_publish(
    struct sn_inbox *inbox, const struct sn_publish *publish, struct sn_packet *reply)
{
	int qos = publish->flags.qos;
	char scratch[8];
	const char *topic;

	if (qos < 0 || (qos > 0 && publish->msg_id == 0))
		return false;
	if (qos < 2 || !is_taken(inbox, publish->msg_id)) {
		topic = topic_text(inbox, publish, scratch);
		if (topic == NULL)
			return puback(publish, SN_INVALID_TOPIC_ID, reply);
		if (!hand_over(inbox, publish, topic))
			return false;
	}
	if (qos == 0)
		return false;
	if (qos == 1)
		return puback(publish, SN_ACCEPTED, reply);
	set_taken(inbox, publish->msg_id);
	*reply = (struct sn_packet){ .type = SN_PUBREC, .msg_ack.msg_id = publish->msg_id };
	return true;
}

bool sn_inbox_pubrel(
    struct sn_inbox *inbox, const struct sn_msg_ack *pubrel, struct sn_packet *reply)
{
	clear_taken(inbox, pubrel->msg_id);
	*reply = (struct sn_packet){ .type = SN_PUBCOMP, .msg_ack.msg_id = pubrel->msg_id };
	return true;
}
