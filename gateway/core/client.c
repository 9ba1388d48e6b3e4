/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/client.h"

#include <assert.h>
#include <stddef.h>

#include "gateway/core/backlog.h"
#include "gateway/core/connect.h"
#include "gateway/core/core.h"
#include "gateway/core/keep.h"
#include "gateway/core/say.h"

static void enter_connecting(struct gw *gw, struct client *client);
static void enter_active(struct gw *gw, struct client *client);
static void enter_asleep(struct gw *gw, struct client *client);
static void enter_awake(struct gw *gw, struct client *client);
static void enter_disconnected(struct gw *gw, struct client *client);
static void enter_lost(struct gw *gw, struct client *client);

#define FROM(state) (1u << CLIENT_##state)

/* Figure 4 of the specification, and what each state means for the rest. */
static const struct {
	void (*enter)(struct gw *gw, struct client *client);
	unsigned from; /* the states that may come before */
} states[CLIENT_STATES] = {
	[CLIENT_DISCONNECTED] = { enter_disconnected,
	    FROM(CONNECTING) | FROM(ACTIVE) | FROM(ASLEEP) | FROM(AWAKE) },
	[CLIENT_CONNECTING] = { enter_connecting, ~0u },
	[CLIENT_ACTIVE] = { enter_active, FROM(CONNECTING) | FROM(ASLEEP) | FROM(AWAKE) },
	[CLIENT_ASLEEP] = { enter_asleep, FROM(ACTIVE) | FROM(ASLEEP) | FROM(AWAKE) },
	[CLIENT_AWAKE] = { enter_awake, FROM(ASLEEP) },
	[CLIENT_LOST] = { enter_lost, FROM(ACTIVE) | FROM(ASLEEP) | FROM(AWAKE) },
};

static void move_to(struct gw *gw, struct client *client, enum client_state state)
{
	gw->clients.in_state[client->state]--;
	client->state = state;
	gw->clients.in_state[state]++;
}

void client_set_state(struct gw *gw, struct client *client, enum client_state state)
{
	assert(states[state].from & 1u << client->state);
	client->setup = connect_setup_free(client->setup);
	move_to(gw, client, state);
	states[state].enter(gw, client);
	keep_client(gw, client);
}

/* Two prompts with all their repeats, and the broker's answer.  A client that repeats what it said
 * makes each of them last longer, but not the whole. */
static int64_t setup_ms(const struct gw *gw)
{
	return 2 * pending_patience_ms(gw) + gw->config.timers.connect_timeout;
}

static void enter_connecting(struct gw *gw, struct client *client)
{
	client->heard = gw->now;
	client->will_answers = 0;
	pending_stop(gw, client);
	deadline_set(gw->deadlines, &client->supervision, monotime_add_ms(gw->now, setup_ms(gw)));
}

static void supervise(struct gw *gw, struct client *client, uint16_t seconds)
{
	int64_t patience = seconds > 0 ? client_patience_ms(seconds) : gw->config.timers.max_idle;

	if (patience == 0)
		deadline_clear(gw->deadlines, &client->supervision);
	else
		deadline_set(
		    gw->deadlines, &client->supervision, monotime_add_ms(gw->now, patience));
}

static void enter_active(struct gw *gw, struct client *client)
{
	supervise(gw, client, client->keep_alive);
}

/* Also when it was asleep already: the sleep starts anew (SN12-SLEEP-13, -20). */
static void enter_asleep(struct gw *gw, struct client *client)
{
	pending_stop(gw, client);
	supervise(gw, client, client->sleep_duration);
}

/* The specification stops the sleep timer here.  A window that something outside keeps open - the
 * broker's answer to a SUBSCRIBE - must still end some day. */
static void enter_awake(struct gw *gw, struct client *client)
{
	supervise(gw, client, client->sleep_duration);
}

/* What the client has left behind for the broker goes on its way.  Not with a will there: should
 * the broker be lost, it would tell of a death that was none.  A shared link knows of no will, and
 * what it was handed would go on its way also if it was closed. */
static bool may_keep_link(const struct client *client, enum up_farewell farewell)
{
	if (spool_is_empty(&client->spool))
		return false;
	if (client->link.shared)
		return true;
	return farewell == UP_DISCONNECT && client->will == NULL && link_is_up(&client->link);
}

/* Nothing of the client is kept but what it has left behind for the broker. */
static void end_session(struct gw *gw, struct client *client)
{
	client->clean = true;
	if (!spool_is_empty(&client->spool)) {
		client_clear_session(gw, client);
		keep_client(gw, client);
		return;
	}
	link_close(gw, client, UP_DISCONNECT);
	clients_remove(gw, client);
}

/* The end of a connection: nothing is sent to the client any more. */
static void end_connection(struct gw *gw, struct client *client, enum up_farewell farewell)
{
	bool held_back = client->link.outgrown || client->link.stale_will;

	pending_stop(gw, client);
	deadline_clear(gw->deadlines, &client->supervision);
	subscribe_clear_requests(client);
	client->link.outgrown = false;
	replies_clear(&client->replies);
	client->will_answers = 0;
	if (!may_keep_link(client, farewell))
		link_close(gw, client, farewell);
	if (held_back)
		spool_pump(gw, client);
	clients_unbind(&gw->clients, client);
	if (client->clean)
		end_session(gw, client);
	else if (gw->config.timers.session_expiry > 0)
		deadline_set(gw->deadlines, &client->supervision,
		    monotime_add_ms(gw->now, gw->config.timers.session_expiry));
	if (!spool_is_empty(&client->spool) && client->link.state == LINK_CLOSED)
		link_open_later(gw, client);
}

static void enter_disconnected(struct gw *gw, struct client *client)
{
	end_connection(gw, client, UP_DISCONNECT);
}

/* The broker cannot know that the client is lost: what it would have published waits for it, behind
 * what the client itself has published (SN12-WILL-02). */
static void leave_will(struct gw *gw, struct client *client)
{
	struct up_will will;

	if (client->will == NULL || link_is_up(&client->link) ||
	    gw->config.outage != GW_OUTAGE_STORE)
		return;
	will = will_for_broker(client->will);
	if (spool_add(gw, client,
	        &(struct spool_publish){ will.topic, will.message, will.qos, will.retain, 0 }) == 0)
		return;
	gw->metrics.publishes_dropped++;
	gw_note(gw, NOTE_DROPPED, client, "no room for the will");
}

static void enter_lost(struct gw *gw, struct client *client)
{
	leave_will(gw, client);
	end_connection(gw, client, UP_ABORT);
}

static void supervision_expired(void *ctx, struct deadline *deadline)
{
	struct gw *gw = ctx;
	struct client *client =
	    (struct client *)((char *)deadline - offsetof(struct client, supervision));

	if (client->will != NULL && client->link.restored && gw->config.outage != GW_OUTAGE_STORE) {
		/* Its will is not with the broker yet, so it could not fire. */
		deadline_set(
		    gw->deadlines, deadline, monotime_add_ms(gw->now, pending_patience_ms(gw)));
	} else if (client->state == CLIENT_CONNECTING) {
		gw_note(gw, NOTE_GAVE_UP, client, "connection setup took too long");
		connect_abandon(gw, client);
	} else if (client->state == CLIENT_ACTIVE) {
		client_lose(gw, client, "keep alive expired");
	} else if (client->peer != NULL) {
		client_lose(gw, client, "sleep expired");
	} else {
		gw_note(gw, NOTE_EXPIRED, client, NULL);
		end_session(gw, client);
	}
}

static monotime_t within(monotime_t t, monotime_t least, monotime_t most)
{
	if (monotime_before(most, t))
		return most;
	return monotime_before(t, least) ? least : t;
}

/* That it has no keys any more it notices when it was not answered. */
static void allow_for_keys(struct gw *gw, struct client *client)
{
	struct deadline *own = &client->supervision;

	if (own->set && gw->config.listeners[client->peer->listener].keys)
		deadline_set(
		    gw->deadlines, own, monotime_add_ms(own->due, pending_patience_ms(gw)));
}

void client_restore(struct gw *gw, struct client *client, enum client_state state,
    bool has_deadline, monotime_t deadline)
{
	struct deadline *own = &client->supervision;

	move_to(gw, client, state);
	if (client->state == CLIENT_ACTIVE) {
		supervise(gw, client, client->keep_alive);
	} else if (client->peer != NULL) {
		/* If its time was up while nobody listened, it may still be repeating itself. */
		monotime_t least = monotime_add_ms(gw->now, pending_patience_ms(gw));

		supervise(gw, client, client->sleep_duration);
		if (own->set && has_deadline)
			deadline_set(gw->deadlines, own, within(deadline, least, own->due));
	} else if (gw->config.timers.session_expiry > 0) {
		monotime_t most = monotime_add_ms(gw->now, gw->config.timers.session_expiry);

		deadline_set(
		    gw->deadlines, own, has_deadline ? within(deadline, gw->now, most) : most);
	}
	if (client->peer != NULL)
		allow_for_keys(gw, client);
}

void client_init(struct client *client)
{
	client->clean = true; /* until a CONNECT was accepted there is nothing to keep */
	deadline_init(&client->supervision, supervision_expired);
	pending_init(&client->pending);
	link_init(&client->link);
}

static void answer_from(struct gw *gw, struct client *client, const struct netaddr *local)
{
	if (local->family == 0 || netaddr_equal(&client->peer->local, local))
		return;
	client->peer->local = *local;
	keep_client(gw, client);
}

void client_heard(struct gw *gw, struct client *client, const struct peer *from)
{
	client->heard = gw->now;
	answer_from(gw, client, &from->local);
	if (client->state == CLIENT_ACTIVE)
		supervise(gw, client, client->keep_alive);
	else if (client->state == CLIENT_ASLEEP || client->state == CLIENT_AWAKE)
		supervise(gw, client, client->sleep_duration);
}

void client_leave(struct gw *gw, struct client *client, const char *why)
{
	gw->metrics.disconnects++;
	if (why == NULL ||
	    client->state != CLIENT_ASLEEP) /* a sleeper is not disturbed: it asks when it wakes */
		say_plain(gw, client->peer, SN_DISCONNECT);
	gw_note(gw, NOTE_DISCONNECTED, client, why);
	client_set_state(gw, client, CLIENT_DISCONNECTED);
}

void client_lose(struct gw *gw, struct client *client, const char *why)
{
	gw->metrics.lost++;
	gw_note(gw, NOTE_LOST, client, why);
	client_set_state(gw, client, CLIENT_LOST);
}

void client_clear_session(struct gw *gw, struct client *client)
{
	subscribe_clear(client);
	pub_in_clear(client);
	backlog_clear(gw, client);
	replies_clear(&client->replies);
	client->will = will_free(client->will);
	topic_reg_clear(client->topics);
	keep_drop_client(gw, client);
}

void client_resume_session(struct gw *gw, struct client *client)
{
	for (uint32_t id = 1; id <= topic_reg_count(client->topics); id++) {
		struct topic *topic = topic_reg_by_id(client->topics, (uint16_t)id);
		bool was_told = topic->told;

		topic->told = topic->muted = false;
		if (was_told)
			keep_topic(gw, client, topic);
	}
	replies_forget(&client->replies, SN_SUBACK);
}

uint16_t client_next_msg_id(struct client *client)
{
	do
		client->last_msg_id++;
	while (client->last_msg_id == 0 || pub_out_uses_msg_id(client, client->last_msg_id));
	return client->last_msg_id;
}

uint32_t client_patience_ms(uint16_t seconds)
{
	return seconds > 60 ? seconds * 1100u : seconds * 1500u;
}
