/* SPDX-License-Identifier: BSD-3-Clause */
/* The counters as lines of the log (SIGUSR1). */
#ifndef FORWARDER_COUNTERS_H
#define FORWARDER_COUNTERS_H

#include "forwarder/fwd_core.h"
#include "forwarder/serial.h"
#include "gateway/io/udp.h"

/* Those that are 0 are left out. */
void counters_log_core(const struct fwd_counters *counters);

/* @name: what the log calls the side. */
void counters_log_udp(const char *name, const struct udp_listener *listener);
void counters_log_serial(const char *name, const struct serial *serial);

#endif
