/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

struct options_setting {
	options_apply_fn *apply;
	const char *text;
};

static void take(
    const struct options_row *row, const char *text, void *into, struct options_settings *settings)
{
	void *member = (char *)into + row->offset;

	switch (row->kind) {
	case OPTION_SETTING:
		settings->list[settings->n++] = (struct options_setting){ row->apply, text };
		break;
	case OPTION_TEXT:
		*(const char **)member = text;
		break;
	case OPTION_FLAG:
		*(bool *)member = true;
		break;
	}
}

/* For getopt_long(), or NULL when out of memory. */
static struct option *long_options(const struct options_table *table)
{
	struct option *options = calloc(table->n + 1, sizeof *options);

	for (size_t i = 0; options != NULL && i < table->n; i++) {
		options[i].name = table->rows[i].name;
		options[i].has_arg =
		    table->rows[i].argument != NULL ? required_argument : no_argument;
	}
	return options;
}

bool options_read(const struct options_table *table, void *into, struct options_settings *settings,
    int argc, char **argv)
{
	struct option *options = long_options(table);
	bool good = true;
	int c, index;

	*settings = (struct options_settings){ calloc((size_t)argc, sizeof *settings->list), 0 };
	if (options == NULL || settings->list == NULL) {
		perror(argv[0]);
		free(options);
		return false;
	}
	while ((c = getopt_long(argc, argv, "", options, &index)) != -1) {
		if (c == 0)
			take(&table->rows[index], optarg, into, settings);
		else
			good = false; /* getopt_long() has told why */
	}
	for (; optind < argc; optind++) {
		fprintf(stderr, "%s: unexpected argument '%s'\n", argv[0], argv[optind]);
		good = false;
	}
	free(options);
	return good;
}

void options_settings_free(struct options_settings *settings)
{
	free(settings->list);
	*settings = (struct options_settings){ 0 };
}

bool options_settings_apply(
    const struct options_settings *settings, void *conf, struct conf_errors *errors)
{
	bool good = true;

	for (size_t i = 0; i < settings->n; i++)
		good = settings->list[i].apply(conf, settings->list[i].text, errors) && good;
	return good;
}

void options_print(const struct options_table *table, FILE *to)
{
	int column = (int)strlen(OPTIONS_INDENT);

	for (size_t i = 0; i < table->n; i++) {
		const struct options_row *r = &table->rows[i];
		int width = fprintf(to, "  --%s%s%s", r->name, r->argument != NULL ? " " : "",
		    r->argument != NULL ? r->argument : "");

		fprintf(to, "%*s%s\n", width < column ? column - width : 1, "", r->help);
	}
}
