/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/status.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/core/gw.h"
#include "gateway/core/inspect.h"
#include "gateway/upstream/upstream.h"

static uint64_t sum(const uint64_t counts[256])
{
	uint64_t all = 0;

	for (int type = 0; type < 256; type++)
		all += counts[type];
	return all;
}

/* Per second, since the last line. */
static uint64_t rate(uint64_t count, uint64_t before, int64_t us)
{
	return us > 0 ? (uint64_t)((double)(count - before) * 1e6 / (double)us + 0.5) : 0;
}

const char *status_print(struct status *status, monotime_t now, const struct gw *gw,
    const struct upstream *upstream, char *buf)
{
	const struct gw_metrics *metrics = gw_metrics(gw);
	struct status new = { now, sum(metrics->rx), sum(metrics->tx) };
	int64_t us = status->at.us != 0 ? now.us - status->at.us : 0;

	snprintf(buf, STATUS_MAX,
	    "%zu clients (%zu active, %zu asleep, %zu connecting), broker connections %zu of %zu, "
	    "packets/s %" PRIu64 " in, %" PRIu64 " out",
	    gw_client_count(gw), inspect_count(gw, CLIENT_ACTIVE),
	    inspect_count(gw, CLIENT_ASLEEP) + inspect_count(gw, CLIENT_AWAKE),
	    inspect_count(gw, CLIENT_CONNECTING), upstream_connected(upstream),
	    upstream_count(upstream), rate(new.heard, status->heard, us),
	    rate(new.said, status->said, us));
	*status = new;
	return buf;
}
