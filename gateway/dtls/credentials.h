/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a listener shows of itself and believes of its peers: certificate and key, authorities,
 * pre-shared keys; all of them read from files once.
 */
#ifndef DTLS_CREDENTIALS_H
#define DTLS_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct credentials;
struct ssl_ctx_st;
struct ssl_st;

/* Paths; NULL: none.  There is a certificate with its key, or a file of pre-shared keys, or both.
 */
struct credentials_files {
	const char *cert; /* PEM, with the certificates between it and the authority */
	const char *key;
	const char *ca;     /* whose certificates are believed */
	bool cert_optional; /* with @ca: peers may show none */
	const char *psk;
};

/* A mistake in a file, "FILE" or "FILE:LINE" being its @place. */
typedef void credentials_mistake_fn(void *ctx, const char *place, const char *what);

/* With one reference, for the caller.  NULL if there were mistakes, all told. */
struct credentials *credentials_new(
    const struct credentials_files *files, credentials_mistake_fn *mistake, void *ctx);

/* One reference more; one less, the last frees.  NULL is fine; returns NULL. */
struct credentials *credentials_keep(struct credentials *credentials);
struct credentials *credentials_drop(struct credentials *credentials);

/* Goes on with the keys of tickets that @old has given out: its peers can resume. */
void credentials_inherit(struct credentials *credentials, const struct credentials *old);

struct ssl_ctx_st *credentials_context(const struct credentials *credentials);

/* True if there are pre-shared keys; the one of @identity and its length, or NULL. */
bool credentials_have_keys(const struct credentials *credentials);
const uint8_t *credentials_key(
    const struct credentials *credentials, const char *identity, size_t *len);

/* Who the peer has proved to be: the identity of its pre-shared key, or the common name of its
 * certificate; copied, to be freed.  NULL: it showed none. */
char *credentials_identity(const struct ssl_st *ssl);

/* Whether the pre-shared key that @ssl was opened with is still good; true without one. */
bool credentials_still_good(const struct credentials *credentials, const struct ssl_st *ssl);

#endif
