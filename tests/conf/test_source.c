/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/source.h"
#include "tests/conf/fixture.h"

TestSuite(source, .init = folder_enter, .fini = folder_leave);

/* Reads t.conf and expects these messages. */
static struct source *read_with(const char *expected)
{
	struct conf_errors *errors = conf_errors_new();
	struct source *source = source_read("t.conf", errors);
	char *text = text_of_errors(errors);

	cr_assert_str_eq(text, expected);
	free(text);
	conf_errors_free(errors);
	return source;
}

static void expect_text(const char *in, const char *out)
{
	struct source *source;

	folder_write("t.conf", in);
	source = read_with("");
	cr_assert_str_eq(source_text(source), out);
	source_free(source);
}

Test(source, text_is_as_it_was)
{
	static const char text[] = "# 99999999999 /* \"\n"
	                           "a = 1; b = -2; // 99999999999 \"\n"
	                           "c : \"99999999999 # /* \\\" \\\\\"; /* 99999999999\n"
	                           " \" # // */ d = [ 1, 2 ];\r\n"
	                           "e_9999999999 = { x-99999999999 = true; *3 = 0; };\n"
	                           "@includes = 5;\n";

	expect_text(text, text);
	expect_text("", "");
}

Test(source, the_last_line_gets_its_end)
{
	expect_text("a = 1", "a = 1\n");
}

Test(source, large_integers_get_their_suffix)
{
	expect_text("a = 2147483647;\n", "a = 2147483647;\n");
	expect_text("a = 2147483648;\n", "a = 2147483648L;\n");
	expect_text("a=-99999999999;\n", "a=-99999999999L;\n");
	expect_text("a=99999999999999999999999999;\n", "a=99999999999999999999999999L;\n");
	expect_text("a=99999999999L; b=99999999999LL;\n", "a=99999999999L; b=99999999999LL;\n");
	expect_text("a=0x7fffffff; b=0X80000000;\n", "a=0x7fffffff; b=0X80000000L;\n");
	expect_text("a=[99999999999]\n", "a=[99999999999L]\n");
	expect_text("99999999999", "99999999999L\n");
}

Test(source, fractions_get_none)
{
	static const char text[] = "a = 99999999999.5; b = .99999999999; c = 99999999999e-3;\n"
	                           "d = 1.99999999999E+9999999999; e = 99999999999.;\n";

	expect_text(text, text);
}

static void expect_place(const struct source *source, unsigned line, const char *expected)
{
	char place[SOURCE_PLACE_MAX];

	cr_assert_str_eq(source_place(source, line, place), expected, "line %u: %s", line, place);
}

Test(source, files_are_put_where_they_are_included)
{
	struct source *source;

	cr_assert_eq(mkdir("sub", 0700), 0);
	folder_write("sub/a.conf", "a1\n@include \"b.conf\"\na3");
	folder_write("sub/b.conf", "\nb2\n");
	folder_write("t.conf", "t1\n \t@include\t\"sub/a.conf\" # why\nt3\n");
	source = read_with("");
	cr_assert_str_eq(source_text(source), "t1\na1\n\nb2\n\na3\n # why\nt3\n");
	expect_place(source, 1, "t.conf:1");
	expect_place(source, 2, "sub/a.conf:1");
	expect_place(source, 3, "sub/b.conf:1");
	expect_place(source, 4, "sub/b.conf:2");
	expect_place(source, 5, "sub/a.conf:2");
	expect_place(source, 6, "sub/a.conf:3");
	expect_place(source, 7, "t.conf:2");
	expect_place(source, 8, "t.conf:3");
	expect_place(source, 9, "t.conf:3"); /* beyond the end */
	source_free(source);
}

Test(source, a_path_from_the_root_stays_one)
{
	char *path = realpath(".", NULL);
	char *text;

	cr_assert_eq(mkdir("sub", 0700), 0);
	cr_assert_gt(asprintf(&text, "@include \"%s/a.conf\"\n", path), 0);
	folder_write("a.conf", "a1\n");
	folder_write("sub/b.conf", text);
	expect_text("@include \"sub/b.conf\"\n", "a1\n\n\n");
	free(text);
	free(path);
}

Test(source, only_a_line_of_its_own_includes)
{
	static const char text[] = "a @include \"nope\"\n"
	                           "/*\n"
	                           "@include \"nope\"\n"
	                           "*/\n"
	                           "b = \"\n"
	                           "@include \\\"nope\\\"\n"
	                           "\";\n"
	                           "# @include \"nope\"\n"
	                           "@include nope\n"
	                           "@include \"nope\n";

	folder_write("t.conf", text);
	cr_assert_null(read_with("t.conf:10: this string has no end\n"));
}

Test(source, what_has_no_end_is_a_mistake)
{
	folder_write("t.conf", "a = 1;\n\nb = 2; /* c\nd\n");
	cr_assert_null(read_with("t.conf:3: this comment has no end\n"));
	folder_write("t.conf", "a = 1;\nb = \"x;\nc = 3;\n");
	cr_assert_null(read_with("t.conf:2: this string has no end\n"));
	folder_write("t.conf", "a = \"\\");
	cr_assert_null(read_with("t.conf:1: this string has no end\n"));
	folder_write("t.conf", "/*/");
	cr_assert_null(read_with("t.conf:1: this comment has no end\n"));
}

Test(source, files_that_cannot_be_read_are_left_out)
{
	struct source *source;

	cr_assert_eq(mkdir("dir", 0700), 0);
	folder_write("t.conf", "a\n@include \"nope\"\n@include \"dir\"\nb\n");
	source = read_with("t.conf:2: cannot read \"nope\": No such file or directory\n"
	                   "t.conf:3: cannot read \"dir\": Is a directory\n");
	cr_assert_str_eq(source_text(source), "a\n\n\nb\n");
	source_free(source);
}

Test(source, a_file_that_is_not_there)
{
	struct source *source =
	    read_with("t.conf: cannot read \"t.conf\": No such file or directory\n");

	cr_assert_str_eq(source_text(source), "");
	source_free(source);
}

Test(source, files_cannot_include_each_other_for_ever)
{
	struct source *source;

	/* Ten deep is fine. */
	folder_write("t.conf", "@include \"2.conf\"\n");
	for (int i = 2; i < 10; i++) {
		char name[24], text[48];

		snprintf(name, sizeof name, "%d.conf", i);
		snprintf(text, sizeof text, "@include \"%d.conf\"\n", i + 1);
		folder_write(name, text);
	}
	folder_write("10.conf", "end");
	source = read_with("");
	cr_assert_str_eq(source_text(source), "end\n\n\n\n\n\n\n\n\n\n");
	source_free(source);

	folder_write("10.conf", "@include \"11.conf\"\n");
	folder_write("11.conf", "end");
	cr_assert_null(read_with("10.conf:1: more than 10 files include each other\n"));

	folder_write("t.conf", "@include \"u.conf\"\n");
	folder_write("u.conf", "\n@include \"t.conf\"\n");
	cr_assert_null(read_with("u.conf:2: more than 10 files include each other\n"));
}

Test(source, octets_that_are_no_text)
{
	FILE *file = fopen("t.conf", "w");

	cr_assert_eq(fwrite("a = 1;\0b = 2;\n", 1, 14, file), 14);
	fclose(file);
	source_free(read_with("t.conf: \"t.conf\" is no text file\n"));
}

Test(source, a_file_without_end)
{
	struct conf_errors *errors = conf_errors_new();
	struct source *source = source_read("/dev/zero", errors);
	char *text = text_of_errors(errors);

	cr_assert_str_eq(text, "/dev/zero: cannot read \"/dev/zero\": File too large\n");
	free(text);
	source_free(source);
	conf_errors_free(errors);
}

Test(source, long_files)
{
	size_t lines = 20000, len = 0;
	char *text = malloc(lines * 20);
	struct source *source;

	for (size_t i = 0; i < lines; i++)
		len += (size_t)sprintf(text + len, "a%zu = %zu;\n", i, i);
	folder_write("t.conf", text);
	source = read_with("");
	cr_assert_str_eq(source_text(source), text);
	expect_place(source, 19999, "t.conf:19999");
	source_free(source);
	free(text);
}
