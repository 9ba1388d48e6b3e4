# SPDX-License-Identifier: BSD-3-Clause
"""Sleeping clients, with a real broker behind."""

import mqtt
import mqttsn
from harness import VALGRIND, check, equal, main, test, wait_for
from mqttsn import DISCONNECT, PINGRESP, PUBLISH, REGISTER, Client


def sleeper(bench, gateway, topic="valve", seconds=300, qos=1, **options):
    """Connected, subscribed, asleep."""
    client = bench.closing(Client(gateway.address, "sleeper")).connect(**options)
    client.subscribe(topic, qos)
    client.disconnect(seconds)
    return client


def wake(client):
    """Takes what waits until PINGRESP, acknowledging it; returns the payloads."""
    client.send(mqttsn.pingreq(client.id))
    payloads = []
    while True:
        packet = client.receive()
        check(packet is not None, "the awake time ends with PINGRESP")
        fields = packet.fields
        if packet.type == PINGRESP:
            return payloads
        if packet.type == REGISTER:
            client.send(mqttsn.regack(fields["topic_id"], fields["msg_id"]))
            continue
        equal(packet.type, PUBLISH, "packet")
        payloads.append(packet.data)
        if fields["flags"] >> 5 & 3 == 1:
            client.send(mqttsn.puback(fields["topic_id"], fields["msg_id"]))
        elif fields["flags"] >> 5 & 3 == 2:
            client.ask(mqttsn.msg_ack(mqttsn.PUBREC, fields["msg_id"]), mqttsn.PUBREL, msg_id=fields["msg_id"])
            client.send(mqttsn.msg_ack(mqttsn.PUBCOMP, fields["msg_id"]))


def kept(broker, n):
    """Waits until the gateway has acknowledged @n messages of QoS 1 and 2: these, and all before them, are its own."""
    wait_for(lambda: broker.process.count_log("Received PUB(ACK|COMP) from sleeper") >= n, f"{n} messages kept")


def heard_nothing(client):
    equal(client.receive(0), None, "packet to a sleeper")


def numbers(wanted):
    return [str(n).encode() for n in wanted]


@test("what came meanwhile is handed out in order, at each QoS, then PINGRESP")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    client = sleeper(bench, gateway, "valve/#", qos=2)
    for i in range(12):
        mqtt.publish(broker, f"valve/{i % 2}", str(i).encode(), i // 4)
    kept(broker, 8)
    heard_nothing(client)
    equal(wake(client), numbers(range(12)), "messages")
    equal(wake(client), [], "messages of the second awake time")


@test("a sleeper that wakes on another port is found by its client id")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    sleeper(bench, gateway)
    mqtt.publish(broker, "valve", b"open")
    kept(broker, 1)
    elsewhere = bench.closing(Client(gateway.address, "sleeper"))
    equal(wake(elsewhere), [b"open"], "messages")


@test("a queue that is full loses nothing of QoS 1: the broker keeps the rest")
def _(bench):
    broker = bench.broker(max_queued_messages=0)
    gateway = bench.gateway(broker, "--set", "limits.queue_messages=10")
    client = sleeper(bench, gateway)
    published = mqtt.publish_lines(broker, "valve", numbers(range(1000)))
    equal(published, 1000, "messages published")
    got = []

    def all_there():
        got.extend(wake(client))
        return len(got) >= 1000

    wait_for(all_there, "1000 messages")
    equal(got, numbers(range(1000)), "messages")
    equal(gateway.counters().get("messages_dropped_total", 0), 0, "dropped messages")


@test("a sleeper that does not wake in time is lost: its will is published")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "wills/#")
    gateway = bench.gateway(broker)
    client = sleeper(bench, gateway, seconds=1, will=("wills/sleeper", b"overslept", 1, False))
    equal(watcher.one().payload, b"overslept", "will")
    client.ask(mqttsn.pingreq("sleeper"), DISCONNECT)


@test("the gateway stops in order: at once, and without the sleeper's will")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "wills/#")
    gateway = bench.gateway(broker)
    client = sleeper(bench, gateway, will=("wills/sleeper", b"lost", 1, False))
    status, seconds = gateway.stop()
    check(status == 0 and (VALGRIND or seconds < 1), f"status {status} after {seconds:.2f} s")
    broker.process.wait_log("Received DISCONNECT from sleeper")
    mqtt.publish(broker, "wills/marker")
    equal(watcher.one().topic, "wills/marker", "first message")
    heard_nothing(client)


# SN12-SLEEP-17
@test("a sleeper outlives its keep alive, and publishes without waking")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "#")
    gateway = bench.gateway(broker)
    client = sleeper(bench, gateway, keep_alive=1, will=("wills/sleeper", b"lost", 1, False))
    other = bench.closing(Client(gateway.address, "other")).connect(1)
    gateway.wait_log("other: lost")
    equal(other.receive(0), None, "packet to the lost one")
    client.publish(0x6162, b"still here", 1, kind=mqttsn.SHORT)
    equal(watcher.one()[:2], ("ab", b"still here"), "first message")
    mqtt.publish(broker, "valve", b"open")
    equal(watcher.one().topic, "valve", "second message")
    kept(broker, 1)
    heard_nothing(client)
    equal(wake(client), [b"open"], "messages")


@test("the broker dies while the sensor sleeps: it wakes as if nothing had been")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, "--set", "timers.reconnect_least=0.2", "--set", "timers.reconnect_most=0.5",
                            "--set", "timers.hold=1")
    client = sleeper(bench, gateway)
    mqtt.publish(broker, "valve", b"before")
    kept(broker, 1)
    broker.kill()
    gateway.wait_log("sleeper: broker connection lost")
    broker.start()
    gateway.wait_log("sleeper: broker connection restored")
    broker.process.wait_log("Sending SUBACK to sleeper")
    mqtt.publish(broker, "valve", b"after")
    kept(broker, 1)
    equal(wake(client), [b"before", b"after"], "messages")


main()
