# SPDX-License-Identifier: BSD-3-Clause
"""A network of the test's own."""

import os
import shutil
import sys

PAIR = ["link set lo up", "link add sn0 type veth peer name sn1", "link set sn1 up", "link set sn0 up"]


def move_to_own_network(*commands):
    """Runs the test anew in a network namespace with an interface sn0 (which, unlike the loopback interface, carries IPv6
    multicast) and what the further @commands of ip(8) make of it.  Where that is not allowed it goes on where it is, and
    tests that need the interface are skipped."""
    enter = ["unshare", "--net"] + ([] if os.geteuid() == 0 else ["--map-root-user"]) + ["sh", "-c"]
    prepare = " && ".join("ip " + command for command in PAIR + list(commands))
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    if os.environ.get("MQTTSN_TEST_OWN_NETWORK") or shutil.which("unshare") is None:
        return
    env = dict(os.environ, MQTTSN_TEST_OWN_NETWORK="1", PATH=path)
    if os.spawnvpe(os.P_WAIT, "unshare", enter + [f"({prepare}) 2>/dev/null"], env) == 0:
        command = f'{prepare} && exec "$0" "$@"'
        os.execvpe("unshare", enter + [command, sys.executable] + sys.argv, env)
