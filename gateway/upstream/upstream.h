/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The upstream side: all MQTT sessions with the broker, each a libmosquitto client on the event
 * loop.
 *
 * Nothing blocks, and nothing is written to a socket outside upstream_flush(): libmosquitto only
 * queues, its automatic acknowledgements included (mosquitto_threaded_set; MAP-LIB-02).  Events
 * that arise in a flush are reported in the next turn of the loop, never from within a call.
 */
#ifndef UPSTREAM_UPSTREAM_H
#define UPSTREAM_UPSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/core/ports.h"

struct event_base;
struct upstream;

struct upstream_broker {
	const char *host; /* a name or an address; never NULL */
	uint16_t port;
};

enum {
	UPSTREAM_FALLBACKS_MAX = 15
};

/* With what a session introduces itself to the broker. */
struct up_login {
	const char *user;     /* UTF-8 */
	const char *password; /* NULL: none */
};

/* The broker.  Strings are copied by upstream_new(). */
struct upstream_config {
	const char *host; /* a name or an address; never NULL */
	uint16_t port;
	const struct upstream_broker *fallbacks; /* to be used when that one cannot be */
	size_t n_fallbacks;
	const char *user; /* of sessions without a login of their own; NULL: none */
	const char *password;
	struct {
		bool on;
		const char *ca_file; /* NULL: the system's store */
		const char *cert_file;
		const char *key_file;
		bool insecure; /* do not check the certificate's name */
	} tls;
	uint16_t keep_alive;   /* seconds, the gateway's own (MAP-KA-01); 0, or 5 and above */
	const char *id_prefix; /* put around every client id (MAP-CONN-07); may be "" */
	const char *id_suffix;
	/* So many connections are there for those who open a session with up_spec.shared; their
	 * client ids are this one with "-1", "-2", ... */
	struct {
		unsigned connections; /* 0: everybody has one of their own */
		const char *client_id;
	} shared;
	const char *resolv_conf; /* NULL: /etc/resolv.conf */
};

/* Called on the loop for each event; never from within a call of this header. */
typedef void upstream_event_fn(void *ctx, struct client *owner, const struct up_event *event);

/* NULL on failure, then *@error is a message (freed by the caller). */
struct upstream *upstream_new(struct event_base *base, const struct upstream_config *config,
    upstream_event_fn *on_event, void *ctx, char **error);

/* Ends all sessions (DISCONNECT, as far as it can be written at once) and frees them.  Not from
 * within an event.  NULL is fine; returns NULL. */
struct upstream *upstream_free(struct upstream *up);

/* The gateway is ending: a shared connection is not kept for sharers to come any more, but closed
 * with its last. */
void upstream_finish(struct upstream *up);

/* Writes what the sessions have queued, corking where there is more than one packet, and frees
 * closed sessions.  To be called once at the end of each turn of the loop, after the store has been
 * committed; not from within an event. */
void upstream_flush(struct upstream *up);

/*
 * The calls of struct gw_ports with the same names; see there.  Beyond that:
 *
 * Requests of a session that is not connected are kept, copied, until it is; those at QoS 1 and 2
 * also over failures.  Of those that are handed to the broker 20 are in flight at a time.  There is
 * no limit to either: that is up to the caller.
 *
 * upstream_subscribe() and upstream_unsubscribe() are -ERR_STATE for an idle session.  A reconnect
 * of one that is not idle does nothing, unless there is another broker to go to.  A pause holds
 * over reconnects; the connection is kept alive meanwhile.
 *
 * A session that shares its connection is for publishing and nothing else: the other calls must not
 * be made on it.  What it has handed over goes on its way also when it is closed, as long as the
 * connection is there; that of the last one stays for some seconds, for another to come.
 */
struct up_session *upstream_open(
    struct upstream *up, struct client *owner, const struct up_spec *spec);
void upstream_reconnect(struct up_session *session);
void upstream_close(struct up_session *session, enum up_farewell farewell);
int upstream_publish(struct up_session *session, const char *topic, struct sn_bytes payload,
    int qos, bool retain, uint16_t *token);
int upstream_subscribe(struct up_session *session, const char *filter, int qos, uint16_t *token);
int upstream_unsubscribe(struct up_session *session, const char *filter, uint16_t *token);
void upstream_pause(struct up_session *session, bool paused);

/* Gives the session another login, copied, from its next connection on; NULL: that of the
 * configuration.  0 or -ERR_NOMEM, then it has none. */
int upstream_set_login(struct up_session *session, const struct up_login *login);

/* As given to upstream_open(). */
struct client *upstream_owner(const struct up_session *session);

/* The broker in use, or to be tried next: "host:port".  Lives as long as @up. */
const char *upstream_in_use(const struct upstream *up);

/* Sessions that exist, with those that are closed but still take their leave; and the connected
 * ones without those. */
size_t upstream_count(const struct upstream *up);
size_t upstream_connected(const struct upstream *up);

/* Of the connected ones, those that clients share; and the clients that are connected so. */
size_t upstream_shared(const struct upstream *up);
size_t upstream_sharing(const struct upstream *up);

#endif
