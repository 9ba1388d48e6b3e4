/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The watch over silent connections (MAP-KA-01).
 *
 * The keep alive without a word from us: PINGREQ, and no sooner, since with 10,000 sleepers the
 * pings are all that the gateway does.  Half of it without a word from the broker, behind something
 * that we have said: PINGREQ as well.  If another half brings no answer the broker is dead.  While
 * paused we cannot hear it; then TCP tells, by TCP_USER_TIMEOUT and with our pings to watch.
 *
 * mosquitto_loop_misc() is not used: it takes a connection for dead whose PINGRESP was not read,
 * although it is us who do not read while paused; and it needs up to twice the keep alive to notice
 * a dead broker.
 */
#ifndef UPSTREAM_KEEPALIVE_H
#define UPSTREAM_KEEPALIVE_H

#include "gateway/upstream/session.h"

/* A connection has come up. */
void keepalive_start(struct session *session);

/* Something came from the broker, or could have: the session is not paused any more. */
void keepalive_heard(struct session *session);

/* Called once in every round of the timer. */
void keepalive_tick(struct session *session);

/* Writes PINGREQ if it is due.  Only in the flush, and between two packets of libmosquitto. */
void keepalive_flush(struct session *session);

#endif
