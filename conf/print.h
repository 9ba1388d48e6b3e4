/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef CONF_PRINT_H
#define CONF_PRINT_H

#include <stdio.h>

#include "conf/schema.h"

/* Prints what a setting may be and is: "1 to 255; default 1". */
void print_facts(const struct schema_row *row, FILE *to);

#endif
