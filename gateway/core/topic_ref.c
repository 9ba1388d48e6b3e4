/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/topic_ref.h"

#include "gateway/core/core.h"
#include "gateway/core/keep.h"
#include "gateway/core/topic_name.h"

void topic_ref_use(struct gw *gw, const struct client *client, struct topic *topic)
{
	if (topic->used)
		return;
	topic->used = true;
	keep_topic(gw, client, topic);
}

static enum sn_return_code normal(
    struct gw *gw, const struct client *client, uint16_t topic_id, struct sn_bytes *name)
{
	struct topic *topic = client != NULL ? topic_reg_by_id(client->topics, topic_id) : NULL;

	if (topic == NULL)
		return SN_INVALID_TOPIC_ID;
	topic_ref_use(gw, client, topic);
	*name = (struct sn_bytes){ (const uint8_t *)topic->name, topic->len };
	return SN_ACCEPTED;
}

static enum sn_return_code predefined(const struct gw *gw, const struct client *client,
    uint16_t topic_id, struct topic_ref_room *room, struct sn_bytes *name)
{
	const char *text;

	if (gw->config.predefined == NULL)
		return SN_INVALID_TOPIC_ID;
	text = topic_predef_name(gw->config.predefined, client != NULL ? client->id : NULL,
	    topic_id, room->text, sizeof room->text, &name->len);
	name->data = (const uint8_t *)text;
	return text != NULL ? SN_ACCEPTED : SN_INVALID_TOPIC_ID;
}

static enum sn_return_code short_name(
    uint16_t topic_id, struct topic_ref_room *room, struct sn_bytes *name)
{
	sn_short_topic(topic_id, (uint8_t *)room->text);
	room->text[2] = '\0';
	*name = (struct sn_bytes){ (const uint8_t *)room->text, 2 };
	return topic_name_valid(*name) ? SN_ACCEPTED : SN_NOT_SUPPORTED;
}

bool topic_ref_is_too_long(const struct gw *gw, const struct client *client, struct sn_bytes name)
{
	return name.len > gw->config.limits.topic_name &&
	       topic_reg_by_name(client->topics, name) == NULL;
}

enum sn_return_code topic_ref_name(struct gw *gw, const struct client *client, uint8_t type,
    uint16_t topic_id, struct topic_ref_room *room, struct sn_bytes *name)
{
	switch (type) {
	case SN_TOPIC_NORMAL:
		return normal(gw, client, topic_id, name);
	case SN_TOPIC_PREDEFINED:
		return predefined(gw, client, topic_id, room, name);
	case SN_TOPIC_SHORT:
		return short_name(topic_id, room, name);
	default:
		return SN_NOT_SUPPORTED;
	}
}
