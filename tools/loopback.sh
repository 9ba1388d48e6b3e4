# shellcheck shell=sh
# SPDX-License-Identifier: BSD-3-Clause
# For scripts that need a broker and a gateway of their own: both on free loopback ports, ended with the script.
# To be sourced with `set -eu` in force.  Sets $scratch (a folder that goes away too), and start_* set
# $broker_port, $broker_pid, $gateway_port, $gateway_pid.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # where Debian keeps mosquitto, outside of a user's PATH

scratch=$(mktemp -d)
children=

# Ends what was started, the last one first.
stop_all()
{
	for child in $children; do
		kill "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	done
	children=
}

trap 'stop_all; rm -rf "$scratch"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# spawn LOG COMMAND...: in the background; sets $child
spawn()
{
	spawn_log=$1
	shift
	: >"$spawn_log" # is there at once, and empty
	"$@" </dev/null >>"$spawn_log" 2>&1 &
	child=$!
	children="$child $children"
}

# wait_for LOG PATTERN: until a line matches.  False after 10 seconds, or when the last one spawned ended without it.
wait_for()
{
	for try in $(seq 200); do
		alive=yes
		kill -0 "$child" 2>/dev/null || alive=no
		grep -q -e "$2" "$1" && return
		[ "$alive" = yes ] || break
		sleep 0.05
	done
	return 1
}

# Whether a port is free is known when the broker has it: so one after the other is tried.
start_broker()
{
	for broker_port in $(seq 18830 18879); do
		cat >"$scratch/mosquitto.conf" <<-END
			listener $broker_port 127.0.0.1
			allow_anonymous true
			max_queued_messages 0
			set_tcp_nodelay true
			log_dest stderr
			log_type error
			log_type information
			log_type subscribe
			log_timestamp false
		END
		spawn "$scratch/mosquitto.log" mosquitto -c "$scratch/mosquitto.conf"
		broker_pid=$child
		wait_for "$scratch/mosquitto.log" ' running$' && return
	done
	cat "$scratch/mosquitto.log" >&2
	return 1
}

# start_gateway PROGRAM OPTION...
start_gateway()
{
	spawn "$scratch/gateway.log" "$@" --listen 127.0.0.1:0 --broker "127.0.0.1:$broker_port"
	gateway_pid=$child
	if ! wait_for "$scratch/gateway.log" 'listening on 127.0.0.1:'; then
		cat "$scratch/gateway.log" >&2
		return 1
	fi
	gateway_port=$(sed -n 's/.*listening on 127\.0\.0\.1:\([0-9]*\).*/\1/p' "$scratch/gateway.log" | head -n 1)
}
