#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The long form of the tests (make check-long): as many clients as the gateway is made for, with a real broker.
# 10,000 sensors with sockets of their own, then 50,000 behind forwarders; each connect at once, all of them, and then
# publish, and no message is lost.  Where the system allows fewer open files or ports, it is as many as it allows, and
# the output says so.  Then 50,000 that share connections with the broker, on any system; while they sleep, others beside
# them wake and fetch their messages.  Last, operations of the core beside 50,000 clients: they must cost what they cost
# beside 1,000.
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

# bench MODE OPTION...: one round, unless the options say otherwise
bench()
{
	echo "+ mqttsn-bench $*"
	mode=$1
	shift
	"$top_builddir/tools/mqttsn-bench" "$mode" --rounds 1 --broker "127.0.0.1:$broker_port" \
		--gateway "127.0.0.1:$gateway_port" --gateway-pid "$gateway_pid" "$@" >"$scratch/result" ||
		fail "the measurement broke off"
	sed '/^{/d' "$scratch/result"
}

# gateway CLIENTS [OPTION...]
gateway()
{
	clients=$1
	shift
	start_gateway "$top_builddir/mqttsn-gateway" --set log.level=notice \
		--set "limits.clients=$clients" --set "limits.connecting=$clients" "$@"
}

end_gateway()
{
	kill "$gateway_pid"
	wait "$gateway_pid" || true
}

# connect CLIENTS OPTION...
connect()
{
	bench connect --sensors "$@" --idle 5
	[ "$(value failed)" = 0 ] || fail "$(value failed) of $1 could not connect"
}

# publish CLIENTS OPTION...: three messages of each
publish()
{
	bench publish --qos 1 --sensors "$@" --messages "$(($1 * 3))" --direct 0
	[ "$(value lost)" = 0 ] || fail "$(value lost) messages were lost"
}

# play CLIENTS [FORWARDERS]
play()
{
	gateway "$1"
	connect "$1" --forwarders "${2:-0}"
	publish "$1" --forwarders "${2:-0}"
	end_gateway
}

# wake SLEEPERS ROUNDS: each has subscribed and fetches ten messages; sets $woken, the median of their microseconds
wake()
{
	bench sleep --sensors "$1" --messages 10 --rounds "$2"
	[ "$(value lost)" = 0 ] || fail "$(value lost) messages were lost"
	woken=$(value answer_p50_us)
}

# share CLIENTS FORWARDERS: over four connections; 2,000 publish at a time, as the answers for all at once would not fit
# into receive buffers
share()
{
	gateway "$1" --set broker.shared_connections=4
	wake 1 9
	one=$woken
	wake 1000 3
	thousand=$woken
	connect "$1" --forwarders "$2" --stay 1
	kill -USR1 "$gateway_pid"
	wait_for "$scratch/gateway.log" "counter: clients $1, .*shared by $1 clients" || fail "not all of $1 share"
	wake 1 9
	echo "One sleeper has its ten messages after $woken us among $1 clients, after $one us without them"
	wake 1000 3
	echo "1,000 have theirs after $woken us among $1 clients, after $thousand us without them"
	publish "$1" --forwarders "$2" --at-once 2000
	end_gateway
}

files=$(ulimit -Hn)
ulimit -n "$files"
read -r first last <<END
$(cat /proc/sys/net/ipv4/ip_local_port_range)
END
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
share 50000 10

"$top_builddir/tests/core/bench_core" 1000
"$top_builddir/tests/core/bench_core" 50000
