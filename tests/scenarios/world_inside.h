/* SPDX-License-Identifier: BSD-3-Clause */
/* What world.c and ports.c share. */
#ifndef SCENARIOS_WORLD_INSIDE_H
#define SCENARIOS_WORLD_INSIDE_H

#include "tests/scenarios/keeping.h"
#include "tests/scenarios/peers.h"
#include "tests/scenarios/sessions.h"
#include "tests/scenarios/watch.h"
#include "tests/scenarios/world.h"

/* What a peer has proved to be, by the last act that said so. */
struct proven {
	struct netaddr address;
	uint16_t listener;
	const char *identity; /* the script's */
};

enum {
	PROVEN_MAX = 32
};

struct world {
	struct script *script;
	struct gw *gw;
	struct keeping *keeping; /* NULL: no store */
	struct siphash_key seed; /* of the next core */
	struct watch *watch;
	struct peers peers;
	struct proven proven[PROVEN_MAX]; /* the last one counts */
	size_t n_proven;
	struct up_session *sessions;
	monotime_t now;
	monotime_t begun; /* when the act began */
	struct output *outputs;
	size_t n_outputs;
	int fail[FAIL_PORTS]; /* what the next call returns, 0: success */
	bool lenient;
	bool checks_keeping;
	bool killed; /* what the core does now is not seen: there is none any more */
	bool ended;
	size_t shown; /* sum of all that the trace was shown */
	char broken[300];
};

/* What is wrong, whatever was expected.  The first time counts. */
void world_breaks(struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds to what the core said in this act; takes @text over. */
void world_record(struct world *world, char *text);

/* The ports that record (ports.c). */
struct gw_ports ports_of(struct world *world);

#endif
