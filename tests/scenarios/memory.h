/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation for a test program: out of memory ends it. */
#ifndef SCENARIOS_MEMORY_H
#define SCENARIOS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed. */
void *memory_get(size_t size);

void *memory_grow(void *p, size_t size);

/* A copy of the first @len octets, terminated. */
char *memory_text(const char *text, size_t len);

/* True within these functions: such an allocation is not the core's (failing.h). */
bool memory_is_ours(void);

/* @p, or the end of the program if it is NULL. */
void *memory_check(void *p);

#endif
