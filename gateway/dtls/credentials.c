/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "gateway/dtls/credentials.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/dtls/psk.h"

/* Only those that encrypt and authenticate in one.  The short tags of CCM_8 are what small sensors
 * have (RFC 6655, RFC 7252).  Pre-shared keys come first: who offers them has one, and with it an
 * identity. */
#define CIPHERS                                                                                    \
	"kECDHEPSK+CHACHA20:kPSK+AESGCM:kPSK+CHACHA20:kPSK+AESCCM:kPSK+AESCCM8:"                   \
	"kECDHE+AESGCM:kECDHE+CHACHA20:kECDHE+AESCCM:kECDHE+AESCCM8:!aNULL"

#define DIGEST_LEN    32
#define CHAIN_MOST    16384 /* octets of a peer's certificates, kept in pieces until whole */
#define TICKET_LIFE_S 86400 /* longer than the longest sleep */

struct credentials {
	unsigned references;
	SSL_CTX *ctx;
	struct psk_table *psk;           /* NULL: none */
	uint8_t authorities[DIGEST_LEN]; /* the digest of those that are believed */
};

struct reader {
	struct credentials *credentials;
	credentials_mistake_fn *mistake;
	void *ctx;
	const char *path; /* of the file that is being read */
};

static struct credentials *of_context(const SSL *ssl)
{
	return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* --- tickets --- */

/*
 * A ticket of a pre-shared key carries what it was given for, as nobody else remembers: a digest of
 * the key, then the identity.  It ends with the key.
 */
struct ticket_note {
	uint8_t digest[DIGEST_LEN];
	char identity[PSK_IDENTITY_MAX + 1];
};

static bool write_note(const struct credentials *c, const char *identity, struct ticket_note *note)
{
	size_t len;
	const uint8_t *key = credentials_key(c, identity, &len);

	if (key == NULL || strlen(identity) > PSK_IDENTITY_MAX)
		return false;
	memset(note, 0, sizeof *note);
	strcpy(note->identity, identity);
	return EVP_Digest(key, len, note->digest, NULL, EVP_sha256(), NULL) == 1;
}

static int on_ticket_made(SSL *ssl, void *arg)
{
	const char *identity = SSL_get_psk_identity(ssl);
	struct ticket_note note;

	(void)arg;
	if (identity == NULL)
		return 1;
	if (!write_note(of_context(ssl), identity, &note))
		return 0;
	return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &note, sizeof note);
}

static bool is_note_good(const struct credentials *c, const struct ticket_note *note)
{
	struct ticket_note now;

	return memchr(note->identity, '\0', sizeof note->identity) != NULL &&
	       write_note(c, note->identity, &now) && memcmp(&now, note, sizeof now) == 0;
}

static SSL_TICKET_RETURN on_ticket_shown(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
    size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
	void *data = NULL;
	size_t len = 0;

	(void)name;
	(void)name_len;
	(void)arg;
	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	if (SSL_SESSION_get0_ticket_appdata(session, &data, &len) == 1 && len > 0 &&
	    (len != sizeof(struct ticket_note) || !is_note_good(of_context(ssl), data)))
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

void credentials_inherit(struct credentials *c, const struct credentials *old)
{
	uint8_t keys[256];
	long len = SSL_CTX_get_tlsext_ticket_keys(old->ctx, NULL, 0);

	/* Tickets of certificates end with the authorities that were believed then. */
	if (memcmp(c->authorities, old->authorities, DIGEST_LEN) != 0)
		return;
	if (len <= 0 || len > (long)sizeof keys)
		return;
	if (SSL_CTX_get_tlsext_ticket_keys(old->ctx, keys, len) == 1)
		SSL_CTX_set_tlsext_ticket_keys(c->ctx, keys, len);
	OPENSSL_cleanse(keys, sizeof keys);
}

/* --- identities --- */

const uint8_t *credentials_key(const struct credentials *c, const char *identity, size_t *len)
{
	return c->psk != NULL ? psk_find(c->psk, identity, len) : NULL;
}

/* A name with a zero in it could pass for another one. */
static char *common_name(const X509 *cert)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
	unsigned char *utf8 = NULL;
	char *name = NULL;
	int len;

	if (at < 0)
		return NULL;
	len =
	    ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (len > 0 && memchr(utf8, '\0', (size_t)len) == NULL)
		name = strndup((const char *)utf8, (size_t)len);
	OPENSSL_free(utf8);
	return name;
}

char *credentials_identity(const SSL *ssl)
{
	const char *identity = SSL_get_psk_identity(ssl);
	const X509 *cert = SSL_get0_peer_certificate(ssl);

	if (identity != NULL)
		return strdup(identity);
	return cert != NULL && SSL_get_verify_result(ssl) == X509_V_OK ? common_name(cert) : NULL;
}

bool credentials_still_good(const struct credentials *c, const SSL *ssl)
{
	const char *identity = SSL_get_psk_identity(ssl);
	const struct credentials *then = of_context(ssl);
	const uint8_t *key, *old;
	size_t len, old_len;

	if (identity == NULL || then == c)
		return true;
	old = credentials_key(then, identity, &old_len);
	key = credentials_key(c, identity, &len);
	return old != NULL && key != NULL && len == old_len && memcmp(key, old, len) == 0;
}

/* --- reading the files --- */

/* Always false, for the caller to return. */
static bool failed(struct reader *r, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	char text[256];

	snprintf(text, sizeof text, "%s: %s", what, reason != NULL ? reason : "failed");
	ERR_clear_error();
	r->mistake(r->ctx, r->path, text);
	return false;
}

static bool read_cert(struct reader *r, const struct credentials_files *files)
{
	SSL_CTX *ctx = r->credentials->ctx;

	if (files->cert == NULL)
		return true;
	r->path = files->cert;
	if (SSL_CTX_use_certificate_chain_file(ctx, files->cert) != 1)
		return failed(r, "no certificate can be read");
	r->path = files->key;
	if (SSL_CTX_use_PrivateKey_file(ctx, files->key, SSL_FILETYPE_PEM) != 1)
		return failed(r, "no key of the certificate can be read");
	return SSL_CTX_check_private_key(ctx) == 1 || failed(r, "is not the certificate's key");
}

static bool digest_file(const char *path, uint8_t digest[DIGEST_LEN])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	FILE *in = fopen(path, "re");
	char part[4096];
	size_t len;
	bool good = md != NULL && in != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;

	while (good && (len = fread(part, 1, sizeof part, in)) > 0)
		good = EVP_DigestUpdate(md, part, len) == 1;
	good = good && ferror(in) == 0 && EVP_DigestFinal_ex(md, digest, NULL) == 1;
	if (in != NULL)
		fclose(in);
	EVP_MD_CTX_free(md);
	return good;
}

static bool read_authorities(struct reader *r, const struct credentials_files *files)
{
	SSL_CTX *ctx = r->credentials->ctx;
	STACK_OF(X509_NAME) * names;

	if (files->ca == NULL)
		return true;
	r->path = files->ca;
	names = SSL_load_client_CA_file(files->ca);
	if (names == NULL || SSL_CTX_load_verify_file(ctx, files->ca) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return failed(r, "no certificates can be read");
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx,
	    SSL_VERIFY_PEER | (files->cert_optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT), NULL);
	return digest_file(files->ca, r->credentials->authorities) || failed(r, "cannot be read");
}

static void on_psk_mistake(void *ctx, unsigned line, const char *what)
{
	const struct reader *r = ctx;
	char place[4200];

	snprintf(place, sizeof place, "%s:%u", r->path, line);
	r->mistake(r->ctx, line > 0 ? place : r->path, what);
}

static bool read_psk(struct reader *r, const struct credentials_files *files)
{
	struct credentials *c = r->credentials;

	if (files->psk == NULL)
		return true;
	r->path = files->psk;
	c->psk = psk_load(files->psk, on_psk_mistake, r);
	return c->psk != NULL;
}

/* --- the context --- */

static bool set_rules(SSL_CTX *ctx)
{
	static const unsigned char scope[] = "mqttsn-gateway";

	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION |
	                             SSL_OP_NO_COMPRESSION | SSL_OP_NO_QUERY_MTU |
	                             SSL_OP_COOKIE_EXCHANGE);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets alone */
	SSL_CTX_set_timeout(ctx, TICKET_LIFE_S);
	SSL_CTX_set_max_cert_list(ctx, CHAIN_MOST);
	SSL_CTX_set_read_ahead(ctx, 1); /* a datagram is read whole */
	return SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, CIPHERS) == 1 &&
	       SSL_CTX_set_session_id_context(ctx, scope, sizeof scope - 1) == 1 &&
	       SSL_CTX_set_session_ticket_cb(ctx, on_ticket_made, on_ticket_shown, NULL) == 1;
}

struct credentials *credentials_new(
    const struct credentials_files *files, credentials_mistake_fn *mistake, void *ctx)
{
	struct credentials *c = calloc(1, sizeof *c);
	struct reader r = { c, mistake, ctx, files->cert != NULL ? files->cert : files->psk };
	bool good;

	if (c == NULL) {
		mistake(ctx, r.path, "out of memory");
		return NULL;
	}
	c->references = 1;
	ERR_clear_error();
	c->ctx = SSL_CTX_new(DTLS_server_method());
	if (c->ctx == NULL || !set_rules(c->ctx)) {
		failed(&r, "DTLS");
		return credentials_drop(c);
	}
	SSL_CTX_set_app_data(c->ctx, c);
	good = read_cert(&r, files);
	good = read_authorities(&r, files) && good;
	good = read_psk(&r, files) && good;
	return good ? c : credentials_drop(c);
}

struct credentials *credentials_keep(struct credentials *c)
{
	c->references++;
	return c;
}

struct credentials *credentials_drop(struct credentials *c)
{
	if (c == NULL || --c->references > 0)
		return NULL;
	SSL_CTX_free(c->ctx);
	psk_free(c->psk);
	free(c);
	return NULL;
}

SSL_CTX *credentials_context(const struct credentials *c)
{
	return c->ctx;
}

bool credentials_have_keys(const struct credentials *c)
{
	return c->psk != NULL;
}
