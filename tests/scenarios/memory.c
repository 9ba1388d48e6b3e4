/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void nobody(bool spared)
{
	(void)spared;
}

static void (*spare_by)(bool) = nobody;

void memory_spared_by(void (*spare)(bool))
{
	spare_by = spare;
}

void *memory_check(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		exit(99);
	}
	return p;
}

void *memory_grow(void *p, size_t size)
{
	spare_by(true);
	p = realloc(p, size);
	spare_by(false);
	return memory_check(p);
}

void *memory_get(size_t size)
{
	return memset(memory_grow(NULL, size > 0 ? size : 1), 0, size);
}

char *memory_text(const char *text, size_t len)
{
	char *copy = memory_get(len + 1);

	return memcpy(copy, text, len);
}
