/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "forwarder/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/alarm.h"
#include "common/err.h"
#include "common/log.h"
#include "common/monotime.h"
#include "common/rate.h"
#include "common/sdnotify.h"
#include "common/turn.h"
#include "forwarder/counters.h"
#include "forwarder/fwd_core.h"
#include "forwarder/serial.h"
#include "forwarder/trace.h"
#include "forwarder/udp_port.h"
#include "gateway/io/signals.h"

#define NAME_MAX_LEN 96 /* of a side in the log */

/* A line of a frame is its message and the longest header. */
#define FRAME_EXTRA (3 + SN_NODE_ID_MAX)

/* Lines about messages that are too long, and about devices and gateways that come and go, per
 * second. */
#define OVERSIZE_LINES 1
#define CHANGE_LINES   1

struct side {
	struct loop *loop;
	uint16_t index;
	char name[NAME_MAX_LEN];
	struct udp_port port;  /* of a side of datagrams, */
	struct serial *serial; /* of a line */
};

/* What had been counted when the line of status was last made. */
struct status {
	monotime_t at;
	uint64_t to_gateway, to_nodes;
};

struct loop {
	struct fwd_conf *conf;
	loop_reload_fn *reload;
	void *reload_ctx;
	struct event_base *base;
	struct alarm *alarm;
	struct signals *signals;
	struct sdnotify manager;
	struct status status;

	struct side *sides;
	size_t n_sides;
	struct udp_port uplink;
	struct fwd *fwd;
	struct rate oversize_lines;
	struct rate change_lines;

	struct turn turn;
	bool stopping;
};

/* --- what the core asks for --- */

/* The gateway answers to wherever we spoke from. */
static void port_to_gateway(
    void *ctx, const struct netaddr *gateway, const uint8_t *data, size_t len)
{
	static const struct netaddr by_route;
	struct loop *l = ctx;

	udp_send(l->uplink.udp, gateway, &by_route, data, len);
}

static void port_search(void *ctx, const uint8_t *data, size_t len)
{
	struct loop *l = ctx;

	if (l->uplink.group != NULL)
		multicast_send(l->uplink.group, 0, data, len);
}

static void port_to_node(
    void *ctx, uint16_t side, const struct node_place *place, const uint8_t *data, size_t len)
{
	struct loop *l = ctx;

	if (place != NULL)
		udp_send(l->sides[side].port.udp, &place->addr, &place->local, data, len);
	else
		serial_send(l->sides[side].serial, data, len);
}

static void port_broadcast(
    void *ctx, uint16_t side, uint8_t radius, const uint8_t *data, size_t len)
{
	struct loop *l = ctx;

	multicast_send(l->sides[side].port.group, radius, data, len);
}

static bool may_log_change(struct loop *l)
{
	return rate_take(&l->change_lines, turn_now(&l->turn), CHANGE_LINES, 20 * CHANGE_LINES);
}

static void port_gateway_changed(void *ctx, const struct netaddr *gateway)
{
	char address[NETADDR_TEXT_MAX];

	if (may_log_change(ctx))
		log_notice("the gateway is now %s", netaddr_print(gateway, address));
}

static void port_oversize(void *ctx, uint16_t side, size_t len)
{
	struct loop *l = ctx;

	if (rate_take(&l->oversize_lines, turn_now(&l->turn), OVERSIZE_LINES, 10 * OVERSIZE_LINES))
		log_warning("%s: a message of %zu octets is longer than max_packet = %u: dropped",
		    l->sides[side].name, len, l->conf->core.sides[side].max_packet);
}

static void port_packet(void *ctx, const struct fwd_packet *packet)
{
	struct loop *l = ctx;
	const char *side = packet->side == FWD_GATEWAY ? "gateway" : l->sides[packet->side].name;
	char line[TRACE_LINE_MAX];

	log_info("%s", trace_print(side, packet, line));
}

/* --- what the core is told --- */

static void on_gateway(void *ctx, struct udp_listener *udp, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len)
{
	struct loop *l = ctx;

	(void)udp;
	(void)local;
	fwd_from_gateway(l->fwd, turn_now(&l->turn), from, data, len);
}

static void on_datagram(void *ctx, struct udp_listener *udp, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len)
{
	const struct side *side = ctx;
	const struct node_place place = { *from, *local };

	(void)udp;
	fwd_from_node(side->loop->fwd, turn_now(&side->loop->turn), side->index, &place, data, len);
}

static void on_frame(void *ctx, const uint8_t *frame, size_t len)
{
	const struct side *side = ctx;

	fwd_from_node(side->loop->fwd, turn_now(&side->loop->turn), side->index, NULL, frame, len);
}

static void on_serial_state(void *ctx, bool up)
{
	const struct side *side = ctx;

	if (!may_log_change(side->loop))
		return;
	if (up)
		log_notice("%s: open", side->name);
	else
		log_warning("%s: %s; waiting for it", side->name, err_text(-ERR_SYSTEM));
}

/* --- the end of a turn --- */

static void settle(struct loop *l)
{
	udp_port_flush(&l->uplink);
	for (size_t i = 0; i < l->n_sides; i++) {
		udp_port_flush(&l->sides[i].port);
		if (l->sides[i].serial != NULL)
			serial_flush(l->sides[i].serial);
	}
}

/* One that goes off too early costs one turn. */
static void set_alarm(struct loop *l)
{
	monotime_t next = fwd_next_deadline(l->fwd), when;

	if (sdnotify_next_deadline(&l->manager, &when) && monotime_before(when, next))
		next = when;
	alarm_by(l->alarm, next);
}

static double per_second(uint64_t count, uint64_t before, int64_t us)
{
	return us > 0 ? (double)(count - before) * 1e6 / (double)us : 0;
}

/* What systemctl status shows. */
static void tell_status(struct loop *l)
{
	const struct fwd_counters *c = fwd_counters(l->fwd);
	const struct netaddr *gateway = fwd_gateway(l->fwd);
	struct status new = { turn_now(&l->turn), c->to_gateway, c->to_nodes };
	int64_t us = l->status.at.us != 0 ? new.at.us - l->status.at.us : 0;
	char address[NETADDR_TEXT_MAX];

	sdnotify_status(&l->manager, "%zu nodes, gateway %s, messages/s %.0f up, %.0f down",
	    fwd_node_count(l->fwd), gateway != NULL ? netaddr_print(gateway, address) : "none",
	    per_second(new.to_gateway, l->status.to_gateway, us),
	    per_second(new.to_nodes, l->status.to_nodes, us));
	l->status = new;
}

static void end_turn(struct loop *l)
{
	if (!monotime_before(turn_now(&l->turn), fwd_next_deadline(l->fwd)))
		fwd_advance(l->fwd, turn_now(&l->turn));
	if (sdnotify_advance(&l->manager, turn_now(&l->turn)))
		tell_status(l);
	settle(l);
	set_alarm(l);
	turn_end(&l->turn);
}

/* The turn that it begins does the work. */
static void on_alarm(void *ctx)
{
	(void)ctx;
}

static void log_ready(const struct loop *l)
{
	const struct netaddr *gateway = fwd_gateway(l->fwd);
	char from[NETADDR_TEXT_MAX], to[NETADDR_TEXT_MAX];

	for (size_t i = 0; i < l->n_sides; i++)
		log_notice("forwarding for %s", l->sides[i].name);
	log_notice("forwarding from %s to %s", netaddr_print(udp_address(l->uplink.udp), from),
	    gateway != NULL ? netaddr_print(gateway, to) : "no gateway yet");
}

bool loop_run(struct loop *l)
{
	end_turn(l);
	log_ready(l);
	sdnotify_ready(&l->manager);
	while (!l->stopping) {
		if (event_base_loop(l->base, EVLOOP_ONCE) < 0) {
			log_error("the event loop failed");
			return false;
		}
		end_turn(l);
	}
	log_notice("stopped");
	return true;
}

/* --- signals --- */

static void on_stop(void *ctx, const char *signal)
{
	struct loop *l = ctx;

	log_notice("%s: stopping", signal);
	sdnotify_stopping(&l->manager);
	l->stopping = true;
}

static void take_configuration(struct loop *l, struct fwd_conf *conf)
{
	fwd_configure(l->fwd, &conf->core, turn_now(&l->turn));
	fwd_trace_to(l->fwd, conf->log.packets ? port_packet : NULL);
	log_set_level(conf->log.level);
	fwd_conf_free(l->conf);
	l->conf = conf;
	log_notice("reload: done");
}

static void name_restart(void *ctx, const char *path)
{
	size_t *n = ctx;

	log_error("reload: %s has changed, which needs a restart", path);
	(*n)++;
}

static void read_anew(struct loop *l)
{
	struct fwd_conf *conf = l->reload(l->reload_ctx);
	size_t restart = 0;

	if (conf == NULL) {
		log_error("reload: the configuration has mistakes, the old one stays");
		return;
	}
	fwd_conf_needs_restart(l->conf, conf, name_restart, &restart);
	if (restart > 0) {
		log_error("reload: the old configuration stays");
		fwd_conf_free(conf);
		return;
	}
	take_configuration(l, conf);
}

static void on_reload(void *ctx)
{
	struct loop *l = ctx;

	sdnotify_reloading(&l->manager, monotime_now());
	read_anew(l);
	sdnotify_ready(&l->manager);
}

static void on_report(void *ctx)
{
	struct loop *l = ctx;
	const struct netaddr *gateway = fwd_gateway(l->fwd);
	char address[NETADDR_TEXT_MAX];

	log_notice("counter: nodes %zu, gateway %s", fwd_node_count(l->fwd),
	    gateway != NULL ? netaddr_print(gateway, address) : "none");
	counters_log_core(fwd_counters(l->fwd));
	for (size_t i = 0; i < l->n_sides; i++) {
		if (l->sides[i].serial != NULL)
			counters_log_serial(l->sides[i].name, l->sides[i].serial);
		else
			counters_log_udp(l->sides[i].name, l->sides[i].port.udp);
	}
	counters_log_udp("gateway", l->uplink.udp);
}

/* --- starting and stopping --- */

static bool start_core(struct loop *l)
{
	const struct fwd_ports ports = {
		.ctx = l,
		.to_gateway = port_to_gateway,
		.search = port_search,
		.to_node = port_to_node,
		.broadcast = port_broadcast,
		.gateway_changed = port_gateway_changed,
		.oversize = port_oversize,
		.packet = l->conf->log.packets ? port_packet : NULL,
	};
	struct siphash_key key;

	if (getrandom(&key, sizeof key, 0) != sizeof key)
		return false;
	l->fwd = fwd_new(&ports, key);
	if (l->fwd == NULL)
		return false;
	fwd_configure(l->fwd, &l->conf->core, turn_now(&l->turn));
	return true;
}

static bool open_udp(struct side *side, const struct conf_udp *conf)
{
	struct loop *l = side->loop;
	char address[NETADDR_TEXT_MAX];

	if (!udp_port_open(&side->port, l->base, &conf->port, on_datagram, side))
		return false;
	snprintf(side->name, sizeof side->name, "udp %s",
	    netaddr_print(udp_address(side->port.udp), address));
	return true;
}

static bool open_serial(struct side *side, const struct conf_serial *conf)
{
	const struct serial_config config = {
		.device = conf->device,
		.framing = conf->framing,
		.max_frame = conf->max_packet + (conf->framing == FRAMING_PLAIN ? 0 : FRAME_EXTRA),
		.speed = conf->speed,
		.parity = conf->parity,
		.two_stop_bits = conf->stop_bits == 2,
		.flow_control = conf->flow_control,
	};
	const struct serial_handlers handlers = { on_frame, on_serial_state, side };
	int rc;

	snprintf(side->name, sizeof side->name, "serial %s", conf->device);
	rc = serial_new(&side->serial, side->loop->base, &config, &handlers);
	if (rc < 0)
		log_error("%s: %s", side->name, err_text(rc));
	return rc == 0;
}

/* In the order of struct fwd_config. */
static bool open_sides(struct loop *l)
{
	const struct fwd_conf *conf = l->conf;

	l->sides = calloc(conf->core.n_sides, sizeof *l->sides);
	if (l->sides == NULL)
		return false;
	while (l->n_sides < conf->core.n_sides) {
		size_t i = l->n_sides++;
		struct side *side = &l->sides[i];

		side->loop = l;
		side->index = (uint16_t)i;
		if (i < conf->n_udp ? !open_udp(side, &conf->udp[i])
		                    : !open_serial(side, &conf->serial[i - conf->n_udp]))
			return false;
	}
	return true;
}

struct loop *loop_new(struct fwd_conf *conf, loop_reload_fn *reload, void *ctx)
{
	struct loop *l = calloc(1, sizeof *l);
	const struct signals_acts acts = { on_stop, on_reload, on_report, l };

	if (l == NULL) {
		fwd_conf_free(conf);
		goto fail;
	}
	l->conf = conf;
	l->reload = reload;
	l->reload_ctx = ctx;
	sdnotify_init(&l->manager, monotime_now());
	l->base = event_base_new();
	if (l->base == NULL)
		goto fail;
	l->alarm = alarm_new(l->base, on_alarm, l);
	l->signals = signals_new(l->base, &acts);
	if (l->alarm == NULL || l->signals == NULL || !start_core(l))
		goto fail;
	if (!udp_port_open(&l->uplink, l->base, &conf->uplink.port, on_gateway, l) ||
	    !open_sides(l))
		goto fail;
	return l;
fail:
	log_error("cannot start");
	return loop_free(l);
}

struct loop *loop_free(struct loop *l)
{
	if (l == NULL)
		return NULL;
	for (size_t i = 0; i < l->n_sides; i++) {
		udp_port_close(&l->sides[i].port);
		serial_free(l->sides[i].serial);
	}
	free(l->sides);
	udp_port_close(&l->uplink);
	fwd_free(l->fwd);
	signals_free(l->signals);
	alarm_free(l->alarm);
	if (l->base != NULL)
		event_base_free(l->base);
	fwd_conf_free(l->conf);
	free(l);
	return NULL;
}
