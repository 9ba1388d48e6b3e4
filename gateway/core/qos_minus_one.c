/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/qos_minus_one.h"

#include <string.h>

#include "gateway/core/core.h"
#include "gateway/core/topic_name.h"
#include "gateway/core/topic_ref.h"

/* The private form of some clients: the topic id field holds the length of a name that comes before
 * the payload (SN12-OPEN-09). */
static bool split_name(const struct sn_publish *publish, struct topic_ref_room *room,
    struct sn_bytes *name, struct sn_bytes *payload)
{
	size_t len = publish->topic_id;

	if (len > publish->data.len || len >= sizeof room->text)
		return false;
	memcpy(room->text, publish->data.data, len);
	room->text[len] = '\0';
	*name = (struct sn_bytes){ (const uint8_t *)room->text, len };
	*payload = (struct sn_bytes){ publish->data.data + len, publish->data.len - len };
	return topic_name_valid(*name);
}

/* Only topics that need no session are taken, and names where the listener allows them
 * (SN12-QM1-02, -04). */
static bool find_topic(struct gw *gw, const struct gw_listener *listener,
    const struct client *client, const struct sn_publish *publish, struct topic_ref_room *room,
    struct sn_bytes *name, struct sn_bytes *payload)
{
	*payload = publish->data;
	if (publish->flags.topic_type != SN_TOPIC_NORMAL)
		return topic_ref_name(gw, client, publish->flags.topic_type, publish->topic_id,
		           room, name) == SN_ACCEPTED;
	return listener->qos_minus_one_names && split_name(publish, room, name, payload);
}

static bool is_allowed(const struct gw *gw, struct sn_bytes name)
{
	for (size_t i = 0; i < gw->config.own.n_qos_minus_one_topics; i++) {
		const char *filter = gw->config.own.qos_minus_one_topics[i];

		if (topic_filter_matches(
		        (struct sn_bytes){ (const uint8_t *)filter, strlen(filter) }, name))
			return true;
	}
	return gw->config.own.n_qos_minus_one_topics == 0;
}

/* What stands against passing it on; NULL: it was passed on. */
static const char *pass_on(struct gw *gw, const struct peer *from, const struct client *client,
    const struct sn_publish *publish)
{
	const struct gw_listener *listener = &gw->config.listeners[from->listener];
	uint32_t per_second = gw->config.limits.qos_minus_one;
	struct topic_ref_room room;
	struct sn_bytes name, payload;
	uint16_t token;

	if (!listener->qos_minus_one)
		return "QoS -1 is off here";
	if (!find_topic(gw, listener, client, publish, &room, &name, &payload))
		return "QoS -1 without a usable topic";
	if (!is_allowed(gw, name))
		return "QoS -1 to a topic that is not allowed";
	if (!rate_take(&gw->qos_minus_one, gw->now, per_second, per_second))
		return "limits.qos_minus_one";
	if (!gw->own.up)
		return "QoS -1 while the broker is away";
	gw_trace_heard(gw);
	if (gw->ports.up_publish(gw->ports.ctx, gw->own.session, (const char *)name.data, payload,
	        gw->config.own.qos_minus_one_qos, publish->flags.retain, &token) < 0)
		return "QoS -1 that the broker's side does not take";
	return NULL;
}

void qos_minus_one_publish(
    struct gw *gw, const struct peer *from, struct client *client, const struct sn_publish *publish)
{
	const char *why = pass_on(gw, from, client, publish);

	if (why == NULL) {
		gw->metrics.qos_minus_one_in++;
		return;
	}
	gw->metrics.qos_minus_one_dropped++;
	gw_refuse(gw, client, why);
}
