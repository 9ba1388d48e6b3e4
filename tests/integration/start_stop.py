# SPDX-License-Identifier: BSD-3-Clause
"""Starting, signals, stopping."""

import os
import signal
import socket

from harness import PATIENCE, VALGRIND, check, equal, free_tcp_port, gateway_command, gateway_env, main, test, wait_for
from mqttsn import DISCONNECT, Client

AT_ONCE = PATIENCE if VALGRIND else 1.0


def stops_well(gateway, number, clients=()):
    status, seconds = gateway.stop(number)
    equal(status, 0, "exit status")
    check(seconds < AT_ONCE, f"stopping took {seconds:.2f} s")
    for client in clients:
        client.expect(DISCONNECT)


def connected_clients(bench, gateway, n=3, **options):
    return [bench.closing(Client(gateway.address, f"pump-{i}")).connect(**options) for i in range(n)]


@test("SIGTERM: says DISCONNECT to sensors and broker, ends with 0 in under a second")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    clients = connected_clients(bench, gateway)
    stops_well(gateway, signal.SIGTERM, clients)
    for client in clients:
        broker.process.wait_log(f"Received DISCONNECT from {client.id}$")


@test("SIGINT does the same")
def _(bench):
    gateway = bench.gateway(bench.broker())
    stops_well(gateway, signal.SIGINT, connected_clients(bench, gateway))


@test("it starts, serves and stops without a broker")
def _(bench):
    gateway = bench.gateway(f"127.0.0.1:{free_tcp_port()}")
    stops_well(gateway, signal.SIGTERM)


@test("a broker that hangs does not delay the end")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    clients = connected_clients(bench, gateway)
    broker.pause()
    clients[0].publish(0x6162, b"x", kind=2)
    stops_well(gateway, signal.SIGTERM, clients)
    broker.resume()


@test("the ready line names the port that the kernel chose, for each listener, IPv6 as well")
def _(bench):
    broker = bench.broker()
    gateway = bench.start_gateway("--listen", "127.0.0.1:0", "--listen", "[::1]:0", "--broker", broker.address)
    gateway.wait_ready(listeners=2)
    v4, v6 = gateway.addresses
    check(f"listening on 127.0.0.1:{v4[1]}, broker {broker.address}" in gateway.log(), "ready line")
    equal((v4[0], v6[0]), ("127.0.0.1", "::1"), "addresses")
    bench.closing(Client(v4, "four")).connect().publish(0x6162, b"4", qos=1, kind=2)
    bench.closing(Client(v6, "six", family=socket.AF_INET6)).connect().publish(0x6162, b"6", qos=1, kind=2)


@test("a port in use: status 1, and the listener is named")
def _(bench):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{other.getsockname()[1]}"
        gateway = bench.start_gateway("--listen", address)
        equal(gateway.wait(), 1, "exit status")
    check(f"cannot listen on {address}: Address already in use" in gateway.log(), "message names the listener")


@test("a group that cannot be joined: status 1, and it is named")
def _(bench):
    gateway = bench.start_gateway("--listen", "127.0.0.1:0", "--set", "listeners.0.multicast=239.255.0.1:1884",
                                  "--set", "listeners.0.interface=nosuch0")
    equal(gateway.wait(), 1, "exit status")
    check("cannot join 239.255.0.1:1884 on nosuch0: " in gateway.log(), "message")


@test("SIGHUP is survived")
def _(bench):
    gateway = bench.gateway(bench.broker())
    client = connected_clients(bench, gateway, 1)[0]
    gateway.process.signal(signal.SIGHUP)
    gateway.wait_log("reload: done")
    client.ping_seconds()


@test("SIGUSR1 logs the counters")
def _(bench):
    gateway = bench.gateway(bench.broker())
    for client in connected_clients(bench, gateway):
        client.publish(0x6162, b"x", qos=1, kind=2)
    counters = gateway.counters()
    equal(counters["received CONNECT"], 3, "CONNECTs")
    equal(counters["connects_total"], 3, "sessions")
    equal(counters["sent PUBACK"], 3, "PUBACKs")
    gateway.wait_log(r"counter: clients 3, broker sessions 3, of these connected 3, shared by 0 clients$")
    gateway.wait_log(rf"counter: 127.0.0.1:{gateway.address[1]} received 6, sent 6, not sent 0, "
                     r"lost to a full receive buffer 0$")


def limited_gateway(bench, *options):
    command = ["sh", "-c", 'ulimit -n 200 && exec "$@"', "sh"] + gateway_command(bench)
    process = bench.process(command + ["--listen", "127.0.0.1:0", *options], "limited", env=gateway_env(bench))
    process.wait_log("listening on")
    return process


@test("too few open files and ports are told at the start")
def _(bench):
    process = limited_gateway(bench, "--set", "limits.clients=100000")
    process.wait_log(r"warning: the system allows \d+ open files: too few for limits.clients = 100000, "
                     r"each with a broker connection \(")
    process.wait_log(r"warning: the system has \d+ ports .* for limits.clients = 100000, unless the broker has several")
    process.signal(signal.SIGTERM)
    equal(process.wait(), 0, "exit status")


@test("where clients share connections it need not come to that")
def _(bench):
    process = limited_gateway(bench, "--set", "limits.clients=100000", "--set", "broker.shared_connections=2")
    process.wait_log(r"notice: the system allows \d+ open files: too few for limits.clients = 100000, "
                     r"unless enough of them share a broker connection \(")
    process.wait_log(r"notice: the system has \d+ ports .* for limits.clients = 100000, unless enough of them share")
    process.signal(signal.SIGTERM)
    equal(process.wait(), 0, "exit status")


@test("the soft limit of open files is raised to the hard one")
def _(bench):
    command = ["sh", "-c", 'ulimit -S -n 100 && exec "$@"', "sh"] + gateway_command(bench)
    process = bench.process(command + ["--listen", "127.0.0.1:0"], "limited", env=gateway_env(bench))
    process.wait_log("listening on")

    def limits():
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as f:
            return next(line.split()[3:5] for line in f if line.startswith("Max open files"))

    if not VALGRIND:  # which keeps some of them for itself
        soft, hard = limits()
        equal(soft, hard, "soft limit")
    process.signal(signal.SIGTERM)
    equal(process.wait(), 0, "exit status")


@test("its descriptors are not inherited")
def _(bench):
    gateway = bench.gateway(bench.broker())
    connected_clients(bench, gateway, 2)
    folder = f"/proc/{gateway.process.pid}/fdinfo"
    sockets = 0
    for fd in os.listdir(folder):
        if not os.readlink(f"/proc/{gateway.process.pid}/fd/{fd}").startswith("socket:"):
            continue
        with open(f"{folder}/{fd}", encoding="ascii") as f:
            flags = next(int(line.split()[1], 8) for line in f if line.startswith("flags:"))
        sockets += 1
        check(flags & os.O_CLOEXEC, f"socket {fd} is not close-on-exec")
    check(sockets >= 3, "a listener and two broker connections")


@test("an idle gateway sleeps")
def _(bench):
    gateway = bench.gateway(bench.broker())
    connected_clients(bench, gateway, 5)

    def switches():
        with open(f"/proc/{gateway.process.pid}/status", encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt_switches"))

    quiet = switches()
    watched = bench.process(["sleep", "1"], "sleep")
    wait_for(lambda: not watched.running(), "a second to pass")
    check(switches() - quiet <= 20, f"{switches() - quiet} wake-ups in a second of silence")


main()
