/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "forwarder/conf/conf.h"
#include "forwarder/loop.h"
#include "forwarder/options.h"

#define EXIT_USAGE 2 /* a mistake on the command line or in the configuration */

typedef void tell_fn(const struct conf_errors *errors);

/* The configuration, or NULL after all mistakes have been told. */
static struct fwd_conf *read_configuration(const struct options *options, tell_fn *tell)
{
	struct fwd_conf *conf = fwd_conf_new();
	struct conf_errors *errors = conf_errors_new();
	bool good = false;

	if (conf == NULL || errors == NULL) {
		fputs("mqttsn-forwarder: out of memory\n", stderr);
	} else {
		good = options_apply(options, conf, errors);
		good = fwd_conf_finish(conf, errors) && good;
		tell(errors);
	}
	conf_errors_free(errors);
	return good ? conf : fwd_conf_free(conf);
}

static struct fwd_conf *reload(void *ctx)
{
	return read_configuration(ctx, conf_errors_log);
}

/* @conf is used up. */
static bool serve(struct fwd_conf *conf, struct options *options)
{
	struct loop *loop;
	bool good;

	log_set_level(conf->log.level);
	signal(SIGPIPE, SIG_IGN);

	loop = loop_new(conf, reload, options);
	good = loop != NULL && loop_run(loop);
	loop_free(loop);
	return good;
}

int main(int argc, char **argv)
{
	struct options options;
	struct fwd_conf *conf = NULL;
	int status = EXIT_SUCCESS;

	log_init();
	if (!options_parse(&options, argc, argv)) {
		fputs("Try 'mqttsn-forwarder --help'.\n", stderr);
		status = EXIT_USAGE;
	} else if (options.help) {
		options_print_help(stdout);
	} else if (options.version) {
		puts("mqttsn-forwarder " PACKAGE_VERSION);
	} else if ((conf = read_configuration(&options, conf_errors_tell)) == NULL) {
		status = EXIT_USAGE;
	} else if (options.check_config) {
		settings_print(&conf->settings, stdout);
	} else {
		if (!serve(conf, &options))
			status = EXIT_FAILURE;
		conf = NULL;
	}
	if (fflush(stdout) != 0) {
		perror("mqttsn-forwarder: standard output");
		status = EXIT_FAILURE;
	}
	fwd_conf_free(conf);
	options_free(&options);
	return status;
}
