/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "conf/source.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX     10          /* of files that include files */
#define SIZE_MAX_FILE (16u << 20) /* octets: more is no configuration */

struct line {
	const char *file;
	unsigned number;
};

struct source {
	char *text;
	size_t len;
	struct line *lines;
	size_t n_lines;
	size_t room;
	char **files; /* their names, for the lines */
	size_t n_files;
};

/* The text while it grows. */
struct build {
	struct source *source;
	FILE *out; /* to source->text */
	struct conf_errors *errors;
	bool in_line; /* the last octet was no newline */
	bool failed;  /* out of memory */
	int depth;
};

/* Where we are in one file. */
struct cursor {
	const char *file;
	unsigned line;
	const char *p, *end;
};

/* --- writing --- */

static void map_line(struct build *b, const struct cursor *c)
{
	struct source *s = b->source;
	struct line *lines = s->lines;

	if (s->n_lines == s->room) {
		s->room = s->room > 0 ? 2 * s->room : 256;
		lines = reallocarray(lines, s->room, sizeof *lines);
		if (lines == NULL) {
			s->room = s->n_lines;
			b->failed = true;
			return;
		}
		s->lines = lines;
	}
	lines[s->n_lines++] = (struct line){ c->file, c->line };
}

static void put(struct build *b, const struct cursor *c, char octet)
{
	if (!b->in_line)
		map_line(b, c);
	fputc(octet, b->out);
	b->in_line = octet != '\n';
}

/* Copies up to @to, which is not beyond the end. */
static void copy(struct build *b, struct cursor *c, const char *to)
{
	for (; c->p < to; c->p++) {
		put(b, c, *c->p);
		if (*c->p == '\n')
			c->line++;
	}
}

/* --- what is to be told apart --- */

static bool starts_with(const struct cursor *c, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(c->end - c->p) >= len && memcmp(c->p, text, len) == 0;
}

static const char *skip(const struct cursor *c, const char *p, const char *accepted)
{
	while (p < c->end && *p != '\0' && strchr(accepted, *p) != NULL)
		p++;
	return p;
}

static const char *end_of_line(const struct cursor *c)
{
	const char *newline = memchr(c->p, '\n', (size_t)(c->end - c->p));

	return newline != NULL ? newline : c->end;
}

static const char *end_of_comment(const struct cursor *c)
{
	const char *star = memmem(c->p + 2, (size_t)(c->end - c->p - 2), "*/", 2);

	return star != NULL ? star + 2 : NULL;
}

static const char *end_of_string(const struct cursor *c)
{
	for (const char *p = c->p + 1; p < c->end; p++) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\')
			p++;
	}
	return NULL;
}

/* A name, or one octet of anything else. */
static const char *end_of_word(const struct cursor *c)
{
	const char *p = c->p + 1;

	if (!isalpha((unsigned char)*c->p) && *c->p != '*')
		return p;
	while (p < c->end && (isalnum((unsigned char)*p) || strchr("_-*", *p) != NULL))
		p++;
	return p;
}

static bool copy_closed(struct build *b, struct cursor *c, const char *end, const char *what)
{
	if (end == NULL) {
		char place[SOURCE_PLACE_MAX];
		const struct conf_at at = { place, NULL };

		snprintf(place, sizeof place, "%s:%u", c->file, c->line);
		conf_error(b->errors, &at, "this %s has no end", what);
		return false;
	}
	copy(b, c, end);
	return true;
}

/* A number that begins with a digit.  The suffix is put where libconfig needs it to take all of an
 * integer. */
static void copy_number(struct build *b, struct cursor *c)
{
	bool hex = starts_with(c, "0x") || starts_with(c, "0X");
	const char *digits = hex ? c->p + 2 : c->p;
	const char *end = skip(c, digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
	unsigned long long n = strtoull(c->p, NULL, hex ? 16 : 10);
	bool is_float = end < c->end && strchr(".eE", *end) != NULL && *end != '\0';

	copy(b, c, end);
	if (is_float)
		copy(b, c, skip(c, end, "0123456789.eE+-"));
	else if (n > INT_MAX && (end == c->end || *end != 'L'))
		put(b, c, 'L');
}

/* --- files in files --- */

static bool add_file(struct build *b, const char *path, const struct conf_at *from);

/* The path of an @include on this line, and where it ends; NULL if there is none. */
static const char *find_include(const struct cursor *c, const char **end)
{
	struct cursor at = *c;
	const char *quote;

	at.p = skip(c, c->p, " \t");
	if (!starts_with(&at, "@include"))
		return NULL;
	at.p += strlen("@include");
	quote = skip(c, at.p, " \t");
	if (quote == at.p || quote == c->end || *quote != '"')
		return NULL;
	at.p = quote + 1;
	*end = memchr(at.p, '"', (size_t)(end_of_line(&at) - at.p));
	return *end != NULL ? at.p : NULL;
}

/* @path as seen from the folder of @file. */
static char *path_from(const char *file, const char *path, size_t len)
{
	const char *slash = strrchr(file, '/');
	size_t folder = slash != NULL && path[0] != '/' ? (size_t)(slash - file) + 1 : 0;
	char *out;

	return asprintf(&out, "%.*s%.*s", (int)folder, file, (int)len, path) < 0 ? NULL : out;
}

static bool include(struct build *b, struct cursor *c, const char *path, const char *end)
{
	char place[SOURCE_PLACE_MAX];
	const struct conf_at at = { place, NULL };
	char *full = path_from(c->file, path, (size_t)(end - path));
	bool ok;

	snprintf(place, sizeof place, "%s:%u", c->file, c->line);
	ok = full != NULL && add_file(b, full, &at);
	if (full == NULL)
		b->failed = true;
	free(full);
	c->p = end + 1;
	return ok;
}

/* --- reading --- */

/* Takes the next piece.  False if there was a mistake that makes no sense of the rest. */
static bool take(struct build *b, struct cursor *c)
{
	const char *path, *end;

	if (!b->in_line && (path = find_include(c, &end)) != NULL)
		return include(b, c, path, end);
	if (*c->p == '#' || starts_with(c, "//"))
		copy(b, c, end_of_line(c));
	else if (starts_with(c, "/*"))
		return copy_closed(b, c, end_of_comment(c), "comment");
	else if (*c->p == '"')
		return copy_closed(b, c, end_of_string(c), "string");
	else if (isdigit((unsigned char)*c->p))
		copy_number(b, c);
	else if (*c->p == '.') /* ".5": the digits are no integer */
		copy(b, c, skip(c, c->p, ".0123456789eE+-"));
	else
		copy(b, c, end_of_word(c));
	return true;
}

/* All octets of a file, terminated; NULL with errno. */
static char *read_all(const char *path, size_t *len)
{
	FILE *in = fopen(path, "re");
	char *text = NULL, *longer;
	size_t room = 0, n = 1;

	if (in == NULL)
		return NULL;
	for (*len = 0; n > 0; *len += n) {
		if (room - *len < 2) {
			room = room > 0 ? 2 * room : 8192;
			longer = room <= SIZE_MAX_FILE ? realloc(text, room) : NULL;
			if (longer == NULL) {
				errno = room <= SIZE_MAX_FILE ? ENOMEM : EFBIG;
				goto fail;
			}
			text = longer;
		}
		n = fread(text + *len, 1, room - *len - 1, in);
	}
	if (ferror(in))
		goto fail;
	text[*len] = '\0';
	fclose(in);
	return text;
fail:
	fclose(in);
	free(text);
	return NULL;
}

static bool add_text(struct build *b, const char *file, const char *text, size_t len)
{
	struct cursor c = { file, 1, text, text + len };

	while (c.p < c.end) {
		if (!take(b, &c))
			return false;
	}
	if (b->in_line)
		put(b, &c, '\n');
	return true;
}

/* Keeps the name of a file as long as the source; NULL when out of memory. */
static const char *keep_name(struct source *s, const char *path)
{
	char **files = reallocarray(s->files, s->n_files + 1, sizeof *files);

	if (files == NULL)
		return NULL;
	s->files = files;
	files[s->n_files] = strdup(path);
	return files[s->n_files] != NULL ? files[s->n_files++] : NULL;
}

/* The text of @path, or NULL after telling the mistake, which is at @from where the file is asked
 * for. */
static char *read_text(struct build *b, const char *path, const struct conf_at *from, size_t *len)
{
	char *text = read_all(path, len);

	if (text == NULL) {
		conf_error(b->errors, from, "cannot read \"%s\": %s", path, strerror(errno));
		return NULL;
	}
	if (memchr(text, '\0', *len) == NULL)
		return text;
	conf_error(b->errors, from, "\"%s\" is no text file", path);
	free(text);
	return NULL;
}

/* A file that cannot be read is left out, so that the mistakes in the others are found too. */
static bool add_file(struct build *b, const char *path, const struct conf_at *from)
{
	const char *file = keep_name(b->source, path);
	size_t len;
	char *text;
	bool ok;

	if (file == NULL) {
		b->failed = true;
		return false;
	}
	if (b->depth == DEPTH_MAX) {
		conf_error(b->errors, from, "more than %d files include each other", DEPTH_MAX);
		return false;
	}
	text = read_text(b, path, from, &len);
	if (text == NULL)
		return true;
	b->depth++;
	ok = add_text(b, file, text, len);
	b->depth--;
	free(text);
	return ok;
}

struct source *source_read(const char *path, struct conf_errors *errors)
{
	const struct conf_at at = { path, NULL };
	struct source *source = calloc(1, sizeof *source);
	struct build b = { .source = source, .errors = errors };
	bool ok = false;

	if (source != NULL)
		b.out = open_memstream(&source->text, &source->len);
	b.failed = b.out == NULL;
	if (!b.failed) {
		ok = add_file(&b, path, &at);
		b.failed |= ferror(b.out) != 0;
		b.failed |= fclose(b.out) != 0;
	}
	if (b.failed)
		conf_error(errors, &at, "out of memory");
	return ok && !b.failed ? source : source_free(source);
}

struct source *source_free(struct source *source)
{
	if (source == NULL)
		return NULL;
	for (size_t i = 0; i < source->n_files; i++)
		free(source->files[i]);
	free(source->files);
	free(source->lines);
	free(source->text);
	free(source);
	return NULL;
}

const char *source_text(const struct source *source)
{
	return source->text;
}

const char *source_place(const struct source *source, unsigned line, char *buf)
{
	static const struct line none = { "", 1 };
	const struct line *l = &none;

	if (source->n_lines > 0)
		l = &source->lines[(line <= source->n_lines ? line : source->n_lines) - 1];
	snprintf(buf, SOURCE_PLACE_MAX, "%s:%u", l->file, l->number);
	return buf;
}
