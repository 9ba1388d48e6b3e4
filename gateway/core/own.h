/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The gateway's own MQTT session: carries QoS -1 messages (SN12-QM1-03), and shows whether the
 * broker can be reached, for discovery (SN12-DISCO-02, -09).  Open while a listener needs it;
 * events with owner NULL are its own.
 */
#ifndef CORE_OWN_H
#define CORE_OWN_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/deadline.h"
#include "gateway/core/ports.h"

struct gw;

struct own {
	struct up_session *session;
	struct deadline deadline; /* of a try to connect, or of the next one */
	unsigned attempts;
	bool started;
	bool connecting;
	bool up;
};

void own_init(struct own *own);

/* Opens the session if a listener takes QoS -1 or does discovery. */
void own_start(struct gw *gw);

/* The configuration has changed: opens or closes the session as the listeners need it now; anew if
 * its client id is another one. */
void own_configure(struct gw *gw, bool renamed);

/* An event of the session. */
void own_event(struct gw *gw, const struct up_event *event);

void own_close(struct gw *gw);

#endif
