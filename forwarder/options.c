/* SPDX-License-Identifier: BSD-3-Clause */
#include "forwarder/options.h"

static bool apply_gateway(void *conf, const char *text, struct conf_errors *errors)
{
	return fwd_conf_add_gateway(conf, text, errors);
}

static bool apply_listen(void *conf, const char *text, struct conf_errors *errors)
{
	return fwd_conf_add_listener(conf, text, errors);
}

static bool apply_serial(void *conf, const char *text, struct conf_errors *errors)
{
	return fwd_conf_add_serial(conf, text, errors);
}

static bool apply_set(void *conf, const char *text, struct conf_errors *errors)
{
	return settings_set(&((struct fwd_conf *)conf)->settings, "--set", text, errors);
}

static const struct options_row rows[] = {
	{ "gateway", "ADDRESS[:PORT]", OPTION_SETTING, apply_gateway, 0,
	    "an MQTT-SN gateway; the most preferred one first\n" OPTIONS_INDENT
	    "(may be repeated)" },
	{ "listen", "ADDRESS:PORT", OPTION_SETTING, apply_listen, 0,
	    "take MQTT-SN of nodes over UDP here (may be repeated)" },
	{ "serial", "DEVICE[,FRAMING[,SPEED]]", OPTION_SETTING, apply_serial, 0,
	    "take MQTT-SN of nodes on a serial line here: framing\n" OPTIONS_INDENT
	    "slip, hdlc or plain (may be repeated)" },
	{ "set", "PATH=VALUE", OPTION_SETTING, apply_set, 0,
	    "any setting of the configuration file, as in\n" OPTIONS_INDENT
	    "--set nodes.limit=500 (may be repeated)" },
	{ "config", "FILE", OPTION_TEXT, NULL, offsetof(struct options, config),
	    "read this file first; the options above go over it" },
	{ "check-config", NULL, OPTION_FLAG, NULL, offsetof(struct options, check_config),
	    "print the configuration as it was understood, and end" },
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

bool options_apply(const struct options *o, struct fwd_conf *conf, struct conf_errors *errors)
{
	bool good = true;

	if (o->config != NULL)
		good = settings_load(&conf->settings, o->config, errors);
	return options_settings_apply(&o->settings, conf, errors) && good;
}

void options_print_help(FILE *to)
{
	fputs(
	    "Usage: mqttsn-forwarder [OPTION]...\n"
	    "An MQTT-SN 1.2 forwarder: passes the frames of radios, serial lines and networks of nodes to a gateway.\n\n",
	    to);
	options_print(&table, to);
	fputs(
	    "\nSettings that are not given have defaults; --check-config prints all with their meaning.\n",
	    to);
}
