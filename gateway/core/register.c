/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/register.h"

#include "common/err.h"
#include "gateway/core/core.h"
#include "gateway/core/keep.h"
#include "gateway/core/say.h"
#include "gateway/core/topic_name.h"
#include "gateway/core/topic_ref.h"

static void refuse(struct gw *gw, struct client *client, uint16_t msg_id, enum sn_return_code code)
{
	say_topic_ack(gw, client->peer, SN_REGACK, 0, msg_id, code);
}

/* The client's topic id field says nothing and is not looked at (SN12-REG-02). */
void register_register(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	const struct sn_register *reg = &packet->reg;
	struct topic *topic;
	int rc;

	if (!topic_name_valid(reg->topic)) {
		gw_refuse(gw, client, "not a topic name");
		refuse(gw, client, reg->msg_id, SN_NOT_SUPPORTED);
		return;
	}
	if (topic_ref_is_too_long(gw, client, reg->topic)) {
		gw_refuse_limit(gw, client, "limits.topic_name");
		refuse(gw, client, reg->msg_id, SN_NOT_SUPPORTED);
		return;
	}
	rc = topic_reg_bind(client->topics, reg->topic, gw->config.limits.topics, &topic);
	if (rc < 0) {
		if (rc == -ERR_LIMIT)
			gw_refuse_limit(gw, client, "limits.topics");
		else
			gw_note(gw, NOTE_NOMEM, client, NULL);
		refuse(gw, client, reg->msg_id, SN_CONGESTION);
		return;
	}
	if (!topic->used || !topic->told) {
		topic->used = topic->told = true;
		keep_topic(gw, client, topic);
	}
	say_topic_ack(gw, client->peer, SN_REGACK, topic->id, reg->msg_id, SN_ACCEPTED);
}
