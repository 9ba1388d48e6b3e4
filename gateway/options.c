/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/options.h"

static bool apply_listen(void *conf, const char *text, struct conf_errors *errors)
{
	return conf_add_listener(conf, text, errors);
}

static bool apply_broker(void *conf, const char *text, struct conf_errors *errors)
{
	return conf_set_broker(conf, text, errors);
}

static bool apply_state_dir(void *conf, const char *text, struct conf_errors *errors)
{
	return conf_set_state_dir(conf, text, errors);
}

static bool apply_predefined(void *conf, const char *text, struct conf_errors *errors)
{
	return conf_add_predefined(conf, text, errors);
}

static bool apply_admin(void *conf, const char *text, struct conf_errors *errors)
{
	return conf_set_admin(conf, text, errors);
}

static bool apply_set(void *conf, const char *text, struct conf_errors *errors)
{
	return settings_set(&((struct conf *)conf)->settings, "--set", text, errors);
}

static const struct options_row rows[] = {
	{ "listen", "ADDRESS:PORT", OPTION_SETTING, apply_listen, 0,
	    "take MQTT-SN over UDP here (may be repeated)" },
	{ "broker", "HOST[:PORT]", OPTION_SETTING, apply_broker, 0,
	    "the MQTT broker; the next ones (may be repeated) are\n" OPTIONS_INDENT
	    "used while those before cannot be reached" },
	{ "state-dir", "DIRECTORY", OPTION_SETTING, apply_state_dir, 0,
	    "keep sessions and messages here, over restarts" },
	{ "predefined", "[PATTERN:]ID=TOPIC", OPTION_SETTING, apply_predefined, 0,
	    "a predefined topic id, for all clients or those whose\n" OPTIONS_INDENT
	    "id matches (may be repeated)" },
	{ "admin", "ADDRESS:PORT|unix:/PATH", OPTION_SETTING, apply_admin, 0,
	    "serve metrics and the status page here, over HTTP" },
	{ "set", "PATH=VALUE", OPTION_SETTING, apply_set, 0,
	    "any setting of the configuration file, as in\n" OPTIONS_INDENT
	    "--set timers.retry=5 (may be repeated)" },
	{ "config", "FILE", OPTION_TEXT, NULL, offsetof(struct options, config),
	    "read this file first; the options above go over it" },
	{ "check-config", NULL, OPTION_FLAG, NULL, offsetof(struct options, check_config),
	    "print the configuration as it was understood, and end" },
	{ "list-sessions", NULL, OPTION_FLAG, NULL, offsetof(struct options, list_sessions),
	    "print the sessions in the state directory, and end" },
	{ "forget", "CLIENT-ID", OPTION_TEXT, NULL, offsetof(struct options, forget),
	    "forget the session of this client, and end; also while a\n" OPTIONS_INDENT
	    "gateway runs on the state directory" },
	{ "version", NULL, OPTION_FLAG, NULL, offsetof(struct options, version),
	    "print the version, and end" },
	{ "help", NULL, OPTION_FLAG, NULL, offsetof(struct options, help), "print this, and end" },
};

static const struct options_table table = { rows, sizeof rows / sizeof rows[0] };

bool options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){ 0 };
	return options_read(&table, o, &o->settings, argc, argv);
}

void options_free(struct options *o)
{
	options_settings_free(&o->settings);
}

bool options_apply(const struct options *o, struct conf *conf, struct conf_errors *errors)
{
	bool good = true;

	if (o->config != NULL)
		good = settings_load(&conf->settings, o->config, errors);
	return options_settings_apply(&o->settings, conf, errors) && good;
}

void options_print_help(FILE *to)
{
	fputs(
	    "Usage: mqttsn-gateway [OPTION]...\n"
	    "An MQTT-SN 1.2 gateway: sensors speak MQTT-SN over UDP to it, it speaks MQTT to a broker.\n\n",
	    to);
	options_print(&table, to);
	fputs(
	    "\nSettings that are not given have defaults; --check-config prints all with their meaning.\n",
	    to);
}
