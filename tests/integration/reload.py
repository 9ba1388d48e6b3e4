# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP: the configuration is read anew under live sessions (SN12-TOPIC-08)."""

import signal

import mqtt
import mqttsn
from harness import check, equal, main, test
from mqttsn import INVALID_TOPIC_ID, PREDEFINED, PUBACK, Client


class Configuration:
    """A file that a test rewrites."""

    def __init__(self, bench, broker, predefined=(), rest=""):
        self.path = bench.path("gateway.conf")
        self.broker = broker
        self.write(predefined, rest)

    def write(self, predefined=(), rest="", address="127.0.0.1:0"):
        entries = ", ".join(f'{{ id = {number}; topic = "{topic}"; }}' for number, topic in predefined)
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(f'listeners = ( {{ address = "{address}"; }} );\n'
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


@test("what needs a restart is named: the listeners, the broker")
def _(bench):
    broker = bench.broker()
    configuration = Configuration(bench, broker)
    gateway = bench.start_gateway("--config", configuration.path).wait_ready()
    client = bench.closing(Client(gateway.address, "a")).connect()
    configuration.write(address="127.0.0.2:0")
    reload(gateway, "reload: changed listeners need a restart, the old configuration stays")
    configuration.broker = type("Elsewhere", (), {"host": "127.0.0.1", "port": 1})
    configuration.write()
    reload(gateway, "reload: the changed broker settings need a restart")
    client.ping_seconds()


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
