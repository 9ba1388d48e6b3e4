#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every fuzz target on every file of its corpus: tests/fuzz/corpus/NAME belongs to fuzz_NAME.c.

for corpus in "$top_srcdir"/tests/fuzz/corpus/*/; do
	name=$(basename "$corpus")
	"$top_builddir/tests/fuzz/corpus_$name" "${corpus%/}" || exit 1
done
