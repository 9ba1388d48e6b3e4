/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/link.h"

#include <stddef.h>

#include "common/backoff.h"
#include "common/err.h"
#include "gateway/core/backlog.h"
#include "gateway/core/connect.h"
#include "gateway/core/core.h"
#include "gateway/core/will_update.h"

enum {
	QUICK_LOSS_MS = 5000, /* a connection that lasts no longer counts as lost quickly */
	QUICK_LOSSES = 3, /* so many in a row: something that the client did makes the broker close
	                     (MAP-LOST-02) */
};

static void set_deadline(struct gw *gw, struct link *link, int64_t ms)
{
	deadline_set(gw->deadlines, &link->deadline, monotime_add_ms(gw->now, ms));
}

/* An active client is told after a while that there is no broker; others do not ask, and one whose
 * publishes are stored can do without (MAP-LOST-01). */
static bool is_held_for_a_time(const struct gw *gw, const struct client *client)
{
	return client->state == CLIENT_ACTIVE && gw->config.outage != GW_OUTAGE_STORE;
}

static bool held_too_long(const struct gw *gw, const struct client *client)
{
	return is_held_for_a_time(gw, client) &&
	       monotime_ms_between(client->link.since, gw->now) >= gw->config.timers.hold;
}

static void wait_for_next_try(struct gw *gw, struct client *client)
{
	struct link *link = &client->link;
	int64_t left = gw->config.timers.hold - monotime_ms_between(link->since, gw->now);
	int64_t wait = backoff_ms(gw->config.timers.reconnect_least,
	    gw->config.timers.reconnect_most, link->attempts, gw_random(gw));

	if (held_too_long(gw, client)) {
		client_leave(gw, client, "the broker is away");
		return;
	}
	if (link->attempts < UINT8_MAX)
		link->attempts++;
	link->state = LINK_WAITING;
	set_deadline(gw, link, is_held_for_a_time(gw, client) && left < wait ? left : wait);
}

static void reopen(struct gw *gw, struct client *client);
static bool goes_on_sharing(const struct gw *gw, const struct client *client);

/* A shared link is kept for what is in the spool: it goes on trying. */
static void setup_refused(struct gw *gw, struct client *client, bool permanent, const char *why)
{
	connect_refused(gw, client, permanent, why);
	if (client->link.state == LINK_CONNECTING)
		wait_for_next_try(gw, client);
}

/* What is spooled for the broker waits also for one that refuses the client: until somebody sets
 * that right. */
static void refused(struct gw *gw, struct client *client, bool permanent, const char *why)
{
	bool outgrown = client->link.outgrown;
	bool own = outgrown && !client->link.shared; /* one of its own it cannot have */

	if (!permanent)
		gw->broker_away = true;
	if (client->link.restored || outgrown)
		subscribe_refuse_open(gw, client);
	client->link.outgrown = false;
	if (own && !permanent && goes_on_sharing(gw, client))
		reopen(gw, client);
	else if (client->state == CLIENT_CONNECTING && (permanent || !connect_goes_on(gw, client)))
		setup_refused(gw, client, permanent, why);
	else if (permanent && !client_is_absent(client))
		client_leave(gw, client, why);
	else
		wait_for_next_try(gw, client);
}

static void try_again(struct gw *gw, struct client *client);

static void pump_again(struct gw *gw, struct client *client)
{
	spool_pump(gw, client);
	link_finish(gw, client);
}

static void expired(void *ctx, struct deadline *deadline)
{
	struct gw *gw = ctx;
	struct client *client =
	    (struct client *)((char *)deadline - offsetof(struct client, link.deadline));

	if (client->link.state == LINK_CONNECTING)
		refused(gw, client, false, "no answer from the broker");
	else if (client->link.state == LINK_WAITING)
		try_again(gw, client);
	else
		pump_again(gw, client);
}

void link_init(struct link *link)
{
	deadline_init(&link->deadline, expired);
}

/* Wants nothing but to publish, and as nobody in particular.  What it once wanted the broker to
 * keep, only its own session can end. */
static bool may_share(const struct gw *gw, const struct client *client)
{
	return gw->config.share_connections && client->clean && !client->link.outgrown &&
	       !client->link.apart &&
	       !admission_has_login(gw->config.admission, client_id_bytes(client));
}

/* The same of a client whose session goes on.  What one that is gone has left is published in its
 * own name, unless it shared to the end: the broker's rules for it may be others. */
static bool goes_on_sharing(const struct gw *gw, const struct client *client)
{
	return client->will == NULL && client->subs.count == 0 &&
	       (!client_is_absent(client) || client->link.shared) && may_share(gw, client);
}

/* Opens a session in the place of none. */
static int open_session(
    struct gw *gw, struct client *client, bool clean, const struct will *will, bool shared)
{
	struct link *link = &client->link;
	struct up_will up_will;
	struct up_spec spec = { .client_id = client->id, .clean = clean, .shared = shared };

	if (will != NULL) {
		up_will = will_for_broker(will);
		spec.will = &up_will;
	}
	gw_trace_heard(gw);
	link->session = gw->ports.up_open(gw->ports.ctx, client, &spec);
	if (link->session == NULL)
		return -ERR_NOMEM;
	link->state = LINK_CONNECTING;
	link->shared = shared;
	link->stale_will = false;
	set_deadline(gw, link, gw->config.timers.connect_timeout);
	return 0;
}

int link_open(struct gw *gw, struct client *client, bool clean, const struct will *will)
{
	client->link.attempts = 0;
	client->link.quick_losses = 0;
	client->link.since = gw->now;
	return open_session(
	    gw, client, clean, will, clean && will == NULL && may_share(gw, client));
}

void link_open_later(struct gw *gw, struct client *client)
{
	client->link.attempts = 0;
	client->link.quick_losses = 0;
	client->link.since = gw->now;
	wait_for_next_try(gw, client);
}

void link_pump_later(struct gw *gw, struct client *client, int64_t ms)
{
	set_deadline(gw, &client->link, ms);
}

/* The session goes, and what was on its way there; requests stay for the next one. */
static void close_session(struct gw *gw, struct client *client, enum up_farewell farewell)
{
	struct link *link = &client->link;

	gw_trace_heard(gw);
	if (link->session != NULL)
		gw->ports.up_close(gw->ports.ctx, link->session, farewell);
	link->session = NULL;
	link->shared = false;
	pub_in_link_closed(client);
	spool_link_closed(client);
	client->outbox.paused = false;
}

void link_close(struct gw *gw, struct client *client, enum up_farewell farewell)
{
	struct link *link = &client->link;

	if (link->state == LINK_CLOSED)
		return;
	close_session(gw, client, farewell);
	link->state = LINK_CLOSED;
	link->stale_will = link->rearming = link->restored = link->outgrown = false;
	deadline_clear(gw->deadlines, &link->deadline);
	subscribe_clear_requests(client);
}

bool link_is_awaited(const struct gw *gw, const struct link *link)
{
	return (link->restored || link->outgrown) && link->attempts == 0 && !gw->broker_away;
}

/* It is waiting like one that was lost.  An active client's hold time begins when its turn comes.
 */
void link_restore(struct gw *gw, struct client *client, size_t *turns)
{
	uint32_t per_second = gw->config.limits.reconnects;
	struct link *link = &client->link;
	int64_t wait = 0;

	if (per_second > 0 && !goes_on_sharing(gw, client))
		wait = (int64_t)((*turns)++ * 1000 / per_second);
	link->state = LINK_WAITING;
	link->rearming = client->clean;
	link->restored = true;
	link->since = monotime_add_ms(gw->now, wait);
	set_deadline(gw, link, wait);
}

/* A session with the client's will as it is now; one that is not there has none at the broker
 * (MAP-WILL-11). */
static void reopen(struct gw *gw, struct client *client)
{
	bool absent = client_is_absent(client);

	close_session(gw, client, UP_DISCONNECT);
	if (open_session(gw, client, client->clean, absent ? NULL : client->will,
	        goes_on_sharing(gw, client)) == 0) {
		client->link.stale_will = absent && client->will != NULL;
		return;
	}
	if (client->link.restored || client->link.outgrown)
		subscribe_refuse_open(gw, client);
	client->link.stale_will = client->link.rearming = false;
	client->link.restored = client->link.outgrown = false;
	if (absent || gw->config.outage == GW_OUTAGE_STORE)
		wait_for_next_try(gw, client);
	else
		client_leave(gw, client, "no upstream session to be had");
}

static bool is_owed_acknowledgements(const struct client *client);

/* What is on its way over a shared connection would go on its way all the same: it is waited for
 * there. */
static bool needs_new_session(const struct gw *gw, const struct client *client)
{
	const struct link *link = &client->link;

	if (link->session == NULL)
		return true;
	if (link->shared)
		return !goes_on_sharing(gw, client) && !is_owed_acknowledgements(client);
	return link_is_stale(client);
}

/* Whether the next try is at no connection of its own, so that it need not wait for others. */
static bool tries_shared(const struct gw *gw, const struct client *client)
{
	return needs_new_session(gw, client) ? goes_on_sharing(gw, client) : client->link.shared;
}

static void try_again(struct gw *gw, struct client *client)
{
	uint32_t per_second = gw->config.limits.reconnects;
	struct link *link = &client->link;
	const char *barred = connect_barred(gw, client_id_bytes(client));

	if (barred != NULL) {
		refused(gw, client, true, barred);
	} else if (held_too_long(gw, client)) {
		client_leave(gw, client, "the broker is away");
	} else if (!tries_shared(gw, client) &&
	           !rate_take(&gw->reconnects, gw->now, per_second, per_second)) {
		set_deadline(gw, link,
		    rate_wait_ms(&gw->reconnects, gw->now, per_second, per_second) +
		        gw_random(gw) % 1000);
	} else if (needs_new_session(gw, client)) {
		reopen(gw, client);
	} else {
		link->state = LINK_CONNECTING;
		set_deadline(gw, link, gw->config.timers.connect_timeout);
		gw->ports.up_reconnect(gw->ports.ctx, link->session);
	}
}

void link_hold_anew(struct gw *gw, struct client *client)
{
	if (!link_is_up(&client->link))
		client->link.since = gw->now;
}

/* The broker has something of the client that it has not acknowledged. */
static bool is_owed_acknowledgements(const struct client *client)
{
	return pub_in_is_forwarding(client) || client->spool.open > 0;
}

/* Publishes that the broker has not acknowledged, and requests that it has not answered, would be
 * lost.  Where the connection is shared no request has been sent. */
static bool is_quiet(const struct client *client)
{
	return (client->link.shared || client->subscribing.requests == NULL) &&
	       !is_owed_acknowledgements(client);
}

bool link_is_stale(const struct client *client)
{
	return client->link.stale_will && !client_is_absent(client);
}

bool link_is_to_change(const struct client *client)
{
	return link_is_stale(client) || (client->link.shared && client->link.outgrown);
}

bool link_will_do(const struct gw *gw, struct client *client, bool clean, const struct will *will)
{
	struct link *link = &client->link;

	if (!link_is_up(link) || !link->shared || !clean || will != NULL)
		return false;
	link->outgrown = link->stale_will = false; /* what the session before this one wanted */
	return may_share(gw, client);
}

void link_refresh(struct gw *gw, struct client *client)
{
	struct link *link = &client->link;

	if (!link_is_to_change(client) || !link_is_up(link) || !is_quiet(client) || gw->stopping)
		return;
	if (client->state == CLIENT_CONNECTING) /* the new connection would answer for its setup */
		return;
	link->since = gw->now;
	if (link->shared) /* these were not the client's */
		link->attempts = link->quick_losses = 0;
	reopen(gw, client);
	link->rearming = link->session != NULL;
}

void link_outgrow(struct gw *gw, struct client *client)
{
	client->link.outgrown = true;
	link_refresh(gw, client);
}

void link_finish(struct gw *gw, struct client *client)
{
	if (gw->stopping) {
		if (!link_is_up(&client->link) || !is_owed_acknowledgements(client))
			link_close(gw, client, UP_DISCONNECT);
		return;
	}
	if (!client_is_absent(client) || !link_is_up(&client->link))
		return;
	if (!spool_is_empty(&client->spool) || !is_quiet(client))
		return;
	link_close(gw, client, UP_DISCONNECT);
	if (client->clean)
		clients_remove(gw, client);
}

/* The session goes on as if the broker had never been away. */
static void restored(struct gw *gw, struct client *client, bool session_present)
{
	struct link *link = &client->link;
	bool rearming = link->rearming;

	link->rearming = false;
	if (!(rearming && link->outgrown && !link->shared)) /* else nothing had been lost */
		gw_note(gw, NOTE_LINK_RESTORED, client, NULL);
	if (!link->shared)
		link->outgrown = false;
	subscribe_restore(gw, client, !session_present);
	if (link->shared && admission_has_login(gw->config.admission, client_id_bytes(client)))
		link_outgrow(gw, client); /* it was given one meanwhile */
	subscribe_swallow_retained(client, rearming);
	backlog_link_up(gw, client);
	if (!link->stale_will)
		will_update_armed(gw, client);
}

/* What another broker remembers of the client is of another time (MAP-LOST-06). */
static void connected(struct gw *gw, struct client *client, const struct up_event *event)
{
	struct link *link = &client->link;
	bool session_present = event->session_present && link->broker == event->broker;

	gw_broker_reached(gw, event);
	link->broker = event->broker;
	deadline_clear(gw->deadlines, &link->deadline);
	link->state = LINK_UP;
	link->restored = false;
	link->since = gw->now;
	link->published = client->published;
	if (client->state == CLIENT_CONNECTING)
		connect_accepted(gw, client, session_present);
	else
		restored(gw, client, session_present);
	spool_pump(gw, client);
}

/* A connection that is closed again and again (MAP-LOST-02) is left by all who have published on it
 * this time: one of them did what the broker will not have, and for the others it shall stay. */
static void leave_shared(struct gw *gw, struct client *client)
{
	struct link *link = &client->link;

	if (client->published != link->published || is_owed_acknowledgements(client)) {
		link->apart = true;
		link->attempts = 0;
		close_session(gw, client, UP_DISCONNECT);
	}
	link->quick_losses = 0;
}

static void lost(struct gw *gw, struct client *client, const char *why)
{
	struct link *link = &client->link;
	bool quick = monotime_ms_between(link->since, gw->now) < QUICK_LOSS_MS;

	gw->metrics.links_lost++;
	gw_note(gw, NOTE_LINK_LOST, client, why);
	link->quick_losses = quick ? (uint8_t)(link->quick_losses + 1) : 0;
	if (!quick)
		link->attempts = 0;
	link->state = LINK_WAITING;
	link->since = gw->now;
	if (client->state == CLIENT_CONNECTING) { /* its setup will ask for another connection */
		if (link->shared)
			close_session(gw, client, UP_DISCONNECT);
		return;
	}
	if (link->shared && link->quick_losses >= QUICK_LOSSES)
		leave_shared(gw, client);
	if (link->quick_losses >= QUICK_LOSSES && !client_is_absent(client))
		client_leave(gw, client, "the broker closes the connection again and again");
	else
		wait_for_next_try(gw, client);
}

void link_event(struct gw *gw, struct client *client, const struct up_event *event)
{
	if (event->kind == UP_CONNECTED)
		connected(gw, client, event);
	else if (event->kind == UP_REFUSED)
		refused(gw, client, event->down.permanent, event->down.why);
	else
		lost(gw, client, event->down.why);
}
