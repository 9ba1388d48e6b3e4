/* SPDX-License-Identifier: BSD-3-Clause */
#define HASH_NONFATAL_OOM 1
#include "config.h"

#include "gateway/dtls/psk.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct key {
	UT_hash_handle by_identity;
	char identity[PSK_IDENTITY_MAX + 1];
	uint8_t octets[PSK_KEY_MAX];
	size_t len;
};

struct psk_table {
	struct key *keys;
};

struct reader {
	struct psk_table *table;
	psk_mistake_fn *mistake;
	void *ctx;
	unsigned line;
	bool good;
};

static void complain(struct reader *r, const char *what)
{
	r->mistake(r->ctx, r->line, what);
	r->good = false;
}

static struct key *find(const struct psk_table *table, const char *identity)
{
	struct key *found = NULL;

	HASH_FIND(by_identity, table->keys, identity, strlen(identity), found);
	return found;
}

/* --- one line --- */

/* NULL, or what is wrong with @hex. */
static const char *read_key(struct key *key, const char *hex)
{
	size_t digits = strlen(hex);

	if (digits % 2 != 0)
		return "the key has half an octet: an odd number of digits";
	if (digits / 2 < PSK_KEY_LEAST)
		return "the key is too short: 16 hexadecimal digits are the least";
	if (digits / 2 > PSK_KEY_MAX)
		return "the key is too long: 128 hexadecimal digits are the most";
	for (size_t i = 0; i < digits; i += 2) {
		int high = OPENSSL_hexchar2int((unsigned char)hex[i]);
		int low = OPENSSL_hexchar2int((unsigned char)hex[i + 1]);

		if (high < 0 || low < 0)
			return "the key is not hexadecimal";
		key->octets[i / 2] = (uint8_t)(high << 4 | low);
	}
	key->len = digits / 2;
	return NULL;
}

/* The last colon ends the identity, which may have some of its own. */
static const char *read_entry(struct key *key, char *text)
{
	char *colon = strrchr(text, ':');

	if (colon == NULL)
		return "must be identity:key";
	*colon = '\0';
	if (colon == text)
		return "the identity is empty";
	if (colon - text > PSK_IDENTITY_MAX)
		return "the identity is too long: 128 octets are the most";
	strcpy(key->identity, text);
	return read_key(key, colon + 1);
}

static void add(struct reader *r, char *text)
{
	struct key *key = calloc(1, sizeof *key);
	const char *wrong = key != NULL ? read_entry(key, text) : "out of memory";

	if (wrong == NULL && find(r->table, key->identity) != NULL)
		wrong = "the identity has a key already";
	if (wrong == NULL) {
		HASH_ADD_KEYPTR(
		    by_identity, r->table->keys, key->identity, strlen(key->identity), key);
		if (key->by_identity.tbl != NULL)
			return;
		wrong = "out of memory";
	}
	complain(r, wrong);
	if (key != NULL)
		explicit_bzero(key, sizeof *key);
	free(key);
}

/* --- the file --- */

static void read_lines(struct reader *r, FILE *in)
{
	char *text = NULL;
	size_t room = 0;

	while (getline(&text, &room, in) >= 0) {
		r->line++;
		text[strcspn(text, "\r\n")] = '\0';
		if (text[0] != '\0' && text[0] != '#')
			add(r, text);
	}
	if (ferror(in)) {
		r->line = 0;
		complain(r, strerror(errno));
	} else if (r->good && r->table->keys == NULL) {
		r->line = 0;
		complain(r, "there is no key in it");
	}
	if (text != NULL)
		explicit_bzero(text, room);
	free(text);
}

struct psk_table *psk_load(const char *path, psk_mistake_fn *mistake, void *ctx)
{
	struct psk_table *table = calloc(1, sizeof *table);
	struct reader r = { table, mistake, ctx, 0, true };
	FILE *in = table != NULL ? fopen(path, "re") : NULL;

	if (in == NULL) {
		complain(&r, table != NULL ? strerror(errno) : "out of memory");
		return psk_free(table);
	}
	read_lines(&r, in);
	fclose(in);
	return r.good ? table : psk_free(table);
}

struct psk_table *psk_free(struct psk_table *table)
{
	struct key *key, *next;

	if (table == NULL)
		return NULL;
	HASH_ITER (by_identity, table->keys, key, next) {
		HASH_DELETE(by_identity, table->keys, key);
		explicit_bzero(key, sizeof *key);
		free(key);
	}
	free(table);
	return NULL;
}

const uint8_t *psk_find(const struct psk_table *table, const char *identity, size_t *len)
{
	const struct key *key = find(table, identity);

	if (key == NULL)
		return NULL;
	*len = key->len;
	return key->octets;
}

size_t psk_count(const struct psk_table *table)
{
	return HASH_CNT(by_identity, table->keys);
}
