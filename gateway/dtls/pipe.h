/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What OpenSSL takes for a socket: a BIO that yields one datagram once, and hands each datagram
 * written to a function.
 */
#ifndef DTLS_PIPE_H
#define DTLS_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bio_st;

/* @data lives until the call returns. */
typedef void pipe_send_fn(void *ctx, const uint8_t *data, size_t len);

struct pipe {
	pipe_send_fn *send;
	void *ctx;
	const uint8_t *data; /* to be read; NULL: nothing */
	size_t len;
};

/* The BIO of @pipe, which must outlive it.  NULL when out of memory. */
struct bio_st *pipe_bio_new(struct pipe *pipe);

#endif
