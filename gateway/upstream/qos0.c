/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "gateway/upstream/qos0.h"

#define BLOCK_OCTETS 16384
#define SPARES_MAX   256 /* a turn of the loop needs hardly more */

/* The octets are not touched before they are needed: memory that is not used is not there. */
struct qos0_block {
	SLIST_ENTRY(qos0_block) next;
	size_t begin; /* what waits to be written */
	size_t end;
	uint8_t octets[BLOCK_OCTETS];
};

static bool take_block(struct session *s)
{
	struct upstream *up = s->up;

	s->qos0 = SLIST_FIRST(&up->spares);
	if (s->qos0 != NULL) {
		SLIST_REMOVE_HEAD(&up->spares, next);
		up->n_spares--;
	} else if ((s->qos0 = malloc(sizeof(*s->qos0))) == NULL) {
		return false;
	}
	s->qos0->begin = s->qos0->end = 0;
	return true;
}

void qos0_drop(struct session *s)
{
	struct upstream *up = s->up;

	if (s->qos0 == NULL)
		return;
	if (up->n_spares < SPARES_MAX) {
		SLIST_INSERT_HEAD(&up->spares, s->qos0, next);
		up->n_spares++;
	} else {
		free(s->qos0);
	}
	s->qos0 = NULL;
}

void qos0_free_spares(struct upstream *up)
{
	struct qos0_block *block;

	while ((block = SLIST_FIRST(&up->spares)) != NULL) {
		SLIST_REMOVE_HEAD(&up->spares, next);
		free(block);
	}
	up->n_spares = 0;
}

static uint8_t *put(uint8_t *at, const void *data, size_t len)
{
	if (len > 0)
		memcpy(at, data, len);
	return at + len;
}

/* Section 3.3 of MQTT 3.1.1. */
static uint8_t *put_publish(
    uint8_t *at, const struct request *request, size_t topic_len, size_t remaining)
{
	*at++ = (uint8_t)(0x30 | (request->retain ? 1 : 0));
	for (; remaining > 127; remaining >>= 7)
		*at++ = (uint8_t)(0x80 | (remaining & 127));
	*at++ = (uint8_t)remaining;
	*at++ = (uint8_t)(topic_len >> 8);
	*at++ = (uint8_t)topic_len;
	at = put(at, request->topic, topic_len);
	return put(at, request->payload.data, request->payload.len);
}

bool qos0_put(struct session *s, const struct request *request)
{
	size_t topic_len = strlen(request->topic);
	size_t remaining = 2 + topic_len + request->payload.len;
	struct qos0_block *block;

	if (s->up->tls != NULL || mosquitto_want_write(s->mosq))
		return false;
	if (s->qos0 == NULL && !take_block(s))
		return false;
	block = s->qos0;
	if (remaining + 5 > BLOCK_OCTETS - block->end) /* the fixed header has 5 at most */
		return false;
	block->end =
	    (size_t)(put_publish(block->octets + block->end, request, topic_len, remaining) -
	             block->octets);
	return true;
}

bool qos0_flush(struct session *s)
{
	int more = mosquitto_want_write(s->mosq) ? MSG_MORE : 0;
	struct qos0_block *block = s->qos0;
	ssize_t n;

	if (block == NULL)
		return true;
	n = send(mosquitto_socket(s->mosq), block->octets + block->begin, block->end - block->begin,
	    MSG_DONTWAIT | MSG_NOSIGNAL | more);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		session_end(s, false, strerror(errno));
		return false;
	}
	block->begin += n > 0 ? (size_t)n : 0;
	if (block->begin < block->end)
		return false;
	qos0_drop(s);
	return true;
}
