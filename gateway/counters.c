/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/counters.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/log.h"
#include "gateway/dtls/dtls.h"
#include "gateway/listeners.h"
#include "sn_codec/sn_codec.h"

static void log_counter(const char *name, uint64_t value)
{
	if (value > 0)
		log_notice("counter: %s %" PRIu64, name, value);
}

static void log_by_type(const char *direction, const uint64_t counts[256])
{
	for (int type = 0; type < 256; type++) {
		const char *name = sn_type_name((uint8_t)type);
		char label[64];

		snprintf(
		    label, sizeof label, "%s %s", direction, name != NULL ? name : "reserved type");
		log_counter(label, counts[type]);
	}
}

void counters_log_core(const struct gw_metrics *metrics)
{
#define X(member, name, help) log_counter(name, metrics->member);
	GW_COUNTERS(X)
#undef X
	log_by_type("received", metrics->rx);
	log_by_type("sent", metrics->tx);
}

/* Of all DTLS listeners together. */
void counters_log_dtls(const struct listeners *listeners)
{
	struct dtls_counters sum = { 0 };
	size_t peers = 0, handshakes = 0;

	for (size_t i = 0; i < listeners_count(listeners); i++) {
		const struct dtls *dtls = listeners_dtls(listeners, i);

		if (dtls == NULL)
			continue;
		peers += dtls_peers(dtls);
		handshakes += dtls_handshakes(dtls);
#define X(member, name, help) sum.member += dtls_counters(dtls)->member;
		DTLS_COUNTERS(X)
#undef X
	}
	log_counter("dtls_peers", peers);
	log_counter("dtls_handshaking", handshakes);
#define X(member, name, help) log_counter("dtls_" name "_total", sum.member);
	DTLS_COUNTERS(X)
#undef X
}

void counters_log_listener(const struct udp_listener *listener)
{
	const struct udp_counters *c = udp_counters(listener);
	char address[NETADDR_TEXT_MAX];

	log_notice("counter: %s received %" PRIu64 ", sent %" PRIu64 ", not sent %" PRIu64
	           ", lost to a full receive buffer %" PRIu64,
	    netaddr_print(udp_address(listener), address), c->received, c->sent, c->send_dropped,
	    c->kernel_dropped);
}
