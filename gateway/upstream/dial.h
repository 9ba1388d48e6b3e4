/* SPDX-License-Identifier: BSD-3-Clause */
/* The way to a connection: the brokers in turn, the addresses of each, TCP, TLS. */
#ifndef UPSTREAM_DIAL_H
#define UPSTREAM_DIAL_H

#include "gateway/upstream/session.h"

/* Starts to connect an idle session. */
void dial(struct session *session);

/* Gives up a try that has come as far as the broker, which does not accept it, if there is another
 * broker to try. */
void dial_another(struct session *session);

/* Goes on with sessions that wait for others to be connected, as far as there is room now.  Once in
 * each flush. */
void dial_waiting(struct upstream *up);

/* The resolver has an answer for a session that waits for it. */
void dial_resolved(struct session *session);

/* The socket of a session that is dialling became writable, or took too long. */
void dial_answered(struct session *session, short what);

bool dial_in_handshake(const struct session *session);

/* Goes on with the TLS handshake. */
void dial_handshake(struct session *session);

#endif
