# SPDX-License-Identifier: BSD-3-Clause
"""The service manager: the protocols of sd_notify(3) and sd_listen_fds(3), with this test in its place."""

import os
import signal
import socket
import sys
import time

import mqttsn
from admin_client import Admin
from harness import BUILD, PATIENCE, Failure, check, equal, free_udp_address, gateway_env, main, test, wait_for
from mqttsn import Client

# As systemd does between fork and exec: the sockets become descriptors 3, 4, ... of the process.
LAUNCHER = """
import os, sys
sockets = [os.dup(int(fd)) for fd in sys.argv[1].split(",")]
for place, fd in enumerate(sockets):
    os.dup2(os.dup2(fd, 64 + place), 3 + place)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = str(len(sockets))
os.execvp(sys.argv[2], sys.argv[2:])
"""


class Manager:
    """What $NOTIFY_SOCKET leads to."""

    def __init__(self, bench, watchdog=None):
        self.socket = bench.closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.socket.bind("\0mqttsn-test-" + os.path.basename(bench.folder))
        self.socket.settimeout(PATIENCE)
        self.env = {"NOTIFY_SOCKET": "@" + self.socket.getsockname()[1:].decode()}
        if watchdog is not None:
            self.env["WATCHDOG_USEC"] = str(int(watchdog * 1e6))

    def hear(self, wanted):
        """The next message that begins with @wanted; what comes before it is dropped."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = self.socket.recv(4096).decode()
            if text.startswith(wanted):
                return text
        raise Failure(f"the service manager did not hear {wanted}")

    def pending(self):
        """All that was said and not heard."""
        said = []
        self.socket.setblocking(False)
        try:
            while True:
                said.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            self.socket.settimeout(PATIENCE)
            return said


def sockets_for(manager, named):
    """Starts with these sockets, a dictionary by name, opened by the service manager."""
    fds = [s.fileno() for s in named.values()]
    return {
        "launcher": [sys.executable, "-c", LAUNCHER, ",".join(str(fd) for fd in fds)],
        "pass_fds": fds,
        "env": manager.env | {"LISTEN_FDNAMES": ":".join(named)},
    }


def udp_socket(bench):
    s = bench.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    s.bind(("127.0.0.1", 0))
    return s


@test("READY when the port answers, STOPPING at the end")
def _(bench):
    manager = Manager(bench)
    address = free_udp_address()
    gateway = bench.start_gateway("--listen", f"127.0.0.1:{address[1]}", "--broker", bench.broker().address,
                                  env=manager.env)
    manager.hear("READY=1")
    bench.closing(Client(address, "a")).connect()
    check("STOPPING=1" not in manager.pending(), "not yet")
    gateway.stop()
    manager.hear("STOPPING=1")


@test("a gateway that cannot start is never ready")
def _(bench):
    manager = Manager(bench)
    taken = udp_socket(bench)
    gateway = bench.start_gateway("--listen", f"127.0.0.1:{taken.getsockname()[1]}", env=manager.env)
    equal(gateway.wait(), 1, "exit status")
    equal(manager.pending(), [], "what was said")


@test("RELOADING with the time, then READY, also when the new configuration is wrong")
def _(bench):
    manager = Manager(bench)
    path = bench.path("gateway.conf")
    for rest, log in ("", "reload: done"), ("nonsense = 1;\n", "the old one stays"):
        with open(path, "w", encoding="utf-8") as f:
            f.write(f'listeners = ( {{ address = "127.0.0.1:0"; }} );\n{rest}')
        if not rest:
            gateway = bench.start_gateway("--config", path, env=manager.env)
            manager.hear("READY=1")
        before = time.monotonic_ns() // 1000
        gateway.process.signal(signal.SIGHUP)
        reloading, stamp = manager.hear("RELOADING=1").split("\n")
        name, value = stamp.split("=")
        equal((reloading, name), ("RELOADING=1", "MONOTONIC_USEC"), "what is said")
        check(before <= int(value) <= time.monotonic_ns() // 1000, "the time of the reload")
        manager.hear("READY=1")
        gateway.wait_log(log)


@test("the watchdog hears from the loop, and from a loop that hangs it hears nothing")
def _(bench):
    manager = Manager(bench, watchdog=0.2)
    gateway = bench.start_gateway("--listen", "127.0.0.1:0", env=manager.env).wait_ready()
    for _ in range(5):
        manager.hear("WATCHDOG=1")
    gateway.process.signal(signal.SIGSTOP)
    wait_for(lambda: "T" in open(f"/proc/{gateway.process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1],
             "it stands still")
    manager.pending()
    manager.socket.settimeout(0.5)
    try:
        heard = manager.socket.recv(4096)
        raise Failure(f"a stopped gateway said {heard!r}")
    except TimeoutError:
        manager.socket.settimeout(PATIENCE)
    gateway.process.signal(signal.SIGCONT)
    manager.hear("WATCHDOG=1")


@test("STATUS has the clients and the rates, and is said again while nothing happens")
def _(bench):
    manager = Manager(bench)
    gateway = bench.start_gateway("--listen", "127.0.0.1:0", "--broker", bench.broker().address,
                                  env=manager.env).wait_ready()
    manager.hear("STATUS=0 clients")
    client = bench.closing(Client(gateway.address, "a")).connect()
    client.ping_seconds()
    manager.hear("STATUS=1 clients (1 active, 0 asleep, 0 connecting), broker connections 1 of 1, packets/s ")
    client.send(mqttsn.disconnect(60))
    client.expect(mqttsn.DISCONNECT)
    manager.hear("STATUS=1 clients (0 active, 1 asleep")


def journal(bench, name):
    """The environment of a program whose standard error, the log of this name, is the journal."""
    path = bench.path(name)
    with open(path, "a", encoding="utf-8"):
        status = os.stat(path)
    return {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}


@test("in the journal lines have priorities, and so have the mistakes of a start")
def _(bench):
    gateway = bench.start_gateway("--listen", "127.0.0.1:0", env=journal(bench, "gateway-1.log"))
    gateway.wait_log("^<5>listening on 127.0.0.1:")
    gateway.stop()
    check(all(line.startswith("<") for line in gateway.log().splitlines()), "every line")
    wrong = bench.start_gateway("--set", "timers.nothing=1", env=journal(bench, "gateway-2.log"))
    equal(wrong.wait(), 2, "exit status")
    wrong.wait_log("^<3>--set: timers.nothing: no such setting")


@test("without a service manager nothing is said")
def _(bench):
    gateway = bench.start_gateway("--listen", "127.0.0.1:0").wait_ready()
    gateway.stop()


@test("a listener whose socket the service manager opened takes it, with what waits in it")
def _(bench):
    manager = Manager(bench)
    given = udp_socket(bench)
    address = given.getsockname()
    client = bench.closing(Client(address, "a"))
    client.send(mqttsn.connect("a"))  # before the gateway is there
    gateway = bench.start_gateway("--listen", f"127.0.0.1:{address[1]}", "--broker", bench.broker().address,
                                  **sockets_for(manager, {"sensors": given})).wait_ready()
    client.expect(mqttsn.CONNACK, code=mqttsn.ACCEPTED)
    equal(gateway.addresses, [address], "listeners")
    check("has no listener" not in gateway.log(), "no warning")


@test("a socket that no listener wants is named, and others are opened as ever")
def _(bench):
    manager = Manager(bench)
    gateway = bench.start_gateway("--listen", "127.0.0.1:0", "--broker", bench.broker().address,
                                  **sockets_for(manager, {"lost": udp_socket(bench)})).wait_ready()
    gateway.wait_log("the service manager's socket lost has no listener's address")
    bench.closing(Client(gateway.address, "a")).connect()


@test("a listener that a reload takes away and brings back has its socket again")
def _(bench):
    manager = Manager(bench)
    path = bench.path("gateway.conf")
    given = udp_socket(bench)
    address = given.getsockname()
    broker = bench.broker()

    def configure(*ports):
        listeners = ", ".join(f'{{ address = "127.0.0.1:{port}"; }}' for port in ports)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"listeners = ( {listeners} );\nbroker = {{ port = {broker.port}; }};\n")

    configure(address[1])
    gateway = bench.start_gateway("--config", path, **sockets_for(manager, {"sensors": given})).wait_ready()
    configure(0)
    gateway.process.signal(signal.SIGHUP)
    gateway.wait_log("no longer listening")
    configure(address[1])
    gateway.process.signal(signal.SIGHUP)
    wait_for(lambda: gateway.process.count_log("reload: done") == 2, "the second reload")
    bench.closing(Client(address, "a")).connect()


class Forwarder:
    """The mqttsn-forwarder of the build tree."""

    def __init__(self, bench, manager, *options):
        self.process = bench.process([os.path.join(BUILD, "mqttsn-forwarder"), *options], "forwarder",
                                     env=gateway_env(bench) | manager.env)
        self.log = self.process.log
        self.ended = False
        bench.gateways.append(self)

    def finish(self):
        if self.ended:
            return
        self.ended = True
        self.process.signal(signal.SIGTERM)
        equal(self.process.wait(), 0, "exit status of the forwarder")


@test("the forwarder speaks with the service manager as well")
def _(bench):
    manager = Manager(bench, watchdog=0.2)
    forwarder = Forwarder(bench, manager, "--listen", "127.0.0.1:0", "--gateway", "127.0.0.1:9")
    manager.hear("READY=1")
    equal(manager.hear("STATUS="), "STATUS=0 nodes, gateway 127.0.0.1:9, messages/s 0 up, 0 down", "status")
    for _ in range(3):
        manager.hear("WATCHDOG=1")
    forwarder.process.signal(signal.SIGHUP)
    manager.hear("RELOADING=1\nMONOTONIC_USEC=")
    manager.hear("READY=1")
    forwarder.finish()
    manager.hear("STOPPING=1")


def admin_socket(bench):
    """On a path, as mqttsn-gateway-admin.socket has it."""
    s = bench.closing(socket.socket(socket.AF_UNIX))
    s.bind(bench.path("admin.sock"))
    s.listen()
    return s


@test("the admin server takes over the socket named admin, and leaves it where it is")
def _(bench):
    manager = Manager(bench)
    path = bench.path("admin.sock")
    broker = bench.broker().address
    how = sockets_for(manager, {"admin": admin_socket(bench)})
    for _ in range(2):
        gateway = bench.start_gateway("--listen", "127.0.0.1:0", "--broker", broker, "--admin", "unix:" + path,
                                      **how).wait_ready()
        equal(Admin(gateway).json("/status")["gateway_id"], 1, "it answers")
        gateway.stop()
        check(os.path.exists(path), "the socket is the service manager's")


@test("a socket named admin opens nothing that the configuration does not ask for")
def _(bench):
    manager = Manager(bench)
    how = sockets_for(manager, {"admin": admin_socket(bench)})
    gateway = bench.start_gateway("--listen", "127.0.0.1:0", **how).wait_ready()
    equal(gateway.process.count_log("admin server"), 0, "not asked for")
    other = bench.start_gateway("--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", **how).wait_ready()
    other.wait_log("socket admin is not that of admin.listen: not used")
    equal(Admin(other).json("/status")["gateway_id"], 1, "it answers where it should")


main()
