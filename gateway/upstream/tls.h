/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TLS towards the broker.  libmosquitto is given an address and would check the certificate against
 * it and send it as the server name; the context made here checks and sends the configured name
 * instead.
 *
 * OpenSSL's types appear by their struct names: its headers have an ERR_STATE of their own.
 */
#ifndef UPSTREAM_TLS_H
#define UPSTREAM_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/upstream/upstream.h"

struct ssl_ctx_st;
struct ssl_st;

/* NULL on failure, then *@error is a message (freed by the caller; NULL when out of memory). */
struct ssl_ctx_st *tls_new(const struct upstream_config *config, char **error);

/* NULL is fine; returns NULL. */
struct ssl_ctx_st *tls_free(struct ssl_ctx_st *tls);

/* From now on the text of a fatal alert that the broker sends on @ssl is stored in *@alert (a
 * constant). */
void tls_watch(struct ssl_st *ssl, const char **alert);

/* Why the handshake on @ssl failed; a constant.  @alert: what tls_watch() stored, or NULL. */
const char *tls_why(const struct ssl_st *ssl, const char *alert);

bool tls_in_handshake(const struct ssl_st *ssl);
bool tls_wants_write(const struct ssl_st *ssl);
bool tls_has_input(const struct ssl_st *ssl); /* that the socket need not tell */

/* Whether all of @data was written. */
bool tls_write(struct ssl_st *ssl, const void *data, size_t len);

/* Forgets the errors of calls before.  An old one, of whatever session, makes the next call appear
 * to fail; libmosquitto leaves some behind. */
void tls_forget_errors(void);

#endif
