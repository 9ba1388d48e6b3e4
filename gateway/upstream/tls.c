/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "gateway/upstream/tls.h"

struct tls {
	SSL_CTX *ctx;
	const char *host; /* of the handshake that is being started; else NULL */
	bool insecure;
	const char *failure;
};

static int on_verify(int ok, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (!ok)
		tls->failure = X509_verify_cert_error_string(X509_STORE_CTX_get_error(store));
	return ok;
}

/* As long as it is not known whose certificate it ought to be, none is good enough. */
static int on_verify_nobody(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
	return on_verify(0, store);
}

static bool set_checked_name(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
		return true;
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

/* An address is not sent (RFC 6066, 3). */
static void set_sent_name(SSL *ssl, const char *host)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
	const char *name = address == NULL ? host : NULL;

	SSL_set_tlsext_host_name(ssl, name);
	ASN1_OCTET_STRING_free(address);
	ERR_clear_error();
}

/*
 * libmosquitto makes the SSL object, sets the address as its server name and starts the handshake,
 * all in one call, which may even see the end of it.  The start of the handshake is reported here
 * just before the ClientHello is composed: the last moment to correct the name.
 */
static void on_info(const SSL *in, int where, int value)
{
	SSL *ssl = (SSL *)in;
	struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (where & SSL_CB_HANDSHAKE_START && tls->host != NULL) {
		set_sent_name(ssl, tls->host);
		if (tls->insecure || set_checked_name(ssl, tls->host))
			SSL_set_verify(ssl, SSL_VERIFY_PEER, on_verify);
	} else if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT &&
	           value >> 8 == SSL3_AL_FATAL) {
		tls->failure = SSL_alert_desc_string_long(value);
	}
}

/* Always false, for the caller to return. */
static bool failed(char **error, const char *what, const char *file)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	if (asprintf(error, "%s%s%s: %s", what, file != NULL ? " " : "", file != NULL ? file : "",
	        reason != NULL ? reason : "failed") < 0)
		*error = NULL;
	ERR_clear_error();
	return false;
}

static bool load_files(SSL_CTX *ctx, const struct upstream_config *config, char **error)
{
	const char *ca = config->tls.ca_file, *cert = config->tls.cert_file,
	           *key = config->tls.key_file;

	if (ca != NULL && SSL_CTX_load_verify_file(ctx, ca) != 1)
		return failed(error, "cannot read the CA certificates", ca);
	if (ca == NULL && SSL_CTX_set_default_verify_paths(ctx) != 1)
		return failed(error, "cannot read the system's CA certificates", NULL);
	if (cert != NULL && SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		return failed(error, "cannot read the certificate", cert);
	if (key != NULL && SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return failed(error, "cannot read the key", key);
	if (cert != NULL && SSL_CTX_check_private_key(ctx) != 1)
		return failed(error, "certificate and key do not match", NULL);
	return true;
}

static bool configure(struct tls *tls, const struct upstream_config *config, char **error)
{
	SSL_CTX *ctx = tls->ctx;

	SSL_CTX_set_app_data(ctx, tls);
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, on_verify_nobody);
	SSL_CTX_set_info_callback(ctx, on_info);
	tls->insecure = config->tls.insecure;
	return load_files(ctx, config, error);
}

struct tls *tls_new(const struct upstream_config *config, char **error)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	*error = NULL;
	if (tls == NULL)
		return NULL;
	tls->ctx = SSL_CTX_new(TLS_client_method());
	if (tls->ctx == NULL) {
		failed(error, "TLS", NULL);
		return tls_free(tls);
	}
	return configure(tls, config, error) ? tls : tls_free(tls);
}

struct tls *tls_free(struct tls *tls)
{
	if (tls == NULL)
		return NULL;
	SSL_CTX_free(tls->ctx);
	free(tls);
	return NULL;
}

void *tls_context(const struct tls *tls)
{
	return tls->ctx;
}

void tls_begin(struct tls *tls)
{
	if (tls == NULL)
		return;
	ERR_clear_error();
	tls->failure = NULL;
	tls->host = NULL;
}

void tls_begin_with(struct tls *tls, const char *host)
{
	if (tls == NULL)
		return;
	tls_begin(tls);
	tls->host = host;
}

const char *tls_failure(const struct tls *tls)
{
	return tls != NULL ? tls->failure : NULL;
}

bool tls_in_handshake(const SSL *ssl)
{
	return !SSL_is_init_finished(ssl);
}

bool tls_wants_write(const SSL *ssl)
{
	return SSL_want_write(ssl);
}

bool tls_has_input(const SSL *ssl)
{
	return SSL_pending(ssl) > 0;
}

bool tls_write(SSL *ssl, const void *data, size_t len)
{
	size_t written;

	return SSL_write_ex(ssl, data, len, &written) == 1 && written == len;
}
