/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sleeping clients (section 6.14; SN12-SLEEP-*): messages wait while the client is asleep; its
 * PINGREQ opens a window in which they are sent, PINGRESP closes it.
 */
#ifndef CORE_SLEEP_H
#define CORE_SLEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/core/peer.h"
#include "sn_codec/sn_codec.h"

struct gw;
struct client;

/* DISCONNECT with a duration, of a client that is active, asleep or awake. @seconds > 0. */
void sleep_begin(struct gw *gw, struct client *client, uint16_t seconds);

/* Who says PINGREQ with @id from @from, where @bound (or NULL) has its session: the client of that
 * id, moved to the new address (SN12-SLEEP-04, SN12-FWD-08); NULL: none that is connected
 * (SN12-SLEEP-16). */
struct client *sleep_find(
    struct gw *gw, const struct peer *from, struct client *bound, struct sn_bytes id);

/* PINGREQ of a client that is asleep or awake. */
void sleep_wake(struct gw *gw, struct client *client);

/* Nothing waits for the client any more: if it is awake, its window closes with PINGRESP. */
void sleep_drained(struct gw *gw, struct client *client);

/* Closes the window with PINGRESP although messages wait: the client cannot take them now. */
void sleep_end_window(struct gw *gw, struct client *client);

/* If @client sleeps and its CONNECT from @from, where @bound (or NULL) has its session, means that
 * its session goes on, answers it and returns true (SN12-SLEEP-11).  No setup, so no limit of
 * setups. */
bool sleep_returns(struct gw *gw, struct client *client, struct client *bound,
    const struct peer *from, const struct sn_connect *connect);

#endif
