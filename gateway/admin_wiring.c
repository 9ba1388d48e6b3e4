/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#define LOG_MODULE LOG_MODULE_ADMIN
#include "gateway/admin_wiring.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/err.h"
#include "common/listen_fds.h"
#include "common/log.h"
#include "gateway/admin/admin.h"
#include "gateway/admin/socket.h"
#include "gateway/core/gw.h"
#include "gateway/dtls/dtls.h"
#include "gateway/listeners.h"
#include "gateway/persist.h"
#include "gateway/store/store.h"
#include "gateway/trace/tracer.h"
#include "gateway/upstream/upstream.h"

struct admin_wiring {
	struct admin_parts parts;
	const char *refused; /* why the last try to reach the broker failed; NULL: it did not */
	const char *path;    /* of a socket that we have made; NULL: none */
	struct admin *admin;
};

/* --- what the server asks for --- */

static monotime_t port_now(void *ctx)
{
	struct admin_wiring *w = ctx;

	return w->parts.now(w->parts.ctx);
}

static void port_broker(void *ctx, struct admin_broker *out)
{
	struct admin_wiring *w = ctx;

	*out = (struct admin_broker){
		.address = upstream_in_use(w->parts.upstream),
		.sessions = upstream_count(w->parts.upstream),
		.connected = upstream_connected(w->parts.upstream),
		.shared = upstream_shared(w->parts.upstream),
		.sharing = upstream_sharing(w->parts.upstream),
		.refused = w->refused,
	};
}

static void count_dtls(struct admin_listener *out, const struct dtls *dtls)
{
	const struct dtls_counters *c = dtls_counters(dtls);
	const struct admin_count counts[] = {
		{ "peers", "Peers with which DTLS keys are agreed", true, dtls_peers(dtls) },
		{ "handshaking", "DTLS handshakes under way", true, dtls_handshakes(dtls) },
#define X(member, name, help) { name, help, false, c->member },
		DTLS_COUNTERS(X)
#undef X
	};

	_Static_assert(sizeof counts <= sizeof out->dtls, "ADMIN_DTLS_MAX is too small");
	memcpy(out->dtls, counts, sizeof counts);
	out->n_dtls = sizeof counts / sizeof counts[0];
}

static bool port_listener(void *ctx, size_t i, struct admin_listener *out)
{
	struct admin_wiring *w = ctx;
	const struct udp_listener *udp;
	const struct udp_counters *counters;

	if (i >= listeners_count(w->parts.listeners))
		return false;
	udp = listeners_udp(w->parts.listeners, i);
	counters = udp_counters(udp);
	*out = (struct admin_listener){
		.address = *udp_address(udp),
		.received = counters->received,
		.sent = counters->sent,
		.send_dropped = counters->send_dropped,
		.kernel_dropped = counters->kernel_dropped,
	};
	if (listeners_dtls(w->parts.listeners, i) != NULL)
		count_dtls(out, listeners_dtls(w->parts.listeners, i));
	return true;
}

static bool port_store(void *ctx, struct admin_store *out)
{
	struct admin_wiring *w = ctx;
	const struct store *store = persist_store(w->parts.persist);
	const struct store_counters *counters;

	if (store == NULL)
		return false;
	counters = store_counters(store);
	*out = (struct admin_store){
		.error = store_is_failing(store) ? store_error(store) : NULL,
		.commits = counters->commits,
		.failures = counters->failures,
		.recoveries = counters->recoveries,
		.octets = store_size(store),
	};
	return true;
}

static int port_disconnect(void *ctx, struct sn_bytes id)
{
	struct admin_wiring *w = ctx;

	return gw_disconnect_client(w->parts.gw, port_now(w), id);
}

static int port_forget(void *ctx, struct sn_bytes id)
{
	struct admin_wiring *w = ctx;

	return gw_forget_client(w->parts.gw, port_now(w), id);
}

static bool port_reload(void *ctx)
{
	struct admin_wiring *w = ctx;

	return w->parts.reload(w->parts.ctx);
}

/* --- the live trace --- */

/* What may wait in the gateway for one reader. */
#define TRACE_OCTETS 262144

struct admin_trace {
	struct tracer_tap *tap;
	admin_trace_fn *on_data;
	void *ctx;
};

static void on_trace(void *ctx, struct tracer_tap *tap)
{
	struct admin_trace *trace = ctx;

	(void)tap;
	trace->on_data(trace->ctx);
}

/* NULL, or what is wrong with the wish. */
static const char *read_filter(struct filter *filter, const struct admin_trace_wish *wish)
{
	const struct {
		const char *name, *value;
	} conditions[] = {
		{ "client", wish->client },
		{ "address", wish->address },
		{ "type", wish->type },
		{ "direction", wish->direction },
	};

	filter_init(filter);
	for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
		const char *wrong = NULL;

		if (conditions[i].value != NULL)
			wrong = filter_set(filter, conditions[i].name, conditions[i].value);
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

static struct admin_trace *port_trace_open(void *ctx, const struct admin_trace_wish *wish,
    admin_trace_fn *on_data, void *data_ctx, const char **why)
{
	struct admin_wiring *w = ctx;
	struct admin_trace *trace;
	struct filter filter;

	*why = read_filter(&filter, wish);
	if (*why != NULL)
		return NULL;
	trace = malloc(sizeof *trace);
	if (trace == NULL)
		return NULL;
	*trace = (struct admin_trace){ .on_data = on_data, .ctx = data_ctx };
	trace->tap = tracer_tap_new(w->parts.tracer, &filter,
	    wish->pcapng ? TRACER_PCAPNG : TRACER_TEXT, TRACE_OCTETS, on_trace, trace);
	if (trace->tap != NULL)
		return trace;
	free(trace);
	return NULL;
}

static struct admin_trace_lost port_trace_lost(void *ctx)
{
	struct admin_wiring *w = ctx;
	const struct tracer_metrics *metrics = tracer_metrics(w->parts.tracer);

	return (struct admin_trace_lost){ metrics->file_lost, metrics->tap_lost };
}

static size_t port_trace_take(struct admin_trace *trace, void *buf, size_t size)
{
	return tracer_tap_take(trace->tap, buf, size);
}

static void port_trace_close(struct admin_trace *trace)
{
	tracer_tap_free(trace->tap);
	free(trace);
}

/* --- what it is told --- */

void admin_wiring_event(struct admin_wiring *w, const struct up_event *event)
{
	if (w == NULL)
		return;
	if (event->kind == UP_CONNECTED)
		w->refused = NULL;
	else if (event->kind == UP_REFUSED)
		w->refused = event->down.why;
}

/* --- opening --- */

/* The socket that the service manager has opened for us; -1 if there is none. */
static int inherit_socket(const struct admin_wiring *w)
{
	const struct conf_admin *conf = &w->parts.conf->admin;
	int fd = listen_fds_named(w->parts.inherited, "admin", SOCK_STREAM);

	if (fd < 0 || admin_socket_is(fd, &conf->address, conf->socket_path))
		return fd;
	log_warning("the service manager's socket admin is not that of admin.listen: not used");
	close(fd);
	return -1;
}

static int open_socket(struct admin_wiring *w)
{
	const struct conf_admin *conf = &w->parts.conf->admin;
	int fd = inherit_socket(w);
	int rc;

	if (fd >= 0)
		return fd;
	rc = admin_socket_open(&conf->address, conf->socket_path, &fd);
	if (rc < 0) {
		log_error("cannot open the admin server on %s: %s", conf->listen,
		    rc == -ERR_EXISTS ? "it is in use" : err_text(rc));
		return rc;
	}
	w->path = conf->socket_path; /* to be removed in the end */
	return fd;
}

static void log_open(const struct admin_wiring *w, int fd)
{
	const struct netaddr address = admin_socket_address(fd);
	char text[NETADDR_TEXT_MAX];

	if (w->parts.conf->admin.socket_path != NULL)
		log_notice("admin server on %s", w->parts.conf->admin.listen);
	else
		log_notice("admin server on http://%s/", netaddr_print(&address, text));
}

struct admin_wiring *admin_wiring_open(const struct admin_parts *parts)
{
	struct admin_wiring *w = calloc(1, sizeof *w);
	struct admin_config config = {
		.gw = parts->gw,
		.ports = {
			.ctx = w,
			.now = port_now,
			.broker = port_broker,
			.listener = port_listener,
			.store = port_store,
			.disconnect = port_disconnect,
			.forget = port_forget,
			.reload = port_reload,
			.trace_lost = port_trace_lost,
			.trace_open = port_trace_open,
			.trace_take = port_trace_take,
			.trace_close = port_trace_close,
		},
		.guard = {
			.token = parts->conf->admin.token,
			.token_for_reading = parts->conf->admin.token_for_reading,
		},
		.version = PACKAGE_VERSION,
	};

	if (w == NULL) {
		log_error("cannot open the admin server: %s", err_text(-ERR_NOMEM));
		return NULL;
	}
	w->parts = *parts;
	config.fd = open_socket(w);
	if (config.fd < 0)
		return admin_wiring_close(w);
	w->admin = admin_new(parts->base, &config);
	if (w->admin == NULL) {
		log_error("cannot open the admin server: %s", err_text(-ERR_NOMEM));
		return admin_wiring_close(w);
	}
	log_open(w, config.fd);
	return w;
}

struct admin_wiring *admin_wiring_close(struct admin_wiring *w)
{
	if (w == NULL)
		return NULL;
	admin_free(w->admin);
	if (w->path != NULL)
		unlink(w->path);
	free(w);
	return NULL;
}
