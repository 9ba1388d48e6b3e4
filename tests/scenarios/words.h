/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of one line of a scenario: bare words, key=value, and text in double quotes with the
 * escapes of sn_codec/sn_text.h (\" \\ \n \r \t \xHH).  A value may stand in quotes too.
 */
#ifndef SCENARIOS_WORDS_H
#define SCENARIOS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sn_codec/sn_codec.h"

#define WORDS_MAX 64

struct word {
	const char *key;  /* "qos" in qos=1; NULL if there is none */
	const char *text; /* the word or the value; terminated, but may hold octets 0 */
	size_t len;
	bool quoted;
};

struct words {
	char *buf; /* what the words point into */
	size_t n;
	struct word list[WORDS_MAX];
};

/* Splits @line.  NULL, or what is wrong with it (a constant); words_free() is due in both cases. */
const char *words_split(struct words *out, const char *line);
void words_free(struct words *words);

/* The first octet of @line out of @set that does not stand in quotes; the end of @line if there is
 * none. */
char *words_find(char *line, const char *set);

/* True for the bare word @text. */
bool word_is(const struct word *word, const char *text);

/* Reads a decimal number that fills @text.  False if it is none or not within @least and @most. */
bool word_number(const char *text, long least, long most, long *out);

/* Reads "90s", "1.5s" or "500ms" as microseconds. */
bool word_duration(const char *text, int64_t *us);

static inline struct sn_bytes word_bytes(const struct word *word)
{
	return (struct sn_bytes){ (const uint8_t *)word->text, word->len };
}

#endif
