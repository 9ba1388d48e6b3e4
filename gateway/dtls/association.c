/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/dtls/association.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "gateway/dtls/cookie.h"
#include "gateway/dtls/credentials.h"
#include "gateway/dtls/pipe.h"

struct association {
	SSL *ssl;
	struct pipe pipe;
	struct credentials *credentials;
	struct netaddr peer;
	struct netaddr local; /* our address that it speaks to */
	association_send_fn *send;
	void *ctx;
	const struct siphash_key *cookie_key;
	monotime_t now; /* of the ClientHello, for its cookie */
	char *identity;
	char *stranger; /* an identity without a key that the peer has claimed; NULL: none */
	bool open;
	const char *alert; /* that the peer sent; a constant */
	unsigned long error;
};

/* --- what OpenSSL asks for --- */

static int on_cookie_wanted(SSL *ssl, unsigned char *cookie, unsigned *len)
{
	const struct association *a = SSL_get_app_data(ssl);

	cookie_make(a->cookie_key, a->now, &a->peer, cookie);
	*len = COOKIE_LEN;
	return 1;
}

static int on_cookie_shown(SSL *ssl, const unsigned char *cookie, unsigned len)
{
	const struct association *a = SSL_get_app_data(ssl);

	return cookie_is_good(a->cookie_key, a->now, &a->peer, cookie, len);
}

static unsigned on_key_wanted(SSL *ssl, const char *identity, unsigned char *key, unsigned room)
{
	struct association *a = SSL_get_app_data(ssl);
	size_t len;
	const uint8_t *found = credentials_key(a->credentials, identity, &len);

	if (found == NULL || len > room) {
		free(a->stranger);
		a->stranger = strdup(identity);
		return 0;
	}
	memcpy(key, found, len);
	return (unsigned)len;
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct association *a = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
		a->alert = SSL_alert_desc_string_long(value);
}

static void on_datagram(void *ctx, const uint8_t *data, size_t len)
{
	struct association *a = ctx;

	a->send(a->ctx, &a->peer, &a->local, data, len);
}

/* --- beginning and end --- */

struct association *association_new(const struct association_config *config)
{
	struct association *a = calloc(1, sizeof *a);
	SSL_CTX *ctx = credentials_context(config->credentials);
	BIO *bio;

	if (a == NULL)
		return NULL;
	a->credentials = credentials_keep(config->credentials);
	a->send = config->send;
	a->ctx = config->ctx;
	a->cookie_key = config->cookie_key;
	a->pipe = (struct pipe){ .send = on_datagram, .ctx = a };
	SSL_CTX_set_cookie_generate_cb(ctx, on_cookie_wanted);
	SSL_CTX_set_cookie_verify_cb(ctx, on_cookie_shown);
	SSL_CTX_set_info_callback(ctx, on_info);
	if (credentials_have_keys(config->credentials))
		SSL_CTX_set_psk_server_callback(ctx, on_key_wanted);
	a->ssl = SSL_new(ctx);
	bio = a->ssl != NULL ? pipe_bio_new(&a->pipe) : NULL;
	if (bio == NULL)
		return association_free(a);
	SSL_set_bio(a->ssl, bio, bio);
	SSL_set_app_data(a->ssl, a);
	SSL_set_mtu(a->ssl, (long)config->mtu);
	SSL_set_accept_state(a->ssl);
	return a;
}

struct association *association_free(struct association *a)
{
	if (a == NULL)
		return NULL;
	SSL_free(a->ssl);
	credentials_drop(a->credentials);
	free(a->identity);
	free(a->stranger);
	free(a);
	return NULL;
}

void association_take(
    struct association *a, const struct netaddr *local, const uint8_t *data, size_t len)
{
	a->local = *local;
	a->pipe.data = data;
	a->pipe.len = len;
}

/* Every call of OpenSSL begins with an empty list of errors, or it would find those of another
 * association. */
static void begin(struct association *a)
{
	ERR_clear_error();
	if (a->open)
		SSL_alloc_buffers(a->ssl);
}

/* An open association waits for hours, and need not hold the 34 KB of its buffers so long. */
static void end(struct association *a)
{
	if (a->open)
		SSL_free_buffers(a->ssl);
}

/* --- the handshake --- */

bool association_listen(struct association *a, monotime_t now, const struct netaddr *from,
    const struct netaddr *local, const uint8_t *data, size_t len)
{
	BIO_ADDR *unused = BIO_ADDR_new();
	bool good;

	if (unused == NULL)
		return false;
	a->peer = *from;
	a->now = now;
	association_take(a, local, data, len);
	begin(a);
	good = DTLSv1_listen(a->ssl, unused) == 1;
	a->pipe.data = NULL;
	BIO_ADDR_free(unused);
	return good;
}

static enum association_state failed(struct association *a)
{
	a->error = ERR_peek_last_error();
	ERR_clear_error();
	return ASSOCIATION_FAILED;
}

enum association_state association_advance(struct association *a)
{
	int rc;

	begin(a);
	rc = SSL_do_handshake(a->ssl);
	if (rc == 1) {
		a->open = true;
		a->identity = credentials_identity(a->ssl);
		return ASSOCIATION_OPEN;
	}
	return SSL_get_error(a->ssl, rc) == SSL_ERROR_WANT_READ ? ASSOCIATION_HANDSHAKE : failed(a);
}

bool association_retransmits_in(const struct association *a, int64_t *ms)
{
	struct timeval in;

	if (DTLSv1_get_timeout(a->ssl, &in) != 1)
		return false;
	*ms = (int64_t)in.tv_sec * 1000 + in.tv_usec / 1000 + 1;
	return true;
}

bool association_retransmit(struct association *a)
{
	begin(a);
	if (DTLSv1_handle_timeout(a->ssl) >= 0)
		return true;
	failed(a);
	return false;
}

/* --- messages --- */

enum association_state association_read(
    struct association *a, uint8_t message[ASSOCIATION_MESSAGE_MAX], size_t *len)
{
	enum association_state state = ASSOCIATION_HANDSHAKE;
	int rc;

	begin(a);
	rc = SSL_read_ex(a->ssl, message, ASSOCIATION_MESSAGE_MAX, len);
	if (rc == 1)
		return ASSOCIATION_OPEN;
	switch (SSL_get_error(a->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		break;
	case SSL_ERROR_ZERO_RETURN:
		state = ASSOCIATION_CLOSED;
		break;
	default:
		state = failed(a);
	}
	end(a);
	return state;
}

bool association_write(
    struct association *a, const struct netaddr *local, const uint8_t *message, size_t len)
{
	size_t written = 0;
	bool good;

	if (len > ASSOCIATION_MESSAGE_MAX)
		return false;
	a->local = *local;
	begin(a);
	good = SSL_write_ex(a->ssl, message, len, &written) == 1 && written == len;
	end(a);
	return good;
}

void association_close(struct association *a)
{
	if (!a->open)
		return;
	begin(a);
	SSL_shutdown(a->ssl);
	end(a);
}

/* --- what is known of it --- */

const char *association_failure(const struct association *a, char buf[ASSOCIATION_FAILURE_MAX])
{
	long verified = SSL_get_verify_result(a->ssl);
	const char *identity = SSL_get_psk_identity(a->ssl);
	const char *reason = ERR_reason_error_string(a->error);

	if (a->stranger != NULL)
		snprintf(buf, ASSOCIATION_FAILURE_MAX, "there is no key for the identity \"%s\"",
		    a->stranger);
	else if (a->alert != NULL)
		snprintf(buf, ASSOCIATION_FAILURE_MAX, "the peer says: %s", a->alert);
	else if (verified != X509_V_OK)
		snprintf(buf, ASSOCIATION_FAILURE_MAX, "its certificate: %s",
		    X509_verify_cert_error_string(verified));
	else if (reason != NULL)
		snprintf(buf, ASSOCIATION_FAILURE_MAX, "%s", reason);
	else if (identity != NULL) /* records of another key are dropped without a word */
		snprintf(buf, ASSOCIATION_FAILURE_MAX,
		    "not finished in time: has \"%s\" another key than the gateway?", identity);
	else
		snprintf(buf, ASSOCIATION_FAILURE_MAX, "not finished in time");
	return buf;
}

const struct netaddr *association_local(const struct association *a)
{
	return &a->local;
}

const char *association_identity(const struct association *a)
{
	return a->identity;
}

bool association_is_resumed(const struct association *a)
{
	return SSL_session_reused(a->ssl) == 1;
}

bool association_still_good(const struct association *a, const struct credentials *credentials)
{
	return credentials_still_good(credentials, a->ssl);
}
