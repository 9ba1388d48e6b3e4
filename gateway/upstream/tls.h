/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS towards the broker.  libmosquitto is given an address, and would check the certificate
 * against that and send it as the server name; the context made here checks and sends the
 * name of the broker that is dialled.
 */
#ifndef UPSTREAM_TLS_H
#define UPSTREAM_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/upstream/upstream.h"

struct ssl_st; /* SSL: OpenSSL's headers have an ERR_STATE of their own, and stay out of this one */
struct tls;

/* NULL on failure, then *@error is a message (freed by the caller; NULL when out of memory). */
struct tls *tls_new(const struct upstream_config *config, char **error);

/* NULL is fine; returns NULL. */
struct tls *tls_free(struct tls *tls);

/* The SSL_CTX, for MOSQ_OPT_SSL_CTX. */
void *tls_context(const struct tls *tls);

/* To be called before each call of libmosquitto that may do something with TLS; @tls may be NULL.
 * Forgets the failures of calls before: OpenSSL would take an old one, of whatever session, for one
 * of this call. */
void tls_begin(struct tls *tls);

/* The same for the call that starts a handshake: with @host, which must live until the call has
 * returned. */
void tls_begin_with(struct tls *tls, const char *host);

/* What was wrong with the broker's certificate, or its alert, since tls_begin(); a constant, or
 * NULL. */
const char *tls_failure(const struct tls *tls);

bool tls_in_handshake(const struct ssl_st *ssl);
bool tls_wants_write(const struct ssl_st *ssl);
bool tls_has_input(const struct ssl_st *ssl); /* of which the socket tells nothing any more */

/* Whether all of @data was written. */
bool tls_write(struct ssl_st *ssl, const void *data, size_t len);

#endif
