/* SPDX-License-Identifier: BSD-3-Clause */
#include "forwarder/counters.h"

#include <inttypes.h>

#include "common/log.h"

static void log_counter(const char *name, uint64_t value)
{
	if (value > 0)
		log_notice("counter: %s %" PRIu64, name, value);
}

void counters_log_core(const struct fwd_counters *counters)
{
#define X(member, name) log_counter(name, counters->member);
	FWD_COUNTERS(X)
#undef X
}

void counters_log_udp(const char *name, const struct udp_listener *listener)
{
	const struct udp_counters *c = udp_counters(listener);

	log_notice("counter: %s received %" PRIu64 ", sent %" PRIu64 ", not sent %" PRIu64
	           ", lost to a full receive buffer %" PRIu64,
	    name, c->received, c->sent, c->send_dropped, c->kernel_dropped);
}

void counters_log_serial(const char *name, const struct serial *serial)
{
	const struct serial_counters *c = serial_counters(serial);
	const struct frame_counters *f = serial_frame_counters(serial);

	log_notice("counter: %s received %" PRIu64 " (%" PRIu64 " octets), sent %" PRIu64
	           " (%" PRIu64 " octets), not sent %" PRIu64 ", damaged %" PRIu64
	           ", too long %" PRIu64 ", octets between frames %" PRIu64 ", opened %" PRIu64,
	    name, f->frames, c->octets_read, c->sent, c->octets_written, c->send_dropped,
	    f->damaged, f->too_long, f->skipped, c->opened);
}
