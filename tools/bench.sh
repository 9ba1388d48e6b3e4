#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Measures the gateway of this build against a mosquitto, both on loopback and started here: the standard set, whose
# tables doc/performance.md shows.  Best on an idle machine, and with a build without sanitizers; eight minutes.
# The tables go to standard output and bench.md, and one with a row for each at the end; the same as JSON, a line each, to
# bench.json.
set -eu
. "$(dirname "$0")/loopback.sh"

bench()
{
	tools/mqttsn-bench "$@" --broker "127.0.0.1:$broker_port" --broker-pid "$broker_pid" \
		--gateway "127.0.0.1:$gateway_port" --gateway-pid "$gateway_pid" >"$scratch/result"
	sed -n '/^{/p' "$scratch/result" >>bench.json
	sed '/^{/d' "$scratch/result" | tee -a bench.md
}

# The same through the relay, which shows what of it is the kernel's and libmosquitto's.
publish()
{
	bench publish "$@" --relay "127.0.0.1:$relay_port" --relay-pid "$relay_pid"
}

# What only publishes can do so over shared connections, too.
sharing()
{
	"$@" --shared "127.0.0.1:$shared_port" --shared-pid "$shared_pid"
}

# listening LOG: the port of the program whose log it is, which was spawned last
listening()
{
	wait_for "$1" 'listening on 127.0.0.1:' || { cat "$1" >&2; exit 1; }
	sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$1" | head -n 1
}

machine()
{
	printf '%s, %s cores; Linux %s, TCP %s; %s; mosquitto %s; gateway: %s\n\n' \
		"$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" "$(nproc)" "$(uname -r)" \
		"$(cat /proc/sys/net/ipv4/tcp_congestion_control)" \
		"$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)" \
		"$(mosquitto -h | sed -n 's/^mosquitto version //p')" "$(./mqttsn-gateway --version | head -n 1)"
}

: >bench.json
machine | tee bench.md

# QoS -1 above its limit would measure the limit, and so would more sensors that connect at once.
cat >"$scratch/gateway.conf" <<-END
	listeners = ( { address = "127.0.0.1:0"; qos_minus_one = true; } );
	limits = { clients = 20000; connecting = 20000; qos_minus_one = 1000000; };
	log = { level = "notice"; };
END
start_broker
spawn "$scratch/gateway.log" ./mqttsn-gateway --config "$scratch/gateway.conf" --broker "127.0.0.1:$broker_port"
gateway_pid=$child
gateway_port=$(listening "$scratch/gateway.log")
spawn "$scratch/shared.log" ./mqttsn-gateway --config "$scratch/gateway.conf" --broker "127.0.0.1:$broker_port" \
	--set broker.shared_connections=4
shared_pid=$child
shared_port=$(listening "$scratch/shared.log")
spawn "$scratch/relay.log" tools/bench/relay "$broker_port"
relay_pid=$child
relay_port=$(listening "$scratch/relay.log")

bench echo --window 1 --messages 20000 --rounds 5
bench echo --window 32 --messages 100000 --rounds 5
publish --qos 0 --sensors 10 --rounds 7
sharing publish --qos 0 --sensors 100 --rounds 5
publish --qos 0 --sensors 1 --rate 1000 --messages 3000 --rounds 3
publish --qos 1 --sensors 1 --messages 10000 --rounds 5
sharing publish --qos 1 --sensors 100 --messages 50000 --rounds 5
sharing publish --qos 1 --sensors 1000 --messages 50000 --rounds 3
bench publish --qos 1 --sensors 100 --forwarders 2 --messages 50000 --rounds 3
sharing publish --qos 2 --sensors 100 --messages 30000 --rounds 5
bench publish --qos -1 --sensors 10 --messages 50000 --rounds 3
bench deliver --qos 1 --sensors 100 --messages 30000 --rounds 5
bench sleep --sensors 1 --messages 200 --rounds 5
bench sleep --sensors 1000 --messages 1 --rounds 3
sharing bench connect --sensors 10000 --idle 60 --rounds 1

awk -f "$(dirname "$0")/bench-summary.awk" bench.json | tee -a bench.md
