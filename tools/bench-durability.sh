#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What persistence costs: the same work by gateways without it, and with each durability.  In each round each of them
# has its turn, so that a busy machine is unfair to none; told are medians over the rounds, and the medians of the
# ratios to "off" in the same round.
#
#	bench-durability.sh [ROUNDS]
set -eu
. "$(dirname "$0")/loopback.sh"

rounds=${1:-5}
ways="off process power"

start_way()
{
	start_gateway ./mqttsn-gateway --set limits.clients=20000 --set limits.connecting=20000 --set log.level=notice \
		--state-dir "$scratch/state-$1" --set "persistence.durability=$1"
	mv "$scratch/gateway.log" "$scratch/$1.log"
	echo "$1 $gateway_port $gateway_pid" >>"$scratch/gateways"
}

# measure WAY ROUND WHAT OPTION...: adds "WHAT<tab>WAY<tab>ROUND<tab>PER-SECOND<tab>CPU-SECONDS" to the results.  The
# column of the gateway is the last one where it stands alone, else the one before the ratio.
measure()
{
	way=$1 round=$2 what=$3
	shift 3
	read -r port pid <<-END
		$(sed -n "s/^$way //p" "$scratch/gateways")
	END
	tools/mqttsn-bench "$@" --rounds 1 --broker "127.0.0.1:$broker_port" --gateway "127.0.0.1:$port" \
		--gateway-pid "$pid" >"$scratch/table"
	awk -F ' *[|] *' -v OFS='\t' -v what="$what" -v way="$way" -v round="$round" '
		/^[|] per second / { rate = NF > 4 ? $4 : $3 }
		/^[|] CPU s per 100,000: gateway / { cpu = NF > 4 ? $4 : $3 }
		END { print what, way, round, rate, cpu }' "$scratch/table" >>"$scratch/results"
}

start_broker
for way in $ways; do
	start_way "$way"
done
for round in $(seq "$rounds"); do
	for way in $ways; do
		measure "$way" "$round" "sensors publish, QoS 1" publish --qos 1 --sensors 100 --messages 20000
		measure "$way" "$round" "to sensors, QoS 1" deliver --qos 1 --sensors 100 --messages 10000
		measure "$way" "$round" "kept for sleepers, QoS 1" sleep --sensors 1000 --messages 5
	done
done

echo "| | durability | messages per second | ratio to off | CPU s of the gateway per 100,000 | ratio to off |"
echo "|---|---|---:|---:|---:|---:|"
awk -F '\t' -v ways="$ways" '
	function median(v, n,    i, j, t) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j - 1] > v[j]; j--) {
				t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
			}
		return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
	}
	function medians(table, what, way,    r) {
		for (r = 1; r <= rounds; r++) {
			value[r] = table[what, way, r]
			ratio[r] = table[what, way, r] / table[what, "off", r]
		}
		return median(value, rounds)
	}
	{
		if (!($1 in seen)) { seen[$1]; whats[++n_whats] = $1 }
		rate[$1, $2, $3] = $4; cpu[$1, $2, $3] = $5
		if ($3 > rounds) rounds = $3
	}
	END {
		n = split(ways, way, " ")
		for (w = 1; w <= n_whats; w++)
			for (i = 1; i <= n; i++) {
				printf "| %s | %s | %.0f ", whats[w], way[i], medians(rate, whats[w], way[i])
				printf "| %.2f ", median(ratio, rounds)
				printf "| %.2f ", medians(cpu, whats[w], way[i])
				printf "| %.2f |\n", median(ratio, rounds)
			}
	}' "$scratch/results"
