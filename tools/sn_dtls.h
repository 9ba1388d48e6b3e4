/* SPDX-License-Identifier: BSD-3-Clause */
/* DTLS 1.2 between a tool and its gateway, without the socket. */
#ifndef TOOLS_SN_DTLS_H
#define TOOLS_SN_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sn_dtls;

/* What is not wanted is NULL. */
struct sn_dtls_config {
	const char *host; /* whose certificate it must be */
	const char *psk_identity;
	const char *psk; /* hexadecimal */
	const char *ca_file;
	const char *cert_file;
	const char *key_file;
	bool insecure; /* the certificate may be anybody's whom the authorities know */
};

/* @data lives until the call returns. */
typedef void sn_dtls_send_fn(void *ctx, const uint8_t *data, size_t len);

/* NULL, or what is wrong, a constant. */
const char *sn_dtls_new(
    struct sn_dtls **out, const struct sn_dtls_config *config, sn_dtls_send_fn *send, void *ctx);

/* Says good-bye.  NULL is fine; returns NULL. */
struct sn_dtls *sn_dtls_free(struct sn_dtls *dtls);

/* Begins a handshake, with the keys of the last one if the gateway has given a ticket.  False when
 * out of memory. */
bool sn_dtls_begin(struct sn_dtls *dtls);

/* True if the handshake is finished. */
bool sn_dtls_is_open(const struct sn_dtls *dtls);

/* A datagram of the gateway, which must stay until sn_dtls_read() has nothing more. */
void sn_dtls_take(struct sn_dtls *dtls, const uint8_t *data, size_t len);

enum sn_dtls_result {
	SN_DTLS_NOTHING, /* more; the handshake may be finished now */
	SN_DTLS_MESSAGE,
	SN_DTLS_CLOSED, /* the gateway said good-bye */
	SN_DTLS_FAILED, /* sn_dtls_failure() says why */
};

/* What is in the datagram: goes on with the handshake, or yields the next message. */
enum sn_dtls_result sn_dtls_read(struct sn_dtls *dtls, uint8_t *buf, size_t size, size_t *len);

/* False if it is too long for DTLS, or there are no keys. */
bool sn_dtls_write(struct sn_dtls *dtls, const uint8_t *data, size_t len);

/* Milliseconds until sn_dtls_advance() should be called, to send again what was not answered; -1:
 * nothing waits. */
int sn_dtls_timeout(const struct sn_dtls *dtls);
void sn_dtls_advance(struct sn_dtls *dtls);

/* A constant. */
const char *sn_dtls_failure(const struct sn_dtls *dtls);

#endif
