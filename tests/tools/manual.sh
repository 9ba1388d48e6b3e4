#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every option that --help knows is in the manual page, and every option of the manual page in --help.

status=0

# options TEXT: each -x and --long of it, one a line
options()
{
	printf '%s\n' "$1" | grep -oE -- '(^|[^-[:alnum:]])--?[[:alnum:]][[:alnum:]-]*' | sed 's/^[^-]*//' | sort -u
}

for tool in mqttsn-pub mqttsn-sub; do
	help=$("$top_builddir/tools/$tool" --help) || exit 1
	# Only what the help lists, before its explanations.
	help=$(options "$(printf '%s\n' "$help" | sed -n 's/^  \(.\{30\}\).*/\1/p')")
	manual=$(options "$(sed -n '/^\.SH OPTIONS/,/^\.SH [^O]/{/^\.B/{s/\\-/-/g;p}}' "$top_srcdir/doc/$tool.1")")
	if [ -z "$help" ] || [ -z "$manual" ]; then
		echo "$tool: no options found"
		exit 1
	fi
	for option in $help; do
		printf '%s\n' "$manual" | grep -qxF -e "$option" && continue
		echo "$tool: $option is not in the manual"
		status=1
	done
	for option in $manual; do
		printf '%s\n' "$help" | grep -qxF -e "$option" && continue
		echo "$tool: $option is in the manual only"
		status=1
	done
done
exit $status
