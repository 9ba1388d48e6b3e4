#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Instructions that the core takes for each operation (bench_core, counted by callgrind) beside those recorded in
# budget.table: one that has doubled fails.  With --record it prints a new table instead.
set -eu

table=$top_srcdir/tests/core/budget.table
bench=$top_builddir/tests/core/bench_core

command -v valgrind >/dev/null || { echo "no valgrind"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Each call of measure() leaves a file of its own, numbered; bench_core tells in the same order what it measured.
valgrind -q --tool=callgrind --callgrind-out-file="$scratch/counted" \
	--zero-before=measure --dump-after=measure "$bench" 2>/dev/null >"$scratch/operations"

part=0
while read -r name times _; do
	part=$((part + 1))
	total=$(sed -n 's/^summary: //p' "$scratch/counted.$part")
	echo "$name $((total / times))"
done <"$scratch/operations" >"$scratch/now"

if [ "${1-}" = --record ]; then
	sed -n '/^#/p' "$table"
	cat "$scratch/now"
	exit
fi

awk '
	FNR == NR { if ($0 !~ /^#/) budget[$1] = $2; next }
	!($1 in budget) { print $1 ": not in the table"; wrong = 1; next }
	{ printf "%-34s %6d of %6d\n", $1, $2, budget[$1] }
	$2 > 2 * budget[$1] { print $1 ": more than twice its budget"; wrong = 1 }
	2 * $2 < budget[$1] { print $1 ": less than half its budget: time to record it anew" }
	{ delete budget[$1] }
	END {
		for (name in budget) {
			print name ": not measured"
			wrong = 1
		}
		exit wrong
	}
' "$table" "$scratch/now"
