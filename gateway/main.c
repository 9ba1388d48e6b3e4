/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "gateway/capacity.h"
#include "gateway/commands.h"
#include "gateway/conf/conf.h"
#include "gateway/dtls_settings.h"
#include "gateway/log_levels.h"
#include "gateway/loop.h"
#include "gateway/options.h"
#include "gateway/secrets.h"
#include "gateway/trace_settings.h"

#define EXIT_USAGE 2 /* a mistake on the command line or in the configuration */

typedef void tell_fn(const struct conf_errors *errors);

/* The configuration, or NULL after all mistakes have been told. */
static struct conf *read_configuration(const struct options *options, tell_fn *tell)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();
	bool good = false;

	if (conf == NULL || errors == NULL) {
		fputs("mqttsn-gateway: out of memory\n", stderr);
	} else {
		good = options_apply(options, conf, errors);
		good = conf_finish(conf, errors) && good;
		good = good && dtls_settings_check(conf, errors);
		good = trace_settings_check(conf, errors) && good;
		tell(errors);
		if (good)
			secrets_warn(conf);
	}
	conf_errors_free(errors);
	return good ? conf : conf_free(conf);
}

static struct conf *reload(void *ctx)
{
	return read_configuration(ctx, conf_errors_log);
}

/* @conf is used up. */
static bool serve(struct conf *conf, struct options *options)
{
	struct loop *loop;
	bool good;

	log_levels_set(&conf->log);
	signal(SIGPIPE, SIG_IGN);
	capacity_provide(conf->core.limits.clients, conf->broker.shared_connections > 0);

	loop = loop_new(conf, reload, options);
	good = loop != NULL && loop_open_store(loop) && loop_open_listeners(loop) &&
	       loop_open_upstream(loop) && loop_start_core(loop) && loop_open_admin(loop);
	if (good) {
		loop_open_control(loop);
		good = loop_run(loop);
	}
	loop_free(loop);
	return good;
}

/* --list-sessions and --forget. */
static int look_after_state(const struct conf *conf, const struct options *options)
{
	const char *directory = conf->persistence.directory;
	bool good = true;

	if (directory == NULL) {
		fputs(
		    "mqttsn-gateway: there is no state directory: give it with --state-dir, or the "
		    "configuration with --config\n",
		    stderr);
		return EXIT_USAGE;
	}
	if (options->forget != NULL)
		good = command_forget(directory, options->forget);
	if (good && options->list_sessions)
		good = command_list_sessions(directory, stdout);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct options options;
	struct conf *conf = NULL;
	int status = EXIT_SUCCESS;

	log_init();
	if (!options_parse(&options, argc, argv)) {
		fputs("Try 'mqttsn-gateway --help'.\n", stderr);
		status = EXIT_USAGE;
	} else if (options.help) {
		options_print_help(stdout);
	} else if (options.version) {
		puts(PACKAGE_STRING);
	} else if ((conf = read_configuration(&options, conf_errors_tell)) == NULL) {
		status = EXIT_USAGE;
	} else if (options.check_config) {
		conf_print(conf, stdout);
	} else if (options.list_sessions || options.forget != NULL) {
		status = look_after_state(conf, &options);
	} else {
		if (!serve(conf, &options))
			status = EXIT_FAILURE;
		conf = NULL;
	}
	if (fflush(stdout) != 0) {
		perror("mqttsn-gateway: standard output");
		status = EXIT_FAILURE;
	}
	conf_free(conf);
	options_free(&options);
	return status;
}
