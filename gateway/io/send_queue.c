/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/io/send_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

struct slot {
	struct netaddr to, local;
	uint32_t len;
	size_t at; /* offset in the block */
};

/* Slots [head, tail) wait, with the octets from the first one's offset to @used.  What lies before
 * them is dead; when it outweighs the rest, in number or in octets, the rest moves to the front. So
 * neither array grows beyond twice its limit, and what is moved is paid for by what was dropped. */
struct send_queue {
	size_t most_datagrams;
	size_t most_octets;

	struct slot *slots;
	size_t slots_size;
	size_t head, tail;

	uint8_t *block;
	size_t block_size;
	size_t used;
};

struct send_queue *send_queue_new(size_t datagrams, size_t octets)
{
	struct send_queue *q = calloc(1, sizeof *q);

	if (q == NULL)
		return NULL;
	q->most_datagrams = datagrams;
	q->most_octets = octets;
	return q;
}

struct send_queue *send_queue_free(struct send_queue *q)
{
	if (q == NULL)
		return NULL;
	free(q->slots);
	free(q->block);
	free(q);
	return NULL;
}

static size_t start_of_block(const struct send_queue *q)
{
	return q->head == q->tail ? q->used : q->slots[q->head].at;
}

/* Makes room for @need elements of @element octets in *@array. */
static int grow(void **array, size_t *size, size_t need, size_t element, size_t least)
{
	size_t n = *size == 0 ? least : *size;
	void *p;

	if (need <= *size)
		return 0;
	while (n < need)
		n *= 2;
	p = realloc(*array, n * element);
	if (p == NULL)
		return -ERR_NOMEM;
	*array = p;
	*size = n;
	return 0;
}

int send_queue_push(struct send_queue *q, const struct netaddr *to, const struct netaddr *local,
    const uint8_t *data, size_t len)
{
	void *slots = q->slots, *block = q->block;
	int rc;

	if (send_queue_count(q) >= q->most_datagrams)
		return -ERR_LIMIT;
	if (len > q->most_octets - (q->used - start_of_block(q)))
		return -ERR_LIMIT;

	rc = grow(&slots, &q->slots_size, q->tail + 1, sizeof *q->slots, 64);
	q->slots = slots;
	if (rc < 0)
		return rc;
	rc = grow(&block, &q->block_size, q->used + len, 1, 16384);
	q->block = block;
	if (rc < 0)
		return rc;

	q->slots[q->tail++] =
	    (struct slot){ .to = *to, .local = *local, .len = (uint32_t)len, .at = q->used };
	if (len > 0)
		memcpy(q->block + q->used, data, len);
	q->used += len;
	return 0;
}

size_t send_queue_count(const struct send_queue *q)
{
	return q->tail - q->head;
}

struct queued send_queue_at(const struct send_queue *q, size_t index)
{
	const struct slot *s = &q->slots[q->head + index];

	assert(index < send_queue_count(q));
	return (struct queued){ &s->to, &s->local, q->block + s->at, s->len };
}

static void move_to_front(struct send_queue *q)
{
	size_t dead = start_of_block(q);

	memmove(q->block, q->block + dead, q->used - dead);
	q->used -= dead;
	memmove(q->slots, q->slots + q->head, send_queue_count(q) * sizeof *q->slots);
	q->tail -= q->head;
	q->head = 0;
	for (size_t i = 0; i < q->tail; i++)
		q->slots[i].at -= dead;
}

void send_queue_by_route(struct send_queue *q)
{
	q->slots[q->head].local = (struct netaddr){ 0 };
}

void send_queue_drop(struct send_queue *q, size_t n)
{
	assert(n <= send_queue_count(q));
	q->head += n;
	if (q->head == q->tail) {
		q->head = q->tail = 0;
		q->used = 0;
	} else if (q->head >= send_queue_count(q) || start_of_block(q) >= q->used / 2) {
		move_to_front(q);
	}
}
