/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/core/topic_reg.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"

#define ROOM_LEAST 4

/* Ids are given out in a row from 1, so an id is an index too. */
struct topic_reg {
	struct topic **topics; /* topic @id stands at id - 1 */
	uint16_t *by_name;     /* ids in the order of their names */
	/* A ring, made when the table is full for the first time: the ids up to @spare_size that
	 * may be given away, the one bound longest ago first.  One that is found in use leaves it
	 * for ever. */
	uint16_t *spare;
	uint16_t spare_size;
	uint16_t spare_first;
	uint16_t spare_count;
	uint16_t room; /* of @topics and @by_name */
	uint16_t count;
};

struct topic_reg *topic_reg_new(void)
{
	return calloc(1, sizeof(struct topic_reg));
}

void topic_reg_clear(struct topic_reg *reg)
{
	for (size_t i = 0; i < reg->count; i++)
		free(reg->topics[i]);
	free(reg->topics);
	free(reg->by_name);
	free(reg->spare);
	*reg = (struct topic_reg){ 0 };
}

struct topic_reg *topic_reg_free(struct topic_reg *reg)
{
	if (reg == NULL)
		return NULL;
	topic_reg_clear(reg);
	free(reg);
	return NULL;
}

/* Any total order will do; this one seldom has to look at the names. */
static int compare(struct sn_bytes name, const struct topic *topic)
{
	if (name.len != topic->len)
		return name.len < topic->len ? -1 : 1;
	return memcmp(name.data, topic->name, topic->len);
}

/* Where @name stands in the order of names, or would stand; true if it is there.
 * (A sorted array rather than a hash table: half the memory, and names that a peer has chosen
 * cannot make it slow.) */
static bool find(const struct topic_reg *reg, struct sn_bytes name, size_t *at)
{
	size_t low = 0, high = reg->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = compare(name, reg->topics[reg->by_name[middle] - 1]);

		if (order == 0) {
			*at = middle;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*at = low;
	return false;
}

static struct topic *topic_new(struct sn_bytes name)
{
	struct topic *topic = malloc(sizeof *topic + name.len + 1);

	if (topic == NULL)
		return NULL;
	*topic = (struct topic){ .len = (uint16_t)name.len };
	memcpy(topic->name, name.data, name.len);
	topic->name[name.len] = '\0';
	return topic;
}

static int make_room(struct topic_reg *reg, size_t limit)
{
	size_t room = reg->room > 0 ? 2 * (size_t)reg->room : ROOM_LEAST;
	struct topic **topics;
	uint16_t *by_name;

	if (reg->count < reg->room)
		return 0;
	if (room > limit)
		room = limit;
	topics = reallocarray(reg->topics, room, sizeof *topics);
	if (topics == NULL)
		return -ERR_NOMEM;
	reg->topics = topics;
	by_name = reallocarray(reg->by_name, room, sizeof *by_name);
	if (by_name == NULL)
		return -ERR_NOMEM;
	reg->by_name = by_name;
	reg->room = (uint16_t)room;
	return 0;
}

/* Lines up the ids that are new since the ring was made: they were bound after all that are in it.
 */
static int extend_spare(struct topic_reg *reg)
{
	uint16_t *spare;

	if (reg->spare_size == reg->count)
		return 0;
	spare = reallocarray(NULL, reg->count, sizeof *spare);
	if (spare == NULL)
		return -ERR_NOMEM;
	for (size_t i = 0; i < reg->spare_count; i++)
		spare[i] = reg->spare[(reg->spare_first + i) % reg->spare_size];
	while (reg->spare_size < reg->count)
		spare[reg->spare_count++] = ++reg->spare_size;
	free(reg->spare);
	reg->spare = spare;
	reg->spare_first = 0;
	return 0;
}

/* 0; -ERR_LIMIT if every id is in use; -ERR_NOMEM. */
static int find_spare(struct topic_reg *reg, uint16_t *id)
{
	int rc = extend_spare(reg);

	if (rc < 0)
		return rc;
	for (; reg->spare_count > 0; reg->spare_count--) {
		*id = reg->spare[reg->spare_first];
		if (!reg->topics[*id - 1]->used)
			return 0;
		reg->spare_first = (uint16_t)((reg->spare_first + 1) % reg->spare_size);
	}
	return -ERR_LIMIT;
}

/* Frees the topic of the spare @id, the first of the ring, and lines the id up again at its end. */
static void take_spare(struct topic_reg *reg, uint16_t id)
{
	struct topic *old = reg->topics[id - 1];
	struct sn_bytes name = { (const uint8_t *)old->name, old->len };
	size_t at, last;

	find(reg, name, &at);
	reg->count--;
	memmove(reg->by_name + at, reg->by_name + at + 1, (reg->count - at) * sizeof *reg->by_name);
	last = (size_t)reg->spare_first + reg->spare_count;
	reg->spare_first = (uint16_t)((reg->spare_first + 1) % reg->spare_size);
	reg->spare[last % reg->spare_size] = id;
	free(old);
}

int topic_reg_bind(struct topic_reg *reg, struct sn_bytes name, size_t limit, struct topic **out)
{
	struct topic *topic;
	uint16_t id = reg->count + 1;
	bool full = reg->count >= limit;
	size_t at;
	int rc;

	assert(name.len <= UINT16_MAX && limit <= TOPIC_IDS_MOST);
	topic = topic_reg_by_name(reg, name);
	if (topic != NULL) {
		*out = topic;
		return 0;
	}
	rc = full ? find_spare(reg, &id) : make_room(reg, limit);
	if (rc < 0)
		return rc;
	topic = topic_new(name);
	if (topic == NULL)
		return -ERR_NOMEM;
	if (full)
		take_spare(reg, id);
	topic->id = id;
	find(reg, name, &at);
	memmove(reg->by_name + at + 1, reg->by_name + at, (reg->count - at) * sizeof *reg->by_name);
	reg->by_name[at] = id;
	reg->topics[id - 1] = topic;
	reg->count++;
	*out = topic;
	return 0;
}

struct topic *topic_reg_by_id(const struct topic_reg *reg, uint16_t id)
{
	return id > 0 && id <= reg->count ? reg->topics[id - 1] : NULL;
}

struct topic *topic_reg_by_name(const struct topic_reg *reg, struct sn_bytes name)
{
	size_t at;

	return find(reg, name, &at) ? reg->topics[reg->by_name[at] - 1] : NULL;
}

size_t topic_reg_count(const struct topic_reg *reg)
{
	return reg->count;
}
