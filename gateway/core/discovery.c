/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/discovery.h"

#include "gateway/core/core.h"
#include "gateway/core/say.h"

static bool other_is_active(const struct gw *gw)
{
	return gw->config.discovery.standby && monotime_before(gw->now, gw->discovery.other_until);
}

static void trace_broadcast(struct gw *gw, uint16_t listener, const uint8_t *data, size_t len,
    const struct sn_packet *packet)
{
	const struct peer all = { .listener = listener };

	gw_trace_heard(gw);
	if (gw->ports.packet != NULL)
		gw->ports.packet(gw->ports.ctx,
		    &(struct gw_packet){
		        .out = true, .peer = &all, .data = data, .len = len, .packet = packet });
}

static void broadcast(
    struct gw *gw, uint16_t listener, uint8_t radius, const struct sn_packet *packet)
{
	uint8_t buf[8];
	size_t len;

	if (sn_encode(buf, sizeof buf, packet, &len) != SN_OK)
		return;
	gw->metrics.tx[packet->type]++;
	trace_broadcast(gw, listener, buf, len, packet);
	gw->ports.broadcast(gw->ports.ctx, listener, radius, buf, len);
}

static void advertise(struct gw *gw)
{
	const struct sn_packet packet = {
		.type = SN_ADVERTISE,
		.advertise = {
			.gateway_id = gw->config.gateway_id,
			.duration = (uint16_t)(gw->config.discovery.interval / 1000),
		},
	};

	for (size_t i = 0; i < gw->config.n_listeners; i++)
		if (gw->config.listeners[i].discovery)
			broadcast(gw, (uint16_t)i, 0, &packet);
}

static void set_deadline(struct gw *gw, monotime_t when)
{
	deadline_set(gw->deadlines, &gw->discovery.advertise, when);
}

/* Advertises if it is our turn, and looks again later. */
static void advertise_in_turn(struct gw *gw)
{
	if (gw->config.discovery.interval == 0)
		return;
	if (other_is_active(gw)) {
		set_deadline(gw, gw->discovery.other_until);
		return;
	}
	if (gw->own.up)
		advertise(gw);
	set_deadline(gw, monotime_add_ms(gw->now, gw->config.discovery.interval));
}

static void expired(void *ctx, struct deadline *deadline)
{
	(void)deadline;
	advertise_in_turn(ctx);
}

void discovery_init(struct discovery *discovery)
{
	deadline_init(&discovery->advertise, expired);
}

static void active_was_heard(struct gw *gw, int64_t interval_ms)
{
	gw->discovery.other_until =
	    monotime_add_ms(gw->now, interval_ms * gw->config.discovery.missed);
}

void discovery_start(struct gw *gw)
{
	active_was_heard(gw, gw->config.discovery.interval);
}

void discovery_broker_reached(struct gw *gw)
{
	advertise_in_turn(gw);
}

void discovery_configure(struct gw *gw)
{
	if (gw->own.up)
		advertise_in_turn(gw);
}

/* Answered at once (SN12-DISCO-08), while we could serve the client (SN12-DISCO-09), at a bounded
 * rate. */
void discovery_searchgw(struct gw *gw, const struct peer *from, const struct sn_packet *packet)
{
	const struct sn_packet answer = { .type = SN_GWINFO,
		.gwinfo = { .gateway_id = gw->config.gateway_id } };
	uint32_t per_second = gw->config.discovery.answers;
	uint8_t radius = packet->searchgw.radius;

	if (!gw->config.listeners[from->listener].discovery || !gw->own.up)
		return;
	if (!rate_take(&gw->discovery.answers, gw->now, per_second, per_second)) {
		gw->metrics.rate_limited++;
		return;
	}
	gw->metrics.searches++;
	say_radius(gw, from, radius > 3 ? 3 : radius,
	    &answer); /* two bits in the forwarder's header (SN12-FWD-06) */
	if (gw->config.discovery.answer_group && !from->encapsulated)
		broadcast(gw, from->listener, radius, &answer);
}

static void check_clash(struct gw *gw, uint8_t gateway_id)
{
	if (gateway_id == gw->config.gateway_id)
		gw_note(gw, NOTE_NETWORK, NULL, "another gateway has our gateway id");
}

void discovery_advertise(struct gw *gw, const struct peer *from, const struct sn_packet *packet)
{
	(void)from;
	check_clash(gw, packet->advertise.gateway_id);
	active_was_heard(gw, packet->advertise.duration * 1000);
}

void discovery_gwinfo(struct gw *gw, const struct peer *from, const struct sn_packet *packet)
{
	(void)from;
	if (packet->gwinfo.address.len == 0)
		check_clash(gw, packet->gwinfo.gateway_id);
}
