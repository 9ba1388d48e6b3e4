/* SPDX-License-Identifier: BSD-3-Clause */
#define LOG_MODULE LOG_MODULE_TRACE
#include "gateway/trace/tracer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/log.h"
#include "gateway/trace/pcap_file.h"
#include "gateway/trace/pcapng.h"
#include "gateway/trace/tap.h"
#include "gateway/trace/text.h"

#define NAMED_MAX 4097 /* a client id, with its terminator */

struct tracer {
	tracer_switch_fn *on_switch;
	void *ctx;
	bool on;

	struct filter filter;
	bool log;
	bool payloads;
	struct pcap_file *file; /* NULL: none */
	uint64_t file_lost;     /* of the files before */
	TAILQ_HEAD(, tracer_tap) taps;
	unsigned n_taps;
	struct tracer_metrics metrics;

	struct tracer_listener *listeners;
	size_t n_listeners;

	uint8_t scratch[PCAPNG_PACKET_MAX];
};

struct tracer *tracer_new(tracer_switch_fn *on_switch, void *ctx)
{
	struct tracer *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->on_switch = on_switch;
	t->ctx = ctx;
	t->payloads = true;
	TAILQ_INIT(&t->taps);
	return t;
}

struct tracer *tracer_free(struct tracer *t)
{
	if (t == NULL)
		return NULL;
	assert(TAILQ_EMPTY(&t->taps));
	pcap_file_free(t->file);
	free(t->listeners);
	free(t);
	return NULL;
}

/* --- sinks come and go --- */

static void update_switch(struct tracer *t)
{
	bool on = t->log || t->file != NULL || t->n_taps > 0;

	if (on == t->on)
		return;
	t->on = on;
	t->on_switch(t->ctx, on);
}

bool tracer_is_on(const struct tracer *t)
{
	return t != NULL && t->on;
}

static void close_file(struct tracer *t)
{
	if (t->file != NULL)
		t->file_lost += pcap_file_lost(t->file);
	t->file = pcap_file_free(t->file);
}

static void configure_file(struct tracer *t, monotime_t now, const struct tracer_config *config)
{
	if (t->file != NULL && config->file != NULL &&
	    pcap_file_is(t->file, config->file, config->file_size, config->file_count))
		return;
	close_file(t);
	if (config->file == NULL)
		return;
	t->file = pcap_file_new(now, config->file, config->file_size, config->file_count);
	if (t->file == NULL)
		log_error("trace: no memory for %s", config->file);
}

void tracer_configure(struct tracer *t, monotime_t now, const struct tracer_config *config)
{
	t->filter = config->filter;
	t->log = config->log;
	t->payloads = config->payloads;
	configure_file(t, now, config);
	update_switch(t);
}

bool tracer_set_listeners(struct tracer *t, const struct tracer_listener *listeners, size_t n)
{
	struct tracer_listener *copy = calloc(n, sizeof *copy);

	if (copy == NULL)
		return false;
	memcpy(copy, listeners, n * sizeof *copy);
	free(t->listeners);
	t->listeners = copy;
	t->n_listeners = n;
	return true;
}

/* --- what is seen --- */

static int64_t wall_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void show(struct tracer *t, struct seen *seen, const struct filter_subject *subject)
{
	bool passes = (t->log || t->file != NULL) && filter_passes(&t->filter, subject);
	char line[TRACE_TEXT_MAX];
	struct tracer_tap *tap;

	seen->payloads = t->payloads;
	if (passes && t->log && log_enabled(LOG_MODULE, LOG_LEVEL_INFO))
		log_info("%s", text_print(seen, line));
	if (passes && t->file != NULL)
		pcap_file_put(t->file, seen, t->scratch);
	TAILQ_FOREACH (tap, &t->taps, link) {
		if (filter_passes(&tap->filter, subject) && !tap_put(tap, seen, t->scratch))
			t->metrics.tap_lost++;
	}
}

/* The id that a packet names is its client's, whoever had the address before; @buf is for that. */
static const char *whose(const struct gw_packet *packet, char buf[NAMED_MAX])
{
	struct sn_bytes id = { 0 };

	if (packet->packet != NULL && packet->packet->type == SN_CONNECT)
		id = packet->packet->connect.client_id;
	else if (packet->packet != NULL && packet->packet->type == SN_PINGREQ)
		id = packet->packet->pingreq.client_id;
	if (id.len == 0 || id.len >= NAMED_MAX)
		return packet->client_id;
	memcpy(buf, id.data, id.len);
	buf[id.len] = '\0';
	return buf;
}

/* The gateway's own end.  At which of its addresses one at all of them was reached is the peer's
 * to tell; where it does not - multicast - that end is 0.0.0.0 or [::]. */
static struct netaddr own_end(const struct tracer *t, const struct peer *peer)
{
	struct netaddr own = { .family = peer->addr.family };

	if (peer->local.family != 0)
		return peer->local;
	if (peer->listener < t->n_listeners) {
		const struct netaddr *address = &t->listeners[peer->listener].address;

		own.port = address->port;
		if (address->family == own.family)
			own = *address;
	}
	return own;
}

void tracer_packet(struct tracer *t, const struct gw_packet *packet)
{
	struct gw_packet shown = *packet;
	struct peer peer = { .listener = packet->peer->listener };
	char named[NAMED_MAX];
	struct seen seen = {
		.wall_us = wall_clock(),
		.client_id = whose(packet, named),
		.packet = &shown,
	};
	struct filter_subject subject = {
		.client_id = seen.client_id,
		.type = text_type(&seen),
		.out = packet->out,
	};

	if (packet->peer->addr.family == 0) { /* to all */
		if (peer.listener >= t->n_listeners ||
		    t->listeners[peer.listener].group.family == 0)
			return; /* nobody to hear it: it was not sent */
		peer.addr = t->listeners[peer.listener].group;
		shown.peer = &peer;
	}
	subject.address = &shown.peer->addr;
	seen.from = packet->out ? own_end(t, shown.peer) : shown.peer->addr;
	seen.to = packet->out ? shown.peer->addr : own_end(t, shown.peer);
	show(t, &seen, &subject);
}

static void show_upstream(struct tracer *t, struct seen *seen, const char *client_id)
{
	struct filter_subject subject = {
		.client_id = client_id,
		.out = seen->call != NULL,
	};

	seen->wall_us = wall_clock();
	seen->client_id = client_id;
	subject.type = text_type(seen);
	show(t, seen, &subject);
}

void tracer_call(struct tracer *t, const char *client_id, const struct up_call *call)
{
	show_upstream(t, &(struct seen){ .call = call }, client_id);
}

void tracer_event(struct tracer *t, const char *client_id, const struct up_event *event)
{
	show_upstream(t, &(struct seen){ .event = event }, client_id);
}

/* --- turns --- */

/* A reader that has something to take and has not been told, or NULL. */
static struct tracer_tap *find_sleeper(const struct tracer *t)
{
	struct tracer_tap *tap;

	TAILQ_FOREACH (tap, &t->taps, link) {
		if (!tap->awake && tap->ring.used > 0)
			break;
	}
	return tap;
}

void tracer_end_turn(struct tracer *t, monotime_t now)
{
	struct tracer_tap *tap;

	if (t->file != NULL)
		pcap_file_advance(t->file, now);
	while ((tap = find_sleeper(t)) != NULL) { /* anew each time: a reader may free any tap */
		tap->awake = true;
		tap->on_data(tap->ctx, tap);
	}
}

bool tracer_next_deadline(const struct tracer *t, monotime_t *when)
{
	return t->file != NULL && pcap_file_next_deadline(t->file, when);
}

const struct tracer_metrics *tracer_metrics(struct tracer *t)
{
	t->metrics.file_lost = t->file_lost + (t->file != NULL ? pcap_file_lost(t->file) : 0);
	return &t->metrics;
}

/* --- live readers --- */

struct tracer_tap *tracer_tap_new(struct tracer *t, const struct filter *filter,
    enum tracer_format format, size_t max_octets, tracer_data_fn *on_data, void *ctx)
{
	struct tracer_tap *tap;

	if (t->n_taps == TRACER_TAPS_MAX)
		return NULL;
	tap = tap_new(filter, format, max_octets > TRACER_TAP_MIN ? max_octets : TRACER_TAP_MIN);
	if (tap == NULL)
		return NULL;
	tap->tracer = t;
	tap->on_data = on_data;
	tap->ctx = ctx;
	TAILQ_INSERT_TAIL(&t->taps, tap, link);
	t->n_taps++;
	update_switch(t);
	return tap;
}

size_t tracer_tap_take(struct tracer_tap *tap, void *buf, size_t size)
{
	return tap_take(tap, buf, size);
}

struct tracer_tap *tracer_tap_free(struct tracer_tap *tap)
{
	struct tracer *t;

	if (tap == NULL)
		return NULL;
	t = tap->tracer;
	TAILQ_REMOVE(&t->taps, tap, link);
	t->n_taps--;
	update_switch(t);
	return tap_free(tap);
}
