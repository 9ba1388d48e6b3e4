/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/will_update.h"

#include "gateway/core/core.h"
#include "gateway/core/keep.h"
#include "gateway/core/say.h"

/* The answers that wait for the broker: bits of client->will_answers. */
enum {
	TOPIC_ANSWER = 1,
	MESSAGE_ANSWER = 2,
};

static void refuse(struct gw *gw, struct client *client, enum sn_type type,
    enum sn_return_code code, const char *why)
{
	gw_refuse(gw, client, why);
	say_result(gw, client->peer, type, code);
}

/* @will, owned by the client from now on, is what the broker shall have. */
static void change(struct gw *gw, struct client *client, struct will *will, uint8_t answer)
{
	bool same = will_equal(will, client->will);

	will_free(client->will);
	client->will = will;
	keep_client(gw, client);
	client->will_answers |= answer;
	if (!same)
		client->link.stale_will = true;
	link_refresh(gw, client);
	if (link_is_up(&client->link) && !client->link.stale_will)
		will_update_armed(gw, client);
}

/* A copy of the client's will with what is given in place of its own; NULL when out of memory. */
static struct will *changed(
    const struct will *old, const struct sn_will_topic *topic, const struct sn_bytes *message)
{
	struct sn_bytes old_message = { 0 };
	struct will *will;

	if (old != NULL)
		old_message = (struct sn_bytes){ old->message, old->message_len };
	if (topic != NULL)
		will = will_new(topic->topic, (uint8_t)topic->flags.qos, topic->flags.retain);
	else
		will = will_copy(old);
	if (will == NULL || will_set_message(will, message != NULL ? *message : old_message) < 0)
		return will_free(will);
	return will;
}

/* Without a will before, it forms one with an empty message (SN12-WILL-08). */
void will_update_topic(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	const struct sn_will_topic *update = &packet->will_topic;
	struct will *will = NULL;

	if (update->topic.len > 0) {
		if (!will_topic_valid(update)) {
			refuse(
			    gw, client, SN_WILLTOPICRESP, SN_NOT_SUPPORTED, "unusable will topic");
			return;
		}
		will = changed(client->will, update, NULL);
		if (will == NULL) {
			refuse(gw, client, SN_WILLTOPICRESP, SN_CONGESTION, "out of memory");
			return;
		}
	}
	change(gw, client, will, TOPIC_ANSWER);
}

void will_update_message(struct gw *gw, struct client *client, const struct sn_packet *packet)
{
	struct will *will;

	if (client->will == NULL) {
		refuse(
		    gw, client, SN_WILLMSGRESP, SN_NOT_SUPPORTED, "no will topic for this message");
		return;
	}
	will = changed(client->will, NULL, &packet->will_msg.message);
	if (will == NULL) {
		refuse(gw, client, SN_WILLMSGRESP, SN_CONGESTION, "out of memory");
		return;
	}
	change(gw, client, will, MESSAGE_ANSWER);
}

void will_update_armed(struct gw *gw, struct client *client)
{
	uint8_t answers = client->will_answers;

	client->will_answers = 0;
	if (answers & TOPIC_ANSWER)
		say_result(gw, client->peer, SN_WILLTOPICRESP, SN_ACCEPTED);
	if (answers & MESSAGE_ANSWER)
		say_result(gw, client->peer, SN_WILLMSGRESP, SN_ACCEPTED);
}
