# SPDX-License-Identifier: BSD-3-Clause
"""Sensors and a real broker: publishing and subscribing at every QoS, with every kind of topic."""

import mqtt
import mqttsn
from harness import check, equal, main, test, wait_for
from mqttsn import (ACCEPTED, CONGESTION, CONNACK, DISCONNECT, INVALID_TOPIC_ID, NOT_SUPPORTED, PINGRESP, PREDEFINED,
                    PUBACK, PUBLISH, REGISTER, RETAIN, SHORT, Client)

# Around the 1-octet Length (a PUBLISH has 7 octets before its data), a usual packet, and far above it.
SIZES = [0, 1, 2, 100, 247, 248, 249, 250, 255, 256, 1400, 1500, 8000]


def payload(size):
    return bytes((size + i * 7) % 256 for i in range(size))


def sensor(bench, gateway, client_id="pump-7", **options):
    return bench.closing(Client(gateway.address, client_id)).connect(**options)


def short_id(name):
    return name.encode()[0] << 8 | name.encode()[1]


@test("payloads of 0 to 8000 octets reach the broker at QoS 0, 1 and 2")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "plant/#")
    client = sensor(bench, bench.gateway(broker))
    for qos in (0, 1, 2):
        topic_id = client.register(f"plant/level/{qos}")
        for size in SIZES:
            client.publish(topic_id, payload(size), qos)
            got = watcher.one()
            equal((got.topic, got.payload, got.qos), (f"plant/level/{qos}", payload(size), qos), f"{size} octets")
    equal(watcher.rest(), [], "nothing comes twice")


@test("payloads of 0 to 8000 octets reach the sensor at QoS 0, 1 and 2")
def _(bench):
    broker = bench.broker()
    client = sensor(bench, bench.gateway(broker))
    for qos in (0, 1, 2):
        suback = client.subscribe(f"valve/set/{qos}", qos)
        equal(suback["flags"] >> 5 & 3, qos, "granted QoS")
        for size in SIZES:
            mqtt.publish(broker, f"valve/set/{qos}", payload(size), qos)
            flags, topic_id, data, names = client.take_message()
            equal((flags >> 5 & 3, topic_id, names), (qos, suback["topic_id"], {}), f"{size} octets")
            equal(data, payload(size), f"{size} octets")
    check(client.silent(), "nothing comes twice")


@test("a sensor gets at most the QoS that it subscribed with")
def _(bench):
    broker = bench.broker()
    client = sensor(bench, bench.gateway(broker))
    client.subscribe("valve/set", 0)
    mqtt.publish(broker, "valve/set", b"open", qos=2)
    equal(client.take_message()[0] >> 5 & 3, 0, "QoS")


@test("predefined and short topics, both ways")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "#")
    gateway = bench.gateway(broker, "--predefined", "1=plant/alarm", "--predefined", "pump-*:2=plant/${client}/level")
    client = sensor(bench, gateway)
    other = sensor(bench, gateway, "valve-1")

    client.publish(1, b"fire", 1, kind=PREDEFINED)
    client.publish(2, b"3", 1, kind=PREDEFINED)
    client.publish(short_id("ab"), b"s", 2, kind=SHORT)
    equal([(m.topic, m.payload) for m in watcher.take(3)],
          [("plant/alarm", b"fire"), ("plant/pump-7/level", b"3"), ("ab", b"s")], "at the broker")
    other.ask(mqttsn.publish(2, b"3", 1, 9, PREDEFINED), PUBACK, topic_id=2, msg_id=9, code=INVALID_TOPIC_ID)

    client.subscribe((PREDEFINED, 1), 1)
    mqtt.publish(broker, "plant/alarm", b"again")
    flags, topic_id, data, _ = client.take_message()
    equal((flags & 3, topic_id, data), (PREDEFINED, 1, b"again"), "predefined")
    client.subscribe((SHORT, "cd"), 1)
    mqtt.publish(broker, "cd", b"short")
    flags, topic_id, data, _ = client.take_message()
    equal((flags & 3, topic_id, data), (SHORT, short_id("cd"), b"short"), "short")


@test("names that match a wildcard are registered before their first message, in order")
def _(bench):
    broker = bench.broker()
    client = sensor(bench, bench.gateway(broker))
    equal(client.subscribe("plant/+/level", 1)["topic_id"], 0, "topic id of a wildcard")
    known = {}
    for i in range(6):
        mqtt.publish(broker, f"plant/{'abc'[i % 3]}/level", str(i).encode())
    for i in range(6):
        _, topic_id, data, names = client.take_message()
        check(not (set(names) & set(known)), "an id is registered once")
        known.update(names)
        equal((known[topic_id], data), (f"plant/{'abc'[i % 3]}/level", str(i).encode()), f"message {i}")
    equal(len(known), 3, "names")


@test("after UNSUBSCRIBE nothing comes any more")
def _(bench):
    broker = bench.broker()
    client = sensor(bench, bench.gateway(broker))
    client.subscribe("a", 1)
    client.subscribe("b", 1)
    client.unsubscribe("a")
    mqtt.publish(broker, "a", b"no")
    mqtt.publish(broker, "b", b"yes")
    equal(client.take_message()[2], b"yes", "the first message")
    check(client.silent(), "only that one")


@test("retained messages, both ways")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    client = sensor(bench, gateway)
    client.publish(client.register("plant/state"), b"on", 1, retain=True)
    check(mqtt.Subscriber(bench, broker, "plant/state").one().retain, "retained at the broker")
    other = sensor(bench, gateway, "display")
    other.subscribe("plant/state", 1)
    flags, _, data, _ = other.take_message()
    check(flags & RETAIN, "told as retained")
    equal(data, b"on", "data")


@test("sensor to sensor, 100 messages at QoS 2 in order")
def _(bench):
    gateway = bench.gateway(bench.broker())
    sender = sensor(bench, gateway, "sender")
    receiver = sensor(bench, gateway, "receiver")
    receiver.subscribe("line", 2)
    topic_id = sender.register("line")
    for i in range(100):
        sender.publish(topic_id, str(i).encode(), 2)
    for i in range(100):
        equal(receiver.take_message()[2], str(i).encode(), "order")
    check(receiver.silent(), "nothing comes twice")


# SN12-PUB-13
@test("1000 messages at QoS 0 in a burst keep their order")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "burst")
    client = sensor(bench, bench.gateway(broker))
    topic_id = client.register("burst")
    for i in range(1000):
        client.publish(topic_id, str(i).encode())
    equal([int(m.payload) for m in watcher.take(1000)], list(range(1000)), "order")


@test("a repeated QoS 2 PUBLISH reaches the broker once")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "once")
    client = sensor(bench, bench.gateway(broker))
    topic_id = client.register("once")
    datagram = mqttsn.publish(topic_id, b"x", 2, 77)
    client.ask(datagram, mqttsn.PUBREC, msg_id=77)
    client.ask(datagram, mqttsn.PUBREC, msg_id=77)
    client.ask(mqttsn.msg_ack(mqttsn.PUBREL, 77), mqttsn.PUBCOMP, msg_id=77)
    client.ask(mqttsn.msg_ack(mqttsn.PUBREL, 77), mqttsn.PUBCOMP, msg_id=77)
    client.publish(topic_id, b"end", 2)
    equal([m.payload for m in watcher.take(2)], [b"x", b"end"], "at the broker")


@test("an unacknowledged message comes again, marked as such")
def _(bench):
    broker = bench.broker()
    client = sensor(bench, bench.gateway(broker, "--set", "timers.retry=0.2"))
    topic_id = client.subscribe("valve", 1)["topic_id"]
    mqtt.publish(broker, "valve", b"open")
    first = client.expect(PUBLISH, topic_id=topic_id)
    again = client.expect(PUBLISH, topic_id=topic_id, msg_id=first.fields["msg_id"])
    equal((first.fields["flags"] & mqttsn.DUP, again.fields["flags"] & mqttsn.DUP), (0, mqttsn.DUP), "DUP")
    equal(again.data, b"open", "data")
    client.send(mqttsn.puback(topic_id, first.fields["msg_id"]))


@test("an unknown topic id is refused")
def _(bench):
    client = sensor(bench, bench.gateway(bench.broker()))
    client.ask(mqttsn.publish(4711, b"x", 1, 3), PUBACK, topic_id=4711, msg_id=3, code=INVALID_TOPIC_ID)


@test("a stranger is told to connect")
def _(bench):
    stranger = bench.closing(Client(bench.gateway(bench.broker()).address, "stranger"))
    stranger.ask(mqttsn.pingreq(), DISCONNECT)
    stranger.ask(mqttsn.publish(1, b"x", 1, 1), DISCONNECT)
    stranger.ask(mqttsn.subscribe("a", 1), DISCONNECT)
    stranger.connect().ask(mqttsn.pingreq(), PINGRESP)


@test("a client that comes from another port goes on there; its old port is a stranger's")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    old = sensor(bench, gateway, clean=False)
    old.subscribe("valve", 1)
    new = sensor(bench, gateway, clean=False)
    old.ask(mqttsn.pingreq(), DISCONNECT)
    mqtt.publish(broker, "valve", b"open")
    _, topic_id, data, names = new.take_message()
    equal((names.get(topic_id), data), ("valve", b"open"), "message")


@test("no broker: CONNECT is answered with congestion, and accepted as soon as there is one")
def _(bench):
    broker = bench.broker()
    broker.kill()
    gateway = bench.gateway(broker)
    client = bench.closing(Client(gateway.address, "early"))
    client.ask(mqttsn.connect("early"), CONNACK, code=CONGESTION)
    broker.start()
    wait_for(lambda: client.ask(mqttsn.connect("early"), CONNACK).fields["code"] == ACCEPTED, "CONNACK")


@test("a broker that refuses the client: not supported")
def _(bench):
    broker = bench.broker(allow_anonymous="false")
    client = bench.closing(Client(bench.gateway(broker).address, "nobody"))
    client.ask(mqttsn.connect("nobody"), CONNACK, code=NOT_SUPPORTED)


@test("a session that is not clean keeps its subscriptions and what came meanwhile")
def _(bench):
    broker = bench.broker()
    client = sensor(bench, bench.gateway(broker), clean=False)
    client.subscribe("valve", 1)
    client.disconnect()
    broker.process.wait_log("Received DISCONNECT from pump-7$")
    mqtt.publish(broker, "valve", b"open")
    client.connect(clean=False)
    packet = client.expect(REGISTER)
    client.send(mqttsn.regack(packet.fields["topic_id"], packet.fields["msg_id"]))
    equal(client.take_message()[2], b"open", "message")


@test("clients behind one forwarder are told apart by their node ids")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "nodes/+")
    gateway = bench.gateway(broker)
    forwarder = bench.closing(Client(gateway.address, "forwarder"))
    nodes = [Client.behind(forwarder, node_id, f"node-{i}")
             for i, node_id in enumerate((b"\xaa\xbb", b"\xaa\xbc", b"\x01" * 8, b"\x00" * 252))]
    for node in nodes:
        node.connect().publish(node.register(f"nodes/{node.id}"), node.id.encode(), 2)
    equal([m.payload for m in watcher.take(4)], [n.id.encode() for n in nodes], "at the broker")
    for node in nodes:
        node.subscribe(f"to/{node.id}", 1)
        mqtt.publish(broker, f"to/{node.id}", payload(300))
        equal(node.take_message()[2], payload(300), node.id)
    gateway.wait_log(r"node-0: connected from 127\.0\.0\.1:\d+/aabb$")


# SN12-ARCH-02
@test("the broker knows each client by its id: its access rules hold")
def _(bench):
    with open(bench.path("acl"), "w", encoding="utf-8") as f:
        f.write("topic read #\npattern write own/%c\n")
    broker = bench.broker(acl_file=bench.path("acl"))
    watcher = mqtt.Subscriber(bench, broker, "own/+")
    gateway = bench.gateway(broker)
    clients = [sensor(bench, gateway, client_id) for client_id in ("pump-1", "pump-2")]
    for client in clients:
        for name in ("own/pump-1", "own/pump-2"):
            client.publish(client.register(name), client.id.encode(), 1)
    equal([(m.topic, m.payload) for m in watcher.take(2)], [("own/pump-1", b"pump-1"), ("own/pump-2", b"pump-2")],
          "at the broker")
    equal(watcher.rest(), [], "nothing else")


@test("log.packets shows what was said, in order")
def _(bench):
    gateway = bench.gateway(bench.broker(), "--set", "log.packets=true")
    client = sensor(bench, gateway)
    client.publish(client.register("plant/level"), b"23.5", 1)
    port = client.socket.getsockname()[1]
    client.send(b"\x02\x16\x00")
    gateway.wait_log(rf": 127.0.0.1:{port}: malformed packet: ")
    client.ping_seconds()
    shown = [line.split(": ", 1)[1] for line in gateway.log().splitlines() if f"127.0.0.1:{port} " in line]
    equal([line for line in shown if " > " in line or " < " in line], [
        f"pump-7 127.0.0.1:{port} > CONNECT id=pump-7 clean keepalive=60",
        f"pump-7 127.0.0.1:{port} < CONNACK rc=accepted",
        f'pump-7 127.0.0.1:{port} > REGISTER tid=0 mid=1 "plant/level"',
        f"pump-7 127.0.0.1:{port} < REGACK tid=1 mid=1 rc=accepted",
        f'pump-7 127.0.0.1:{port} > PUBLISH qos=1 tid=1 mid=2 "23.5"',
        f"pump-7 127.0.0.1:{port} < PUBACK tid=1 mid=2 rc=accepted",
        f"pump-7 127.0.0.1:{port} > 021600 -- bad length",
        f"pump-7 127.0.0.1:{port} > PINGREQ",
        f"pump-7 127.0.0.1:{port} < PINGRESP",
    ], "trace")


main()
