/* SPDX-License-Identifier: BSD-3-Clause */
/* A piece of what is kept: what one call of the port (gateway/core/store.h) hands over. */
#ifndef STORE_PIECE_H
#define STORE_PIECE_H

#include <stddef.h>
#include <stdint.h>

#include "gateway/core/store.h"

enum piece_kind {
	PIECE_CLIENT,
	PIECE_TOPIC,
	PIECE_SUBSCRIPTION,
	PIECE_RECEIVED,
	PIECE_MESSAGE,
	PIECE_KINDS,
};

struct piece {
	enum piece_kind kind;
	uint64_t key; /* of the client */
	union {
		struct stored_client client;
		struct stored_topic topic;
		struct stored_subscription subscription;
		struct stored_received received;
		struct stored_message message;
	};

	/* Of a copy: what tells it from all other pieces, and the octets of all of it. */
	const uint8_t *name;
	size_t name_len;
	size_t size;
};

/* A copy of @piece and of all that it points to, to be freed with free().  Of a piece that is only
 * named, pointers may be NULL.  NULL when out of memory. */
struct piece *piece_copy(const struct piece *piece);

/* Hands the piece to the port @sink. */
void piece_tell(const struct piece *piece, const struct gw_store *sink);

#endif
