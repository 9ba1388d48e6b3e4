#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What the packet trace costs: the gateway's CPU time for the same messages with the trace off, in the log, in a file,
# and read live over HTTP: nothing of it (a filter that nobody passes), as text, as pcapng.  In each round every way has
# its turn, each time another one begins, so that a busy machine is unfair to none; told are medians over the rounds, and
# the medians of the ratios to "off" in the same round.
#
#	bench-trace.sh [ROUNDS] [OPTION OF MQTTSN-BENCH...]
set -eu
. "$(dirname "$0")/loopback.sh"

rounds=${1:-5}
[ $# -eq 0 ] || shift
ways="off log file live-none live-text live-pcapng"

# Starts the gateway of a way, and for a live one its reader; remembers "WAY PORT PID".
start_way()
{
	way=$1
	shift
	start_gateway ./mqttsn-gateway --set log.level=info "$@"
	mv "$scratch/gateway.log" "$scratch/$way.log"
	echo "$way $gateway_port $gateway_pid" >>"$scratch/gateways"
}

start_live()
{
	admin=$scratch/$1.sock
	start_way "$1" --set "admin.listen=unix:$admin"
	spawn "$scratch/$1.out" curl --silent --no-buffer --unix-socket "$admin" "http://localhost$2" --output /dev/null
}

# measure WAY ROUND OPTION...: adds "WAY ROUND CPU-SECONDS" to the results
measure()
{
	way=$1 round=$2
	shift 2
	read -r port pid <<-END
		$(sed -n "s/^$way //p" "$scratch/gateways")
	END
	tools/mqttsn-bench --broker "127.0.0.1:$broker_port" --gateway "127.0.0.1:$port" --gateway-pid "$pid" \
		--rounds 1 "$@" >"$scratch/table"
	sed -n "s/^| CPU s per 100,000: gateway .*| | \([0-9.]*\) |.*/$way $round \1/p" "$scratch/table" \
		>>"$scratch/results"
	tail -n 1 "$scratch/results" | grep -q "^$way $round " || { echo "no figure of $way in round $round" >&2; exit 1; }
}

start_broker
start_way off
start_way log --set log.packets=true
start_way file --set "trace.file=$scratch/trace.pcapng"
start_live live-none '/trace?client=nobody'
start_live live-text /trace
start_live live-pcapng /trace.pcapng

order=$ways
for round in $(seq "$rounds"); do
	for turn in $order; do
		measure "$turn" "$round" "$@"
	done
	order="${order#* } ${order%% *}"
done

echo "| trace | CPU s of the gateway per 100,000 messages | ratio to off |"
echo "|---|---:|---:|"
awk -v ways="$ways" '
	function median(v, n,    i, j, t) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j - 1] > v[j]; j--) {
				t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
			}
		return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
	}
	{ cpu[$1, $2] = $3; if ($2 > rounds) rounds = $2 }
	END {
		n = split(ways, way, " ")
		for (i = 1; i <= n; i++) {
			for (r = 1; r <= rounds; r++) {
				value[r] = cpu[way[i], r]
				ratio[r] = cpu[way[i], r] / cpu["off", r]
			}
			printf "| %s | %.2f | %.2f |\n", way[i], median(value, rounds), median(ratio, rounds)
		}
	}' "$scratch/results"
for way in live-text live-pcapng; do
	echo "lost by the reader of $way: $(curl --silent --unix-socket "$scratch/$way.sock" http://localhost/metrics |
		sed -n 's/^mqttsn_[a-z_]*trace_reader_lost_packets_total //p')"
done
