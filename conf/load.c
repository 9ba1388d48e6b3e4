/* SPDX-License-Identifier: BSD-3-Clause */
/* Settings from a file, in the syntax of libconfig. */
#include "conf/settings.h"

#include <libconfig.h>
#include <stdlib.h>

#include "conf/origin.h"
#include "conf/record.h"
#include "conf/setting.h"
#include "conf/source.h"

struct loader {
	struct settings *settings;
	const struct source *source;
	struct conf_errors *errors;
};

/* A setting of the file and where it stands. */
struct given {
	const config_setting_t *setting;
	char path[SETTING_PATH_MAX];
	char place[SOURCE_PLACE_MAX];
	struct conf_at at; /* place and path */
};

static void load_members(struct loader *l, const struct schema *schema, void *base,
    const char *path, const config_setting_t *group);

static void look_at(struct loader *l, struct given *g, const config_setting_t *setting,
    const char *group, const char *name)
{
	g->setting = setting;
	setting_path(g->path, group, name);
	source_place(l->source, config_setting_source_line(setting), g->place);
	g->at = (struct conf_at){ g->place, g->path };
}

static struct value value_of(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_BOOL:
		return (struct value){ VALUE_BOOL, .boolean = config_setting_get_bool(setting) };
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return (
		    struct value){ VALUE_INTEGER, .integer = config_setting_get_int64(setting) };
	case CONFIG_TYPE_FLOAT:
		return (struct value){ VALUE_REAL, .real = config_setting_get_float(setting) };
	case CONFIG_TYPE_STRING:
		return (struct value){ VALUE_TEXT, .text = config_setting_get_string(setting) };
	case CONFIG_TYPE_GROUP:
		return (struct value){ VALUE_GROUP };
	case CONFIG_TYPE_LIST:
		return (struct value){ VALUE_LIST };
	default:
		return (struct value){ VALUE_ARRAY, .texts = NULL }; /* its strings: texts_of() */
	}
}

/* The strings of an array; NULL if it holds something else, or when out of memory. */
static const char **texts_of(const config_setting_t *array)
{
	int n = config_setting_length(array);
	const char **texts = calloc((size_t)n + 1, sizeof *texts);

	for (int i = 0; texts != NULL && i < n; i++) {
		texts[i] = config_setting_get_string_elem(array, i);
		if (texts[i] == NULL) {
			free(texts);
			return NULL;
		}
	}
	return texts;
}

/* --- lists --- */

static void require(struct loader *l, const struct schema *schema, const struct given *element)
{
	char path[SETTING_PATH_MAX];

	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_row *row = &schema->rows[i];

		setting_path(path, element->path, row->name);
		if (row->required && origins_find(l->settings->origins, path) == NULL)
			conf_error(l->errors, &element->at, "\"%s\" is missing", row->name);
	}
}

static void load_element(
    struct loader *l, const struct schema_row *list, void *base, const config_setting_t *setting)
{
	struct given element;
	char number[24];
	void *record;

	snprintf(number, sizeof number, "%zu", record_list_count(list, base));
	look_at(l, &element, setting, list->name, number);
	if (!config_setting_is_group(setting)) {
		conf_error(l->errors, &element.at, "must be a group { ... }");
		return;
	}
	record = record_list_add(list, base);
	if (record == NULL) {
		conf_error(l->errors, &element.at, "out of memory");
		return;
	}
	if (!setting_mark(l->settings, &element.at, l->errors))
		return;
	load_members(l, &list->members, record, element.path, setting);
	require(l, &list->members, &element);
}

/* Replaces the elements that were there. */
static void load_list(
    struct loader *l, const struct schema_row *list, void *base, const struct given *given)
{
	unsigned n = (unsigned)config_setting_length(given->setting);
	char range[SCHEMA_RANGE_MAX];

	if (n < list->least || n > list->most) {
		conf_error(
		    l->errors, &given->at, "must be %s, not of %u", schema_range(list, range), n);
		return;
	}
	setting_empty(l->settings, list, base);
	for (unsigned i = 0; i < n; i++)
		load_element(l, list, base, config_setting_get_elem(given->setting, i));
}

/* --- all the rest --- */

static void load_row(
    struct loader *l, const struct schema_row *row, void *base, const struct given *given)
{
	struct value value = value_of(given->setting);
	const char **texts = value.kind == VALUE_ARRAY ? texts_of(given->setting) : NULL;

	if (texts != NULL)
		value.texts = texts;
	if (row->type == SCHEMA_GROUP && value.kind == VALUE_GROUP)
		load_members(l, &row->members, base, given->path, given->setting);
	else if (row->type == SCHEMA_LIST && value.kind == VALUE_LIST)
		load_list(l, row, base, given);
	else if (row->type == SCHEMA_GROUP || row->type == SCHEMA_LIST)
		value_wrong_type(row, &value, &given->at, l->errors);
	else
		setting_give(l->settings, row, base, &value, &given->at, l->errors);
	free(texts);
}

static void load_members(struct loader *l, const struct schema *schema, void *base,
    const char *path, const config_setting_t *group)
{
	unsigned n = (unsigned)config_setting_length(group);

	for (unsigned i = 0; i < n; i++) {
		const config_setting_t *setting = config_setting_get_elem(group, i);
		const char *name = config_setting_name(setting);
		const struct schema_row *row = schema_find(schema, name);
		struct given given;

		look_at(l, &given, setting, path, name);
		if (row != NULL)
			load_row(l, row, base, &given);
		else
			setting_unknown(schema, name, &given.at, l->errors);
	}
}

static void load_text(struct loader *l)
{
	config_t config;
	char place[SOURCE_PLACE_MAX];
	const struct conf_at at = { place, NULL };

	config_init(&config);
	/* libconfig 1.5 never frees a string that stands where none may: 64 octets a file. */
	if (config_read_string(&config, source_text(l->source))) {
		load_members(
		    l, l->settings->schema, l->settings->base, "", config_root_setting(&config));
	} else {
		source_place(l->source, (unsigned)config_error_line(&config), place);
		conf_error(l->errors, &at, "%s", config_error_text(&config));
	}
	config_destroy(&config);
}

bool settings_load(struct settings *settings, const char *path, struct conf_errors *errors)
{
	size_t before = conf_errors_count(errors);
	struct source *source = source_read(path, errors);
	struct loader loader = { settings, source, errors };

	if (source != NULL)
		load_text(&loader);
	source_free(source);
	return conf_errors_count(errors) == before;
}
