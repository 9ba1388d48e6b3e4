/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line of a program, by a table of its options.  Reading only collects: settings are
 * understood later, when the configuration is there to take them, and again at each reload.
 */
#ifndef CONF_OPTIONS_H
#define CONF_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "conf/errors.h"

/* Gives @text to the configuration.  False if there was a mistake. */
typedef bool options_apply_fn(void *conf, const char *text, struct conf_errors *errors);

enum options_kind {
	OPTION_SETTING, /* collected for options_apply() */
	OPTION_TEXT,    /* const char *: the argument, in argv */
	OPTION_FLAG,    /* bool: true if it was given */
};

struct options_row {
	const char *name;
	const char *argument; /* for people; NULL: it has none */
	enum options_kind kind;
	options_apply_fn *apply; /* of a setting */
	size_t offset;           /* of the others: where in the struct of the program */
	const char *help;        /* more than one line: indented by OPTIONS_INDENT */
};
#define OPTIONS_INDENT "                                  "

struct options_table {
	const struct options_row *rows;
	size_t n;
};

/* The settings given, in their order.  They point into argv. */
struct options_settings {
	struct options_setting *list;
	size_t n;
};

/* Reads the command line into @into, the struct that the offsets are of, and @settings.  False if
 * there was any mistake; each has been told on standard error.  @settings is to be freed in both
 * cases. */
bool options_read(const struct options_table *table, void *into, struct options_settings *settings,
    int argc, char **argv);
void options_settings_free(struct options_settings *settings);

/* Gives all settings to @conf.  False if there was any mistake (see @errors). */
bool options_settings_apply(
    const struct options_settings *settings, void *conf, struct conf_errors *errors);

/* A line or more for each option. */
void options_print(const struct options_table *table, FILE *to);

#endif
