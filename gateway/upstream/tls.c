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

/*
 * libmosquitto makes the SSL object, sets the address as its server name and starts the handshake,
 * all in one call.  The start of the handshake is reported here just before the ClientHello is
 * composed: the last moment to correct the name.  With an address as the configured host no name is
 * sent (RFC 6066, 3).
 */
static void on_info(const SSL *ssl, int where, int value)
{
	const char *name = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	const char **alert = SSL_get_app_data(ssl);

	if (where & SSL_CB_HANDSHAKE_START)
		SSL_set_tlsext_host_name((SSL *)ssl, name);
	else if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL &&
	         alert != NULL)
		*alert = SSL_alert_desc_string_long(value);
}

static bool check_name(SSL_CTX *tls, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(tls);

	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1 ||
	       X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

static bool send_name(SSL_CTX *tls, const char *host)
{
	ASN1_OCTET_STRING *number = a2i_IPADDRESS(host);
	char *name;

	if (number != NULL) {
		ASN1_OCTET_STRING_free(number);
		return true;
	}
	name = strdup(host);
	return name != NULL && SSL_CTX_set_app_data(tls, name) == 1;
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

static bool load_files(SSL_CTX *tls, const struct upstream_config *config, char **error)
{
	const char *ca = config->tls.ca_file, *cert = config->tls.cert_file,
	           *key = config->tls.key_file;

	if (ca != NULL && SSL_CTX_load_verify_file(tls, ca) != 1)
		return failed(error, "cannot read the CA certificates", ca);
	if (ca == NULL && SSL_CTX_set_default_verify_paths(tls) != 1)
		return failed(error, "cannot read the system's CA certificates", NULL);
	if (cert != NULL && SSL_CTX_use_certificate_chain_file(tls, cert) != 1)
		return failed(error, "cannot read the certificate", cert);
	if (key != NULL && SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
		return failed(error, "cannot read the key", key);
	if (cert != NULL && SSL_CTX_check_private_key(tls) != 1)
		return failed(error, "certificate and key do not match", NULL);
	return true;
}

static bool configure(SSL_CTX *tls, const struct upstream_config *config, char **error)
{
	SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION);
	SSL_CTX_set_options(tls, SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_info_callback(tls, on_info);
	if (!load_files(tls, config, error))
		return false;
	if (!send_name(tls, config->host) ||
	    (!config->tls.insecure && !check_name(tls, config->host)))
		return failed(error, "cannot check certificates for", config->host);
	return true;
}

SSL_CTX *tls_new(const struct upstream_config *config, char **error)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	*error = NULL;
	if (tls == NULL)
		failed(error, "TLS", NULL);
	else if (!configure(tls, config, error))
		tls = tls_free(tls);
	return tls;
}

SSL_CTX *tls_free(SSL_CTX *tls)
{
	if (tls != NULL)
		free(SSL_CTX_get_app_data(tls));
	SSL_CTX_free(tls);
	return NULL;
}

void tls_watch(SSL *ssl, const char **alert)
{
	SSL_set_app_data(ssl, alert);
}

const char *tls_why(const SSL *ssl, const char *alert)
{
	long verdict = ssl != NULL ? SSL_get_verify_result(ssl) : X509_V_OK;

	if (verdict != X509_V_OK)
		return X509_verify_cert_error_string(verdict);
	return alert != NULL ? alert : "TLS handshake failed";
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

void tls_forget_errors(void)
{
	ERR_clear_error();
}
