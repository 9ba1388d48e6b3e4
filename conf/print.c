/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration in the syntax of the file, explained. */
#include "conf/print.h"

#include <string.h>

#include "conf/record.h"
#include "conf/settings.h"
#include "conf/value.h"

#define WIDTH 100 /* of a line; tabs count 8 */

struct printer {
	FILE *to;
	const char *prefix; /* "#" in a list that is there only as an example */
	int depth;
	bool sample; /* settings are commented out */
};

static void begin_line(const struct printer *p)
{
	fputs(p->prefix, p->to);
	for (int i = 0; i < p->depth; i++)
		fputc('\t', p->to);
}

/* @text as comment lines, broken between words. */
static void print_comment(const struct printer *p, const char *text)
{
	size_t room = WIDTH - 8 * (size_t)p->depth - 2;

	while (*text != '\0') {
		size_t len = strlen(text);

		if (len > room) {
			for (len = room; len > 0 && text[len] != ' ';)
				len--;
			if (len == 0)
				len = strcspn(text, " ");
		}
		begin_line(p);
		fprintf(p->to, "# %.*s\n", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
}

void print_facts(const struct schema_row *row, FILE *to)
{
	char range[SCHEMA_RANGE_MAX];

	fprintf(to, "%s; ", schema_range(row, range));
	if (row->required) {
		fputs("required", to);
	} else if (row->preset == NULL) {
		fputs("not set by default", to);
	} else {
		fputs("default ", to);
		value_print_preset(row, row->preset, to);
	}
}

static void print_assignment(
    const struct printer *p, const struct schema_row *row, const void *base)
{
	bool set = base != NULL && value_is_set(row, base);

	begin_line(p);
	if (set && row->type == SCHEMA_SECRET) {
		fprintf(p->to, "# %s is set and not shown\n", row->name);
		return;
	}
	if (!row->required && (!set || p->sample))
		fputc('#', p->to);
	fprintf(p->to, "%s = ", row->name);
	if (set)
		value_print(row, base, p->to);
	else
		value_print_preset(row, row->example != NULL ? row->example : row->preset, p->to);
	fputs(";\n", p->to);
}

static void print_members(
    const struct printer *p, const struct schema *schema, const void *base, bool explain);

static void print_group(const struct printer *p, const struct schema_row *group, const void *base)
{
	struct printer inner = *p;

	begin_line(p);
	fprintf(p->to, "%s = {\n", group->name);
	inner.depth++;
	print_members(&inner, &group->members, base, true);
	begin_line(p);
	fputs("};\n", p->to);
}

static void print_element(
    const struct printer *p, const struct schema *members, const void *base, bool explain)
{
	struct printer inner = *p;

	begin_line(p);
	fputs("{\n", p->to);
	inner.depth++;
	print_members(&inner, members, base, explain);
	begin_line(p);
	fputc('}', p->to);
}

/* The first element is explained, the others just listed; without elements there is an example. */
static void print_list(const struct printer *p, const struct schema_row *list, const void *base)
{
	size_t n = record_list_count(list, base);
	struct printer inner = *p;

	if (n == 0)
		inner.prefix = "#";
	begin_line(&inner);
	fprintf(p->to, "%s = (\n", list->name);
	inner.depth++;
	if (n == 0)
		print_element(&inner, &list->members, NULL, true);
	for (size_t i = 0; i < n; i++) {
		print_element(&inner, &list->members, record_list_get(list, base, i), i == 0);
		if (i + 1 < n)
			fputs(",\n", p->to);
	}
	fputc('\n', p->to);
	inner.depth--;
	begin_line(&inner);
	fputs(");\n", p->to);
}

static void explain_row(const struct printer *p, const struct schema_row *row)
{
	print_comment(p, row->help);
	if (row->type == SCHEMA_GROUP || row->type == SCHEMA_LIST)
		return;
	begin_line(p);
	fputs("# ", p->to);
	print_facts(row, p->to);
	fputc('\n', p->to);
}

/* @base NULL: as an example. */
static void print_members(
    const struct printer *p, const struct schema *schema, const void *base, bool explain)
{
	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_row *row = &schema->rows[i];

		if (explain && i > 0)
			fprintf(p->to, "%s\n", p->prefix);
		if (explain)
			explain_row(p, row);
		if (row->type == SCHEMA_GROUP)
			print_group(p, row, base);
		else if (row->type == SCHEMA_LIST)
			print_list(p, row, base);
		else
			print_assignment(p, row, base);
	}
}

void settings_print(const struct settings *settings, FILE *to)
{
	const struct printer p = { .to = to, .prefix = "" };

	print_members(&p, settings->schema, settings->base, true);
}

void settings_print_sample(const struct settings *defaults, const char *about, FILE *to)
{
	const struct printer p = { .to = to, .prefix = "", .sample = true };

	fputs(about, to);
	fputs(
	    "# A setting that is commented out has its default, or is not set where it has none.\n"
	    "# Lines that begin with '#' and no space are settings: take the '#' away and change "
	    "them.\n"
	    "\n",
	    to);
	print_members(&p, defaults->schema, defaults->base, true);
}
