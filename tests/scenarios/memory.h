/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation for a test program: out of memory ends it. */
#ifndef SCENARIOS_MEMORY_H
#define SCENARIOS_MEMORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void *memory_check(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		exit(99);
	}
	return p;
}

#endif
