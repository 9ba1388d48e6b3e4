#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every source, script and makefile says its licence in its first lines (data, such as scenarios, need not).
# check-spdx.sh [TREE]

source='[.]([ch]|sh|py|awk|am|ac|inc|m4|table|conf|service)$|[.]clang-format$'

cd "${1:-${top_srcdir:-.}}" || exit 99
# In a clone what git knows.  In a tarball the files in it, by name only: what autotools and make have put
# beside them are scripts too.
if [ -e .git ] && files=$(git ls-files); then
	scripts='^#!'
else
	files=$(find . \( -path './build*' -o -path './_*' -o -path './m4' -o -path './aclocal.m4' \
		-o -path './config.h' \) -prune -o -type f -print)
	scripts='^$.'
fi
printf '%s\n' "$files" | xargs awk -v source="$source" -v scripts="$scripts" '
	function judge() {
		if (wanted && !found) {
			print name ": no SPDX-License-Identifier: BSD-3-Clause"
			bad = 1
		}
	}
	FNR == 1 {
		judge()
		name = FILENAME
		wanted = name ~ source || $0 ~ scripts
		found = 0
	}
	FNR > 3 { nextfile }
	/SPDX-License-Identifier: BSD-3-Clause/ { found = 1 }
	END { judge(); exit bad }'
