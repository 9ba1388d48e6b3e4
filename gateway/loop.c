/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/loop.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/alarm.h"
#include "common/err.h"
#include "common/listen_fds.h"
#include "common/log.h"
#include "common/monotime.h"
#include "common/sdnotify.h"
#include "common/turn.h"
#include "gateway/admin_wiring.h"
#include "gateway/broker_settings.h"
#include "gateway/control.h"
#include "gateway/core/gw.h"
#include "gateway/core_ports.h"
#include "gateway/counters.h"
#include "gateway/crash_point.h"
#include "gateway/io/signals.h"
#include "gateway/listeners.h"
#include "gateway/notes.h"
#include "gateway/persist.h"
#include "gateway/reload.h"
#include "gateway/status.h"
#include "gateway/trace/tracer.h"
#include "gateway/trace_settings.h"
#include "gateway/upstream/upstream.h"

/* How long the broker connections have to say good-bye. */
#define FAREWELL_MS 500

struct loop {
	struct conf *started; /* the configuration at the start */
	struct conf *conf;    /* in force: that one, or another after a reload */
	loop_reload_fn *reload;
	void *reload_ctx;
	struct event_base *base;
	struct alarm *alarm;
	struct signals *signals;
	struct sdnotify manager;
	struct status status;
	struct listen_fds *inherited;

	struct persist *persist;
	struct control *control;
	struct listeners *listeners;
	struct upstream *upstream;
	struct gw *gw;
	struct notes *notes;
	struct admin_wiring *admin; /* NULL: none */
	struct tracer *tracer;

	struct crash_point crash;
	struct turn turn;
	struct core_ports ports;

	bool stopping;
	monotime_t stop_by;
};

/* --- what the core is told --- */

/* The core does not even ask while nobody looks. */
static void on_trace_switch(void *ctx, bool on)
{
	struct loop *l = ctx;

	gw_trace_to(l->gw, on ? core_ports_packet : NULL);
}

static void on_datagram(void *ctx, uint16_t listener, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len)
{
	struct loop *l = ctx;
	struct peer peer; /* its last 252 octets are not in use here: not worth clearing */

	if (l->stopping)
		return;
	peer.local = *local;
	peer.addr = *from;
	peer.listener = listener;
	peer.encapsulated = 0;
	peer.node_len = 0;
	crash_point_pass(&l->crash, "datagram");
	gw_rx(l->gw, turn_now(&l->turn), &peer, data, len);
	crash_point_pass(&l->crash, "handled");
}

static void on_peer_proven(void *ctx, uint16_t listener, const struct netaddr *address)
{
	struct loop *l = ctx;
	const struct peer peer = { .addr = *address, .listener = listener };

	if (!l->stopping)
		gw_peer_proven(l->gw, turn_now(&l->turn), &peer);
}

static void on_peer_failed(
    void *ctx, uint16_t listener, const struct netaddr *address, const char *why)
{
	struct loop *l = ctx;
	const struct peer peer = { .addr = *address, .listener = listener };
	const struct gw_note note = { .kind = NOTE_UNPROVEN, .peer = &peer, .detail = why };

	notes_say(l->notes, turn_now(&l->turn), &note);
}

static void on_upstream(void *ctx, struct client *owner, const struct up_event *event)
{
	struct loop *l = ctx;

	crash_point_event(&l->crash, event->kind);
	admin_wiring_event(l->admin, event);
	if (tracer_is_on(l->tracer))
		tracer_event(l->tracer, core_ports_client_id(&l->ports, owner), event);
	gw_up_event(l->gw, turn_now(&l->turn), owner, event);
	crash_point_pass(&l->crash, "handled");
}

/* --- the end of a turn --- */

static void advance(struct loop *l)
{
	char status[STATUS_MAX];
	monotime_t when;

	if (gw_next_deadline(l->gw, &when) && !monotime_before(turn_now(&l->turn), when))
		gw_advance(l->gw, turn_now(&l->turn));
	if (notes_next_deadline(l->notes, &when) && !monotime_before(turn_now(&l->turn), when))
		notes_advance(l->notes, turn_now(&l->turn));
	if (listeners_next_deadline(l->listeners, &when) &&
	    !monotime_before(turn_now(&l->turn), when))
		listeners_advance(l->listeners, turn_now(&l->turn));
	if (sdnotify_advance(&l->manager, turn_now(&l->turn)) && !l->stopping)
		sdnotify_status(&l->manager, "%s",
		    status_print(&l->status, turn_now(&l->turn), l->gw, l->upstream, status));
}

/* The order is the promise of this file; see loop.h. */
static void settle(struct loop *l)
{
	persist_commit(l->persist, l->gw, turn_now(&l->turn));
	crash_point_pass(&l->crash, "committed");
	upstream_flush(l->upstream);
	crash_point_pass(&l->crash, "upstream");
	listeners_flush(l->listeners);
	crash_point_pass(&l->crash, "sent");
	persist_rest(l->persist);
	tracer_end_turn(l->tracer, turn_now(&l->turn));
}

static void sooner(bool *any, monotime_t *earliest, monotime_t when)
{
	if (!*any || monotime_before(when, *earliest))
		*earliest = when;
	*any = true;
}

static void set_alarm(struct loop *l)
{
	monotime_t earliest = { 0 }, when;
	bool any = false;

	if (gw_next_deadline(l->gw, &when))
		sooner(&any, &earliest, when);
	if (notes_next_deadline(l->notes, &when))
		sooner(&any, &earliest, when);
	if (listeners_next_deadline(l->listeners, &when))
		sooner(&any, &earliest, when);
	if (sdnotify_next_deadline(&l->manager, &when))
		sooner(&any, &earliest, when);
	if (persist_next_deadline(l->persist, &when))
		sooner(&any, &earliest, when);
	if (tracer_next_deadline(l->tracer, &when))
		sooner(&any, &earliest, when);
	if (l->stopping)
		sooner(&any, &earliest, l->stop_by);

	if (any) /* one that goes off too early costs one turn */
		alarm_by(l->alarm, earliest);
}

static void end_turn(struct loop *l)
{
	advance(l);
	settle(l);
	set_alarm(l);
	turn_end(&l->turn);
}

/* The turn that it begins does the work. */
static void on_alarm(void *ctx)
{
	(void)ctx;
}

static bool is_over(struct loop *l)
{
	if (!l->stopping)
		return false;
	return upstream_count(l->upstream) == 0 || !monotime_before(monotime_now(), l->stop_by);
}

static void log_ready(const struct loop *l)
{
	const char *name;
	const struct conf_broker *b = &l->conf->broker;
	bool brackets = strchr(b->host, ':') != NULL;

	for (size_t i = 0; i < listeners_count(l->listeners); i++) {
		char address[NETADDR_TEXT_MAX];

		log_notice("listening on %s, broker %s%s%s:%u%s",
		    netaddr_print(udp_address(listeners_udp(l->listeners, i)), address),
		    brackets ? "[" : "", b->host, brackets ? "]" : "", b->port,
		    listeners_dtls(l->listeners, i) != NULL ? ", with DTLS" : "");
	}
	for (size_t i = 0; (name = listen_fds_unused(l->inherited, i)) != NULL; i++)
		log_warning("the service manager's socket %s has no listener's address", name);
}

bool loop_run(struct loop *l)
{
	if (!crash_point_arm(&l->crash))
		log_warning("MQTTSN_CRASH is no crash point");
	else if (l->crash.armed)
		log_warning("a crash point is armed");
	log_ready(l);
	gw_start(l->gw, turn_now(&l->turn));
	sdnotify_ready(&l->manager);
	end_turn(l);
	while (!is_over(l)) {
		if (event_base_loop(l->base, EVLOOP_ONCE) < 0) {
			log_error("the event loop failed");
			return false;
		}
		end_turn(l);
	}
	listeners_farewell(l->listeners);
	listeners_flush(l->listeners);
	log_notice("stopped");
	return true;
}

/* --- signals --- */

static void on_stop(void *ctx, const char *signal)
{
	struct loop *l = ctx;

	if (l->stopping) {
		l->stop_by = turn_now(&l->turn); /* asked twice: at once */
		return;
	}
	log_notice("%s: stopping", signal);
	sdnotify_stopping(&l->manager);
	l->stopping = true;
	l->stop_by = monotime_add_ms(turn_now(&l->turn), FAREWELL_MS);
	upstream_finish(l->upstream);
	gw_shutdown(l->gw, turn_now(&l->turn));
}

/* Goes on with another configuration.  False: there is no good one. */
static bool read_anew(struct loop *l)
{
	const struct reload reload = { l->started, l->conf, l->gw, l->listeners, l->tracer };
	struct conf *conf = l->reload(l->reload_ctx);

	if (conf == NULL) {
		log_error("reload: the configuration has mistakes, the old one stays");
		return false;
	}
	/* Before the core tells of their new numbers: many clients do not wait for the end of the
	 * turn to be written. */
	persist_name_listeners(l->persist, conf);
	if (!reload_apply(&reload, turn_now(&l->turn), conf)) {
		persist_name_listeners(l->persist, l->conf);
		conf_free(conf);
		return false;
	}
	if (l->conf != l->started)
		conf_free(l->conf);
	l->conf = conf;
	return true;
}

/* False: the old configuration stays. */
static bool reload_now(void *ctx)
{
	struct loop *l = ctx;
	bool good;

	if (l->stopping)
		return false;
	sdnotify_reloading(&l->manager, monotime_now());
	good = read_anew(l);
	sdnotify_ready(&l->manager);
	return good;
}

static void on_reload(void *ctx)
{
	reload_now(ctx);
}

static void on_report(void *ctx)
{
	struct loop *l = ctx;

	log_notice(
	    "counter: clients %zu, broker sessions %zu, of these connected %zu, shared by %zu "
	    "clients",
	    gw_client_count(l->gw), upstream_count(l->upstream), upstream_connected(l->upstream),
	    upstream_sharing(l->upstream));
	counters_log_core(gw_metrics(l->gw));
	persist_log_counters(l->persist);
	counters_log_dtls(l->listeners);
	for (size_t i = 0; i < listeners_count(l->listeners); i++)
		counters_log_listener(listeners_udp(l->listeners, i));
}

/* --- starting and stopping --- */

struct loop *loop_new(struct conf *conf, loop_reload_fn *reload, void *ctx)
{
	struct loop *l = calloc(1, sizeof *l);
	const struct signals_acts acts = { on_stop, on_reload, on_report, l };

	if (l == NULL) {
		conf_free(conf);
		goto fail;
	}
	l->started = conf;
	l->conf = conf;
	l->reload = reload;
	l->reload_ctx = ctx;
	l->base = event_base_new();
	l->notes = notes_new();
	l->inherited = listen_fds_new();
	sdnotify_init(&l->manager, monotime_now());
	if (l->base == NULL || l->notes == NULL || l->inherited == NULL)
		goto fail;
	l->alarm = alarm_new(l->base, on_alarm, l);
	l->signals = signals_new(l->base, &acts);
	if (l->alarm == NULL || l->signals == NULL)
		goto fail;
	return l;
fail:
	log_error("cannot start: %s", err_text(-ERR_NOMEM));
	return loop_free(l);
}

bool loop_open_store(struct loop *l)
{
	l->persist = persist_open(&l->conf->persistence);
	return l->persist != NULL;
}

bool loop_open_listeners(struct loop *l)
{
	const struct listeners_hooks hooks = { l, on_datagram, on_peer_proven, on_peer_failed };

	l->listeners = listeners_open(l->base, l->inherited, l->conf, &hooks);
	return l->listeners != NULL;
}

bool loop_open_upstream(struct loop *l)
{
	l->upstream = broker_settings_open(l->base, l->conf, on_upstream, l);
	return l->upstream != NULL;
}

static bool new_core(struct loop *l)
{
	struct gw_ports ports;
	struct siphash_key seed;

	if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
		log_error("cannot start: no random numbers: %s", err_text(-ERR_SYSTEM));
		return false;
	}
	l->tracer = tracer_new(on_trace_switch, l);
	if (l->tracer != NULL) {
		l->ports = (struct core_ports){ &l->turn, l->listeners, l->upstream, l->notes,
			l->tracer, &l->conf };
		ports = core_ports(&l->ports, persist_port(l->persist));
		l->gw = gw_new(&l->conf->core, &ports, seed);
	}
	if (l->gw == NULL)
		log_error("cannot start: %s", err_text(-ERR_NOMEM));
	return l->gw != NULL;
}

bool loop_start_core(struct loop *l)
{
	monotime_t now = turn_now(&l->turn);

	if (!new_core(l) || !trace_settings_listeners(l->tracer, l->listeners, l->conf))
		return false;
	trace_settings_apply(l->tracer, now, l->conf);
	return persist_name_listeners(l->persist, l->conf) &&
	       persist_restore(l->persist, l->gw, now);
}

static monotime_t now_for_admin(void *ctx)
{
	struct loop *l = ctx;

	return turn_now(&l->turn);
}

bool loop_open_admin(struct loop *l)
{
	const struct admin_parts parts = {
		.base = l->base,
		.conf = l->started,
		.inherited = l->inherited,
		.gw = l->gw,
		.listeners = l->listeners,
		.upstream = l->upstream,
		.persist = l->persist,
		.tracer = l->tracer,
		.ctx = l,
		.now = now_for_admin,
		.reload = reload_now,
	};

	if (l->conf->admin.listen == NULL)
		return true;
	l->admin = admin_wiring_open(&parts);
	return l->admin != NULL;
}

static const char *forget(void *ctx, const char *id)
{
	struct loop *l = ctx;
	const struct sn_bytes octets = { (const uint8_t *)id, strlen(id) };

	return gw_forget_client(l->gw, turn_now(&l->turn), octets) == 0
	           ? CONTROL_DONE
	           : "there is no session of that id";
}

void loop_open_control(struct loop *l)
{
	if (conf_is_persistent(&l->conf->persistence))
		l->control = control_open(l->base, l->conf->persistence.directory, forget, l);
}

struct loop *loop_free(struct loop *l)
{
	if (l == NULL)
		return NULL;
	admin_wiring_close(l->admin);
	control_close(l->control);
	gw_free(l->gw);
	tracer_free(l->tracer);
	upstream_free(l->upstream);
	listeners_close(l->listeners);
	listen_fds_free(l->inherited);
	persist_close(l->persist);
	signals_free(l->signals);
	alarm_free(l->alarm);
	if (l->base != NULL)
		event_base_free(l->base);
	notes_free(l->notes);
	if (l->conf != l->started)
		conf_free(l->conf);
	conf_free(l->started);
	free(l);
	return NULL;
}
