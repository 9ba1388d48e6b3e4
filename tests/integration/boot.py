# SPDX-License-Identifier: BSD-3-Clause
"""The units under a real systemd: a copy of this machine, made of namespaces and an overlay, is booted with the build
installed in it.  What happens there stays there.

Only with MQTTSN_TEST_BOOT=1, as root, on a machine with systemd, and with a build without sanitizers."""

import os
import re
import shutil
import signal
import subprocess
import time

from harness import BUILD, PATIENCE, Failure, Skip, check, equal, main, test, wait_for

# Runs in namespaces of its own; $1 is an empty folder, $2 the build.
BOOT = r"""
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
make -s -C "$2" install DESTDIR="$1/root" >/dev/null
cd "$1/root"
ldconfig -r .
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
for folder in run tmp dev; do
	mount -t tmpfs tmpfs $folder
done
for device in null zero full random urandom tty; do
	touch dev/$device
	mount --bind /dev/$device dev/$device
done
mkdir -p dev/shm dev/pts old
ln -s /proc/self/fd dev/fd
ip link set lo up
pivot_root . old
cd /
umount -l /old
mount -t devpts devpts /dev/pts -o newinstance,ptmxmode=0666
ln -s pts/ptmx /dev/ptmx
container=lxc exec /lib/systemd/systemd --system --unit=basic.target --log-target=journal --show-status=0
"""


def own_cgroup():
    """The folder of the control group that this process is in."""
    with open("/proc/self/mountinfo", encoding="ascii") as f:
        mounts = [line.split()[4] for line in f if " - cgroup2 " in line]
    with open("/proc/self/cgroup", encoding="ascii") as f:
        paths = [line.rstrip()[3:] for line in f if line.startswith("0::")]
    if not mounts or not paths:
        raise Skip("there are no control groups of version 2")
    return mounts[0] + paths[0].rstrip("/")


class Machine:
    """The booted copy."""

    def __init__(self, bench):
        if os.environ.get("MQTTSN_TEST_BOOT") != "1":
            raise Skip("MQTTSN_TEST_BOOT is not 1")
        if os.geteuid() != 0 or not os.path.exists("/lib/systemd/systemd") or shutil.which("unshare") is None:
            raise Skip("root, systemd and unshare are needed")
        folder = bench.path("machine")
        os.mkdir(folder)
        self.cgroup = os.path.join(own_cgroup(), os.path.basename(bench.folder))
        os.mkdir(self.cgroup)
        self.pid = None
        self.outside = bench.process(
            ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', self.cgroup, "unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc", "--net", "--cgroup",
             "sh", "-c", BOOT, "boot", folder, os.path.abspath(BUILD)], "machine")
        bench.closing(self)
        self.prefix = self.variable("prefix")
        self.etc = self.variable("sysconfdir").replace("${prefix}", self.prefix) + "/mqttsn-gateway"
        self.pid = wait_for(self.find_init, "systemd begins")
        wait_for(lambda: self.run("systemctl", "is-system-running").stdout.strip() in ("running", "degraded"), "it runs")
        self.must("systemd-sysusers")
        self.must("systemctl", "daemon-reload")

    @staticmethod
    def variable(name):
        with open(os.path.join(BUILD, "Makefile"), encoding="utf-8") as f:
            return re.search(rf"^{name} = (.*)$", f.read(), re.MULTILINE)[1]

    def find_init(self):
        check(self.outside.running(), "the machine is there: " + self.outside.log())
        try:
            with open(f"/proc/{self.outside.pid}/task/{self.outside.pid}/children", encoding="ascii") as f:
                child = f.read().split()[0]
            with open(f"/proc/{child}/comm", encoding="ascii") as f:
                return int(child) if f.read() == "systemd\n" else None
        except (OSError, IndexError):
            return None

    def enter(self, *argv):
        return ["nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", *argv]

    def run(self, *argv):
        return subprocess.run(self.enter(*argv), check=False, timeout=PATIENCE, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL)

    def must(self, *argv):
        done = self.run(*argv)
        if done.returncode != 0:
            journal = self.run("journalctl", "-n", "20", "-o", "cat", "--no-pager").stdout
            raise Failure(f"{' '.join(argv)}: {done.stdout}{done.stderr}\njournal:\n{journal}")
        return done.stdout

    def write(self, path, text):
        self.must("sh", "-c", f"mkdir -p $(dirname {path}) && printf %s '{text}' >{path}")

    def show(self, unit, name):
        return self.must("systemctl", "show", unit, "-p", name, "--value").strip()

    def wait_journal(self, unit, text):
        wait_for(lambda: text in self.must("journalctl", "-u", unit, "-o", "cat", "--no-pager"),
                 f"{text!r} in the journal of {unit}")

    def close(self):
        """Its first process takes all others with it."""
        if self.pid is not None and self.outside.running():
            os.kill(self.pid, signal.SIGKILL)
            self.outside.wait()
        self.outside.kill()
        wait_for(self.remove_cgroups, "the control groups are empty")

    def remove_cgroups(self):
        try:
            for folder, _, _ in os.walk(self.cgroup, topdown=False):
                os.rmdir(folder)
        except OSError:
            return False
        return True


GATEWAY = "mqttsn-gateway.service"

METRICS = """
import socket
s = socket.socket(socket.AF_UNIX)
s.connect("/run/mqttsn-gateway-admin.socket")
s.sendall(b"GET /metrics HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
print(s.makefile().read())
"""


@test("the gateway starts, serves, reloads, is started anew when it hangs, and stops")
def _(bench):
    machine = Machine(bench)
    broker = bench.process(machine.enter("mosquitto", "-p", "1883"), "mosquitto")
    machine.must("systemctl", "start", GATEWAY)
    machine.wait_journal(GATEWAY, "listening on 127.0.0.1:1884")
    equal(machine.show(GATEWAY, "StatusText")[:9], "0 clients", "status")
    equal(machine.must("stat", "-c", "%U %a", "/var/lib/mqttsn-gateway").strip(), "mqttsn-gateway 750", "its folder")
    tools = f"{machine.prefix}/bin"
    machine.must(f"{tools}/mqttsn-pub", "-p", "1884", "-t", "a/b", "-m", "x", "-q", "1")
    machine.must("systemctl", "reload", GATEWAY)
    machine.wait_journal(GATEWAY, "reload: done")
    machine.write(f"{machine.etc}/mqttsn-gateway.conf", "nonsense = 1;\n")
    machine.must("systemctl", "reload", GATEWAY)
    machine.wait_journal(GATEWAY, "mqttsn-gateway.conf:1: nonsense: no such setting")
    equal(machine.show(GATEWAY, "ActiveState"), "active", "after a wrong configuration")
    machine.write(f"{machine.etc}/mqttsn-gateway.conf", "\n")
    machine.write(f"/etc/systemd/system/{GATEWAY}.d/test.conf", "[Service]\nWatchdogSec=1\nRestartSec=100ms\n")
    machine.must("systemctl", "daemon-reload")
    machine.must("systemctl", "restart", GATEWAY)
    machine.must("systemctl", "kill", "-s", "STOP", GATEWAY)
    wait_for(lambda: machine.show(GATEWAY, "NRestarts") != "0", "the watchdog")
    wait_for(lambda: machine.show(GATEWAY, "ActiveState") == "active", "it is there again")
    machine.must("systemctl", "stop", GATEWAY)
    equal(machine.show(GATEWAY, "Result"), "success", "the end")
    broker.kill()


@test("systemd opens the sockets, for sensors and for the admin server")
def _(bench):
    machine = Machine(bench)
    machine.write(f"{machine.etc}/mqttsn-gateway.conf",
                  'admin = { listen = "unix:/run/mqttsn-gateway-admin.socket"; };\n')
    machine.must("systemctl", "start", "mqttsn-gateway.socket", "mqttsn-gateway-admin.socket")
    machine.must("systemctl", "start", GATEWAY)
    machine.wait_journal(GATEWAY, "listening on 127.0.0.1:1884")
    log = machine.must("journalctl", "-u", GATEWAY, "-o", "cat", "--no-pager")
    check("service manager" not in log, f"no socket is left over: {log}")
    equal(machine.must("stat", "-c", "%G %a", "/run/mqttsn-gateway-admin.socket").strip(), "mqttsn-gateway 660",
          "the admin socket")
    started = re.search(r"^process_start_time_seconds (\S+)$", machine.must("python3", "-c", METRICS), re.MULTILINE)
    check(abs(float(started[1]) - time.time()) < 100, "what the gateway reads of /proc is there")
    machine.must("systemctl", "restart", GATEWAY)
    equal(machine.show("mqttsn-gateway.socket", "ActiveState"), "active", "the socket after a restart")


@test("the forwarder starts, and has its line of status")
def _(bench):
    machine = Machine(bench)
    machine.write(f"{machine.etc}/mqttsn-forwarder.conf",
                  'gateways = ( { address = "127.0.0.1:1884"; } ); udp = ( { address = "127.0.0.1:1885"; } );\n')
    machine.must("systemctl", "start", "mqttsn-forwarder.service")
    wait_for(lambda: machine.show("mqttsn-forwarder.service", "StatusText").startswith(
        "0 nodes, gateway 127.0.0.1:1884"), "status")
    machine.must("systemctl", "stop", "mqttsn-forwarder.service")
    equal(machine.show("mqttsn-forwarder.service", "Result"), "success", "the end")


main()
