/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation for a test program: out of memory ends it. */
#ifndef SCENARIOS_MEMORY_H
#define SCENARIOS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* From now on @spare is called with true before each allocation and with false after it: the way to
 * keep these from failing.h. */
void memory_spared_by(void (*spare)(bool));

/* Zeroed. */
void *memory_get(size_t size);

void *memory_grow(void *p, size_t size);

/* A copy of the first @len octets, terminated. */
char *memory_text(const char *text, size_t len);

/* @p, or the end of the program if it is NULL. */
void *memory_check(void *p);

#endif
