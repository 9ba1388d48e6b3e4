/* SPDX-License-Identifier: BSD-3-Clause */
/* What a session reads and writes, and the events that come of it. */
#ifndef UPSTREAM_TRAFFIC_H
#define UPSTREAM_TRAFFIC_H

#include "gateway/upstream/session.h"

void traffic_set_callbacks(struct mosquitto *mosq);

/* Reads what has come: of a burst, some.  The rest makes the socket readable again. */
void traffic_read(struct session *session);

/* Reads from now on, or no more, as state and pause demand. */
void traffic_watch_input(struct session *session);

/* Writes what is queued, and DISCONNECT if the session is leaving. */
void traffic_flush(struct session *session);

#endif
