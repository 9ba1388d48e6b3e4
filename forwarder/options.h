/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line.  It only collects: values are understood by forwarder/conf. */
#ifndef FORWARDER_OPTIONS_H
#define FORWARDER_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "conf/options.h"
#include "forwarder/conf/conf.h"

struct options {
	bool help;
	bool version;
	bool check_config;
	const char *config; /* the file, or NULL */

	struct options_settings settings;
};

/* Reads the command line.  False if there was any mistake; each has been told on standard error.
 * To be freed in both cases. */
bool options_parse(struct options *options, int argc, char **argv);
void options_free(struct options *options);

/* The file, then the settings of the command line over it.  False if there was any mistake (see
 * @errors). */
bool options_apply(
    const struct options *options, struct fwd_conf *conf, struct conf_errors *errors);

void options_print_help(FILE *to);

#endif
