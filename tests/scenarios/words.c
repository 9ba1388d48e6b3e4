/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenarios/memory.h"

char *words_find(char *line, const char *set)
{
	bool quoted = false;
	char *p;

	for (p = line; *p != '\0'; p++) {
		if (quoted && *p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && strchr(set, *p) != NULL)
			break;
	}
	return p;
}

/* One escape behind its backslash; moves *@in past it.  -1 if it is none. */
static int unescape(const char **in)
{
	static const char names[] = "\"\\nrt";
	static const char values[] = "\"\\\n\r\t";
	char c = **in;
	const char *name = strchr(names, c);
	unsigned octet;

	if (c == '\0')
		return -1;
	(*in)++;
	if (name != NULL)
		return (uint8_t)values[name - names];
	if (c != 'x' || !isxdigit((unsigned char)(*in)[0]) || !isxdigit((unsigned char)(*in)[1]))
		return -1;
	if (sscanf(*in, "%2x", &octet) != 1)
		return -1;
	*in += 2;
	return (int)octet;
}

/* Reads the quoted text at *@in into @to and terminates it. */
static const char *read_quoted(const char **in, char *to, size_t *len)
{
	*len = 0;
	for ((*in)++; **in != '"';) {
		int octet = (uint8_t) * (*in)++;

		if (octet == '\0')
			return "a quote is not closed";
		if (octet == '\\')
			octet = unescape(in);
		if (octet < 0)
			return "no such escape";
		to[(*len)++] = (char)octet;
	}
	(*in)++;
	to[*len] = '\0';
	return NULL;
}

static void read_bare(const char **in, const char *stop, char *to, size_t *len)
{
	*len = strcspn(*in, stop);
	memcpy(to, *in, *len);
	to[*len] = '\0';
	*in += *len;
}

/* Each word is at least one octet shorter than what it was read from, so that the terminators find
 * room. */
static const char *read_word(struct word *word, const char **in, char **to)
{
	const char *wrong = NULL;

	*word = (struct word){ .text = *to };
	if (**in != '"') {
		read_bare(in, " \t\"=", *to, &word->len);
		*to += word->len + 1;
		if (**in != '=')
			return **in == '"' ? "a blank is missing before a quote" : NULL;
		(*in)++;
		word->key = word->text;
		word->text = *to;
	}
	word->quoted = **in == '"';
	if (word->quoted)
		wrong = read_quoted(in, *to, &word->len);
	else
		read_bare(in, " \t\"", *to, &word->len);
	*to += word->len + 1;
	if (wrong == NULL && **in != '\0' && strchr(" \t", **in) == NULL)
		wrong = "a blank is missing after a quote";
	return wrong;
}

const char *words_split(struct words *out, const char *line)
{
	const char *wrong = NULL;
	char *to;

	out->n = 0;
	out->buf = to = memory_get(strlen(line) + 2);
	for (line += strspn(line, " \t"); wrong == NULL && *line != '\0';
	     line += strspn(line, " \t")) {
		if (out->n == WORDS_MAX)
			return "too many words";
		wrong = read_word(&out->list[out->n++], &line, &to);
	}
	return wrong;
}

void words_free(struct words *words)
{
	free(words->buf);
	words->buf = NULL;
	words->n = 0;
}

bool word_is(const struct word *word, const char *text)
{
	return word->key == NULL && !word->quoted && strcmp(word->text, text) == 0;
}

bool word_number(const char *text, long least, long most, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	return end != text && *end == '\0' && errno == 0 && *out >= least && *out <= most;
}

bool word_duration(const char *text, int64_t *us)
{
	char *end;
	double value = strtod(text, &end);
	double unit = strcmp(end, "s") == 0 ? 1e6 : strcmp(end, "ms") == 0 ? 1e3 : 0;

	if (end == text || unit == 0 || !(value >= 0 && value <= 1e9))
		return false;
	*us = (int64_t)(value * unit + 0.5);
	return true;
}
