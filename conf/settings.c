/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/settings.h"

#include "common/err.h"
#include "conf/record.h"

int settings_init(struct settings *settings, const struct schema *schema, void *base)
{
	*settings = (struct settings){ schema, base, origins_new() };
	return settings->origins != NULL ? record_init(schema, base) : -ERR_NOMEM;
}

void settings_clear(struct settings *settings)
{
	if (settings->schema != NULL)
		record_clear(settings->schema, settings->base);
	settings->origins = origins_free(settings->origins);
}

bool settings_given(const struct settings *settings, const char *path)
{
	return origins_find(settings->origins, path) != NULL;
}
