/* SPDX-License-Identifier: BSD-3-Clause */
/* What file and command line have in common: a setting is given, or something that is none. */
#ifndef CONF_SETTING_H
#define CONF_SETTING_H

#include "conf/settings.h"
#include "conf/value.h"

/* Room for the longest path of a setting ("listeners.12.receive_buffer"). */
#define SETTING_PATH_MAX 96

/* Writes the path of @name in @group ("": not in one), cut to SETTING_PATH_MAX; returns @buf. */
const char *setting_path(char *buf, const char *group, const char *name);

/* Remembers that at->path was given at at->place.  False when out of memory. */
bool setting_mark(struct settings *settings, const struct conf_at *at, struct conf_errors *errors);

/* Stores the value in the struct at @base, which is the
 * base of @settings or in it.  False if there was a mistake.
 */
bool setting_give(struct settings *settings, const struct schema_row *row, void *base,
    const struct value *value, const struct conf_at *at, struct conf_errors *errors);

/* Empties a list, which is to be filled anew. */
void setting_empty(struct settings *settings, const struct schema_row *list, void *base);

/* @path and where it was given last, for a message; valid until the next setting is given. */
struct conf_at setting_at(const struct settings *settings, const char *path);

/* Adds the mistake that at->path is no setting, @name being what does not stand in @schema. */
void setting_unknown(const struct schema *schema, const char *name, const struct conf_at *at,
    struct conf_errors *errors);

#endif
