/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/conf/conf.h"

#include <stdlib.h>

#include "gateway/conf/origin.h"
#include "gateway/conf/record.h"

struct conf *conf_new(void)
{
	struct conf *conf = calloc(1, sizeof *conf);

	if (conf == NULL)
		return NULL;
	conf->origins = origins_new();
	if (conf->origins == NULL || record_init(schema_conf(), conf) < 0)
		return conf_free(conf);
	return conf;
}

struct conf *conf_free(struct conf *conf)
{
	if (conf == NULL)
		return NULL;
	record_clear(schema_conf(), conf);
	topic_predef_free(conf->core_predefined);
	free(conf->core_listeners);
	free(conf->core_client_id);
	origins_free(conf->origins);
	free(conf);
	return NULL;
}
