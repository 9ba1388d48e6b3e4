/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One association with a peer (RFC 6347): an SSL object of OpenSSL between datagrams and messages.
 * It knows no socket and no table; its own clock is that of OpenSSL, which only its retransmissions
 * go by.
 */
#ifndef DTLS_ASSOCIATION_H
#define DTLS_ASSOCIATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/monotime.h"
#include "common/netaddr.h"
#include "common/siphash.h"

struct association;
struct credentials;

enum {
	ASSOCIATION_MESSAGE_MAX = 16384, /* octets of one message: a record's (RFC 5246, 6.2.1) */
	ASSOCIATION_FAILURE_MAX = 256,
};

/* @data lives until the call returns. */
typedef void association_send_fn(void *ctx, const struct netaddr *to, const struct netaddr *local,
    const uint8_t *data, size_t len);

struct association_config {
	struct credentials *credentials;      /* kept */
	uint32_t mtu;                         /* octets of the longest datagram of a handshake */
	const struct siphash_key *cookie_key; /* lives as long as the association */
	association_send_fn *send;
	void *ctx;
};

enum association_state {
	ASSOCIATION_HANDSHAKE,
	ASSOCIATION_OPEN,
	ASSOCIATION_CLOSED, /* the peer said so */
	ASSOCIATION_FAILED,
};

/* An association of nobody yet.  NULL when out of memory. */
struct association *association_new(const struct association_config *config);

/* NULL is fine; returns NULL.  The peer is not told. */
struct association *association_free(struct association *a);

/* Takes a ClientHello of whomever.  True if its cookie is good: now the association is with @from,
 * and association_advance() begins the handshake.  Otherwise the sender was sent a cookie, or there
 * was something wrong; the association is as it was, and another one's ClientHello may follow. */
bool association_listen(struct association *a, monotime_t now, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len);

/* A datagram of the peer to our address @local, for the next calls of the following two; not
 * copied: it must stay until one of them has said HANDSHAKE, which is that there is no more. */
void association_take(
    struct association *a, const struct netaddr *local, const uint8_t *data, size_t len);

/* Our address to which the last datagram was sent that it was given. */
const struct netaddr *association_local(const struct association *a);

/* Goes on with the handshake as far as possible. */
enum association_state association_advance(struct association *a);

/* The next message in what was taken, and its length in @*len.  OPEN: there was one; HANDSHAKE:
 * there is no more; CLOSED, FAILED: free the association. */
enum association_state association_read(
    struct association *a, uint8_t message[ASSOCIATION_MESSAGE_MAX], size_t *len);

/* Sends a message, from our address @local.  False if it is too long, or the association is broken.
 */
bool association_write(
    struct association *a, const struct netaddr *local, const uint8_t *message, size_t len);

/* Says good-bye (close_notify). */
void association_close(struct association *a);

/* During the handshake: milliseconds until a flight of ours should be sent again; false: none
 * waits for an answer. */
bool association_retransmits_in(const struct association *a, int64_t *ms);

/* Sends it again if it is time.  False if that is hopeless. */
bool association_retransmit(struct association *a);

/* Why it failed, or what it still waits for.  Returns @buf. */
const char *association_failure(const struct association *a, char buf[ASSOCIATION_FAILURE_MAX]);

/* Who the peer has proved to be, once it is open; NULL: nobody in particular.  Lives as long as the
 * association. */
const char *association_identity(const struct association *a);

/* True if it goes on with keys of an earlier one. */
bool association_is_resumed(const struct association *a);

/* Whether the key that it was opened with is still good by @credentials. */
bool association_still_good(const struct association *a, const struct credentials *credentials);

#endif
