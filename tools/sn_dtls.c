/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "tools/sn_dtls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "gateway/dtls/pipe.h"

#define MTU     1232 /* of the handshake: what fits everywhere */
#define KEY_MAX 64

struct sn_dtls {
	SSL_CTX *ctx;
	SSL *ssl;
	struct pipe pipe;
	bool open;
	bool insecure;
	const char *host;
	const char *identity;
	unsigned char key[KEY_MAX];
	size_t key_len;
	const char *failure;
};

static unsigned on_psk(SSL *ssl, const char *hint, char *identity, unsigned room,
    unsigned char *key, unsigned key_room)
{
	const struct sn_dtls *d = SSL_get_app_data(ssl);

	(void)hint;
	if (strlen(d->identity) >= room || d->key_len > key_room)
		return 0;
	strcpy(identity, d->identity);
	memcpy(key, d->key, d->key_len);
	return (unsigned)d->key_len;
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct sn_dtls *d = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
		d->failure = SSL_alert_desc_string_long(value);
}

/* --- setting up --- */

static const char *set_psk(struct sn_dtls *d, const struct sn_dtls_config *config)
{
	if (config->psk == NULL)
		return NULL;
	d->identity = config->psk_identity;
	if (OPENSSL_hexstr2buf_ex(d->key, sizeof d->key, &d->key_len, config->psk, '\0') != 1)
		return "the key is not hexadecimal, or too long";
	SSL_CTX_set_psk_client_callback(d->ctx, on_psk);
	return NULL;
}

static const char *set_files(SSL_CTX *ctx, const struct sn_dtls_config *config)
{
	if (config->ca_file != NULL && SSL_CTX_load_verify_file(ctx, config->ca_file) != 1)
		return "the CA file cannot be read";
	if (config->cert_file == NULL)
		return NULL;
	if (SSL_CTX_use_certificate_chain_file(ctx, config->cert_file) != 1)
		return "the certificate cannot be read";
	if (SSL_CTX_use_PrivateKey_file(ctx, config->key_file, SSL_FILETYPE_PEM) != 1)
		return "the key of the certificate cannot be read, or is another one's";
	return NULL;
}

static const char *set_up(struct sn_dtls *d, const struct sn_dtls_config *config)
{
	const char *wrong;

	SSL_CTX_set_options(d->ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_info_callback(d->ctx, on_info);
	SSL_CTX_set_verify(d->ctx, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_set_min_proto_version(d->ctx, DTLS1_2_VERSION) != 1 ||
	    (config->ca_file == NULL &&
	        SSL_CTX_set_cipher_list(d->ctx, "kPSK:kECDHEPSK:!SHA1") != 1))
		return "no ciphers";
	wrong = set_psk(d, config);
	return wrong != NULL ? wrong : set_files(d->ctx, config);
}

const char *sn_dtls_new(
    struct sn_dtls **out, const struct sn_dtls_config *config, sn_dtls_send_fn *send, void *ctx)
{
	struct sn_dtls *d = calloc(1, sizeof *d);
	const char *wrong;

	if (d == NULL)
		return "out of memory";
	d->pipe = (struct pipe){ .send = send, .ctx = ctx };
	d->host = config->host;
	d->insecure = config->insecure;
	d->ctx = SSL_CTX_new(DTLS_client_method());
	wrong = d->ctx != NULL ? set_up(d, config) : "out of memory";
	if (wrong != NULL)
		sn_dtls_free(d);
	else
		*out = d;
	return wrong;
}

/* So that the keys can be gone on with: OpenSSL takes an end without it for a failure. */
static void end(struct sn_dtls *d)
{
	if (d->ssl != NULL)
		SSL_set_shutdown(d->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(d->ssl);
	d->ssl = NULL;
	d->open = false;
}

struct sn_dtls *sn_dtls_free(struct sn_dtls *d)
{
	if (d == NULL)
		return NULL;
	if (d->open)
		SSL_shutdown(d->ssl);
	end(d);
	SSL_CTX_free(d->ctx);
	OPENSSL_cleanse(d->key, sizeof d->key);
	free(d);
	return NULL;
}

/* --- the handshake --- */

static bool set_checked_name(const struct sn_dtls *d)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(d->ssl);

	return d->insecure || X509_VERIFY_PARAM_set1_ip_asc(param, d->host) == 1 ||
	       X509_VERIFY_PARAM_set1_host(param, d->host, 0) == 1;
}

static enum sn_dtls_result result_of(struct sn_dtls *d, int rc)
{
	long verified;

	switch (SSL_get_error(d->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return SN_DTLS_NOTHING;
	case SSL_ERROR_ZERO_RETURN:
		return SN_DTLS_CLOSED;
	default:
		break;
	}
	verified = SSL_get_verify_result(d->ssl);
	if (verified != X509_V_OK)
		d->failure = X509_verify_cert_error_string(verified);
	else if (d->failure == NULL)
		d->failure = ERR_reason_error_string(ERR_peek_last_error());
	return SN_DTLS_FAILED;
}

static enum sn_dtls_result shake(struct sn_dtls *d)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(d->ssl);
	d->open = rc == 1;
	return d->open ? SN_DTLS_NOTHING : result_of(d, rc);
}

bool sn_dtls_begin(struct sn_dtls *d)
{
	SSL_SESSION *keys = d->ssl != NULL ? SSL_get1_session(d->ssl) : NULL;
	BIO *bio = pipe_bio_new(&d->pipe);

	end(d);
	d->failure = NULL;
	d->pipe.data = NULL;
	d->ssl = bio != NULL ? SSL_new(d->ctx) : NULL;
	if (d->ssl == NULL) {
		BIO_free(bio);
		SSL_SESSION_free(keys);
		return false;
	}
	SSL_set_bio(d->ssl, bio, bio);
	SSL_set_app_data(d->ssl, d);
	SSL_set_mtu(d->ssl, MTU);
	SSL_set_connect_state(d->ssl);
	if (keys != NULL && SSL_SESSION_is_resumable(keys))
		SSL_set_session(d->ssl, keys);
	SSL_SESSION_free(keys);
	return set_checked_name(d) && shake(d) == SN_DTLS_NOTHING;
}

bool sn_dtls_is_open(const struct sn_dtls *d)
{
	return d->open;
}

/* --- messages --- */

void sn_dtls_take(struct sn_dtls *d, const uint8_t *data, size_t len)
{
	d->pipe.data = data;
	d->pipe.len = len;
}

enum sn_dtls_result sn_dtls_read(struct sn_dtls *d, uint8_t *buf, size_t size, size_t *len)
{
	enum sn_dtls_result result;
	int rc;

	if (!d->open && ((result = shake(d)) != SN_DTLS_NOTHING || !d->open))
		return result;
	ERR_clear_error();
	rc = SSL_read_ex(d->ssl, buf, size, len);
	if (rc == 1)
		return SN_DTLS_MESSAGE;
	result = result_of(d, rc);
	d->open = result == SN_DTLS_NOTHING;
	return result;
}

bool sn_dtls_write(struct sn_dtls *d, const uint8_t *data, size_t len)
{
	size_t written;

	if (!d->open)
		return false;
	ERR_clear_error();
	return SSL_write_ex(d->ssl, data, len, &written) == 1 && written == len;
}

int sn_dtls_timeout(const struct sn_dtls *d)
{
	struct timeval in;

	if (d->ssl == NULL || d->open || DTLSv1_get_timeout(d->ssl, &in) != 1)
		return -1;
	return (int)(in.tv_sec * 1000 + in.tv_usec / 1000 + 1);
}

void sn_dtls_advance(struct sn_dtls *d)
{
	ERR_clear_error();
	if (d->ssl != NULL && !d->open)
		DTLSv1_handle_timeout(d->ssl);
}

const char *sn_dtls_failure(const struct sn_dtls *d)
{
	return d->failure != NULL ? d->failure : "failed";
}
