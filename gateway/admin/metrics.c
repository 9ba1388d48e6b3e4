/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "gateway/admin/pages.h"
#include "gateway/admin/process.h"
#include "gateway/core/gw.h"

#define PREFIX "mqttsn_"

static void family(struct text *out, const char *name, const char *type, const char *help)
{
	text_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void count(struct text *out, const char *name, uint64_t value)
{
	text_printf(out, "%s %" PRIu64 "\n", name, value);
}

static void single(
    struct text *out, const char *name, const char *type, const char *help, uint64_t value)
{
	family(out, name, type, help);
	count(out, name, value);
}

static void core_counters(const struct gw_metrics *metrics, struct text *out)
{
#define X(member, name, help) single(out, PREFIX name, "counter", help, metrics->member);
	GW_COUNTERS(X)
#undef X
}

static void packets(struct text *out, const char *direction, const uint64_t counts[256])
{
	for (int type = 0; type < 256; type++) {
		const char *name = sn_type_name((uint8_t)type);

		if (name != NULL)
			text_printf(out,
			    PREFIX "packets_total{direction=\"%s\",type=\"%s\"} %" PRIu64 "\n",
			    direction, name, counts[type]);
	}
}

static void packets_by_type(const struct gw_metrics *metrics, struct text *out)
{
	family(out, PREFIX "packets_total", "counter", "MQTT-SN packets, decrypted and unwrapped");
	packets(out, "received", metrics->rx);
	packets(out, "sent", metrics->tx);
}

static void clients(const struct gw *gw, struct text *out)
{
	family(out, PREFIX "clients", "gauge", "Clients known, by state");
	for (int state = 0; state < CLIENT_STATES; state++)
		text_printf(out, PREFIX "clients{state=\"%s\"} %zu\n",
		    client_state_name((enum client_state)state),
		    inspect_count(gw, (enum client_state)state));
}

static void broker(const struct pages *pages, struct text *out)
{
	struct admin_broker broker;

	pages->ports.broker(pages->ports.ctx, &broker);
	single(out, PREFIX "broker_sessions", "gauge", "Sessions with the broker", broker.sessions);
	single(out, PREFIX "broker_sessions_connected", "gauge",
	    "Sessions with the broker that are connected", broker.connected);
	single(out, PREFIX "broker_sessions_shared", "gauge",
	    "Connected sessions with the broker that clients share", broker.shared);
	single(out, PREFIX "broker_sharing_clients", "gauge",
	    "Clients that are connected over a shared session", broker.sharing);
}

/* --- listeners --- */

static const struct {
	const char *name, *help;
	size_t offset;
} listener_counters[] = {
	{ PREFIX "listener_received_datagrams_total", "Datagrams received",
	    offsetof(struct admin_listener, received) },
	{ PREFIX "listener_sent_datagrams_total", "Datagrams sent",
	    offsetof(struct admin_listener, sent) },
	{ PREFIX "listener_send_dropped_datagrams_total",
	    "Datagrams not sent: too many waited, or the system refused them",
	    offsetof(struct admin_listener, send_dropped) },
	{ PREFIX "listener_receive_dropped_datagrams_total",
	    "Datagrams lost to a full receive buffer",
	    offsetof(struct admin_listener, kernel_dropped) },
};

static void listeners(const struct pages *pages, struct text *out)
{
	for (size_t n = 0; n < sizeof listener_counters / sizeof listener_counters[0]; n++) {
		const char *name = listener_counters[n].name;
		struct admin_listener listener;

		family(out, name, "counter", listener_counters[n].help);
		for (size_t i = 0; pages->ports.listener(pages->ports.ctx, i, &listener); i++) {
			const char *at = (const char *)&listener + listener_counters[n].offset;
			char address[NETADDR_TEXT_MAX];

			text_printf(out, "%s{listener=\"%s\"} %" PRIu64 "\n", name,
			    netaddr_print(&listener.address, address), *(const uint64_t *)at);
		}
	}
}

static void dtls_value(
    struct text *out, const struct admin_listener *listener, const struct admin_count *count)
{
	char address[NETADDR_TEXT_MAX];

	text_printf(out, PREFIX "dtls_%s%s{listener=\"%s\"} %" PRIu64 "\n", count->name,
	    count->gauge ? "" : "_total", netaddr_print(&listener->address, address), count->value);
}

static void dtls(const struct pages *pages, struct text *out)
{
	for (size_t n = 0; n < ADMIN_DTLS_MAX; n++) {
		struct admin_listener listener;
		bool named = false;

		for (size_t i = 0; pages->ports.listener(pages->ports.ctx, i, &listener); i++) {
			const struct admin_count *count = &listener.dtls[n];

			if (n >= listener.n_dtls)
				continue;
			if (!named)
				text_printf(out,
				    "# HELP " PREFIX "dtls_%s%s %s\n# TYPE " PREFIX
				    "dtls_%s%s %s\n",
				    count->name, count->gauge ? "" : "_total", count->help,
				    count->name, count->gauge ? "" : "_total",
				    count->gauge ? "gauge" : "counter");
			named = true;
			dtls_value(out, &listener, count);
		}
	}
}

static void store_counters(const struct pages *pages, struct text *out)
{
	struct admin_store store;

	if (!pages->ports.store(pages->ports.ctx, &store))
		return;
	single(out, PREFIX "store_commits_total", "counter", "Commits that wrote something",
	    store.commits);
	single(
	    out, PREFIX "store_failures_total", "counter", "Commits that failed", store.failures);
	single(out, PREFIX "store_recoveries_total", "counter",
	    "Stores that were made anew after a failure", store.recoveries);
	single(out, PREFIX "store_failing", "gauge", "1 while nothing can be stored",
	    store.error != NULL);
	single(out, PREFIX "store_size_bytes", "gauge", "Size of the database", store.octets);
}

static void trace(const struct pages *pages, struct text *out)
{
	const struct admin_trace_lost lost = pages->ports.trace_lost(pages->ports.ctx);

	single(out, PREFIX "trace_file_lost_packets_total", "counter",
	    "Packets that are missing in the file of the trace", lost.file);
	single(out, PREFIX "trace_reader_lost_packets_total", "counter",
	    "Packets for which readers of the live trace were too slow", lost.readers);
}

static void admin(const struct pages *pages, struct text *out)
{
	single(out, PREFIX "admin_requests_total", "counter", "Requests to the admin server",
	    pages->requests);
	single(out, PREFIX "admin_refused_total", "counter",
	    "Of these, refused for want of the token, or because a page of another site asked",
	    pages->refused);
}

/* --- the process --- */

static void seconds(
    struct text *out, const char *name, const char *type, const char *help, double value)
{
	family(out, name, type, help);
	text_printf(out, "%s %.2f\n", name, value);
}

/* The names are those that all exporters have. */
static void process(struct text *out)
{
	struct process_facts facts;

	if (!process_look(&facts))
		return;
	seconds(out, "process_cpu_seconds_total", "counter", "CPU time spent", facts.cpu_seconds);
	seconds(out, "process_start_time_seconds", "gauge",
	    "When the process started, in seconds since 1970", facts.started);
	single(
	    out, "process_resident_memory_bytes", "gauge", "Memory in use", facts.resident_memory);
	single(
	    out, "process_virtual_memory_bytes", "gauge", "Addresses in use", facts.virtual_memory);
	single(out, "process_open_fds", "gauge", "Open files", facts.open_files);
	if (facts.max_files != UINT64_MAX)
		single(out, "process_max_fds", "gauge", "Open files allowed", facts.max_files);
}

int metrics_page(const struct pages *pages, struct text *out)
{
	const struct gw_metrics *metrics = gw_metrics(pages->gw);

	family(out, PREFIX "build_info", "gauge", "What runs here");
	text_printf(out, PREFIX "build_info{version=\"%s\"} 1\n", pages->version);
	core_counters(metrics, out);
	packets_by_type(metrics, out);
	clients(pages->gw, out);
	broker(pages, out);
	listeners(pages, out);
	dtls(pages, out);
	store_counters(pages, out);
	trace(pages, out);
	admin(pages, out);
	process(out);
	return 200;
}
