#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The long form of the tests (make check-long): as many clients as the gateway is made for, with a real broker.
# 10,000 sensors with sockets of their own, then 50,000 behind forwarders; each connect at once, all of them, and then
# publish, and no message is lost.  Where the system allows fewer open files or ports, it is as many as it allows, and
# the output says so.  Last, operations of the core beside 50,000 clients: they must cost what they cost beside 1,000.
set -eu
. "$top_srcdir/tools/loopback.sh"

SPARE=200 # descriptors that are not a client's

fail()
{
	echo "FAIL: $*" >&2
	tail -n 5 "$scratch/gateway.log" >&2
	exit 1
}

# value KEY: of the gateway, from the JSON of the last measurement
value()
{
	sed -n "s/.*\"gateway\":{.*\"$1\":\([0-9.]*\).*/\1/p" "$scratch/result"
}

bench()
{
	echo "+ mqttsn-bench $*"
	"$top_builddir/tools/mqttsn-bench" "$@" --broker "127.0.0.1:$broker_port" \
		--gateway "127.0.0.1:$gateway_port" --gateway-pid "$gateway_pid" --rounds 1 >"$scratch/result" ||
		fail "the measurement broke off"
	sed '/^{/d' "$scratch/result"
}

# play CLIENTS [FORWARDERS]
play()
{
	start_gateway "$top_builddir/mqttsn-gateway" --set log.level=notice \
		--set "limits.clients=$1" --set "limits.connecting=$1"
	bench connect --sensors "$1" --forwarders "${2:-0}" --idle 5
	[ "$(value failed)" = 0 ] || fail "$(value failed) of $1 could not connect"
	bench publish --qos 1 --sensors "$1" --forwarders "${2:-0}" --messages "$(($1 * 3))" --direct 0
	[ "$(value lost)" = 0 ] || fail "$(value lost) messages were lost"
	kill "$gateway_pid"
	wait "$gateway_pid" || true
}

files=$(ulimit -Hn)
ulimit -n "$files"
read -r first last </proc/sys/net/ipv4/ip_local_port_range
most=50000
[ "$files" = unlimited ] || [ "$most" -le "$((files - SPARE))" ] || most=$((files - SPARE))
[ "$most" -le "$(((last - first) / 2))" ] || most=$(((last - first) / 2))
[ "$most" -eq 50000 ] || echo "50,000 clients need so many open files, and twice as many ports (doc/operations.md);" \
	"here are $files and $((last - first + 1)): $most it is"

start_broker
few=10000
[ "$few" -le "$most" ] || few=$most
play "$few"
play "$most" 10

"$top_builddir/tests/core/bench_core" 1000
"$top_builddir/tests/core/bench_core" 50000
