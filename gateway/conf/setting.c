/* SPDX-License-Identifier: BSD-3-Clause */
#include "gateway/conf/setting.h"

#include "gateway/conf/origin.h"
#include "gateway/conf/record.h"

const char *setting_path(char *buf, const char *group, const char *name)
{
	snprintf(buf, SETTING_PATH_MAX, "%s%s%s", group, *group != '\0' ? "." : "", name);
	return buf;
}

bool setting_mark(struct conf *conf, const struct conf_at *at, struct conf_errors *errors)
{
	if (origins_set(conf->origins, at->path, at->place) == 0)
		return true;
	conf_error(errors, at, "out of memory");
	return false;
}

bool setting_give(struct conf *conf, const struct schema_row *row, void *base,
    const struct value *value, const struct conf_at *at, struct conf_errors *errors)
{
	return setting_mark(conf, at, errors) && value_store(row, base, value, at, errors);
}

void setting_empty(struct conf *conf, const struct schema_row *list, void *base)
{
	record_list_cut(list, base, 0);
	origins_forget(conf->origins, list->name);
}

struct conf_at setting_at(const struct conf *conf, const char *path)
{
	return (struct conf_at){ origins_place(conf->origins, path), path };
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
