/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration a scenario plays with: the gateway's defaults, and the lines at its top.
 *
 *	set timers.retry=10          a member of struct gw_config; times in seconds
 *	set wake_connect=honour
 *	predefined 5=plant/alarm     for all clients; "predefined pump-*:6=t" for a pattern of ids
 *	admission admit=pump-* refuse=p* others=refuse
 *	                             who may connect: all the rules
 *	listener max_packet=60 qos_minus_one qos_minus_one_names no_discovery
 *	                             the first changes listener 0, each more adds one
 *	qos_minus_one_topic "t/#"    where QoS -1 may publish; none: anywhere
 *	check notes                  notes are outputs as well; check verdicts: so are verdicts
 */
#ifndef SCENARIOS_SETUP_H
#define SCENARIOS_SETUP_H

#include "gateway/core/gw.h"
#include "tests/scenarios/words.h"

#define SETUP_LISTENERS 4
#define SETUP_TOPICS    8

struct setup {
	struct gw_config config;       /* points to the members below: not to be copied */
	struct gw_listener *listeners; /* in force; the other list is the one before */
	struct gw_listener lists[2][SETUP_LISTENERS];
	size_t listener_lines;
	struct topic_predef *predefined;
	struct admission *admission;
	struct admission *admission_before; /* the core may still know it */
	char *qos_minus_one_topics[SETUP_TOPICS];
	bool check_notes;
	bool check_verdicts;
	bool store; /* what outlives the process is kept */
};

void setup_init(struct setup *setup);
void setup_free(struct setup *setup);

/* True if the line is of the configuration; then *@wrong is NULL or says what is wrong with it. */
bool setup_line(struct setup *setup, const struct words *words, const char **wrong);

/* Another list of listeners: each is the one that had number @from before, or a new one with the
 * defaults (-1). */
void setup_relist(struct setup *setup, const int *from, size_t n);

/* Puts a copy of the predefined topics in their place and returns the table that the core may still
 * know; the caller frees it when it has told the core. */
struct topic_predef *setup_copy_predefined(struct setup *setup);

#endif
