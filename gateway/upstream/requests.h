/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a session has been asked for and the broker has not answered yet, in order: publishes at QoS
 * 1 and 2, subscribes, unsubscribes.
 *
 * A request that comes while there is no accepted connection is held here.  libmosquitto would take
 * it too, but would send it right behind the CONNECT, and so before those it sends again after the
 * CONNACK.  Tokens are ours, because a held request has no message id yet.
 */
#ifndef UPSTREAM_REQUESTS_H
#define UPSTREAM_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <mosquitto.h>

#include "sn_codec/sn_codec.h"

enum request_kind {
	REQUEST_PUBLISH,
	REQUEST_SUBSCRIBE,
	REQUEST_UNSUBSCRIBE,
};

struct request {
	enum request_kind kind;
	int qos;
	bool retain;
	const char *topic; /* name or filter */
	struct sn_bytes payload;
	void *asker; /* comes back with the answer; may be NULL */
};

struct request_entry;

/* All zero but for requests_init(). */
struct requests {
	TAILQ_HEAD(request_queue, request_entry) queue;
	uint16_t last_token;
	/* Publishes at QoS 2 that libmosquitto has, and how many it may have: the next one is held,
	 * and what comes behind it.  0: any number. */
	uint8_t qos2;
	uint8_t qos2_most;
	struct request_entry *first_held; /* all behind it are held, too; NULL: none is */
};

void requests_init(struct requests *requests);
void requests_clear(struct requests *requests);

/* What libmosquitto would refuse in @request: 0 or -ERR_INVALID. */
int requests_check(const struct request *request);

/* Hands @request to libmosquitto and remembers its message id, or keeps a copy: if @hold, or if it
 * would be one too many at QoS 2, or would overtake one that is held.  0 and *@token, or
 * -ERR_NOMEM, -ERR_INVALID. */
int requests_add(struct requests *requests, struct mosquitto *mosq, const struct request *request,
    bool hold, uint16_t *token);

/* Hands the held requests to libmosquitto, as far as there may be so many.  -ERR_NOMEM: one and
 * what follows it is still held. */
int requests_release(struct requests *requests, struct mosquitto *mosq);

/* The connection ended: subscribes and unsubscribes are forgotten; publishes stay, libmosquitto
 * sends them again. */
void requests_connection_lost(struct requests *requests);

/* The answer to message id @mid came.  The token of the request, which is forgotten, and its asker;
 * or 0 if none was waiting. */
uint16_t requests_answered(
    struct requests *requests, enum request_kind kind, int mid, void **asker);

/* @asker goes: its requests, of which there are @n, stay without an asker. */
void requests_disown(struct requests *requests, const void *asker, uint32_t n);

#endif
