# SPDX-License-Identifier: BSD-3-Clause
"""The will is published when the client is lost, and only then."""

import mqtt
import mqttsn
from harness import check, equal, main, test
from mqttsn import ACCEPTED, CONNACK, DISCONNECT, NOT_SUPPORTED, WILLMSGREQ, WILLTOPICREQ, Client

WILL = ("wills/pump-7", b"gone", 1, False)


class Stage:
    """A broker, somebody who watches the wills, a gateway, and a client with a will."""

    def __init__(self, bench, *options, keep_alive=60, clean=True, will=WILL):
        self.bench = bench
        self.broker = bench.broker()
        self.watcher = mqtt.Subscriber(bench, self.broker, "wills/#")
        self.gateway = bench.gateway(self.broker, *options)
        self.client = self.newcomer("pump-7").connect(keep_alive, clean, will)

    def newcomer(self, client_id):
        return self.bench.closing(Client(self.gateway.address, client_id))

    def no_will(self):
        """No will was published before this moment: what is published now comes first."""
        mqtt.publish(self.broker, "wills/marker", b"now")
        equal([(m.topic, m.payload) for m in self.watcher.take(1)], [("wills/marker", b"now")], "first message")

    def update_topic(self, *topic):
        self.client.ask(mqttsn.will_topic(*topic, msg_type=mqttsn.WILLTOPICUPD), mqttsn.WILLTOPICRESP, code=ACCEPTED)

    def update_message(self, message):
        self.client.ask(mqttsn.will_msg(message, mqttsn.WILLMSGUPD), mqttsn.WILLMSGRESP, code=ACCEPTED)

    def lose_client(self):
        self.client.ask(mqttsn.connect("another"), CONNACK, code=ACCEPTED)

    def left_the_broker(self, client_id="pump-7"):
        self.broker.process.wait_log(rf"Client {client_id} (disconnected|closed its connection)")


# SN12-WILL-02
@test("a client that falls silent: once, with its QoS, after one and a half keep alives")
def _(bench):
    stage = Stage(bench, keep_alive=1)
    message = stage.watcher.one()
    equal((message.topic, message.payload, message.qos, message.retain), ("wills/pump-7", b"gone", 1, False), "will")
    stage.gateway.wait_log("pump-7: lost")
    stage.client.ask(mqttsn.pingreq(), DISCONNECT)
    stage.no_will()


@test("a retained will is there for those who come later")
def _(bench):
    stage = Stage(bench, keep_alive=1, will=("wills/pump-7", b"dead", 2, True))
    stage.watcher.one()
    late = mqtt.Subscriber(bench, stage.broker, "wills/pump-7").one()
    equal((late.payload, late.retain, late.qos), (b"dead", True, 2), "will")


@test("any packet keeps the client: no will")
def _(bench):
    stage = Stage(bench, keep_alive=1)
    other = stage.newcomer("other").connect(1, will=("wills/other", b"gone", 1, False))
    for _ in range(20):  # three times the keep alive, by a clock that the silent one sets
        mqtt.publish(stage.broker, "wills/marker", b"tick")
        stage.watcher.take(1)
        stage.client.ping_seconds()
        if "other: lost" in stage.gateway.log():
            break
        other.receive(0.15)
    equal([m.topic for m in stage.watcher.all() if m.topic == "wills/pump-7"], [], "wills of the one who spoke")
    check("other: lost" in stage.gateway.log(), "the silent one is lost")


# SN12-WILL-02
@test("DISCONNECT: no will")
def _(bench):
    stage = Stage(bench)
    stage.client.disconnect()
    stage.left_the_broker()
    stage.no_will()


@test("the gateway stops in order: no will")
def _(bench):
    stage = Stage(bench)
    equal(stage.gateway.stop()[0], 0, "exit status")
    stage.client.expect(DISCONNECT)
    stage.left_the_broker()
    stage.no_will()


@test("the gateway dies: the broker publishes the will")
def _(bench):
    stage = Stage(bench)
    stage.gateway.kill()
    equal(stage.watcher.one().payload, b"gone", "will")


@test("the client restarts on the same address: no will of its former life, and the new one holds")
def _(bench):
    stage = Stage(bench)
    stage.client.connect(1, will=("wills/pump-7", b"gone again", 1, False))
    stage.no_will()
    equal(stage.watcher.one().payload, b"gone again", "will")


@test("the client comes back from another address with a clean session: the old will is due, as in MQTT")
def _(bench):
    stage = Stage(bench)
    stage.newcomer("pump-7").connect()
    equal(stage.watcher.one().payload, b"gone", "will")


@test("another client takes the address: the former one is lost")
def _(bench):
    stage = Stage(bench)
    stage.client.id = "pump-8"
    stage.client.connect()
    equal(stage.watcher.one().payload, b"gone", "will")


@test("an empty will topic is no will")
def _(bench):
    stage = Stage(bench)
    client = stage.newcomer("pump-9")
    client.send(mqttsn.connect("pump-9", 1, mqttsn.CLEAN | mqttsn.WILL))
    client.expect(WILLTOPICREQ)
    client.ask(mqttsn.frame(mqttsn.WILLTOPIC), CONNACK, code=0)
    stage.gateway.wait_log("pump-9: lost")
    stage.left_the_broker("pump-9")
    stage.no_will()


@test("a session that is not clean keeps its will over a new CONNECT without one")
def _(bench):
    stage = Stage(bench, clean=False)
    stage.client.disconnect()
    stage.left_the_broker()
    stage.client.connect(1, clean=False)
    equal(stage.watcher.one().payload, b"gone", "will")


@test("a clean session forgets the former will")
def _(bench):
    stage = Stage(bench, clean=False)
    stage.client.disconnect()
    stage.left_the_broker()
    stage.client.connect(1, clean=True)
    stage.gateway.wait_log("pump-7: lost")
    stage.no_will()


@test("a will that the broker cannot take is refused: wildcard, QoS 3")
def _(bench):
    stage = Stage(bench)
    client = stage.newcomer("pump-9")
    for topic, qos in (("wills/#", 0), ("wills/a", 3)):
        client.send(mqttsn.connect("pump-9", 60, mqttsn.CLEAN | mqttsn.WILL))
        client.expect(WILLTOPICREQ)
        client.ask(mqttsn.will_topic(topic, qos), CONNACK, code=NOT_SUPPORTED)


# SN12-WILL-03, SN12-WILL-04, SN12-WILL-05, SN12-WILL-11
@test("an updated topic and an updated message are what is published, and nothing before")
def _(bench):
    stage = Stage(bench)
    stage.client.subscribe("valve", 1)
    stage.update_topic("wills/new", 2, True)
    stage.update_message(b"later")
    mqtt.publish(stage.broker, "valve", b"open")
    equal(stage.client.take_message()[2], b"open", "a clean session is still subscribed")
    stage.no_will()
    stage.lose_client()
    message = stage.watcher.one()
    equal((message.topic, message.payload, message.qos), ("wills/new", b"later", 2), "will")
    late = mqtt.Subscriber(bench, stage.broker, "wills/new").one()
    check(late.retain, "it is retained")


# SN12-WILL-06
@test("a deleted will is not published")
def _(bench):
    stage = Stage(bench)
    stage.client.ask(mqttsn.frame(mqttsn.WILLTOPICUPD), mqttsn.WILLTOPICRESP, code=ACCEPTED)
    stage.lose_client()
    stage.left_the_broker()
    stage.no_will()


# SN12-WILL-08
@test("a client without a will gives itself one")
def _(bench):
    stage = Stage(bench, will=None)
    stage.update_topic("wills/first")
    stage.lose_client()
    message = stage.watcher.one()
    equal((message.topic, message.payload), ("wills/first", b""), "will")


def behind(client, prompt, wanted):
    """The next packet but for the repeats of a prompt that have crossed the answer to it."""
    packet = client.receive()
    while packet is not None and packet.type == prompt:
        packet = client.receive()
    check(packet is not None and packet.type == wanted, f"wanted {mqttsn.NAMES[wanted]}, got {packet}")
    return packet


@test("a lost prompt is repeated, and the will message may be empty")
def _(bench):
    stage = Stage(bench, "--set", "timers.retry=0.2")
    client = stage.newcomer("pump-9")
    client.send(mqttsn.connect("pump-9", 1, mqttsn.CLEAN | mqttsn.WILL))
    client.expect(WILLTOPICREQ)
    client.expect(WILLTOPICREQ)
    client.send(mqttsn.will_topic("wills/pump-9"))
    behind(client, WILLTOPICREQ, WILLMSGREQ)
    client.expect(WILLMSGREQ)
    client.send(mqttsn.will_msg(b""))
    equal(behind(client, WILLMSGREQ, CONNACK).fields["code"], 0, "return code")
    equal(stage.watcher.one()[:2], ("wills/pump-9", b""), "will")


main()
