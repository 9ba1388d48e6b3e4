#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The player of the forwarder's scenarios must notice what is wrong.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# $1: the line that is told; standard input: the scenario behind a start that is right.
must_fail() {
	{
		printf 'side line messages prefix=01\ngateway g\nstart | gateway g\n'
		cat
	} >"$folder/scenario.fws"
	if said=$("$top_builddir/tests/forwarder/play_fwd" "$folder/scenario.fws" 2>&1); then
		echo "this passed:" && cat "$folder/scenario.fws"
		failed=1
	elif ! echo "$said" | grep -q "$1"; then
		echo "wanted: $1" && echo "told: $said"
		failed=1
	fi
}

must_fail ':4: not expected: g < ENCAPSULATED' <<'END'
line > PINGREQ
END
must_fail ':4: got:      nothing' <<'END'
line > PINGREQ | g < ENCAPSULATED radius=0 node=01 PINGREQ; g < PINGREQ
END
must_fail ':4: got:      g < ENCAPSULATED radius=0 node=01 PINGREQ' <<'END'
line > PINGREQ | g < ENCAPSULATED radius=0 node=02 PINGREQ
END
must_fail ':5: the counter is 0' <<'END'
line > PINGREQ | g < ENCAPSULATED radius=0 node=01 PINGREQ
counter strangers 1
END
must_fail ':4: nodes known: 0' <<'END'
nodes 1
END
must_fail ':4: pass DURATION wanted' <<'END'
pass on
END
must_fail ':4: no such act: nonsense' <<'END'
nonsense
END
must_fail ':4: not in this place: gateway' <<'END'
gateway h
END
must_fail ':4: ' <<'END'
line > NONSENSE
END
must_fail ':4: only a side of datagrams' <<'END'
line/a > PINGREQ
END
exit $failed
