/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration of a program: a struct of its own that a schema describes, filled by defaults,
 * then a file (libconfig), then the command line, in that order.
 *
 * Every mistake is reported with file and line (or the option), all of them, not just the first.
 */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include <stdbool.h>
#include <stdio.h>

#include "conf/errors.h"
#include "conf/origin.h"
#include "conf/schema.h"

struct settings {
	const struct schema *schema;
	void *base;              /* the struct that the schema describes */
	struct origins *origins; /* which setting was given where */
};

/* Sets the defaults in the struct at @base, which is all zero.  0 or -ERR_NOMEM; settings_clear()
 * is still to be called in both cases. */
int settings_init(struct settings *settings, const struct schema *schema, void *base);

/* Frees what the struct at the base holds, not the struct.  Settings that are all zero are fine. */
void settings_clear(struct settings *settings);

/* Reads @path over what is there; a list replaces the one that was there.  False if there was any
 * mistake (see @errors). */
bool settings_load(struct settings *settings, const char *path, struct conf_errors *errors);

/* One setting as on the command line: "timers.retry=2", or "listeners.0.max_packet=200" where the
 * list has that element.  @option names its origin in messages ("--set"). */
bool settings_set(struct settings *settings, const char *option, const char *assignment,
    struct conf_errors *errors);

/* The same with path and value apart. */
bool settings_assign(struct settings *settings, const char *option, const char *path,
    const char *text, struct conf_errors *errors);

/* The same for an array of strings; @texts ends with NULL. */
bool settings_assign_texts(struct settings *settings, const char *option, const char *path,
    const char *const *texts, struct conf_errors *errors);

/* Adds an element with defaults to the list; and sets the member @name of the last one. */
bool settings_add(
    struct settings *settings, const char *option, const char *list, struct conf_errors *errors);
bool settings_assign_last(struct settings *settings, const char *option, const char *list,
    const char *name, const char *text, struct conf_errors *errors);

/* Empties the list. */
void settings_drop(struct settings *settings, const char *list);

/* True if exactly this setting was given. */
bool settings_given(const struct settings *settings, const char *path);

/* Calls @tell with the path of each setting of the top-level @section that has not the same value
 * in both; they have the same schema.  Of a list that grew or shrank the list itself is told. */
typedef void settings_path_fn(void *ctx, const char *path);
void settings_compare(const struct settings *a, const struct settings *b, const char *section,
    settings_path_fn *tell, void *ctx);

/* Prints everything in the syntax of the file, each setting with its help; reads back to the same,
 * but for secrets, which are never printed. */
void settings_print(const struct settings *settings, FILE *to);

/* Prints a file to start from, after lines of comment that tell what it is: as by settings_print(),
 * with the settings commented out. */
void settings_print_sample(const struct settings *defaults, const char *about, FILE *to);

#endif
