#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every scenario once more for each allocation of the core, which fails: no crash, no leak, nothing that breaks the
# protocol.

exec "$top_builddir/tests/scenarios/play" -m "$top_srcdir"/tests/scenarios/*.sns
