/* SPDX-License-Identifier: BSD-3-Clause */
/* What every fuzz target has: the entry that libFuzzer and run_corpus.c call. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Returns 0; aborts if the code under test broke a promise. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* As assert(), but there in every build. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
