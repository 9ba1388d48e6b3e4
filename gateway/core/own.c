/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/own.h"

#include "common/backoff.h"
#include "gateway/core/core.h"
#include "gateway/core/discovery.h"

static void set_deadline(struct gw *gw, uint32_t ms)
{
	deadline_set(gw->deadlines, &gw->own.deadline, monotime_add_ms(gw->now, ms));
}

static void wait_for_next_try(struct gw *gw)
{
	gw->own.connecting = false;
	set_deadline(gw, backoff_ms(gw->config.timers.reconnect_least,
	                     gw->config.timers.reconnect_most, gw->own.attempts++, gw_random(gw)));
}

static void try_to_connect(struct gw *gw)
{
	struct own *own = &gw->own;
	const struct up_spec spec = { .client_id = gw->config.own.client_id, .clean = true };

	if (own->session != NULL)
		gw->ports.up_reconnect(gw->ports.ctx, own->session);
	else
		own->session = gw->ports.up_open(gw->ports.ctx, NULL, &spec);
	if (own->session == NULL) {
		wait_for_next_try(gw);
		return;
	}
	own->connecting = true;
	set_deadline(gw, gw->config.timers.connect_timeout);
}

static void expired(void *ctx, struct deadline *deadline)
{
	struct gw *gw = ctx;

	(void)deadline;
	if (gw->own.connecting)
		wait_for_next_try(gw);
	else
		try_to_connect(gw);
}

void own_init(struct own *own)
{
	deadline_init(&own->deadline, expired);
}

static bool is_needed(const struct gw *gw)
{
	for (size_t i = 0; i < gw->config.n_listeners; i++) {
		const struct gw_listener *l = &gw->config.listeners[i];

		if (l->qos_minus_one || l->discovery)
			return true;
	}
	return false;
}

void own_start(struct gw *gw)
{
	gw->own.started = true;
	if (is_needed(gw))
		try_to_connect(gw);
}

void own_configure(struct gw *gw, bool renamed)
{
	bool needed = is_needed(gw);

	if (!gw->own.started)
		return;
	if (renamed || !needed)
		own_close(gw);
	if (needed && gw->own.session == NULL)
		try_to_connect(gw);
}

void own_event(struct gw *gw, const struct up_event *event)
{
	struct own *own = &gw->own;

	if (event->kind == UP_CONNECTED) {
		own->connecting = false;
		own->up = true;
		gw_broker_reached(gw, event);
		own->attempts = 0;
		deadline_clear(gw->deadlines, &own->deadline);
		discovery_broker_reached(gw);
	} else if (event->kind == UP_REFUSED || event->kind == UP_LOST) {
		own->up = false;
		gw_note(gw, NOTE_NETWORK, NULL, event->down.why);
		wait_for_next_try(gw);
	}
}

void own_close(struct gw *gw)
{
	struct own *own = &gw->own;

	if (own->session != NULL)
		gw->ports.up_close(gw->ports.ctx, own->session, UP_DISCONNECT);
	own->session = NULL;
	own->up = own->connecting = false;
	deadline_clear(gw->deadlines, &own->deadline);
}
