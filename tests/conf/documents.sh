#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The shipped configurations and the manuals say what the schemas say, and their examples are good.
# With "--write" they are made to say it.

doc=$top_builddir/tests/conf/conf_doc

dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT

# The manual $2 of program $1, with the settings replaced.
manual_with_settings() {
	"$doc" "$1" manual >"$dir/settings" || return 1
	awk -v settings="$dir/settings" '
		/^\.\\" End of the settings/ { skip = 0 }
		!skip { print }
		/^\.\\" What follows comes from/ {
			while ((getline line <settings) > 0)
				print line
			skip = 1
		}' "$2"
}

# Compares, or with $write writes, the sample $2 and the manual $3 of program $1.
documents() {
	"$doc" "$1" sample >"$dir/sample" || return 1
	manual_with_settings "$1" "$3" >"$dir/manual" || return 1
	if [ "$write" = --write ]; then
		cp "$dir/sample" "$2" && cp "$dir/manual" "$3"
		return
	fi
	diff -u "$2" "$dir/sample" && diff -u "$3" "$dir/manual" ||
		{ echo "To bring them up to date: make conf-documents"; return 1; }

	sed -n '/^\.EX/,/^\.EE/{/^\./d;s/\\-/-/g;p;}' "$3" >"$dir/example"
	[ -s "$dir/example" ] && "$doc" "$1" check "$dir/example"
}

write=${1-}
status=0
documents gateway "$top_srcdir/etc/mqttsn-gateway.conf" "$top_srcdir/doc/mqttsn-gateway.conf.5" || status=1
documents forwarder "$top_srcdir/etc/mqttsn-forwarder.conf" "$top_srcdir/doc/mqttsn-forwarder.8" || status=1

# The gateway runs with its sample as it is; a forwarder needs to be told of gateways and nodes.
[ "$write" = --write ] || "$doc" gateway check "$top_srcdir/etc/mqttsn-gateway.conf" || status=1
exit $status
