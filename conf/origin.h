/* SPDX-License-Identifier: BSD-3-Clause */
/* Where each setting was given last, for messages about settings that do not go together. */
#ifndef CONF_ORIGIN_H
#define CONF_ORIGIN_H

#include <stdbool.h>

struct origins;

/* NULL when out of memory. */
struct origins *origins_new(void);

/* NULL is fine; returns NULL. */
struct origins *origins_free(struct origins *origins);

/* Remembers that the setting @path ("timers.retry") was given at @place ("FILE:LINE", "--option");
 * both are copied. 0 or -ERR_NOMEM. */
int origins_set(struct origins *origins, const char *path, const char *place);

/* Forgets @path and all below it. */
void origins_forget(struct origins *origins, const char *path);

/* The place of exactly this setting, or NULL if it was not given.  Valid until the next change. */
const char *origins_find(const struct origins *origins, const char *path);

/* The place of the setting, or of the nearest group around it that was given; "default" if none.
 * Valid until the next change. */
const char *origins_place(const struct origins *origins, const char *path);

#endif
