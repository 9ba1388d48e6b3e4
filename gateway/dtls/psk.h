/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pre-shared keys by identity, from a file of lines "identity:key", the key in hexadecimal, as
 * mosquitto has them.  Empty lines, and lines that begin with '#', do not count.
 */
#ifndef DTLS_PSK_H
#define DTLS_PSK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PSK_IDENTITY_MAX = 128, /* octets, as of the key */
	PSK_KEY_MAX = 64,
	PSK_KEY_LEAST = 8,
};

struct psk_table;

/* What is wrong with a file; @line 0: with all of it. */
typedef void psk_mistake_fn(void *ctx, unsigned line, const char *what);

/* Reads the file; tells all mistakes.  NULL if there were any. */
struct psk_table *psk_load(const char *path, psk_mistake_fn *mistake, void *ctx);

/* Forgets the keys.  NULL is fine; returns NULL. */
struct psk_table *psk_free(struct psk_table *table);

/* The key of @identity, which lives as long as the table, and its length; NULL: there is none. */
const uint8_t *psk_find(const struct psk_table *table, const char *identity, size_t *len);

size_t psk_count(const struct psk_table *table);

#endif
