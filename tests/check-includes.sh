#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Compares every #include below the top with check-includes.table.
# check-includes.sh [TREE]

table=$(cd "$(dirname "$0")" && pwd)/check-includes.table

cd "${1:-${top_srcdir:-.}}" || exit 99
# Below the top only, and no build folders: config.h is not ours.
find . -mindepth 2 ! -path './build*' ! -path './_*' -name '*.[ch]' -print | sort |
	sed 's,^\./,,' | xargs awk '
	function is_of(pattern, name) {
		gsub(/[.+]/, "[&]", pattern)
		gsub(/\*/, ".*", pattern)
		return name ~ "^" pattern "$"
	}
	function allowed(row, name,    list, n, i) {
		n = split(may[row], list, " ")
		for (i = 1; i <= n; i++) {
			if (list[i] ~ /^\$/ ? allowed(list[i], name) : is_of(list[i], name))
				return 1
		}
		return 0
	}
	function refuse(why) {
		print FILENAME ":" FNR ": " why
		bad = 1
	}

	FILENAME == ARGV[1] {
		if ($0 !~ /^#/ && NF > 0) {
			row = $1
			$1 = ""
			sub(/^ = /, "")
			may[row] = may[row] " " $0
		}
		next
	}
	FNR == 1 {
		row = FILENAME
		if (!(row in may))
			sub(/[^\/]*$/, "", row)
		if (!(row in may))
			refuse(row " has no line in the table")
	}
	/^[ \t]*#[ \t]*include/ && (row in may) {
		name = $0
		sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
		if (name !~ /^(<[^>]*>|"[^"]*")/)
			refuse("no file name: " $0)
		else if (!allowed(row, substr(name, 2, match(substr(name, 2), /[>"]/) - 1)))
			refuse(row " may not include " name)
	}
	END { exit bad }
	' "$table"
