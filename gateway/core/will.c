/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/will.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/topic_name.h"

struct will *will_new(struct sn_bytes topic, uint8_t qos, bool retain)
{
	struct will *will = calloc(1, sizeof *will);

	if (will == NULL)
		return NULL;
	will->topic = strndup((const char *)topic.data, topic.len);
	if (will->topic == NULL)
		return will_free(will);
	will->qos = qos;
	will->retain = retain;
	return will;
}

struct will *will_copy(const struct will *will)
{
	struct sn_bytes topic = { (const uint8_t *)will->topic, strlen(will->topic) };

	return will_new(topic, will->qos, will->retain);
}

int will_set_message(struct will *will, struct sn_bytes message)
{
	uint8_t *copy = NULL;

	if (message.len > 0) {
		copy = malloc(message.len);
		if (copy == NULL)
			return -ERR_NOMEM;
		memcpy(copy, message.data, message.len);
	}
	free(will->message);
	will->message = copy;
	will->message_len = message.len;
	return 0;
}

struct will *will_free(struct will *will)
{
	if (will == NULL)
		return NULL;
	free(will->topic);
	free(will->message);
	free(will);
	return NULL;
}

bool will_equal(const struct will *a, const struct will *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->qos == b->qos && a->retain == b->retain && strcmp(a->topic, b->topic) == 0 &&
	       a->message_len == b->message_len &&
	       (a->message_len == 0 || memcmp(a->message, b->message, a->message_len) == 0);
}

bool will_topic_valid(const struct sn_will_topic *packet)
{
	return packet->flags.qos >= 0 && topic_name_valid(packet->topic);
}

struct up_will will_for_broker(const struct will *will)
{
	return (struct up_will){
		.topic = will->topic,
		.message = { will->message, will->message_len },
		.qos = will->qos,
		.retain = will->retain,
	};
}
