/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/origin.h"

#include <stdlib.h>
#include <string.h>

#include "common/err.h"

struct origin {
	char *path;
	char *place;
};

/* In the order given: a repeated path is appended and the last one counts. */
struct origins {
	struct origin *list;
	size_t n;
	size_t room;
};

struct origins *origins_new(void)
{
	return calloc(1, sizeof(struct origins));
}

static void clear(struct origin *o)
{
	free(o->path);
	free(o->place);
}

struct origins *origins_free(struct origins *origins)
{
	if (origins == NULL)
		return NULL;
	for (size_t i = 0; i < origins->n; i++)
		clear(&origins->list[i]);
	free(origins->list);
	free(origins);
	return NULL;
}

static int make_room(struct origins *origins)
{
	size_t room = origins->room > 0 ? 2 * origins->room : 64;
	struct origin *list;

	if (origins->n < origins->room)
		return 0;
	list = realloc(origins->list, room * sizeof *list);
	if (list == NULL)
		return -ERR_NOMEM;
	origins->list = list;
	origins->room = room;
	return 0;
}

int origins_set(struct origins *origins, const char *path, const char *place)
{
	struct origin o;

	if (make_room(origins) < 0)
		return -ERR_NOMEM;
	o = (struct origin){ strdup(path), strdup(place) };
	if (o.path == NULL || o.place == NULL) {
		clear(&o);
		return -ERR_NOMEM;
	}
	origins->list[origins->n++] = o;
	return 0;
}

static bool is_within(const char *path, const char *group)
{
	size_t len = strlen(group);

	return strncmp(path, group, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

void origins_forget(struct origins *origins, const char *path)
{
	size_t kept = 0;

	for (size_t i = 0; i < origins->n; i++) {
		if (is_within(origins->list[i].path, path))
			clear(&origins->list[i]);
		else
			origins->list[kept++] = origins->list[i];
	}
	origins->n = kept;
}

static const char *find(const struct origins *origins, const char *path, size_t len)
{
	for (size_t i = origins->n; i-- > 0;) {
		const struct origin *o = &origins->list[i];

		if (strncmp(o->path, path, len) == 0 && o->path[len] == '\0')
			return o->place;
	}
	return NULL;
}

const char *origins_find(const struct origins *origins, const char *path)
{
	return find(origins, path, strlen(path));
}

const char *origins_place(const struct origins *origins, const char *path)
{
	size_t len = strlen(path);
	const char *place = find(origins, path, len);

	while (place == NULL && len > 0) {
		if (path[--len] == '.')
			place = find(origins, path, len);
	}
	return place != NULL ? place : "default";
}
