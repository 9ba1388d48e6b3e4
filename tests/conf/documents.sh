#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The shipped configuration and the manual say what the schema says, and their examples are good.
# With "--write" they are made to say it.

sample=$top_srcdir/etc/mqttsn-gateway.conf
manual=$top_srcdir/doc/mqttsn-gateway.conf.5
doc=$top_builddir/tests/conf/conf_doc

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT

"$doc" sample >"$dir/sample" || exit 1
"$doc" manual >"$dir/settings" || exit 1

# The manual with the settings replaced.
awk -v settings="$dir/settings" '
	/^\.\\" End of the settings/ { skip = 0 }
	!skip { print }
	/^\.\\" What follows comes from/ {
		while ((getline line <settings) > 0)
			print line
		skip = 1
	}' "$manual" >"$dir/manual" || exit 1

if [ "${1-}" = --write ]; then
	cp "$dir/sample" "$sample" && cp "$dir/manual" "$manual"
	exit
fi

status=0
diff -u "$sample" "$dir/sample" || status=1
diff -u "$manual" "$dir/manual" || status=1
[ $status -eq 0 ] || echo "To bring them up to date: make conf-documents"

sed -n '/^\.EX/,/^\.EE/{/^\./d;s/\\-/-/g;p;}' "$manual" >"$dir/example"
[ -s "$dir/example" ] || status=1
"$doc" check "$dir/example" || status=1
"$doc" check "$sample" || status=1
exit $status
