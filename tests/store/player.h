/* SPDX-License-Identifier: BSD-3-Clause */
/* Random calls of the store port, as a core could make them: keys and numbers rise, and messages
 * are dropped before their client. */
#ifndef TESTS_STORE_PLAYER_H
#define TESTS_STORE_PLAYER_H

#include "gateway/core/store.h"
#include "tests/rng.h"

enum {
	PLAYER_CLIENTS = 6,
	PLAYER_MESSAGES = 40,
};

struct player {
	struct rng rng;
	uint64_t keys[PLAYER_CLIENTS]; /* 0: none */
	struct {
		uint64_t sequence; /* 0: none */
		uint64_t key;
		enum stored_way way;
	} messages[PLAYER_MESSAGES];
	uint64_t last_key, last_sequence;
};

/* One call, the same for each of @ports. */
void player_call(struct player *player, const struct gw_store *ports, size_t n);

/* The calls of one turn: none to many. */
void player_turn(struct player *player, const struct gw_store *ports, size_t n);

#endif
