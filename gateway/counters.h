/* SPDX-License-Identifier: BSD-3-Clause */
/* The counters as lines of the log (SIGUSR1).  Those that are 0 are left out. */
#ifndef GATEWAY_COUNTERS_H
#define GATEWAY_COUNTERS_H

#include "gateway/core/metrics.h"
#include "gateway/io/udp.h"

struct listeners;

void counters_log_core(const struct gw_metrics *metrics);
void counters_log_dtls(const struct listeners *listeners);
void counters_log_listener(const struct udp_listener *listener);

#endif
