# SPDX-License-Identifier: BSD-3-Clause
"""QoS -1: publishing without a connection."""

import mqtt
import mqttsn
from harness import Failure, equal, main, test
from mqttsn import DISCONNECT, GWINFO, PREDEFINED, RETAIN, SEARCHGW, SHORT, Client

TOPICS = ["--predefined", "7=beacons/door", "--predefined", "8=plant/stop"]
TAKEN = ["--set", "listeners.0.qos_minus_one=true"]


def stranger_at(bench, broker, *options):
    """Somebody without a connection, at a gateway whose own session with the broker is there: only then does it answer
    a search."""
    gateway = bench.gateway(broker, *TOPICS, "--set", "listeners.0.discovery=true", *options)
    stranger = bench.closing(Client(gateway.address, "stranger"))
    for _ in range(200):
        stranger.send(mqttsn.frame(SEARCHGW, b"\x00"))
        packet = stranger.receive(0.1)
        if packet is not None:
            equal(packet.type, GWINFO, "answer to a search")
            return stranger
    raise Failure("the gateway does not reach the broker")


@test("predefined and short topics are passed on, others are not, and nothing is answered")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "#")
    stranger = stranger_at(bench, broker, *TAKEN)
    stranger.send(mqttsn.publish(7, b"open", -1, flags=PREDEFINED))
    stranger.send(mqttsn.publish(9, b"unknown", -1, flags=PREDEFINED))
    stranger.send(mqttsn.publish(1, b"normal", -1))
    stranger.send(mqttsn.publish(0x6162, b"short", -1, flags=SHORT | RETAIN))
    equal([m[:2] for m in watcher.take(2)], [("beacons/door", b"open"), ("ab", b"short")], "at the broker")
    stranger.ask(mqttsn.pingreq(), DISCONNECT)  # the first answer
    equal(mqtt.Subscriber(bench, broker, "ab").one(), ("ab", b"short", 0, True), "retained")


@test("only to the topics that are open")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "#")
    stranger = stranger_at(bench, broker, *TAKEN, "--set", "qos_minus_one.topics=beacons/+")
    stranger.send(mqttsn.publish(8, b"now", -1, flags=PREDEFINED))
    stranger.send(mqttsn.publish(7, b"open", -1, flags=PREDEFINED))
    equal(watcher.one()[:2], ("beacons/door", b"open"), "first message")


@test("a listener that does not take it, as by default, passes nothing on")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "#")
    stranger = stranger_at(bench, broker)
    stranger.send(mqttsn.publish(7, b"open", -1, flags=PREDEFINED))
    stranger.connect().publish(7, b"with a connection", 1, kind=PREDEFINED)
    equal(watcher.one().payload, b"with a connection", "first message")


@test("with the QoS that the configuration says, from a client with a connection as well")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "#")
    stranger = stranger_at(bench, broker, *TAKEN, "--set", "qos_minus_one.qos=1")
    stranger.connect().send(mqttsn.publish(7, b"open", -1, flags=PREDEFINED))
    equal(watcher.one(), ("beacons/door", b"open", 1, False), "at the broker")


main()
