#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The player must fail what is wrong: exit 1 for a scenario that does not come true, 2 for one that cannot be read.
# And every scenario of this folder must be played, and begin with a comment that names its rules.

scenarios=${top_srcdir:-.}/tests/scenarios
play=${top_builddir:-.}/tests/scenarios/play
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
failed=0

# wants STATUS TEXT, then the scenario on standard input: it must end with STATUS and say TEXT.
wants() {
	cat >"$folder/s.sns"
	"$play" -v "$folder/s.sns" >"$folder/out" 2>&1
	status=$?
	[ "$status" -eq "$1" ] && grep -qF -- "$2" "$folder/out" && return
	echo "exit status $1 and \"$2\" wanted, got $status from:"
	cat "$folder/s.sns"
	echo "which said:"
	cat "$folder/out"
	failed=1
}

wants 0 "up > connected a" <<-END
	a > CONNECT id=a clean keepalive=60 | up < connect a clean
	up > connected a                    | a < CONNACK rc=accepted
END
# An output too many, one too few, another one, another order.
wants 1 "s.sns:1: a > CONNECT" <<-END
	a > CONNECT id=a clean keepalive=60
END
wants 1 "! a < PINGRESP" <<-END
	a > CONNECT id=a clean keepalive=60 | up < connect a clean; a < PINGRESP
END
wants 1 "! up < connect b clean" <<-END
	a > CONNECT id=a clean keepalive=60 | up < connect b clean
END
wants 1 "s.sns:3: up > lost a" <<-END
	a > CONNECT id=a clean keepalive=60 | up < connect a clean
	up > connected a                    | a < CONNACK rc=accepted
	up > lost a                         | a < PINGRESP
END
# The right output at the wrong time.
wants 1 "! at 4s a < CONNACK rc=congestion" <<-END
	a > CONNECT id=a clean keepalive=60 | up < connect a clean
	pass 10s                            | at 4s a < CONNACK rc=congestion; up < disconnect a
END
# Acts that are not possible.
wants 1 'session of "a" does not exist' <<-END
	up > connected a
END
wants 1 'session of "a" is not connected' <<-END
	a > CONNECT id=a clean keepalive=60 | up < connect a clean
	up > lost a
END
wants 1 "asked for nothing that this would answer" <<-END
	a > CONNECT id=a clean keepalive=60 | up < connect a clean
	up > connected a                    | a < CONNACK rc=accepted
	up > published a
END
wants 1 "connects: expected 2, got 0" <<-END
	metric connects 2
END
wants 1 "clients: expected 1, got 0" <<-END
	clients 1
END
# What cannot be read.
wants 2 "s.sns:2: " <<-END
	a > CONNECT id=a clean keepalive=60 | up < connect a clean
	a > NOSUCH
END
wants 2 "s.sns:1: " <<-END
	set timers.nothing=1
END
"$play" "$folder/none.sns" 2>/dev/null
[ $? -eq 2 ] || { echo "a file that does not exist was played"; failed=1; }
"$play" -m "$folder/s.sns" 2>/dev/null
[ $? -eq 2 ] || { echo "what cannot be read was played with -m"; failed=1; }
"$play" 2>/dev/null
[ $? -eq 2 ] || { echo "no file was played"; failed=1; }

for file in "$scenarios"/*.sns; do
	name=tests/scenarios/$(basename "$file")
	grep -qF "$name" "$scenarios/Makefile.inc" || { echo "$name is not in Makefile.inc"; failed=1; }
	sed -n '/^#/!q;p' "$file" | grep -q '\(SN12\|MAP\)-[A-Z0-9-]*[0-9]' ||
		{ echo "$name does not begin with what it shows and its rules"; failed=1; }
done
exit $failed
