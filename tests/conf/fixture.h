/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the configuration share. */
#ifndef TESTS_CONF_FIXTURE_H
#define TESTS_CONF_FIXTURE_H

#include "gateway/conf/conf.h"
#include "conf/schema.h"

/* Makes a temporary folder the current one, and the end of it. */
void folder_enter(void);
void folder_leave(void);

/* Writes a file there. */
void folder_write(const char *name, const char *text);

/* The caller frees these texts. */
char *text_of_errors(const struct conf_errors *errors);
char *text_of_conf(const struct conf *conf);

/* All that is said when "t.conf" with this text is loaded and finished; "" if it is good. */
char *mistakes_in(const char *text);

/* A finished configuration from "t.conf" with this text; fails the test if there was a mistake. */
struct conf *conf_of(const char *text);

/* Calls @fn for each row that has a value, with a struct that holds it: @conf, or an element of a
 * list. */
typedef void row_fn(const struct schema_row *row, void *base);
void each_setting(struct conf *conf, row_fn *fn);

#endif
