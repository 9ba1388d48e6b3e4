/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link: a client's own MQTT session with the broker (SN12-ARCH-01).  Opens it for a CONNECT,
 * holds the client's session and reconnects when the broker is lost (MAP-LOST-01), restores
 * subscriptions where the broker has lost them (MAP-CONN-05).
 *
 * Where the configuration wants it, a client that only publishes shares a connection with others
 * (SN12-ARCH-05): as long as it has CleanSession, no will, no subscription, and no login of its
 * own.  With the first SUBSCRIBE, or a will, its link is made anew as one of its own.
 */
#ifndef CORE_LINK_H
#define CORE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "gateway/core/deadline.h"
#include "gateway/core/ports.h"

struct gw;
struct will;

enum link_state {
	LINK_CLOSED,
	LINK_CONNECTING,
	LINK_UP,
	LINK_WAITING, /* lost, or not opened yet; the next try comes with the deadline */
};

struct link {
	struct up_session *session; /* NULL when closed, and perhaps when waiting */
	enum link_state state;
	uint8_t attempts;     /* tries since the loss */
	uint8_t quick_losses; /* losses in a row soon after the connection was made */
	uint8_t broker;      /* it was connected to last; 0: it was to none, or there is only one */
	bool stale_will : 1; /* the broker has not the client's will as it is now */
	bool rearming : 1;   /* the connection is made anew without the client's doing */
	bool restored : 1;   /* there was none yet since the gateway started */
	bool shared : 1;     /* the session shares its connection */
	bool outgrown : 1;   /* the client needs one of its own, and asks for it */
	bool apart : 1;      /* it may be what made the broker close one that was shared */
	uint32_t published;  /* by the client when the connection was made */
	monotime_t since;    /* connected, or lost, since */
	struct deadline deadline;
};

void link_init(struct link *link);

/* Opens a session with the broker; connect_accepted() or connect_refused() will be called.
 * 0 or -ERR_NOMEM. */
int link_open(struct gw *gw, struct client *client, bool clean, const struct will *will);

/* The link of a client that was restored.  One that needs a connection of its own opens when it has
 * its turn at limits.reconnects, behind the *@turns before it. */
void link_restore(struct gw *gw, struct client *client, size_t *turns);

/* Ends it; publishes that the broker has not acknowledged are forgotten (the client repeats them),
 * those of the spool are sent again on the next one. */
void link_close(struct gw *gw, struct client *client, enum up_farewell farewell);

/* Opens a closed one in the background, at the rate of reconnects: for a session that goes on
 * without it, or for what the spool of a client that is gone still has. */
void link_open_later(struct gw *gw, struct client *client);

/* The client is gone, and only its spool kept the link, or the gateway is ending: closes the link
 * if there is no more to do. */
void link_finish(struct gw *gw, struct client *client);

/* spool_pump() is to be called again after @ms, if the link is up then. */
void link_pump_later(struct gw *gw, struct client *client, int64_t ms);

/* The broker has an old will of the client: the connection is made anew when it is quiet. */
bool link_is_stale(const struct client *client);

/* That, or the client has outgrown what it shares: it is made anew when it is quiet, so nothing
 * that can wait is begun. */
bool link_is_to_change(const struct client *client);

/* Whether a shared link that is up is just what a CONNECT with these asks for.  What is on its way
 * over it would go on its way also if it was closed. */
bool link_will_do(const struct gw *gw, struct client *client, bool clean, const struct will *will);

static inline bool link_is_up(const struct link *link)
{
	return link->state == LINK_UP;
}

/* The gateway has just started, or the client has outgrown what it shared, and nothing says that
 * the link would not come soon. */
bool link_is_awaited(const struct gw *gw, const struct link *link);

/* A client that was not supervised for the link's sake is from now on: it has the whole hold time
 * to wait for a link that is down. */
void link_hold_anew(struct gw *gw, struct client *client);

/* If the broker has an old will, or the client has outgrown what it shares, nothing is on its way
 * and the client is not connecting just now, makes the connection anew (MAP-WILL-03). */
void link_refresh(struct gw *gw, struct client *client);

/* The client asks for what only a connection of its own can give: open requests are sent when that
 * is there.  May end the client's connection. */
void link_outgrow(struct gw *gw, struct client *client);

/* An event of the session; UP_CONNECTED, UP_REFUSED and UP_LOST only. */
void link_event(struct gw *gw, struct client *client, const struct up_event *event);

#endif
