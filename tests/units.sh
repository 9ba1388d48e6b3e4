#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What is installed for systemd: it must be understood, and leave the services little to do harm with.
set -eu

limit=20 # of the exposure, in tenths

if ! command -v systemd-analyze >/dev/null; then
	echo "systemd-analyze is not installed"
	exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

failed=0
fail() {
	echo "$1"
	failed=1
}

# The programs and manual pages that the units name are not there yet.
mkdir -p "$folder/units"
for unit in mqttsn-gateway.service mqttsn-forwarder.service; do
	sed -e 's,^ExecStart=[^ ]*,ExecStart=/bin/true,' -e '/^Documentation=/d' \
		"$top_builddir/etc/$unit" >"$folder/units/$unit"
done
sockets="mqttsn-gateway.socket mqttsn-gateway-admin.socket"
for unit in $sockets; do
	sed '/^Documentation=/d' "$top_srcdir/etc/$unit" >"$folder/units/$unit"
done
for unit in mqttsn-gateway.service mqttsn-forwarder.service $sockets; do
	said=$(SYSTEMD_UNIT_PATH="$folder/units:" systemd-analyze verify --man=no "$folder/units/$unit" 2>&1) ||
		fail "$unit: systemd-analyze verify fails"
	said=$(echo "$said" | grep "$folder" || true) # other units of the machine are none of ours
	[ -z "$said" ] || fail "$said"
done

for unit in mqttsn-gateway.service mqttsn-forwarder.service; do
	exposure=$(systemd-analyze security --offline=true --no-pager "$folder/units/$unit" |
		sed -n 's/.*exposure level for [^:]*: \([0-9]*\)\.\([0-9]\).*/\1\2/p')
	[ -n "$exposure" ] || fail "$unit: no exposure level"
	[ "${exposure:-0}" -le $limit ] || fail "$unit: exposure is $exposure tenths, more than $limit"
done

if command -v systemd-sysusers >/dev/null; then
	mkdir "$folder/root" "$folder/root/etc"
	systemd-sysusers --root="$folder/root" "$top_builddir/etc/sysusers.d/mqttsn-gateway.conf" >/dev/null 2>&1 ||
		fail "systemd-sysusers fails"
	grep -q '^mqttsn-gateway:' "$folder/root/etc/passwd" || fail "no user mqttsn-gateway came about"
	grep -q 'User=mqttsn-gateway' "$folder/units/mqttsn-gateway.service" || fail "the service has another user"
fi
exit $failed
