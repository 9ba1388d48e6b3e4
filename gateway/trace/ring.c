/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/trace/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

int ring_init(struct ring *ring, size_t size)
{
	*ring = (struct ring){ .buf = malloc(size), .size = size };
	return ring->buf != NULL ? 0 : -ERR_NOMEM;
}

void ring_clear(struct ring *ring)
{
	free(ring->buf);
	*ring = (struct ring){ 0 };
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void ring_put(struct ring *ring, const void *data, size_t len)
{
	size_t at = (ring->first + ring->used) % ring->size;
	size_t to_end = smaller(len, ring->size - at);

	assert(len <= ring_room(ring));
	memcpy(ring->buf + at, data, to_end);
	memcpy(ring->buf, (const uint8_t *)data + to_end, len - to_end);
	ring->used += len;
}

size_t ring_take(struct ring *ring, void *buf, size_t size)
{
	size_t len = smaller(size, ring->used);
	size_t to_end = smaller(len, ring->size - ring->first);

	memcpy(buf, ring->buf + ring->first, to_end);
	memcpy((uint8_t *)buf + to_end, ring->buf, len - to_end);
	ring->used -= len;
	ring->first = ring->used > 0 ? (ring->first + len) % ring->size : 0;
	return len;
}
