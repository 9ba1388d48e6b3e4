# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP: the configuration is read anew under live sessions (SN12-TOPIC-08)."""

import re
import signal
import socket

import mqtt
import mqttsn
from harness import Failure, check, equal, free_udp_address, main, test, wait_for
from mqttsn import INVALID_TOPIC_ID, PREDEFINED, PUBACK, Client


class Configuration:
    """A file that a test rewrites."""

    def __init__(self, bench, broker, predefined=(), rest=""):
        self.path = bench.path("gateway.conf")
        self.broker = broker
        self.write(predefined, rest)

    def write(self, predefined=(), rest="", addresses=(("127.0.0.1", 0),), members=""):
        entries = ", ".join(f'{{ id = {number}; topic = "{topic}"; }}' for number, topic in predefined)
        with open(self.path, "w", encoding="utf-8") as f:
            listeners = ", ".join(f'{{ address = "{host}:{port}"; {members}}}' for host, port in addresses)
            f.write(f"listeners = ( {listeners} );\n"
                    f'broker = {{ host = "{self.broker.host}"; port = {self.broker.port}; }};\n'
                    f"predefined = ( {entries} );\n{rest}")


def reload(gateway, answer):
    gateway.process.signal(signal.SIGHUP)
    gateway.wait_log(answer)


@test("a new predefined id works at once, and sessions live on")
def _(bench):
    broker = bench.broker()
    configuration = Configuration(bench, broker, [(1, "old")])
    gateway = bench.start_gateway("--config", configuration.path).wait_ready()
    watcher = mqtt.Subscriber(bench, broker, "#")
    client = bench.closing(Client(gateway.address, "a")).connect()
    client.send(mqttsn.publish(2, b"too early", 1, 7, PREDEFINED))
    client.expect(PUBACK, topic_id=2, msg_id=7, code=INVALID_TOPIC_ID)
    configuration.write([(1, "renamed"), (2, "new")])
    reload(gateway, "reload: done")
    client.publish(2, b"second", 1, PREDEFINED)
    client.publish(1, b"first", 1, PREDEFINED)
    equal([(m.topic, m.payload) for m in watcher.take(2)], [("new", b"second"), ("renamed", b"first")], "at the broker")


@test("a configuration with a mistake is told with its line, and the old one stays")
def _(bench):
    broker = bench.broker()
    configuration = Configuration(bench, broker, [(1, "old")])
    gateway = bench.start_gateway("--config", configuration.path).wait_ready()
    client = bench.closing(Client(gateway.address, "a")).connect()
    configuration.write([(2, "new")], "nonsense = 1;\n")
    reload(gateway, "reload: the configuration has mistakes, the old one stays")
    check(f"{configuration.path}:4: " in gateway.log(), "file and line")
    client.publish(1, b"x", 1, PREDEFINED)


@test("what needs a restart is named, setting by setting, as long as it waits for one")
def _(bench):
    broker = bench.broker()
    configuration = Configuration(bench, broker)
    gateway = bench.start_gateway("--config", configuration.path).wait_ready()
    client = bench.closing(Client(gateway.address, "a")).connect()
    configuration.broker = type("Elsewhere", (), {"host": "localhost", "port": 1})
    configuration.write()
    reload(gateway, "reload: done")
    gateway.wait_log("reload: broker.host has changed, which needs a restart")
    gateway.wait_log("reload: broker.port has changed, which needs a restart")
    configuration.write([(1, "new")])
    gateway.process.signal(signal.SIGHUP)
    wait_for(lambda: gateway.process.count_log("broker.port has changed") == 2, "said again")
    configuration.broker = broker
    configuration.write()
    gateway.process.signal(signal.SIGHUP)
    wait_for(lambda: gateway.process.count_log("reload: done") == 3, "the third reload")
    equal(gateway.process.count_log("broker.port has changed"), 2, "not any more when it is as it was")
    client.ping_seconds()


def listening(gateway, text="listening on"):
    """The addresses in the log lines of listeners."""
    found = re.findall(rf"notice: {text} (\S+):(\d+)", gateway.log())
    return [(host, int(port)) for host, port in found]


@test("a listener is added, another removed: its clients hear DISCONNECT, those of others notice nothing")
def _(bench):
    configuration = Configuration(bench, bench.broker())
    first, second = free_udp_address(), free_udp_address("127.0.0.2")
    configuration.write(addresses=[first])
    gateway = bench.start_gateway("--config", configuration.path).wait_ready()
    a = bench.closing(Client(first, "a")).connect()
    configuration.write(addresses=[second, first])
    reload(gateway, "reload: done")
    equal(listening(gateway)[1:], [second], "what is new")
    b = bench.closing(Client(second, "b")).connect()
    a.ping_seconds()
    configuration.write(addresses=[second])
    gateway.process.signal(signal.SIGHUP)
    a.expect(mqttsn.DISCONNECT)
    gateway.wait_log("^.*no longer listening on 127.0.0.1")
    gateway.wait_log("a: disconnected: its listener is closed")
    b.ping_seconds()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(first)  # the port is free again


@test("many clients whose listener has another number then: a restart finds them all at it")
def _(bench):
    configuration = Configuration(bench, bench.broker())
    first, second = free_udp_address(), free_udp_address("127.0.0.2")
    configuration.write(addresses=[first, second])
    options = ["--config", configuration.path, "--state-dir", bench.path("state")]
    gateway = bench.start_gateway(*options).wait_ready(2)
    will = ("will", b"x" * 60000, 1, False)  # with this, few are more than the store notes down in memory
    clients = [bench.closing(Client(second, f"c{i}")).connect(clean=False, will=will) for i in range(24)]
    configuration.write(addresses=[second])
    reload(gateway, "reload: done")
    clients[0].ping_seconds()  # the turn of the reload is over
    gateway.kill()
    bench.start_gateway(*options).wait_ready()
    for client in clients:
        client.ping_seconds()


@test("a listener opens to all addresses of the machine on its own port")
def _(bench):
    configuration = Configuration(bench, bench.broker())
    local = free_udp_address()
    everywhere = ("0.0.0.0", local[1])
    configuration.write(addresses=[local])
    gateway = bench.start_gateway("--config", configuration.path).wait_ready()
    configuration.write(addresses=[everywhere])
    reload(gateway, "reload: done")
    bench.closing(Client(local, "a")).connect()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(everywhere)
        except OSError:
            return
        raise Failure("the port stayed open to others")


@test("a listener with another buffer keeps its clients")
def _(bench):
    configuration = Configuration(bench, bench.broker())
    address = free_udp_address()
    configuration.write(addresses=[address])
    gateway = bench.start_gateway("--config", configuration.path).wait_ready()
    client = bench.closing(Client(address, "a")).connect()
    configuration.write(addresses=[address], members="receive_buffer = 16384; ")
    reload(gateway, "reload: done")
    client.ping_seconds()


@test("a listener that cannot be opened leaves all as it was")
def _(bench):
    configuration = Configuration(bench, bench.broker(), [(1, "old")])
    mine, taken = free_udp_address(), free_udp_address()
    configuration.write([(1, "old")], addresses=[mine])
    gateway = bench.start_gateway("--config", configuration.path).wait_ready()
    client = bench.closing(Client(mine, "a")).connect()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(taken)
        configuration.write([(2, "new")], addresses=[taken])
        reload(gateway, "reload: the old configuration stays")
    gateway.wait_log(f"cannot listen on {taken[0]}:{taken[1]}: Address already in use")
    client.publish(1, b"x", 1, PREDEFINED)


@test("a part of the log can have a level of its own")
def _(bench):
    configuration = Configuration(bench, bench.broker())
    gateway = bench.start_gateway("--config", configuration.path).wait_ready()
    configuration.write(rest='log = { level = "error"; levels = { trace = "info"; }; packets = true; };\n')
    gateway.process.signal(signal.SIGHUP)
    client = bench.closing(Client(gateway.address, "a"))

    def traced():
        client.connect()
        return "> CONNECT" in gateway.log()

    wait_for(traced, "the trace")
    before = gateway.log()
    client.connect()
    client.ping_seconds()
    gateway.wait_log("> PINGREQ")
    check("a: connected" not in gateway.log()[len(before):], "clients are at level error")


@test("the packet trace can be switched on")
def _(bench):
    configuration = Configuration(bench, bench.broker())
    gateway = bench.start_gateway("--config", configuration.path).wait_ready()
    client = bench.closing(Client(gateway.address, "a")).connect()
    check("> CONNECT" not in gateway.log(), "no trace")
    configuration.write(rest="log = { packets = true; };\n")
    reload(gateway, "reload: done")
    client.ping_seconds()
    gateway.wait_log("> PINGREQ")
    gateway.wait_log("< PINGRESP")


main()
