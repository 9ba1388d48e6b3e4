/* SPDX-License-Identifier: BSD-3-Clause */
/* A port that writes down what it is told: a line for each piece, without times. */
#ifndef TESTS_STORE_DUMP_H
#define TESTS_STORE_DUMP_H

#include "gateway/core/store.h"

struct dump {
	char **lines;
	size_t n;
};

struct gw_store dump_port(struct dump *dump);

/* All lines, sorted; freed by the caller.  Empties @dump. */
char *dump_text(struct dump *dump);

/* The same as they came. */
char *dump_in_order(struct dump *dump);

#endif
