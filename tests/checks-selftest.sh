#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The checks of the tree find what they are for, at the right line, and nothing else.

checks=$(dirname "$0")
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0

# expect NAME WANTED-STATUS: runs "$@" behind it; its output must be that on standard input.
expect() {
	name=$1
	wanted=$2
	shift 2
	cat >"$work/wanted"
	"$@" >"$work/got" 2>&1
	got=$?
	[ "$got" -ne 0 ] && got=1
	if [ "$got" -ne "$wanted" ] || ! diff "$work/wanted" "$work/got"; then
		echo "$name: status $got instead of $wanted, or another output (see above)"
		failed=1
	fi
}

mkdir -p "$work/good/gateway/core" "$work/good/common" "$work/bad/gateway/core" "$work/bad/gateway/new" \
	"$work/bad/sn_codec" "$work/bad/tests/core"
licence='/* SPDX-License-Identifier: BSD-3-Clause */'

cat >"$work/good/gateway/core/x.c" <<EOF
$licence
#include "gateway/core/x.h"

# include <stdint.h> /* a comment */
	#	include "common/err.h"
/* what is not an #include "common/log.h" does not count */
EOF
cat >"$work/good/gateway/main.c" <<EOF
$licence
#include <anything.h>
EOF
cat >"$work/good/common/x.h" <<EOF
$licence
#include <sys/socket.h>
EOF
printf '#!/bin/sh\n# SPDX-License-Identifier: BSD-3-Clause\n' >"$work/good/x.sh"
printf 'no source\n' >"$work/good/README.md"

cat >"$work/bad/gateway/core/x.c" <<'EOF'
#include <event2/event.h>
#include "common/err.h"
#include "common/log.h"
#include "x.h"
#include <time.h>
#  include "gateway/conf/conf.h"
#include SOMETHING
#include <stdio.h>
EOF
printf '\n\n\n%s\n#include <stdio.h>\n' "$licence" >"$work/bad/gateway/new/x.c"
printf '#include <sys/socket.h>\n' >"$work/bad/sn_codec/x.h"
printf '%s\n#include <mosquitto.h>\n' "$licence" >"$work/bad/tests/core/x.c"
printf '# nothing\n' >"$work/bad/Makefile.inc"

expect 'good includes' 0 sh "$checks/check-includes.sh" "$work/good" </dev/null
expect 'bad includes' 1 sh "$checks/check-includes.sh" "$work/bad" <<'EOF'
gateway/core/x.c:1: gateway/core/ may not include <event2/event.h>
gateway/core/x.c:3: gateway/core/ may not include "common/log.h"
gateway/core/x.c:4: gateway/core/ may not include "x.h"
gateway/core/x.c:5: gateway/core/ may not include <time.h>
gateway/core/x.c:6: gateway/core/ may not include "gateway/conf/conf.h"
gateway/core/x.c:7: no file name: #include SOMETHING
gateway/new/x.c:1: gateway/new/ has no line in the table
sn_codec/x.h:1: sn_codec/ may not include <sys/socket.h>
tests/core/x.c:2: tests/core/ may not include <mosquitto.h>
EOF

sorted_spdx() {
	sh "$checks/check-spdx.sh" "$1" >"$work/list"
	status=$?
	sort "$work/list"
	return $status
}

expect 'licences there' 0 sorted_spdx "$work/good" </dev/null
expect 'licences missing' 1 sorted_spdx "$work/bad" <<'EOF'
./Makefile.inc: no SPDX-License-Identifier: BSD-3-Clause
./gateway/core/x.c: no SPDX-License-Identifier: BSD-3-Clause
./gateway/new/x.c: no SPDX-License-Identifier: BSD-3-Clause
./sn_codec/x.h: no SPDX-License-Identifier: BSD-3-Clause
EOF

# In a clone, where scripts are known by their first line too.
if git -C "$work/bad" init -q 2>/dev/null; then
	printf '#!/bin/sh\n' >"$work/bad/script"
	printf 'not known to git\n' >"$work/bad/x.py"
	git -C "$work/bad" add Makefile.inc script tests
	expect 'licences missing in a clone' 1 sorted_spdx "$work/bad" <<'EOF'
Makefile.inc: no SPDX-License-Identifier: BSD-3-Clause
script: no SPDX-License-Identifier: BSD-3-Clause
EOF
fi

# A tree with two rules, each with code and a test.
cover() {
	mkdir -p "$1/doc" "$1/src" "$1/tests/a"
	printf 'all 2\nA 1\nB 1\n' >"$1/tests/check-coverage.areas"
	printf 'int run(void)\n{\n}\n' >"$1/src/x.c"
	printf '# SN12-A-01\n' >"$1/tests/a/one.sns"
	cat >"$1/tests/a/test_x.c" <<'EOF'
/* SN12-A-01 */
Test(x, first)
{
}

/* SN12-B-01 */
Test(x, second, .init = start)
{
}
EOF
	cat >"$1/doc/protocol-coverage.md"
}

cover "$work/covered" <<'EOF'
| Rule | What it asks | Code | Test |
|---|---|---|---|
| SN12-A-01 | x | `src/x.c` (run), `src/x.c` | `a/one.sns`, `a/test_x.c:first` |
| SN12-B-01 | x | no part of this | - |
EOF
expect 'covered' 0 sh "$checks/check-coverage.sh" "$work/covered" </dev/null

cover "$work/uncovered" <<'EOF'
| SN12-A-01 | x | `src/y.c`, `src/x.c` (run, walk) | `a/two.sns`, `a/test_x.c:third`, `a/test_x.c:second` |
| SN12-A-01 | x | no part of this |
| SN12-A-01 | x | no part of this | `a/one.sns` |
| SN12-A-02 | | `src/x.c` (ru) | - |
EOF
printf 'C 1\n' >>"$work/uncovered/tests/check-coverage.areas"
expect 'not covered' 1 sh "$checks/check-coverage.sh" "$work/uncovered" <<'EOF'
doc/protocol-coverage.md:1: no file src/y.c
doc/protocol-coverage.md:1: no walk in src/x.c
doc/protocol-coverage.md:1: no test a/two.sns
doc/protocol-coverage.md:1: no test a/test_x.c:third
doc/protocol-coverage.md:1: a/test_x.c:second does not mention SN12-A-01
doc/protocol-coverage.md:2: a row has four cells
doc/protocol-coverage.md:3: SN12-A-01 is here twice
doc/protocol-coverage.md:3: SN12-A-01 has code without a test, or a test without code
doc/protocol-coverage.md:4: SN12-A-02 is no rule
doc/protocol-coverage.md:4: SN12-A-02 has an empty cell
doc/protocol-coverage.md:4: SN12-A-02 has code without a test, or a test without code
doc/protocol-coverage.md:4: no ru in src/x.c
tests/check-coverage.areas: 3 rules, not 2
doc/protocol-coverage.md: SN12-B-01 is missing
doc/protocol-coverage.md: SN12-C-01 is missing
EOF
exit $failed
