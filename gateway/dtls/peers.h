/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The peers of a listener by address, in two tables: those whose handshake goes on, and those with
 * whom messages are exchanged, in the order in which they were last heard.  An address may be in
 * both.
 */
#ifndef DTLS_PEERS_H
#define DTLS_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#include "common/monotime.h"
#include "common/netaddr.h"
#include "common/siphash.h"
#include "gateway/core/deadline.h"
#include "gateway/dtls/record.h"

struct association;

struct dtls_peer {
	UT_hash_handle by_address;
	struct netaddr address;
	struct association *association;
	uint8_t hello_random[RECORD_RANDOM_LEN]; /* of the ClientHello that it began with */

	/* during the handshake */
	struct deadline deadline; /* the next retransmission, or the end of patience */
	monotime_t give_up;
	size_t encrypted; /* records heard, which OpenSSL keeps until it has the keys */

	/* after it */
	monotime_t heard;
	struct dtls_peer *prev, *next; /* by the time when they were heard, oldest first */
};

struct dtls_peers {
	struct siphash_key key;
	struct dtls_peer *shaking; /* hash tables */
	struct dtls_peer *open;
	struct dtls_peer *oldest; /* the list of those in @open */
};

struct dtls_peer *peers_find_shaking(const struct dtls_peers *peers, const struct netaddr *address);
struct dtls_peer *peers_find_open(const struct dtls_peers *peers, const struct netaddr *address);

/* Adds one with whom a handshake begins; there must be none of that address in it.  The association
 * is the peer's from now on.  NULL when out of memory: then it is still the caller's. */
struct dtls_peer *peers_add(
    struct dtls_peers *peers, const struct netaddr *address, struct association *association);

/* Its handshake is finished: moves it to the others; there must be none of that address with them.
 * False when out of memory: then it is dropped. */
bool peers_open(struct dtls_peers *peers, struct dtls_peer *peer, monotime_t now);

/* It was heard. */
void peers_heard(struct dtls_peers *peers, struct dtls_peer *peer, monotime_t now);

/* Takes it out of the table it is in and frees it with its association.  Its deadline must have
 * been cleared. */
void peers_drop_shaking(struct dtls_peers *peers, struct dtls_peer *peer);
void peers_drop_open(struct dtls_peers *peers, struct dtls_peer *peer);

size_t peers_count_shaking(const struct dtls_peers *peers);
size_t peers_count_open(const struct dtls_peers *peers);

#endif
