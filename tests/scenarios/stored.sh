#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every scenario once more with a store: at any time it has what the core would have it have, and a core that is
# restored from it is the same.

exec "$top_builddir/tests/scenarios/play" -s "$top_srcdir"/tests/scenarios/*.sns
