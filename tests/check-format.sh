#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every C file is as clang-format leaves it.  Versions of clang-format differ, so only the one of Debian 12 judges.

version=14
for candidate in "clang-format-$version" clang-format; do
	"$candidate" --version 2>/dev/null | grep -q "version $version\." && formatter=$candidate && break
done
if [ -z "${formatter-}" ]; then
	echo "skipped: no clang-format $version here"
	exit 77
fi

cd "$top_srcdir" || exit 99
# Below the top only, and no build folders: config.h is not ours.
find . -mindepth 2 ! -path './build*' ! -path './_*' -name '*.[ch]' -print0 |
	xargs -0 "$formatter" --dry-run -Werror
