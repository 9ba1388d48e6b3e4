/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/options.h"

#include <getopt.h>
#include <stdlib.h>

typedef bool apply_fn(struct conf *conf, const char *text, struct conf_errors *errors);

struct options_setting {
	apply_fn *apply;
	const char *text;
};

static bool apply_set(struct conf *conf, const char *text, struct conf_errors *errors)
{
	return conf_set(conf, "--set", text, errors);
}

enum {
	OPT_SETTING,
	OPT_CONFIG,
	OPT_CHECK,
	OPT_LIST,
	OPT_FORGET,
	OPT_VERSION,
	OPT_HELP
};

static const struct row {
	const char *name;
	const char *argument; /* NULL: none */
	int what;
	apply_fn *apply;
	const char *help;
} rows[] = {
	{ "listen", "ADDRESS:PORT", OPT_SETTING, conf_add_listener,
	    "take MQTT-SN over UDP here (may be repeated)" },
	{ "broker", "HOST[:PORT]", OPT_SETTING, conf_set_broker,
	    "the MQTT broker; the next ones (may be repeated) are\n"
	    "                                  used while those before cannot be reached" },
	{ "state-dir", "DIRECTORY", OPT_SETTING, conf_set_state_dir,
	    "keep sessions and messages here, over restarts" },
	{ "predefined", "[PATTERN:]ID=TOPIC", OPT_SETTING, conf_add_predefined,
	    "a predefined topic id, for all clients or those whose\n"
	    "                                  id matches (may be repeated)" },
	{ "admin", "ADDRESS:PORT|unix:/PATH", OPT_SETTING, conf_set_admin,
	    "serve metrics and the status page here, over HTTP" },
	{ "set", "PATH=VALUE", OPT_SETTING, apply_set,
	    "any setting of the configuration file, as in\n"
	    "                                  --set timers.retry=5 (may be repeated)" },
	{ "config", "FILE", OPT_CONFIG, NULL,
	    "read this file first; the options above go over it" },
	{ "check-config", NULL, OPT_CHECK, NULL,
	    "print the configuration as it was understood, and end" },
	{ "list-sessions", NULL, OPT_LIST, NULL,
	    "print the sessions in the state directory, and end" },
	{ "forget", "CLIENT-ID", OPT_FORGET, NULL,
	    "forget the session of this client, and end; also while a\n"
	    "                                  gateway runs on the state directory" },
	{ "version", NULL, OPT_VERSION, NULL, "print the version, and end" },
	{ "help", NULL, OPT_HELP, NULL, "print this, and end" },
};

#define N_ROWS (sizeof rows / sizeof rows[0])

static void take(struct options *o, const struct row *row, const char *text)
{
	switch (row->what) {
	case OPT_SETTING:
		o->settings[o->n_settings++] = (struct options_setting){ row->apply, text };
		break;
	case OPT_CONFIG:
		o->config = text;
		break;
	case OPT_CHECK:
		o->check_config = true;
		break;
	case OPT_LIST:
		o->list_sessions = true;
		break;
	case OPT_FORGET:
		o->forget = text;
		break;
	case OPT_VERSION:
		o->version = true;
		break;
	case OPT_HELP:
		o->help = true;
		break;
	}
}

bool options_parse(struct options *o, int argc, char **argv)
{
	struct option table[N_ROWS + 1] = { 0 };
	bool good = true;
	int c, index;

	*o = (struct options){ .settings = calloc((size_t)argc, sizeof *o->settings) };
	if (o->settings == NULL) {
		perror(argv[0]);
		return false;
	}
	for (size_t i = 0; i < N_ROWS; i++) {
		table[i].name = rows[i].name;
		table[i].has_arg = rows[i].argument != NULL ? required_argument : no_argument;
	}
	while ((c = getopt_long(argc, argv, "", table, &index)) != -1) {
		if (c == 0)
			take(o, &rows[index], optarg);
		else
			good = false; /* getopt_long() has told why */
	}
	for (; optind < argc; optind++) {
		fprintf(stderr, "%s: unexpected argument '%s'\n", argv[0], argv[optind]);
		good = false;
	}
	return good;
}

void options_free(struct options *o)
{
	free(o->settings);
	*o = (struct options){ 0 };
}

bool options_apply(const struct options *o, struct conf *conf, struct conf_errors *errors)
{
	bool good = true;

	if (o->config != NULL)
		good = conf_load(conf, o->config, errors);
	for (size_t i = 0; i < o->n_settings; i++)
		good = o->settings[i].apply(conf, o->settings[i].text, errors) && good;
	return good;
}

void options_print_help(FILE *to)
{
	fputs(
	    "Usage: mqttsn-gateway [OPTION]...\n"
	    "An MQTT-SN 1.2 gateway: sensors speak MQTT-SN over UDP to it, it speaks MQTT to a broker.\n\n",
	    to);
	for (size_t i = 0; i < N_ROWS; i++) {
		const struct row *r = &rows[i];
		int width = fprintf(to, "  --%s%s%s", r->name, r->argument != NULL ? " " : "",
		    r->argument != NULL ? r->argument : "");

		fprintf(to, "%*s%s\n", width < 34 ? 34 - width : 1, "", r->help);
	}
	fputs(
	    "\nSettings that are not given have defaults; --check-config prints all with their meaning.\n",
	    to);
}
