/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/setting.h"

#include "conf/origin.h"
#include "conf/record.h"

const char *setting_path(char *buf, const char *group, const char *name)
{
	snprintf(buf, SETTING_PATH_MAX, "%s%s%s", group, *group != '\0' ? "." : "", name);
	return buf;
}

bool setting_mark(struct settings *settings, const struct conf_at *at, struct conf_errors *errors)
{
	if (origins_set(settings->origins, at->path, at->place) == 0)
		return true;
	conf_error(errors, at, "out of memory");
	return false;
}

bool setting_give(struct settings *settings, const struct schema_row *row, void *base,
    const struct value *value, const struct conf_at *at, struct conf_errors *errors)
{
	return setting_mark(settings, at, errors) && value_store(row, base, value, at, errors);
}

void setting_empty(struct settings *settings, const struct schema_row *list, void *base)
{
	record_list_cut(list, base, 0);
	origins_forget(settings->origins, list->name);
}

struct conf_at setting_at(const struct settings *settings, const char *path)
{
	return (struct conf_at){ origins_place(settings->origins, path), path };
}

void setting_unknown(const struct schema *schema, const char *name, const struct conf_at *at,
    struct conf_errors *errors)
{
	const struct schema_row *near = schema_nearest(schema, name);

	if (near != NULL)
		conf_error(errors, at, "no such setting; did you mean \"%s\"?", near->name);
	else
		conf_error(errors, at, "no such setting");
}
