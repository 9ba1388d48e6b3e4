#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Measures the gateway of this build against a mosquitto, both on loopback and started here.  Best on an idle machine.
set -eu
. "$(dirname "$0")/loopback.sh"

bench()
{
	tools/mqttsn-bench --broker "127.0.0.1:$broker_port" --broker-pid "$broker_pid" \
		--gateway "127.0.0.1:$gateway_port" --gateway-pid "$gateway_pid" "$@"
}

start_broker
start_gateway ./mqttsn-gateway --set log.level=notice

bench --qos 0 --publishers 10
bench --qos 1 --publishers 1 --messages 10000
bench --qos 1 --publishers 100
