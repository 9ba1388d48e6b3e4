/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/pending.h"

#include <stddef.h>

#include "gateway/core/connect.h"
#include "gateway/core/core.h"

/* How each packet is sent again. */
static const struct {
	void (*repeat)(struct gw *gw, struct client *client, uint8_t type, uint16_t msg_id);
	const char *gave_up;
} kinds[256] = {
	[SN_WILLTOPICREQ] = { connect_repeat_prompt, "no answer to WILLTOPICREQ" },
	[SN_WILLMSGREQ] = { connect_repeat_prompt, "no answer to WILLMSGREQ" },
	[SN_REGISTER] = { pub_out_repeat, "no answer to REGISTER" },
	[SN_PUBLISH] = { pub_out_repeat, "no answer to PUBLISH" },
	[SN_PUBREL] = { pub_out_repeat, "no answer to PUBREL" },
};

static void set_deadline(struct gw *gw, struct client *client, uint32_t ms)
{
	deadline_set(gw->deadlines, &client->pending.deadline, monotime_add_ms(gw->now, ms));
}

/* The last repeat was not answered either (SN12-CONN-12, SN12-RETRY-03). */
static void give_up(struct gw *gw, struct client *client)
{
	const char *why = kinds[client->pending.type].gave_up;

	gw->metrics.gave_up++;
	gw_note(gw, NOTE_GAVE_UP, client, why);
	if (client->state == CLIENT_CONNECTING)
		connect_abandon(gw, client);
	else if (client->state ==
	         CLIENT_AWAKE) /* the message stays, for the next time (SN12-SLEEP-10) */
		client_set_state(gw, client, CLIENT_ASLEEP);
	else
		client_lose(gw, client, why);
}

/* Sends it again as if for the first time, but goes on counting. */
static void repeat(struct gw *gw, struct client *client)
{
	struct pending *pending = &client->pending;
	const struct pending was = *pending;

	gw->metrics.retransmissions++;
	pending_stop(gw, client);
	kinds[was.type].repeat(gw, client, was.type, was.msg_id);
	if (pending_is(pending, was.type, was.msg_id))
		pending->repeats = (uint8_t)(was.repeats + 1);
}

static void expired(void *ctx, struct deadline *deadline)
{
	struct gw *gw = ctx;
	struct client *client =
	    (struct client *)((char *)deadline - offsetof(struct client, pending.deadline));

	if (client->pending.type == PENDING_HOLD) {
		pending_stop(gw, client);
		pub_out_pump(gw, client);
	} else if (client->pending.repeats >= gw->config.timers.retries) {
		give_up(gw, client);
	} else {
		repeat(gw, client);
	}
}

int64_t pending_patience_ms(const struct gw *gw)
{
	return (int64_t)gw->config.timers.retry * (gw->config.timers.retries + 1);
}

void pending_init(struct pending *pending)
{
	pending->type = PENDING_NONE;
	deadline_init(&pending->deadline, expired);
}

void pending_start(struct gw *gw, struct client *client, uint8_t type, uint16_t msg_id)
{
	client->pending.type = type;
	client->pending.msg_id = msg_id;
	client->pending.repeats = 0;
	set_deadline(gw, client, gw->config.timers.retry);
}

void pending_hold(struct gw *gw, struct client *client)
{
	client->pending.type = PENDING_HOLD;
	set_deadline(gw, client, gw->config.timers.wait);
}

void pending_stop(struct gw *gw, struct client *client)
{
	client->pending.type = PENDING_NONE;
	deadline_clear(gw->deadlines, &client->pending.deadline);
}

void pending_repeat(struct gw *gw, struct client *client)
{
	int64_t left = monotime_ms_between(gw->now, client->pending.deadline.due);

	if (client->pending.type != PENDING_HOLD && left < gw->config.timers.retry / 2)
		repeat(gw, client);
}

bool pending_is(const struct pending *pending, uint8_t type, uint16_t msg_id)
{
	return pending->type == type && pending->msg_id == msg_id;
}
