/* SPDX-License-Identifier: BSD-3-Clause */
/* Octets in order, first in, first out, in a buffer of fixed size. */
#ifndef TRACE_RING_H
#define TRACE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *buf;
	size_t size;
	size_t first; /* index of the first octet in use */
	size_t used;
};

/* 0 or -ERR_NOMEM. */
int ring_init(struct ring *ring, size_t size);
void ring_clear(struct ring *ring);

static inline size_t ring_room(const struct ring *ring)
{
	return ring->size - ring->used;
}

/* There must be room. */
void ring_put(struct ring *ring, const void *data, size_t len);

/* Takes up to @size octets; returns how many. */
size_t ring_take(struct ring *ring, void *buf, size_t size);

#endif
