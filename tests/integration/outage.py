# SPDX-License-Identifier: BSD-3-Clause
"""The broker away: what is acknowledged meanwhile, who goes on, and another broker in its place."""

import re

import mqtt
import mqttsn
from harness import check, equal, free_udp_address, main, test, wait_for
from mqttsn import CONGESTION, CONNACK, PINGRESP, PUBACK, PUBLISH, REGISTER, Client

STORE = ("--set", "broker.outage=store", "--set", "timers.reconnect_most=1")
REFUSE = ("--set", "broker.outage=refuse", "--set", "timers.reconnect_most=1")


def received(broker, client_id):
    """The topics of the messages of QoS 1 and 2 that this broker got from the client since it started, in order."""
    return re.findall(rf"Received PUBLISH from {client_id} \(d\d, q[12], r\d, m\d+, '(.*?)'", broker.process.log())


def take_away(broker, gateway):
    lost = gateway.process.count_log("broker connection lost")
    broker.kill()
    wait_for(lambda: gateway.process.count_log("broker connection lost") > lost, "the gateway notices")


def give_back(broker):
    check(broker.start(), "the broker starts again")


def publish_all(client, names):
    """One message for each topic, QoS 1 and 2 in turn; all are acknowledged."""
    for number, name in enumerate(names):
        client.publish(client.register(name), b"x", qos=1 + number % 2)


def topics(n, prefix="t"):
    return [f"{prefix}/{i}" for i in range(n)]


@test("what is acknowledged meanwhile arrives once, in order, before what comes next")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, *STORE)
    client = bench.closing(Client(gateway.address, "sensor")).connect()
    take_away(broker, gateway)
    publish_all(client, topics(40))
    client.ping_seconds()
    give_back(broker)
    publish_all(client, topics(2, "new"))
    wait_for(lambda: len(received(broker, "sensor")) >= 42, "all messages")
    equal(received(broker, "sensor"), topics(40) + topics(2, "new"), "topics")
    check(gateway.counters()["publishes_stored_total"] >= 40, "they are counted")


@test("so it does when the gateway is killed before the broker is back, also of a client that has gone")
def _(bench):
    broker = bench.broker()
    listen = "%s:%d" % free_udp_address()
    options = ("--state-dir", bench.path("state"), "--set", "timers.reconnect_most=1")
    gateway = bench.gateway(broker, *options, listen=listen)
    stays = bench.closing(Client(gateway.address, "stays")).connect()
    goes = bench.closing(Client(gateway.address, "goes")).connect()
    take_away(broker, gateway)
    publish_all(stays, topics(10))
    publish_all(goes, topics(10))
    goes.disconnect()
    gateway.kill()
    bench.gateway(broker, *options, listen=listen)
    publish_all(stays, topics(3, "new"))
    give_back(broker)
    wait_for(lambda: len(received(broker, "stays")) >= 13 and len(received(broker, "goes")) >= 10, "all messages")
    broker.process.wait_log("Received DISCONNECT from goes")
    equal(received(broker, "stays"), topics(10) + topics(3, "new"), "topics of the one that stays")
    equal(received(broker, "goes"), topics(10), "topics of the one that has gone")


@test("a sleeper goes on sleeping, waking and publishing, and is subscribed again")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, *STORE)
    client = bench.closing(Client(gateway.address, "sleeper")).connect()
    topic_id = client.subscribe("valve", 1)["topic_id"]
    client.disconnect(300)
    take_away(broker, gateway)
    client.ask(mqttsn.pingreq(client.id), PINGRESP)
    client.publish(topic_id, b"x", qos=1)
    give_back(broker)
    wait_for(lambda: received(broker, "sleeper") == ["valve"], "the sleeper's message")
    broker.process.wait_log("Sending SUBACK to sleeper")
    mqtt.publish(broker, "valve", b"open")
    wait_for(lambda: broker.process.count_log("Received PUBACK from sleeper") >= 1, "a message kept for it")
    client.send(mqttsn.pingreq(client.id))
    got = client.take_message()
    while got[2] == b"x":  # its own, which comes back where the broker had subscribed it in time
        got = client.take_message()
    equal(got[2], b"open", "message")
    client.expect(PINGRESP)


@test("a known session connects without the broker, others are told congestion")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, *STORE)
    client = bench.closing(Client(gateway.address, "known")).connect(clean=False)
    client.disconnect()
    broker.kill()
    client.connect(clean=False)
    publish_all(client, topics(2))
    stranger = bench.closing(Client(gateway.address, "unknown"))
    stranger.ask(mqttsn.connect("unknown", 60, 0), CONNACK, code=CONGESTION)
    give_back(broker)
    wait_for(lambda: received(broker, "known") == topics(2), "its messages")


@test("outage = refuse: congestion, and sessions are held for a time")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, *REFUSE, "--set", "timers.hold=1")
    client = bench.closing(Client(gateway.address, "sensor")).connect()
    topic_id = client.register("t")
    take_away(broker, gateway)
    for qos in (1, 2):
        client.ask(mqttsn.publish(topic_id, b"x", qos, qos), PUBACK, msg_id=qos, code=CONGESTION)
    client.expect(mqttsn.DISCONNECT)
    give_back(broker)
    wait_for(lambda: connects(client), "the broker is back")
    client.publish(topic_id, b"y", qos=1)
    equal(received(broker, "sensor"), ["t"], "what was refused does not arrive")


def connects(client):
    client.send(mqttsn.connect(client.id))
    return client.expect(CONNACK).fields["code"] == mqttsn.ACCEPTED and client.register("t")


def expect_heard(listener, payload):
    packet = listener.receive()
    while packet is not None and packet.type == REGISTER:
        listener.send(mqttsn.regack(packet.fields["topic_id"], packet.fields["msg_id"]))
        packet = listener.receive()
    check(packet is not None and packet.type == PUBLISH, f"a message, not {packet}")
    equal(packet.data, payload, "message")


@test("another broker takes over, for all clients, until it is lost itself")
def _(bench):
    first, second = bench.broker(), bench.broker()
    gateway = bench.gateway(first, "--broker", second.address, *STORE)
    talker = bench.closing(Client(gateway.address, "talker")).connect()
    listener = bench.closing(Client(gateway.address, "listener")).connect()
    listener.subscribe("t", 0)
    topic_id = talker.register("t")
    talker.publish(topic_id, b"1", qos=1)
    expect_heard(listener, b"1")

    first.kill()
    gateway.wait_log(f"another broker is used: {second.address}")
    second.process.wait_log("Sending SUBACK to listener")
    talker.publish(topic_id, b"2", qos=1)
    expect_heard(listener, b"2")

    give_back(first)  # which nobody needs now
    newcomer = bench.closing(Client(gateway.address, "newcomer")).connect()
    newcomer.publish(newcomer.register("t"), b"3", qos=1)
    expect_heard(listener, b"3")
    equal(first.process.count_log("Received CONNECT"), 0, "connections to the first broker")

    second.kill()
    gateway.wait_log(f"another broker is used: {first.address}")
    first.process.wait_log("Sending SUBACK to listener")
    talker.publish(topic_id, b"4", qos=1)
    expect_heard(listener, b"4")
    equal(gateway.counters()["broker_changes_total"], 2, "changes counted")


@test("a broker that falls silent is left as well")
def _(bench):
    first, second = bench.broker(), bench.broker()
    gateway = bench.gateway(first, "--broker", second.address, *STORE, "--set", "broker.keep_alive=5",
                            "--set", "timers.connect_timeout=1")
    client = bench.closing(Client(gateway.address, "sensor")).connect()
    topic_id = client.register("t")
    first.pause()
    client.send(mqttsn.publish(topic_id, b"1", 1, 1))
    gateway.wait_log(f"another broker is used: {second.address}")
    client.expect(PUBACK, msg_id=1, code=mqttsn.ACCEPTED)
    wait_for(lambda: received(second, "sensor") == ["t"], "what the first one has not acknowledged")
    first.resume()
    client.publish(topic_id, b"2", qos=2)
    equal(received(second, "sensor"), ["t", "t"], "topics")


main()
