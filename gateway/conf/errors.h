/* SPDX-License-Identifier: BSD-3-Clause */
/* Adding to the list of mistakes (struct conf_errors of conf.h). */
#ifndef CONF_ERRORS_H
#define CONF_ERRORS_H

#include "gateway/conf/conf.h"

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
