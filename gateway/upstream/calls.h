/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a session is asked to do: the calls of upstream.h, for one that has its connection.  Private
 * to gateway/upstream.
 */
#ifndef UPSTREAM_CALLS_H
#define UPSTREAM_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/upstream/session.h"

void session_reconnect(struct session *session);

/* The broker that it tries has not said a word, and there was time for one.  (A client that changes
 * its mind says nothing about the broker.) */
bool session_waits_in_vain(const struct session *session);

void session_close(struct session *session, enum up_farewell farewell);

/* @request is a REQUEST_PUBLISH; *@token is set at QoS 1 and 2. */
int session_publish(struct session *session, const struct request *request, uint16_t *token);
int session_subscribe(struct session *session, const char *filter, int qos, uint16_t *token);
int session_unsubscribe(struct session *session, const char *filter, uint16_t *token);
void session_pause(struct session *session, bool paused);

#endif
