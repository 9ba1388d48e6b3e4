/* SPDX-License-Identifier: BSD-3-Clause */
/* Going on after a restart with the clients that gw_restorer() was told (gw.h). */
#ifndef CORE_RESTORE_H
#define CORE_RESTORE_H

#include <stddef.h>

struct gw;
struct client;

/* The clients restored so far, in the order of their keys; until restore_finish(). */
struct restored {
	struct client **clients;
	size_t count;
	size_t room;
	size_t links; /* to be opened, of those that have their turn already */
};

/* All are known: their links are opened in turn, and what waited for them goes on; but not for
 * those that have to agree on keys first, for T_WAIT at most. */
void restore_finish(struct gw *gw);

/* One of these has: now it goes on. */
void restore_keys_agreed(struct gw *gw, struct client *client);

#endif
