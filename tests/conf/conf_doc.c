/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the documents say of the settings, from the schema:
 *     conf_doc PROGRAM sample    the shipped configuration file
 *     conf_doc PROGRAM manual    the settings in the manual page
 * and whether an example in them is good:
 *     conf_doc PROGRAM check FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/print.h"
#include "conf/schema.h"
#include "forwarder/conf/conf.h"
#include "gateway/conf/conf.h"

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

static void print_manual(const struct schema *all)
{
	for (size_t i = 0; i < all->n; i++)
		print_section(&all->rows[i], "");
}

/* --- the programs --- */

static void gateway_sample(void)
{
	struct conf *defaults = conf_new();

	if (defaults == NULL)
		exit(EXIT_FAILURE);
	conf_print_sample(defaults, stdout);
	conf_free(defaults);
}

static bool gateway_check(const char *path, struct conf_errors *errors)
{
	struct conf *conf = conf_new();
	bool good;

	if (conf == NULL)
		exit(EXIT_FAILURE);
	good = conf_load(conf, path, errors);
	good &= conf_finish(conf, errors);
	conf_free(conf);
	return good;
}

static void forwarder_sample(void)
{
	struct fwd_conf *defaults = fwd_conf_new();

	if (defaults == NULL)
		exit(EXIT_FAILURE);
	fwd_conf_print_sample(defaults, stdout);
	fwd_conf_free(defaults);
}

static bool forwarder_check(const char *path, struct conf_errors *errors)
{
	struct fwd_conf *conf = fwd_conf_new();
	bool good;

	if (conf == NULL)
		exit(EXIT_FAILURE);
	good = settings_load(&conf->settings, path, errors);
	good &= fwd_conf_finish(conf, errors);
	fwd_conf_free(conf);
	return good;
}

static const struct program {
	const char *name;
	const struct schema *(*schema)(void);
	const struct schema *(*other_file)(void); /* that it reads; NULL: none */
	void (*sample)(void);
	bool (*check)(const char *path, struct conf_errors *errors);
} programs[] = {
	{ "gateway", schema_conf, schema_logins, gateway_sample, gateway_check },
	{ "forwarder", fwd_conf_schema, NULL, forwarder_sample, forwarder_check },
};

static const struct program *find(const char *name)
{
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		if (strcmp(programs[i].name, name) == 0)
			return &programs[i];
	}
	return NULL;
}

static bool check(const struct program *program, const char *path)
{
	struct conf_errors *errors = conf_errors_new();
	bool good;

	if (errors == NULL)
		exit(EXIT_FAILURE);
	good = program->check(path, errors);
	conf_errors_print(errors, stderr);
	conf_errors_free(errors);
	return good;
}

int main(int argc, char **argv)
{
	const struct program *program = argc > 1 ? find(argv[1]) : NULL;
	const char *what = argc > 2 ? argv[2] : "";

	if (program != NULL && argc == 3 && strcmp(what, "sample") == 0) {
		program->sample();
	} else if (program != NULL && argc == 3 && strcmp(what, "manual") == 0) {
		print_manual(program->schema());
		if (program->other_file != NULL)
			print_manual(program->other_file());
	} else if (program != NULL && argc == 4 && strcmp(what, "check") == 0) {
		return check(program, argv[3]) ? EXIT_SUCCESS : EXIT_FAILURE;
	} else {
		fputs("usage: conf_doc gateway|forwarder sample|manual|check FILE\n", stderr);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
