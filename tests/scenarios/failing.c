/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/scenarios/failing.h"

#include <errno.h>
#include <stddef.h>

/* volatile: a compiler that knows malloc() believes that nobody looks at this in there. */
static volatile struct {
	long left;
	bool armed;
	bool spared;
	bool happened;
} failing;

void failing_set(long n)
{
	failing.left = n;
	failing.happened = false;
}

void failing_arm(bool armed)
{
	failing.armed = armed;
}

void failing_spare(bool spared)
{
	failing.spared = spared;
}

bool failing_happened(void)
{
	return failing.happened;
}

static bool fails(void)
{
	if (!failing.armed || failing.spared || failing.left == 0 || --failing.left > 0)
		return false;
	failing.happened = true;
	errno = ENOMEM;
	return true;
}

/* The linker gives NAME the name __real_NAME, and calls of NAME come to __wrap_NAME. */
#define WRAP(type, name, parameters, arguments)                                                    \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fails() ? NULL : __real_##name arguments;                                   \
	}

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t n, size_t size), (n, size))
WRAP(void *, realloc, (void *p, size_t size), (p, size))
WRAP(void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size))
WRAP(char *, strdup, (const char *text), (text))
WRAP(char *, strndup, (const char *text, size_t size), (text, size))
