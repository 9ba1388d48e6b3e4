/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core of the forwarder between nodes and gateways that have names, with every output as a line
 * of text (scenarios/README.md).
 */
#ifndef TESTS_FWD_WORLD_H
#define TESTS_FWD_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "forwarder/fwd_core.h"

enum {
	WORLD_SIDES = 8,
	WORLD_NAMES = 64,
	WORLD_OUTPUTS = 256,
	WORLD_TEXT = 1024, /* of a name or an output */
};

struct fwd_world {
	struct fwd_config config;
	struct fwd_side sides[WORLD_SIDES];
	char side_names[WORLD_SIDES][WORLD_TEXT];
	char *names[WORLD_NAMES]; /* of hosts: number i has an address made of i + 1 */
	size_t n_names;

	struct fwd *fwd; /* NULL until fwd_world_start() */
	monotime_t now;
	char *outputs[WORLD_OUTPUTS]; /* of the act that is played */
	size_t n_outputs;
};

void fwd_world_init(struct fwd_world *world);
void fwd_world_clear(struct fwd_world *world);

/* Begins with the configuration as it stands. */
void fwd_world_start(struct fwd_world *world);

/* The side of this name, or -1. */
int fwd_world_side(const struct fwd_world *world, const char *name);

/* The address of a node (10.0.0.N:1024) or a gateway (192.0.2.N:1884), N being the same for the
 * same name. */
struct netaddr fwd_world_node(struct fwd_world *world, const char *name);
struct netaddr fwd_world_gateway(struct fwd_world *world, const char *name);

/* Time passes, from deadline to deadline. */
void fwd_world_pass(struct fwd_world *world, int64_t us);

void fwd_world_forget_outputs(struct fwd_world *world);

#endif
