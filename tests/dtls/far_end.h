/* SPDX-License-Identifier: BSD-3-Clause */
/* The client's end of DTLS, without a socket: what a sensor would have. */
#ifndef TESTS_DTLS_FAR_END_H
#define TESTS_DTLS_FAR_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct far_end;

/* @data lives until the call returns. */
typedef void far_end_send_fn(void *ctx, const uint8_t *data, size_t len);

struct far_end_config {
	const char *psk; /* "identity:hex"; NULL: none */
	const char *ca;  /* PEM files; NULL: none.  Without @ca any certificate is believed. */
	const char *cert;
	const char *key;
	const char *ciphers;           /* NULL: the usual ones */
	bool dtls10;                   /* no newer than that */
	const struct far_end *earlier; /* goes on with the keys of this one; NULL: with new ones */
	far_end_send_fn *send;
	void *ctx;
};

enum far_end_state {
	FAR_END_SHAKES,
	FAR_END_OPEN,
	FAR_END_CLOSED,
	FAR_END_FAILED
};

/* NULL if the configuration is no good. */
struct far_end *far_end_new(const struct far_end_config *config);
void far_end_free(struct far_end *end);

/* Begins the handshake, or goes on with it after far_end_take(). */
enum far_end_state far_end_shake(struct far_end *end);

/* A datagram from the gateway, which must stay until it was read. */
void far_end_take(struct far_end *end, const uint8_t *data, size_t len);

/* The next message in it, and its length in @*len; SHAKES: there is none. */
enum far_end_state far_end_read(struct far_end *end, uint8_t *message, size_t room, size_t *len);

bool far_end_write(struct far_end *end, const uint8_t *message, size_t len);
void far_end_close(struct far_end *end);

/* Milliseconds until a flight should be sent again, or -1; and does so. */
int far_end_timeout(struct far_end *end);
void far_end_on_timeout(struct far_end *end);

bool far_end_is_resumed(const struct far_end *end);
const char *far_end_cipher(const struct far_end *end);
const char *far_end_failure(const struct far_end *end);

#endif
