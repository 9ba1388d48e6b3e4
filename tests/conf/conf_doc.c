/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the documents say of the settings, from the schema:
 *     conf_doc sample    the shipped configuration file
 *     conf_doc manual    the settings in the manual page
 * and whether an example in them is good:
 *     conf_doc check FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/conf/conf.h"
#include "conf/print.h"
#include "conf/schema.h"

/* Text for troff. */
static void print_troff(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text != '\0'; text++) {
		if (*text == '\\')
			fputs("\\e", stdout);
		else if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '"')
			fputs("\\(dq", stdout);
		else if (*text == '\'')
			fputs("\\(aq", stdout);
		else
			putchar(*text);
	}
}

static void print_row(const struct schema_row *row)
{
	char *facts = NULL;
	size_t len;
	FILE *to = open_memstream(&facts, &len);

	if (to == NULL)
		exit(EXIT_FAILURE);
	print_facts(row, to);
	fclose(to);

	printf(".TP\n.B %s\n", row->name);
	print_troff(facts);
	puts("\n.br");
	print_troff(row->help);
	putchar('\n');
	free(facts);
}

/* The settings of a section, then the groups in it. */
static void print_section(const struct schema_row *section, const char *around)
{
	const struct schema *members = &section->members;
	char path[64];

	snprintf(path, sizeof path, "%s%s%s", around, *around != '\0' ? "." : "", section->name);
	printf(".SS %s\n", path);
	print_troff(section->help);
	putchar('\n');
	for (size_t i = 0; i < members->n; i++) {
		if (members->rows[i].type != SCHEMA_GROUP)
			print_row(&members->rows[i]);
	}
	for (size_t i = 0; i < members->n; i++) {
		if (members->rows[i].type == SCHEMA_GROUP)
			print_section(&members->rows[i], path);
	}
}

static void print_manual(void)
{
	const struct schema *all = schema_conf();

	for (size_t i = 0; i < all->n; i++)
		print_section(&all->rows[i], "");
}

static void print_sample(void)
{
	struct conf *defaults = conf_new();

	if (defaults == NULL)
		exit(EXIT_FAILURE);
	conf_print_sample(defaults, stdout);
	conf_free(defaults);
}

static bool check(const char *path)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();
	bool good;

	if (conf == NULL || errors == NULL)
		exit(EXIT_FAILURE);
	good = conf_load(conf, path, errors);
	good &= conf_finish(conf, errors);
	conf_errors_print(errors, stderr);
	conf_errors_free(errors);
	conf_free(conf);
	return good;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 2 && strcmp(what, "sample") == 0) {
		print_sample();
	} else if (argc == 2 && strcmp(what, "manual") == 0) {
		print_manual();
	} else if (argc == 3 && strcmp(what, "check") == 0) {
		return check(argv[2]) ? EXIT_SUCCESS : EXIT_FAILURE;
	} else {
		fputs("usage: conf_doc sample | manual | check FILE\n", stderr);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
