/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/topic_predef.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "gateway/core/topic_name.h"

static const char placeholder[] = "${client}";
#define PLACEHOLDER_LEN (sizeof placeholder - 1)

struct entry {
	char *pattern; /* NULL: all clients */
	char *name;
	size_t name_len;
	uint16_t id;
	bool expands; /* the name holds the placeholder */
};

struct topic_predef {
	struct entry *entries; /* in the order of topic_predef_add() */
	size_t *by_id;         /* their indices, by id and then in that order */
	size_t count;
	size_t room;
};

struct topic_predef *topic_predef_new(void)
{
	return calloc(1, sizeof(struct topic_predef));
}

struct topic_predef *topic_predef_free(struct topic_predef *table)
{
	if (table == NULL)
		return NULL;
	for (size_t i = 0; i < table->count; i++) {
		free(table->entries[i].pattern);
		free(table->entries[i].name);
	}
	free(table->entries);
	free(table->by_id);
	free(table);
	return NULL;
}

/* The first place in by_id whose id is @id or more. */
static size_t first_of(const struct topic_predef *table, uint32_t id)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (table->entries[table->by_id[middle]].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool same_pattern(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

static bool has_entry(const struct topic_predef *table, const char *pattern, uint16_t id)
{
	size_t end = first_of(table, id + 1u);

	for (size_t i = first_of(table, id); i < end; i++) {
		if (same_pattern(table->entries[table->by_id[i]].pattern, pattern))
			return true;
	}
	return false;
}

static int make_room(struct topic_predef *table)
{
	size_t room = table->room > 0 ? 2 * table->room : 16;
	struct entry *entries;
	size_t *by_id;

	if (table->count < table->room)
		return 0;
	entries = reallocarray(table->entries, room, sizeof *entries);
	if (entries == NULL)
		return -ERR_NOMEM;
	table->entries = entries;
	by_id = reallocarray(table->by_id, room, sizeof *by_id);
	if (by_id == NULL)
		return -ERR_NOMEM;
	table->by_id = by_id;
	table->room = room;
	return 0;
}

int topic_predef_add(struct topic_predef *table, const char *pattern, uint16_t id, const char *name)
{
	struct entry e = { .id = id, .name_len = strlen(name) };
	size_t at;

	e.expands = strstr(name, placeholder) != NULL;
	if (id == 0 || id == 0xffff || (e.expands && pattern == NULL))
		return -ERR_INVALID;
	if (!topic_name_valid((struct sn_bytes){ (const uint8_t *)name, e.name_len }))
		return -ERR_INVALID;
	if (has_entry(table, pattern, id))
		return -ERR_EXISTS;
	if (make_room(table) < 0)
		return -ERR_NOMEM;
	e.pattern = pattern != NULL ? strdup(pattern) : NULL;
	e.name = strdup(name);
	if (e.name == NULL || (pattern != NULL && e.pattern == NULL)) {
		free(e.pattern);
		free(e.name);
		return -ERR_NOMEM;
	}
	at = first_of(table, id + 1u);
	memmove(
	    table->by_id + at + 1, table->by_id + at, (table->count - at) * sizeof *table->by_id);
	table->by_id[at] = table->count;
	table->entries[table->count++] = e;
	return 0;
}

static const struct entry *find(
    const struct topic_predef *table, const char *client_id, uint16_t id)
{
	size_t end = first_of(table, id + 1u);
	const struct entry *common = NULL;

	for (size_t i = first_of(table, id); i < end; i++) {
		const struct entry *e = &table->entries[table->by_id[i]];

		if (e->pattern == NULL)
			common = e;
		else if (client_id != NULL && topic_predef_pattern_matches(e->pattern, client_id))
			return e;
	}
	return common;
}

/* Appends @len octets to the text of *@used octets in @buf.  False if @buf cannot hold them and a
 * terminator. */
static bool append(char *buf, size_t size, size_t *used, const char *text, size_t len)
{
	if (len >= size - *used)
		return false;
	memcpy(buf + *used, text, len);
	*used += len;
	buf[*used] = '\0';
	return true;
}

static bool expand(const char *name, const char *client_id, char *buf, size_t size, size_t *len)
{
	size_t client_len = strlen(client_id);
	const char *hit;

	*len = 0;
	while ((hit = strstr(name, placeholder)) != NULL) {
		if (!append(buf, size, len, name, (size_t)(hit - name)) ||
		    !append(buf, size, len, client_id, client_len))
			return false;
		name = hit + PLACEHOLDER_LEN;
	}
	return append(buf, size, len, name, strlen(name));
}

const char *topic_predef_name(const struct topic_predef *table, const char *client_id, uint16_t id,
    char *buf, size_t size, size_t *len)
{
	const struct entry *e = find(table, client_id, id);

	if (e == NULL)
		return NULL;
	if (!e->expands) {
		*len = e->name_len;
		return e->name;
	}
	if (!expand(e->name, client_id, buf, size, len))
		return NULL;
	/* A client may have chosen an id with a wildcard in it. */
	if (!topic_name_valid((struct sn_bytes){ (const uint8_t *)buf, *len }))
		return NULL;
	return buf;
}

size_t topic_predef_count(const struct topic_predef *table)
{
	return table->count;
}

void topic_predef_entry(const struct topic_predef *table, size_t i, const char **pattern,
    uint16_t *id, const char **name)
{
	const struct entry *e;

	assert(i < table->count);
	e = &table->entries[i];
	*pattern = e->pattern;
	*id = e->id;
	*name = e->name;
}

/* One character on, which in UTF-8 may be several octets. */
static const uint8_t *next_char(const uint8_t *text, const uint8_t *end)
{
	do {
		text++;
	} while (text < end && (*text & 0xc0) == 0x80);
	return text;
}

/* A '*' first stands for nothing; on a mismatch the last one takes one character more. */
bool topic_predef_pattern_matches_bytes(const char *pattern, struct sn_bytes bytes)
{
	const uint8_t *text = bytes.data, *end = bytes.data + bytes.len, *retry = NULL;
	const char *star = NULL;

	while (text < end) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern == '?') {
			pattern++;
			text = next_char(text, end);
		} else if (*pattern != '\0' && (uint8_t)*pattern == *text) {
			pattern++;
			text++;
		} else if (star != NULL) {
			pattern = star;
			text = retry = next_char(retry, end);
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool topic_predef_pattern_matches(const char *pattern, const char *text)
{
	return topic_predef_pattern_matches_bytes(
	    pattern, (struct sn_bytes){ (const uint8_t *)text, strlen(text) });
}
