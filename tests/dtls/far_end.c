/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "tests/dtls/far_end.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "gateway/dtls/pipe.h"

struct far_end {
	SSL_CTX *ctx;
	SSL *ssl;
	struct pipe pipe;
	char *identity; /* and key, of the pre-shared one */
	unsigned char key[64];
	size_t key_len;
	const char *alert;
	const char *failure;
};

static unsigned on_psk(SSL *ssl, const char *hint, char *identity, unsigned room,
    unsigned char *key, unsigned key_room)
{
	const struct far_end *end = SSL_get_app_data(ssl);

	(void)hint;
	if (end->identity == NULL || strlen(end->identity) >= room || end->key_len > key_room)
		return 0;
	strcpy(identity, end->identity);
	memcpy(key, end->key, end->key_len);
	return (unsigned)end->key_len;
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct far_end *end = SSL_get_app_data(ssl);

	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
		end->alert = SSL_alert_desc_string_long(value);
}

static bool set_psk(struct far_end *end, const char *text)
{
	const char *colon = strrchr(text, ':');
	unsigned octet;

	if (colon == NULL)
		return false;
	end->identity = strndup(text, (size_t)(colon - text));
	for (const char *c = colon + 1; sscanf(c, "%2x", &octet) == 1; c += 2) {
		if (end->key_len == sizeof end->key)
			return false;
		end->key[end->key_len++] = (unsigned char)octet;
	}
	SSL_CTX_set_psk_client_callback(end->ctx, on_psk);
	return end->identity != NULL;
}

static bool set_up(struct far_end *end, const struct far_end_config *config)
{
	int newest = config->dtls10 ? DTLS1_VERSION : DTLS1_2_VERSION;

	SSL_CTX_set_options(end->ctx, SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_info_callback(end->ctx, on_info);
	SSL_CTX_set_security_level(end->ctx, config->dtls10 ? 0 : 1);
	if (SSL_CTX_set_min_proto_version(end->ctx, newest) != 1 ||
	    SSL_CTX_set_max_proto_version(end->ctx, newest) != 1)
		return false;
	if (config->psk != NULL && !set_psk(end, config->psk))
		return false;
	if (config->ciphers != NULL && SSL_CTX_set_cipher_list(end->ctx, config->ciphers) != 1)
		return false;
	if (config->ca != NULL) {
		SSL_CTX_set_verify(end->ctx, SSL_VERIFY_PEER, NULL);
		if (SSL_CTX_load_verify_file(end->ctx, config->ca) != 1)
			return false;
	}
	return config->cert == NULL ||
	       (SSL_CTX_use_certificate_chain_file(end->ctx, config->cert) == 1 &&
	           SSL_CTX_use_PrivateKey_file(end->ctx, config->key, SSL_FILETYPE_PEM) == 1);
}

/* Twelve times, then OpenSSL gives up.  By itself it would wait twice as long each time: too few
 * tries for who has to wait for many others. */
static unsigned repeat_after(SSL *ssl, unsigned microseconds)
{
	(void)ssl;
	(void)microseconds;
	return 1000000;
}

static bool begin(struct far_end *end, const struct far_end_config *config)
{
	BIO *bio;

	end->pipe = (struct pipe){ .send = config->send, .ctx = config->ctx };
	end->ssl = SSL_new(end->ctx);
	bio = pipe_bio_new(&end->pipe);
	if (end->ssl == NULL || bio == NULL)
		return false;
	SSL_set_bio(end->ssl, bio, bio);
	SSL_set_app_data(end->ssl, end);
	SSL_set_mtu(end->ssl, 1232);
	SSL_set_connect_state(end->ssl);
	DTLS_set_timer_cb(end->ssl, repeat_after);
	return config->earlier == NULL ||
	       SSL_set_session(end->ssl, SSL_get_session(config->earlier->ssl)) == 1;
}

struct far_end *far_end_new(const struct far_end_config *config)
{
	struct far_end *end = calloc(1, sizeof *end);

	if (end == NULL)
		return NULL;
	end->ctx = SSL_CTX_new(DTLS_client_method());
	if (end->ctx != NULL && set_up(end, config) && begin(end, config))
		return end;
	far_end_free(end);
	return NULL;
}

void far_end_free(struct far_end *end)
{
	if (end == NULL)
		return;
	/* Otherwise OpenSSL forbids to go on with the keys. */
	if (end->ssl != NULL)
		SSL_set_shutdown(end->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(end->ssl);
	SSL_CTX_free(end->ctx);
	free(end->identity);
	free(end);
}

void far_end_take(struct far_end *end, const uint8_t *data, size_t len)
{
	end->pipe.data = data;
	end->pipe.len = len;
}

static enum far_end_state state_of(struct far_end *end, int rc)
{
	switch (SSL_get_error(end->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return FAR_END_SHAKES;
	case SSL_ERROR_ZERO_RETURN:
		return FAR_END_CLOSED;
	default:
		end->failure = ERR_reason_error_string(ERR_peek_last_error());
		return FAR_END_FAILED;
	}
}

enum far_end_state far_end_shake(struct far_end *end)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(end->ssl);
	return rc == 1 ? FAR_END_OPEN : state_of(end, rc);
}

enum far_end_state far_end_read(struct far_end *end, uint8_t *message, size_t room, size_t *len)
{
	int rc;

	ERR_clear_error();
	rc = SSL_read_ex(end->ssl, message, room, len);
	return rc == 1 ? FAR_END_OPEN : state_of(end, rc);
}

bool far_end_write(struct far_end *end, const uint8_t *message, size_t len)
{
	size_t written;

	ERR_clear_error();
	return SSL_write_ex(end->ssl, message, len, &written) == 1 && written == len;
}

void far_end_close(struct far_end *end)
{
	SSL_shutdown(end->ssl);
}

int far_end_timeout(struct far_end *end)
{
	struct timeval in;

	if (DTLSv1_get_timeout(end->ssl, &in) != 1)
		return -1;
	return (int)(in.tv_sec * 1000 + in.tv_usec / 1000 + 1);
}

void far_end_on_timeout(struct far_end *end)
{
	ERR_clear_error();
	DTLSv1_handle_timeout(end->ssl);
}

bool far_end_is_resumed(const struct far_end *end)
{
	return SSL_session_reused(end->ssl) == 1;
}

const char *far_end_cipher(const struct far_end *end)
{
	return SSL_get_cipher_name(end->ssl);
}

const char *far_end_failure(const struct far_end *end)
{
	if (end->alert != NULL)
		return end->alert;
	return end->failure != NULL ? end->failure : "no answer";
}
