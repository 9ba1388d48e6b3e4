/* SPDX-License-Identifier: BSD-3-Clause */
/* What the system allows, where that is less than what the configuration promises. */
#ifndef GATEWAY_CAPACITY_H
#define GATEWAY_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>

/* Raises the limit of open files as far as it goes.  Logs a warning for each limit that @clients,
 * each with a connection to the broker, will run into; or where they may share connections
 * (@shared) a notice, as then it need not come to that. */
void capacity_provide(uint32_t clients, bool shared);

#endif
