#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A short run of the simulation; see tests/sim/sim.c for what it proves.
exec "$top_builddir/tests/sim/sim" -n 150 1
