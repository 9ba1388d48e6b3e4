/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "tests/conf/fixture.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/record.h"

void folder_enter(void)
{
	char path[] = "/tmp/conf-test-XXXXXX";

	cr_assert_not_null(mkdtemp(path));
	cr_assert_eq(chdir(path), 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

void folder_leave(void)
{
	char *path = getcwd(NULL, 0);

	cr_assert_not_null(path);
	cr_assert_eq(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(path);
}

void folder_write(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	cr_assert_not_null(file);
	cr_assert_geq(fputs(text, file), 0);
	cr_assert_eq(fclose(file), 0);
}

char *text_of_errors(const struct conf_errors *errors)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	cr_assert_not_null(to);
	conf_errors_print(errors, to);
	fclose(to);
	return text;
}

char *text_of_conf(const struct conf *conf)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	cr_assert_not_null(to);
	conf_print(conf, to);
	fclose(to);
	return text;
}

static bool load_and_finish(struct conf *conf, const char *text, struct conf_errors *errors)
{
	bool good;

	cr_assert_not_null(conf);
	cr_assert_not_null(errors);
	folder_write("t.conf", text);
	good = conf_load(conf, "t.conf", errors);
	good &= conf_finish(conf, errors);
	cr_assert_eq(good, conf_errors_count(errors) == 0);
	return good;
}

char *mistakes_in(const char *text)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();
	char *mistakes;

	load_and_finish(conf, text, errors);
	mistakes = text_of_errors(errors);
	conf_errors_free(errors);
	conf_free(conf);
	return mistakes;
}

struct conf *conf_of(const char *text)
{
	struct conf *conf = conf_new();
	struct conf_errors *errors = conf_errors_new();
	char *mistakes;

	load_and_finish(conf, text, errors);
	mistakes = text_of_errors(errors);
	cr_assert_str_eq(mistakes, "");
	free(mistakes);
	conf_errors_free(errors);
	return conf;
}

static void each_in(const struct schema *schema, void *base, row_fn *fn)
{
	for (size_t i = 0; i < schema->n; i++) {
		const struct schema_row *row = &schema->rows[i];

		if (row->type == SCHEMA_GROUP) {
			each_in(&row->members, base, fn);
		} else if (row->type == SCHEMA_LIST) {
			each_in(&row->members, record_list_add(row, base), fn);
		} else {
			fn(row, base);
		}
	}
}

void each_setting(struct conf *conf, row_fn *fn)
{
	each_in(schema_conf(), conf, fn);
}
