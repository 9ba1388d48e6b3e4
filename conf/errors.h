/* SPDX-License-Identifier: BSD-3-Clause */
/* The mistakes in a configuration: a list of messages for people, each a line "FILE:LINE: text" or
 * "--option: text". */
#ifndef CONF_ERRORS_H
#define CONF_ERRORS_H

#include <stddef.h>
#include <stdio.h>

struct conf_errors;

/* NULL when out of memory. */
struct conf_errors *conf_errors_new(void);

/* NULL is fine; returns NULL. */
struct conf_errors *conf_errors_free(struct conf_errors *errors);

size_t conf_errors_count(const struct conf_errors *errors);
void conf_errors_print(const struct conf_errors *errors, FILE *to);

/* The same to the log, as errors. */
void conf_errors_log(const struct conf_errors *errors);

/* To whoever has started the program: on standard error, or in the journal with their priority. */
void conf_errors_tell(const struct conf_errors *errors);

/* What a message is about. */
struct conf_at {
	const char *place; /* "FILE:LINE", "FILE", "--option" or "default" */
	const char *path;  /* "timers.retry"; NULL: no setting in particular */
};

/* Adds "PLACE: PATH: text"; without memory for it, it is still counted.  @errors NULL: nobody wants
 * to know. */
void conf_error(struct conf_errors *errors, const struct conf_at *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
