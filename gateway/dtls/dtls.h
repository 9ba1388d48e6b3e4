/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DTLS 1.2 for one UDP listener (RFC 6347): datagrams of many peers go in, messages come out, and
 * the other way round.  No socket and no clock; what it sends goes through struct dtls_ports.
 *
 * Nothing is remembered of a peer before it has returned a cookie.  A peer that is known may begin
 * anew, as a sensor does that was switched off: what it had stays until the new handshake is
 * finished.
 */
#ifndef DTLS_DTLS_H
#define DTLS_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/monotime.h"
#include "common/netaddr.h"
#include "common/siphash.h"

struct credentials;
struct dtls;

struct dtls_config {
	uint32_t mtu;               /* octets of the longest datagram of a handshake */
	uint32_t peers;             /* with a finished handshake; the one silent longest makes room
	                             */
	uint32_t handshakes;        /* under way; more are not begun */
	uint32_t handshake_timeout; /* milliseconds */
	uint32_t idle;              /* milliseconds of silence; 0: for ever */
};

/* What arrives or happens lives until the call returns; none may call back but dtls_send() from
 * message(). */
struct dtls_ports {
	void *ctx;
	void (*send)(void *ctx, const struct netaddr *to, const struct netaddr *local,
	    const uint8_t *data, size_t len);
	void (*message)(void *ctx, const struct netaddr *from, const struct netaddr *local,
	    const uint8_t *data, size_t len);
	/* A handshake is finished: what the peer is now may not be what it was. */
	void (*opened)(void *ctx, const struct netaddr *peer);
	void (*failed)(void *ctx, const struct netaddr *peer, const char *why);
};

/* A row: member, name, help. */
#define DTLS_COUNTERS(X)                                                                           \
	X(cookies, "cookies", "DTLS cookies sent")                                                 \
	X(handshakes, "handshakes", "DTLS handshakes finished")                                    \
	X(resumed, "resumed", "Of these, with the keys of an earlier one")                         \
	X(failed, "handshakes_failed", "DTLS handshakes that failed")                              \
	X(refused, "handshakes_refused", "DTLS handshakes not begun: too many were under way")     \
	X(closed, "closed", "DTLS peers that said good-bye")                                       \
	X(idle, "idle_dropped", "DTLS peers dropped after a long silence")                         \
	X(crowded, "crowded_out", "DTLS peers dropped to make room for others")                    \
	X(bad_records, "bad_records", "Datagrams that are no DTLS, or forged, damaged, repeated")  \
	X(strangers, "stranger_records", "DTLS records of peers that are not known (any more)")    \
	X(unsent, "unsent_messages", "Messages for peers that have no DTLS (any more)")

struct dtls_counters {
#define X(member, name, help) uint64_t member;
	DTLS_COUNTERS(X)
#undef X
};

/* @credentials: kept.  @seed: for cookies and for the tables.  NULL when out of memory. */
struct dtls *dtls_new(struct credentials *credentials, const struct dtls_config *config,
    const struct dtls_ports *ports, struct siphash_key seed);

/* Forgets all peers, without telling them.  NULL is fine; returns NULL. */
struct dtls *dtls_free(struct dtls *dtls);

/* Goes on with others.  A peer whose pre-shared key is not good any more is told good-bye; all
 * others stay.  It cannot fail if dtls_reserve() has made room for @config before, which returns 0
 * or -ERR_NOMEM. */
int dtls_reserve(struct dtls *dtls, const struct dtls_config *config);
void dtls_configure(struct dtls *dtls, monotime_t now, struct credentials *credentials,
    const struct dtls_config *config, const struct dtls_ports *ports);

/* A datagram that came from @from to our address @local, from which it will be answered. */
void dtls_receive(struct dtls *dtls, monotime_t now, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len);

/* A message for @to, from @local; dropped if it has no association. */
void dtls_send(struct dtls *dtls, const struct netaddr *to, const struct netaddr *local,
    const uint8_t *message, size_t len);

/* Who @peer has proved to be, or NULL; lives until the next call of another function. */
const char *dtls_identity(const struct dtls *dtls, const struct netaddr *peer);

/* Tells all peers good-bye, and forgets them. */
void dtls_farewell(struct dtls *dtls);

/* Does what is due at @now; and when that is next.  False: not before something arrives. */
void dtls_advance(struct dtls *dtls, monotime_t now);
bool dtls_next_deadline(const struct dtls *dtls, monotime_t *when);

const struct dtls_counters *dtls_counters(const struct dtls *dtls);
size_t dtls_peers(const struct dtls *dtls);      /* with a finished handshake */
size_t dtls_handshakes(const struct dtls *dtls); /* under way */

#endif
