#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# doc/protocol-coverage.md has a row for each rule that check-coverage.areas counts, once.  The files, functions and
# tests that it names exist, and each test names the rule that it is said to prove.
# check-coverage.sh [TREE]

cd "${1:-${top_srcdir:-.}}" || exit 99
awk '
	function refuse(why) {
		print "doc/protocol-coverage.md:" FNR ": " why
		bad = 1
	}
	# The file, read once; empty if it does not exist.
	function read(path,    line) {
		if (!(path in text)) {
			text[path] = ""
			while ((getline line <path) > 0)
				text[path] = text[path] line "\n"
			close(path)
		}
		return text[path]
	}
	function mentions(words, word) {
		return words ~ "(^|[^A-Za-z0-9_])" word "([^A-Za-z0-9_]|$)"
	}
	# A Criterion test, with what stands before it since the last function; empty if it does not exist.
	function test_of(path, test,    part, n, i) {
		n = split(read(path), part, "\n}\n")
		for (i = 1; i <= n; i++) {
			if (part[i] ~ "(^|\n)Test\\([a-z0-9_]*, " test "[,)]")
				return part[i]
		}
		return ""
	}
	# Takes the next `quoted` word off the rest of the cell into @word.
	function next_word() {
		if (!match(rest, /`[^`]*`/))
			return 0
		word = substr(rest, RSTART + 1, RLENGTH - 2)
		rest = substr(rest, RSTART + RLENGTH)
		return 1
	}
	# `file` (function, function), ...
	function check_code(    path, names, n, i) {
		while (next_word()) {
			path = word
			if (read(path) == "")
				refuse("no file " path)
			if (rest !~ /^ \(/)
				continue
			n = split(substr(rest, 3, index(rest, ")") - 3), names, ", ")
			for (i = 1; i <= n; i++) {
				if (!mentions(read(path), names[i]))
					refuse("no " names[i] " in " path)
			}
		}
	}
	# `file`, `file.c:test`, ...: below tests/.
	function check_tests(id,    at, path, words) {
		while (next_word()) {
			at = index(word, ":")
			path = "tests/" (at ? substr(word, 1, at - 1) : word)
			words = at ? test_of(path, substr(word, at + 1)) : read(path)
			if (words == "")
				refuse("no test " word)
			else if (!mentions(words, id))
				refuse(word " does not mention " id)
		}
	}

	FILENAME == ARGV[1] {
		if ($1 == "all")
			all = $2
		else if ($1 !~ /^#/)
			for (i = 1; i <= $2; i++)
				rules[++n] = sprintf("SN12-%s-%02d", $1, i)
		next
	}
	FNR == 1 {
		for (i = 1; i <= n; i++)
			known[rules[i]] = 1
	}
	/^\| *SN12-/ {
		if (split($0, cell, / *\| */) != 6) {
			refuse("a row has four cells")
			next
		}
		if (!(cell[2] in known))
			refuse(cell[2] " is no rule")
		if (seen[cell[2]]++)
			refuse(cell[2] " is here twice")
		if (cell[3] == "" || cell[4] == "" || cell[5] == "")
			refuse(cell[2] " has an empty cell")
		if ((cell[4] ~ /`/) != (cell[5] ~ /`/))
			refuse(cell[2] " has code without a test, or a test without code")
		rest = cell[4]
		check_code()
		rest = cell[5]
		check_tests(cell[2])
	}
	END {
		if (n != all) {
			print ARGV[1] ": " n " rules, not " all
			bad = 1
		}
		for (i = 1; i <= n; i++) {
			if (!seen[rules[i]]) {
				print ARGV[2] ": " rules[i] " is missing"
				bad = 1
			}
		}
		exit bad
	}
' tests/check-coverage.areas doc/protocol-coverage.md
