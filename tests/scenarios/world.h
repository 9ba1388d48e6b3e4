/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world around the core in a scenario: peers with made-up addresses, upstream sessions named by
 * their MQTT client id, a clock that only acts move, and the record of all that the core said.
 */
#ifndef SCENARIOS_WORLD_H
#define SCENARIOS_WORLD_H

#include "gateway/core/gw.h"
#include "tests/scenarios/script.h"

/* Something the core said. */
struct output {
	char *text; /* as outputs.h prints it */
	int64_t at; /* microseconds since the act began */
};

struct world;

/* A world whose core runs with the configuration of @script, which must outlive it. */
struct world *world_new(struct script *script);

/* From now on an act that is not possible is passed over, and counts are not compared. */
void world_be_lenient(struct world *world);

/* For the core to have a store, and for each act to be followed by a look at whether it has what it
 * should. */
void world_check_keeping(struct world *world);

/* NULL is fine; returns NULL. */
struct world *world_free(struct world *world);

/* Plays one act: then world_outputs() is what it caused, and world_broken() what was wrong beyond
 * expectations. */
void world_play(struct world *world, const struct step *step);

const struct output *world_outputs(const struct world *world, size_t *n);

/* A rule that holds in every scenario and was broken, or an act that is impossible in this state;
 * NULL if all is well.  The first one stays. */
const char *world_broken(const struct world *world);

/* Ends the core: it must close all of its sessions, without a word to the clients. */
void world_end(struct world *world);

#endif
