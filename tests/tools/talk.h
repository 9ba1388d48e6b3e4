/* SPDX-License-Identifier: BSD-3-Clause */
/* A client under test, and both ends of its line in our hands: packets go in and come out as text.
 */
#ifndef TESTS_TOOLS_TALK_H
#define TESTS_TOOLS_TALK_H

#include "tools/sn_client.h"

#define TALK_LINES 64
#define TALK_LINE  256

struct talk {
	struct sn_client_config config; /* to be changed before talk_start() */
	struct sn_client *client;
	monotime_t now;
	bool take; /* what the message port returns */

	char said[TALK_LINES][TALK_LINE]; /* packets of the client */
	size_t n_said, n_read;
	char taken[TALK_LINES][TALK_LINE]; /* messages: qos, retain flag, topic, payload */
	size_t n_taken;
};

/* Fills in a configuration: id "c", clean, keep alive 60 s, T_retry 10 s, N_retry 3, T_WAIT 300 s
 * twice. */
void talk_init(struct talk *talk);
void talk_start(struct talk *talk);
void talk_stop(struct talk *talk);

/* talk_start(), and the client is connected. */
void talk_connect(struct talk *talk);

/* The next packet of the client that was not read yet; "" if it said no more. */
const char *talk_said(struct talk *talk);

/* The gateway sends @line. */
struct sn_client_event talk_hear(struct talk *talk, const char *line);

/* Time passes up to the next deadline; fails if there is none.  *@ms: how long that was; may be
 * NULL. */
struct sn_client_event talk_wait(struct talk *talk, int64_t *ms);

#endif
