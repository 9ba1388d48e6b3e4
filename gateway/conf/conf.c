/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/conf/conf.h"

#include <stdlib.h>

struct conf *conf_new(void)
{
	struct conf *conf = calloc(1, sizeof *conf);

	if (conf == NULL)
		return NULL;
	if (settings_init(&conf->settings, schema_conf(), conf) < 0)
		return conf_free(conf);
	return conf;
}

struct conf *conf_free(struct conf *conf)
{
	if (conf == NULL)
		return NULL;
	settings_clear(&conf->settings);
	logins_clear(&conf->logins);
	topic_predef_free(conf->core_predefined);
	for (size_t i = 0; i < conf->n_fallbacks; i++)
		free(conf->fallbacks[i].host);
	free(conf->fallbacks);
	free(conf->core_listeners);
	free(conf->core_client_id);
	free(conf);
	return NULL;
}

bool conf_load(struct conf *conf, const char *path, struct conf_errors *errors)
{
	return settings_load(&conf->settings, path, errors);
}

bool conf_set(
    struct conf *conf, const char *option, const char *assignment, struct conf_errors *errors)
{
	return settings_set(&conf->settings, option, assignment, errors);
}

void conf_print(const struct conf *conf, FILE *to)
{
	settings_print(&conf->settings, to);
}

void conf_print_sample(const struct conf *defaults, FILE *to)
{
	settings_print_sample(&defaults->settings,
	    "# SPDX-License-Identifier: BSD-3-Clause\n"
	    "# Configuration of mqttsn-gateway, explained in mqttsn-gateway.conf(5).\n",
	    to);
}
