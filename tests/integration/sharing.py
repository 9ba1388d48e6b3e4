# SPDX-License-Identifier: BSD-3-Clause
"""Sensors that only publish share connections with the broker (SN12-ARCH-05).  The broker knows those by the gateway's
own client id and a number: its log says who came over which."""

import os
import re
import shutil
import signal
import subprocess

import mqtt
import mqttsn
from events import Events
from harness import PATIENCE, VALGRIND, Skip, check, equal, free_udp_address, main, test, wait_for
from mqttsn import (ACCEPTED, CONGESTION, CONNACK, DISCONNECT, NOT_SUPPORTED, PINGRESP, PUBACK, SUBACK, WILLTOPICRESP,
                    Client)
from sensors import Sensor

TWO = ("--set", "broker.shared_connections=2", "--set", "gateway.client_id=gw", "--set", "timers.reconnect_least=0.1",
       "--set", "timers.reconnect_most=0.5")
ONE = ("--set", "broker.shared_connections=1") + TWO[2:]
STORE = ("--set", "broker.outage=store")


def connections(broker):
    """The client ids with which somebody came to the broker since it started, in order, but for watchers."""
    ids = re.findall(r"New client connected from \S+ as (\S+) \(", broker.process.log())
    return [name for name in ids if not name.startswith(("watcher", "auto-", "mosq"))]


def received(broker, topic):
    """Over whose connection each publish to the topic came that this broker got since it started."""
    return re.findall(rf"Received PUBLISH from (\S+) \(d\d, q\d, r\d, m\d+, '{topic}'", broker.process.log())


class Sensors:
    """Some of them, connected, with a topic of its own each."""

    def __init__(self, bench, address, n, prefix="s"):
        self.clients = [bench.closing(Client(address, f"{prefix}{i}")).connect() for i in range(n)]
        self.topic_ids = {client: client.register(f"up/{client.id}") for client in self.clients}

    def __iter__(self):
        return iter(self.clients)

    def __getitem__(self, at):
        return self.clients[at]

    def publish(self, client, payload, qos=1):
        client.publish(self.topic_ids[client], payload, qos)

    def publish_all(self, payload, qos=1):
        for client in self:
            self.publish(client, payload, qos)

    def publish_again(self, client, payload, msg_id):
        """Sends what may have been sent before, until it is acknowledged."""
        datagram = mqttsn.publish(self.topic_ids[client], payload, 1, msg_id, mqttsn.DUP)

        def acknowledged():
            client.send(datagram)
            packet = client.receive(0.3)
            while packet is not None and packet.type == PUBACK and packet.fields["code"] == CONGESTION:
                packet = client.receive(0.3)
            if packet is None:
                return False
            equal((packet.type, packet.fields["msg_id"]), (PUBACK, msg_id), f"what {client.id} hears")
            return packet.fields["code"] == ACCEPTED

        wait_for(acknowledged, f"PUBACK for {client.id}")

    def unnoticed(self):
        """They were told nothing that is not in the test."""
        for client in self:
            check(client.silent(), f"{client.id} hears something")


def arrived(watcher, n):
    """The next @n messages: sensor -> payloads in order, of a watcher at QoS 0: it gets them as the broker did."""
    payloads = {}
    for message in watcher.take(n):
        payloads.setdefault(message.topic.removeprefix("up/"), []).append(message.payload)
    return payloads


def shared_ids(n):
    return {f"gw-{i + 1}" for i in range(n)}


@test("many sensors publish over two connections: all arrives, at each QoS, of each sensor in order")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "up/#", qos=0)
    gateway = bench.gateway(broker, *TWO)
    sensors = Sensors(bench, gateway.address, 30)
    for qos in (1, 2, 0):
        sensors.publish_all(b"q%d" % qos, qos)
    equal(arrived(watcher, 90), {client.id: [b"q1", b"q2", b"q0"] for client in sensors}, "messages")
    for qos in (0, 1, 2):
        equal(broker.process.count_log(rf"Received PUBLISH from gw-\d \(d0, q{qos}"), 30, f"messages at QoS {qos}")
    equal(sorted(connections(broker)), ["gw-1", "gw-2"], "connections")
    by = {client.id: set(received(broker, f"up/{client.id}")) for client in sensors}
    check(all(len(used) == 1 for used in by.values()), f"each comes over one connection: {by}")
    sensors.unnoticed()
    status, seconds = gateway.stop()
    check(status == 0 and (VALGRIND or seconds < 2), f"status {status} after {seconds:.2f} s")
    for name in shared_ids(2):
        broker.process.wait_log(f"Received DISCONNECT from {name}$")
    for client in sensors:
        client.expect(DISCONNECT)


@test("many publishes at once: what many sensors have in flight is more than one may have")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "up/#", qos=0)
    gateway = bench.gateway(broker, *ONE)
    sensors = Sensors(bench, gateway.address, 50)
    for msg_id in range(1, 6):
        for client in sensors:
            client.send(mqttsn.publish(sensors.topic_ids[client], b"%d" % msg_id, 1, msg_id))
    for client in sensors:
        for msg_id in range(1, 6):
            client.expect(PUBACK, msg_id=msg_id, code=ACCEPTED)
    equal(arrived(watcher, 250), {client.id: [b"%d" % n for n in range(1, 6)] for client in sensors}, "messages")
    for client in sensors:
        client.send(mqttsn.publish(sensors.topic_ids[client], b"q2", 2, 6))
    for client in sensors:
        client.expect(mqttsn.PUBREC, msg_id=6)
        client.ask(mqttsn.msg_ack(mqttsn.PUBREL, 6), mqttsn.PUBCOMP, msg_id=6)
    equal(arrived(watcher, 50), {client.id: [b"q2"] for client in sensors}, "messages of QoS 2")
    equal(connections(broker), ["gw-1"], "connections")


@test("who subscribes gets a connection of its own, in the midst of publishing; the others stay")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "up/#", qos=0)
    gateway = bench.gateway(broker, *TWO)
    sensors = Sensors(bench, gateway.address, 10)
    one = sensors[3]
    for msg_id in range(1, 6):
        one.send(mqttsn.publish(sensors.topic_ids[one], b"%d" % msg_id, 1, msg_id))
        if msg_id == 3:
            one.send(mqttsn.subscribe("down/s3", 100, 1))
    heard = [one.receive() for _ in range(6)]
    for msg_id in range(6, 21):
        one.send(mqttsn.publish(sensors.topic_ids[one], b"%d" % msg_id, 1, msg_id))
        heard.append(one.receive())
    acknowledged = [p.fields["msg_id"] for p in heard if p.type == PUBACK and p.fields["code"] == ACCEPTED]
    equal(acknowledged, list(range(1, 21)), "acknowledged")
    subacks = [(p.fields["msg_id"], p.fields["code"]) for p in heard if p.type == SUBACK]
    equal(subacks, [(100, ACCEPTED)], "SUBACK")
    equal(sorted(connections(broker)), ["gw-1", "gw-2", "s3"], "connections")
    mqtt.publish(broker, "down/s3", b"hello")
    equal(one.take_message()[2], b"hello", "message")
    sensors.publish_all(b"after", 1)
    equal(arrived(watcher, 30), {client.id: [b"after"] for client in sensors} |
          {"s3": [b"%d" % n for n in range(1, 21)] + [b"after"]}, "messages")
    equal(received(broker, "up/s3")[-1], "s3", "whose connection it came over")
    equal(sorted(connections(broker)), ["gw-1", "gw-2", "s3"], "connections in the end")
    one.unsubscribe("down/s3")
    one.disconnect()
    broker.process.wait_log("Received DISCONNECT from s3$")
    one.connect()
    one.publish(one.register("up/s3"), b"shares again", 1)
    equal(received(broker, "up/s3")[-1] in shared_ids(2), True, "shares again")
    sensors.unnoticed()


@test("all sensors of a connection subscribe, one by one")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, *ONE)
    sensors = Sensors(bench, gateway.address, 8)
    for client in sensors:
        client.subscribe("down/#", 1)
        sensors.publish(client, b"x", 1)
    equal(connections(broker), ["gw-1"] + [client.id for client in sensors], "connections")
    mqtt.publish(broker, "down/all", b"hello")
    for client in sensors:
        equal(client.take_message()[2], b"hello", "message")
    sensors.unnoticed()


@test("a will needs a connection of its own, also one that comes later; it is published when the gateway dies")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "wills/#")
    gateway = bench.gateway(broker, *TWO)
    sensors = Sensors(bench, gateway.address, 4)
    bench.closing(Client(gateway.address, "mortal")).connect(will=("wills/mortal", b"gone", 1, False))
    late = sensors[0]
    late.ask(mqttsn.will_topic("wills/late", 1, msg_type=mqttsn.WILLTOPICUPD), WILLTOPICRESP, code=ACCEPTED)
    equal(sorted(connections(broker)), sorted(["s0", "mortal"] + list(shared_ids(2))), "connections")
    sensors.publish_all(b"x", 1)
    sensors.unnoticed()
    gateway.kill()
    equal({m.topic: m.payload for m in watcher.take(2)}, {"wills/mortal": b"gone", "wills/late": b""}, "wills")


def lose_broker(broker, gateway, sensors):
    broker.kill()
    for client in sensors:
        gateway.wait_log(f"{client.id}: broker connection lost")


def find_again(gateway, sensors, n=1):
    for client in sensors:
        wait_for(lambda client=client: gateway.process.count_log(f"{client.id}: broker connection restored") >= n,
                 f"{client.id} has a connection again")


@test("the broker dies and comes back: what was on its way is acknowledged in the end, and nobody notices")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, *TWO, "--set", "broker.outage=refuse")
    sensors = Sensors(bench, gateway.address, 10)
    sensors.publish_all(b"before", 1)
    broker.pause()
    for client in sensors:
        client.send(mqttsn.publish(sensors.topic_ids[client], b"cut", 1, 77))
    lose_broker(broker, gateway, sensors)
    for client in sensors:
        client.ping_seconds()
    broker.start()
    find_again(gateway, sensors)
    for client in sensors:
        client.expect(PUBACK, msg_id=77, code=ACCEPTED)
        sensors.publish_again(client, b"next", 78)
        equal(len(received(broker, f"up/{client.id}")), 2, f"messages of {client.id}")
    equal(sorted(connections(broker)), ["gw-1", "gw-2"], "connections")
    sensors.unnoticed()


@test("the broker dies twice while sensors repeat what was not answered")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, *TWO, "--set", "broker.outage=refuse")
    sensors = Sensors(bench, gateway.address, 6)
    for round_id in (1, 2):  # a third would have them leave it
        for client in sensors:
            client.send(mqttsn.publish(sensors.topic_ids[client], b"x", 1, round_id))
        broker.kill()
        broker.start()
        for client in sensors:
            sensors.publish_again(client, b"x", round_id)
            while client.receive(0.05) is not None:
                pass  # answers to repetitions
    equal(sorted(set(connections(broker))), ["gw-1", "gw-2"], "connections")


@test("outage = store: what is published meanwhile is acknowledged, and arrives in order")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, *TWO, *STORE, "--state-dir", bench.path("state"))
    sensors = Sensors(bench, gateway.address, 6)
    lose_broker(broker, gateway, sensors)
    for number in range(10):
        for client in sensors:
            client.publish(client.register(f"up/{client.id}/{number}"), b"x", 1 + number % 2)
    gone = sensors[0]
    gone.disconnect()
    broker.start()
    for client in sensors:
        wait_for(lambda client=client: len(received(broker, f"up/{client.id}/.*?")) >= 10, f"messages of {client.id}")
        topics = re.findall(rf"Received PUBLISH from gw-\d \(.*, 'up/{client.id}/(\d)'", broker.process.log())
        equal(topics, [str(number) for number in range(10)], f"messages of {client.id}")
    equal(sorted(connections(broker)), ["gw-1", "gw-2"], "connections")
    sensors.clients.remove(gone)
    sensors.publish_all(b"next", 2)
    sensors.unnoticed()


@test("the gateway is killed: sharers go on without CONNECT, with their topic ids, and what was not acknowledged")
def _(bench):
    broker = bench.broker()
    listen = "%s:%d" % free_udp_address()
    options = TWO + ("--state-dir", bench.path("state"), "--set", "limits.reconnects=1")
    gateway = bench.gateway(broker, *options, listen=listen)
    sensors = Sensors(bench, gateway.address, 30)  # which would take long at limits.reconnects
    sleeper = sensors[0]
    sleeper.disconnect(300)
    listener = sensors[1]
    listener.subscribe("down/s1", 1)
    broker.pause()
    for client in sensors:
        client.send(mqttsn.publish(sensors.topic_ids[client], b"cut", 1, 77))
    for client in sensors[2:]:
        client.ping_seconds()  # so the gateway has it
    gateway.kill()
    broker.resume()
    gateway = bench.gateway(broker, *options, listen=listen)
    find_again(gateway, sensors)
    broker.process.wait_log(r"Sending SUBACK to s1$(.|\n)*Sending SUBACK to s1$")
    for client in sensors:
        sensors.publish_again(client, b"cut", 77)
        sensors.publish(client, b"next", 2)
        check(set(received(broker, f"up/{client.id}")) <= shared_ids(2) | {"s1"}, "over shared connections")
    equal(set(connections(broker)), shared_ids(2) | {"s1"}, "connections")
    mqtt.publish(broker, "down/s1", b"hello")
    equal(listener.take_message()[2], b"hello", "message")
    sleeper.ask(mqttsn.pingreq(sleeper.id), PINGRESP)
    sensors.clients.remove(sleeper)
    sensors.unnoticed()


@test("the gateway and the broker are killed: what was stored is published, of who had left in its own name")
def _(bench):
    broker = bench.broker()
    listen = "%s:%d" % free_udp_address()
    options = TWO + ("--state-dir", bench.path("state"))
    gateway = bench.gateway(broker, *options, listen=listen)
    sensors = Sensors(bench, gateway.address, 4)
    lose_broker(broker, gateway, sensors)
    sensors.publish_all(b"stored", 1)
    sensors[0].disconnect()
    gateway.kill()
    broker.start()
    bench.gateway(broker, *options, listen=listen)
    for client in sensors:
        wait_for(lambda client=client: len(received(broker, f"up/{client.id}")) == 1, f"message of {client.id}")
    equal(set(connections(broker)), shared_ids(2) | {"s0"}, "connections")


@test("sleepers share: they publish, wake, and are lost without a trace at the broker")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "up/#", qos=0)
    gateway = bench.gateway(broker, *ONE)
    sensors = Sensors(bench, gateway.address, 3)
    for client, seconds in zip(sensors, (300, 300, 1)):
        client.disconnect(seconds)
    for client in sensors[:2]:
        sensors.publish(client, b"asleep", 1)
        client.ask(mqttsn.pingreq(client.id), PINGRESP)
        sensors.publish(client, b"asleep", 2)
    gateway.wait_log("s2: lost")
    equal(broker.process.count_log("Received DISCONNECT from gw-1"), 0, "the others stay")
    sensors[0].connect()
    sensors.publish(sensors[0], b"awake", 1)
    equal(arrived(watcher, 5), {"s0": [b"asleep", b"asleep", b"awake"], "s1": [b"asleep", b"asleep"]}, "messages")
    equal(connections(broker), ["gw-1"], "connections")
    sensors[1].subscribe("down/s1", 1)
    sensors[1].disconnect(300)
    mqtt.publish(broker, "down/s1", b"hello")
    broker.process.wait_log("Received PUBACK from s1 ")
    sensors[1].send(mqttsn.pingreq("s1"))
    equal(sensors[1].take_message()[2], b"hello", "message of who subscribed awake")
    sensors[1].expect(PINGRESP)
    sensors[0].disconnect()
    broker.process.wait_log("Received DISCONNECT from gw-1$")


@test("nobody may come with the client id of a shared connection")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, *TWO)
    sensors = Sensors(bench, gateway.address, 6)
    for name in ("gw", "gw-1", "gw-2"):
        bench.closing(Client(gateway.address, name)).ask(mqttsn.connect(name), CONNACK, code=NOT_SUPPORTED)
    sensors.publish_all(b"x", 1)
    equal(sorted(connections(broker)), ["gw-1", "gw-2"], "connections")
    check("already connected" not in broker.process.log(), "nobody was thrown off")
    sensors.unnoticed()


@test("a reload changes nothing of that: not how many connections there are, nor their client ids")
def _(bench):
    broker = bench.broker()
    path = bench.path("gateway.conf")

    def configure(gateway_id, n):
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"""\
listeners = ( {{ address = "127.0.0.1:0"; }} );
gateway = {{ client_id = "{gateway_id}"; }};
broker = {{ host = "{broker.host}"; port = {broker.port}; shared_connections = {n}; }};
""")

    def reload(gateway):
        before = gateway.process.count_log("reload: done")
        gateway.process.signal(signal.SIGHUP)
        wait_for(lambda: gateway.process.count_log("reload: done") > before, "the reload")

    configure("gw", 1)
    gateway = bench.start_gateway("--config", path).wait_ready()
    sensors = Sensors(bench, gateway.address, 2)
    for gateway_id, n in (("gw", 0), ("another", 1)):
        configure(gateway_id, n)
        reload(gateway)
        bench.closing(Client(gateway.address, "gw-1")).ask(mqttsn.connect("gw-1"), CONNACK, code=NOT_SUPPORTED)
        sensors.publish_all(b"x", 1)
        Sensors(bench, gateway.address, 1, f"after-{gateway_id}-").publish_all(b"x", 1)
    gateway.wait_log("reload: broker.shared_connections has changed, which needs a restart")
    equal(connections(broker), ["gw-1"], "connections")
    sensors.unnoticed()
    gateway.stop()

    configure("gw", 0)
    gateway = bench.start_gateway("--config", path).wait_ready()
    configure("gw", 2)
    reload(gateway)
    Sensors(bench, gateway.address, 1, "own-").publish_all(b"x", 1)
    equal(received(broker, "up/own-0"), ["own-0"], "a connection of its own")
    bench.closing(Client(gateway.address, "gw-1")).ask(mqttsn.connect("gw-1"), CONNACK, code=ACCEPTED)


class Guarded:
    """A broker with passwords, and a logins file."""

    def __init__(self, bench):
        program = shutil.which("mosquitto_passwd")
        if program is None:
            raise Skip("mosquitto_passwd is not installed")
        passwords = bench.path("passwords")
        open(passwords, "x", encoding="utf-8").close()
        os.chmod(passwords, 0o600)
        for user in ("gateway", "pumps"):
            subprocess.run([program, "-b", passwords, user, f"of {user}"], timeout=PATIENCE, check=True,
                           capture_output=True)
        self.broker = bench.broker(allow_anonymous="false", password_file=passwords)
        self.logins = bench.path("logins.conf")
        self.write_logins("pump-*")
        self.options = ("--set", "broker.user=gateway", "--set", "broker.password=of gateway",
                        "--set", f"broker.logins_file={self.logins}")

    def write_logins(self, pattern):
        """Those that match are "pumps"."""
        with open(self.logins, "w", encoding="utf-8") as f:
            f.write('logins = ( { clients = "%s"; user = "pumps"; password = "of pumps"; },\n' % pattern +
                    '{ clients = "plain-*"; } );\n')
        os.chmod(self.logins, 0o600)

    def users(self):
        return dict(re.findall(r"New client connected from \S+ as (\S+) \(.*u'(.*)'\)", self.broker.process.log()))


@test("a sensor that the logins file gives a user comes as that, over a connection of its own")
def _(bench):
    guarded = Guarded(bench)
    gateway = bench.gateway(guarded.broker, *ONE, *guarded.options)
    for name in ("plain-1", "other", "pump-1"):
        client = bench.closing(Client(gateway.address, name)).connect()
        client.publish(client.register(f"up/{name}"), b"x", 1)
    equal(guarded.users(), {"gw-1": "gateway", "pump-1": "pumps"}, "connections and users")
    equal([received(guarded.broker, f"up/{name}") for name in ("plain-1", "other", "pump-1")],
          [["gw-1"], ["gw-1"], ["pump-1"]], "who came over which")


@test("a sensor that a reload gives a user comes as that from the next connection on")
def _(bench):
    guarded = Guarded(bench)
    gateway = bench.gateway(guarded.broker, *ONE, *STORE, *guarded.options)
    sensors = Sensors(bench, gateway.address, 2)
    guarded.write_logins("s1")
    gateway.process.signal(signal.SIGHUP)
    gateway.wait_log("reload: done")
    sensors.publish_all(b"x", 1)
    lose_broker(guarded.broker, gateway, sensors)
    guarded.broker.start()
    wait_for(lambda: guarded.users() == {"gw-1": "gateway", "s1": "pumps"}, "its own connection")
    sensors.publish_all(b"y", 1)
    equal([received(guarded.broker, f"up/s{i}") for i in range(2)], [["gw-1"], ["s1"]], "who came over which")
    sensors.unnoticed()


@test("a sensor comes back from another address: the former one is told, all that it published is there")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "up/#", qos=0)
    gateway = bench.gateway(broker, *ONE)
    sensors = Sensors(bench, gateway.address, 2)
    sensors.publish(sensors[0], b"1", 1)
    elsewhere = Sensors(bench, gateway.address, 1)[0]
    gateway.wait_log("s0: goes on from ")
    sensors[0].ask(mqttsn.pingreq(), DISCONNECT)
    elsewhere.publish(elsewhere.register("up/s0"), b"2", 1)
    sensors.publish(sensors[1], b"x", 1)
    equal(arrived(watcher, 3), {"s0": [b"1", b"2"], "s1": [b"x"]}, "messages")
    equal(connections(broker), ["gw-1"], "connections")


@test("one sensor alone after the other: what one has left behind is not cut off by the next")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "#", qos=0)
    gateway = bench.gateway(broker, *ONE)
    clients = [bench.closing(Client(gateway.address, f"s{i}")) for i in range(30)]
    clients[0].connect()
    for client, successor in zip(clients, clients[1:]):
        for number in range(20):
            client.send(mqttsn.publish(0x6162, b"%s:%d" % (client.id.encode(), number), flags=mqttsn.SHORT))
        client.send(mqttsn.disconnect())
        successor.connect()
        client.expect(DISCONNECT)
    wanted = [b"s%d:%d" % (i, number) for i in range(29) for number in range(20)]
    equal([m.payload for m in watcher.take(len(wanted))], wanted, "messages")
    check("already connected" not in broker.process.log(), "nobody was thrown off")


@test("a broker that has no room for a connection more: SUBSCRIBE is told congestion, publishing goes on")
def _(bench):
    broker = bench.broker(max_connections=2)
    watcher = mqtt.Subscriber(bench, broker, "up/#", qos=0)
    gateway = bench.gateway(broker, *ONE)
    sensors = Sensors(bench, gateway.address, 3)
    for msg_id in (50, 51):
        sensors[0].ask(mqttsn.subscribe("down", msg_id, 1), SUBACK, msg_id=msg_id, code=CONGESTION)
        sensors.publish(sensors[0], b"x", 1)
    sensors.publish_all(b"y", 2)
    equal(arrived(watcher, 5), {"s0": [b"x", b"x", b"y"], "s1": [b"y"], "s2": [b"y"]}, "messages")
    equal(connections(broker), ["gw-1"], "connections")
    sensors.unnoticed()


@test("many sensors come at once where there are two brokers: all go to the first")
def _(bench):
    first, second = bench.broker(), bench.broker()
    gateway = bench.gateway(first, "--broker", second.address, *ONE, *STORE)
    first.pause()
    clients = [bench.closing(Client(gateway.address, f"s{i}")) for i in range(20)]
    for client in clients:
        client.send(mqttsn.connect(client.id))
        client.receive(0.01)
    first.resume()
    for client in clients:
        client.expect(CONNACK, code=ACCEPTED)
    equal((connections(first), connections(second)), (["gw-1"], []), "connections")
    first.kill()
    gateway.wait_log(f"another broker is used: {second.address}")
    for client in clients:
        client.publish(client.register(f"up/{client.id}"), b"x", 1)
        equal(received(second, f"up/{client.id}"), ["gw-1"], "what the second one got")
    equal(connections(second), ["gw-1"], "connections to the second")


@test("a broker that is silent from the start is left for the next one, also while sensors come all the time")
def _(bench):
    first, second = bench.broker(), bench.broker()
    gateway = bench.gateway(first, "--broker", second.address, *ONE, "--set", "broker.outage=refuse",
                            "--set", "timers.connect_timeout=1.5")
    first.pause()
    events = bench.closing(Events())
    accepted = []
    for i in range(8):  # so that somebody is always waiting
        sensor = bench.closing(Sensor(events, gateway.address, f"s{i}", None, i))
        events.after(i * 0.25, lambda s=sensor: s.connect(lambda: accepted.append(s), clean=True))
    check(events.run_until(lambda: len(accepted) == 8, PATIENCE), "CONNACK for all")
    equal(connections(second), ["gw-1"], "connections to the second")
    first.resume()


main()
