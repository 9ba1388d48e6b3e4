/* SPDX-License-Identifier: BSD-3-Clause */
#include <time.h>

#include "gateway/admin/json.h"
#include "gateway/admin/pages.h"
#include "gateway/core/gw.h"

/* Clients whose sessions should have a connection. */
static size_t clients_connected(const struct gw *gw)
{
	return inspect_count(gw, CLIENT_ACTIVE) + inspect_count(gw, CLIENT_ASLEEP) +
	       inspect_count(gw, CLIENT_AWAKE);
}

/* What is wrong, or NULL.  That nobody is connected is no fault, unless those who tried were
 * refused. */
static const char *complaint(const struct gw *gw, const struct admin_broker *broker)
{
	if (broker->connected > 0)
		return NULL;
	if (broker->refused != NULL)
		return broker->refused;
	return clients_connected(gw) > 0 ? "no session is connected" : NULL;
}

static void broker_object(struct json *json, const struct pages *pages)
{
	struct admin_broker broker;

	pages->ports.broker(pages->ports.ctx, &broker);
	json_begin(json, "broker", '{');
	json_string(json, "address", broker.address);
	if (broker.connected > 0)
		json_bool(json, "connected", true);
	else if (complaint(pages->gw, &broker) != NULL)
		json_bool(json, "connected", false);
	else
		json_null(json, "connected"); /* nobody has tried */
	json_string(json, "refused", broker.refused);
	json_count(json, "sessions", broker.sessions);
	json_count(json, "sessions_connected", broker.connected);
	json_count(json, "sessions_shared", broker.shared);
	json_count(json, "sharing_clients", broker.sharing);
	json_end(json, '}');
}

static void clients_object(struct json *json, const struct gw *gw)
{
	json_begin(json, "clients", '{');
	for (int state = 0; state < CLIENT_STATES; state++)
		json_count(json, client_state_name((enum client_state)state),
		    inspect_count(gw, (enum client_state)state));
	json_end(json, '}');
}

static void counters_object(struct json *json, const struct gw_metrics *metrics)
{
	json_begin(json, "counters", '{');
#define X(member, name, help) json_count(json, name, metrics->member);
	GW_COUNTERS(X)
#undef X
	json_end(json, '}');
}

static void packets_object(struct json *json, const char *name, const uint64_t counts[256])
{
	json_begin(json, name, '{');
	for (int type = 0; type < 256; type++) {
		const char *type_name = sn_type_name((uint8_t)type);

		if (type_name != NULL && counts[type] > 0)
			json_count(json, type_name, counts[type]);
	}
	json_end(json, '}');
}

static void dtls_object(struct json *json, const struct admin_listener *listener)
{
	if (listener->n_dtls == 0) {
		json_null(json, "dtls");
		return;
	}
	json_begin(json, "dtls", '{');
	for (size_t i = 0; i < listener->n_dtls; i++)
		json_count(json, listener->dtls[i].name, listener->dtls[i].value);
	json_end(json, '}');
}

static void listeners_array(struct json *json, const struct admin_ports *ports)
{
	struct admin_listener listener;
	char address[NETADDR_TEXT_MAX];

	json_begin(json, "listeners", '[');
	for (size_t i = 0; ports->listener(ports->ctx, i, &listener); i++) {
		json_begin(json, NULL, '{');
		json_string(json, "address", netaddr_print(&listener.address, address));
		json_count(json, "received", listener.received);
		json_count(json, "sent", listener.sent);
		json_count(json, "send_dropped", listener.send_dropped);
		json_count(json, "kernel_dropped", listener.kernel_dropped);
		dtls_object(json, &listener);
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void store_object(struct json *json, const struct admin_ports *ports)
{
	struct admin_store store;

	if (!ports->store(ports->ctx, &store)) {
		json_null(json, "store");
		return;
	}
	json_begin(json, "store", '{');
	json_string(json, "error", store.error);
	json_count(json, "commits", store.commits);
	json_count(json, "failures", store.failures);
	json_count(json, "recoveries", store.recoveries);
	json_count(json, "octets", store.octets);
	json_end(json, '}');
}

int status_page(const struct pages *pages, struct text *out)
{
	const struct gw_metrics *metrics = gw_metrics(pages->gw);
	monotime_t now = pages->ports.now(pages->ports.ctx);
	struct json json = { .text = out };

	json_begin(&json, NULL, '{');
	json_string(&json, "version", pages->version);
	json_count(&json, "gateway_id", inspect_gateway_id(pages->gw));
	json_seconds(&json, "uptime_s", monotime_ms_between(pages->started, now));
	json_count(&json, "now", (uint64_t)time(NULL));
	broker_object(&json, pages);
	clients_object(&json, pages->gw);
	counters_object(&json, metrics);
	packets_object(&json, "received", metrics->rx);
	packets_object(&json, "sent", metrics->tx);
	listeners_array(&json, &pages->ports);
	store_object(&json, &pages->ports);
	json_bool(&json, "actions", pages->actions);
	json_end(&json, '}');
	text_puts(out, "\n");
	return 200;
}

/* --- health --- */

int health_page(const struct pages *pages, struct text *out)
{
	const struct admin_ports *ports = &pages->ports;
	struct json json = { .text = out };
	struct admin_broker broker;
	struct admin_store store;
	const char *wrong;

	ports->broker(ports->ctx, &broker);
	wrong = complaint(pages->gw, &broker);
	if (wrong == NULL && ports->store(ports->ctx, &store))
		wrong = store.error;
	json_begin(&json, NULL, '{');
	json_bool(&json, "healthy", wrong == NULL);
	json_string(&json, "reason", wrong);
	broker_object(&json, pages);
	store_object(&json, ports);
	json_end(&json, '}');
	text_puts(out, "\n");
	return wrong == NULL ? 200 : 503;
}
