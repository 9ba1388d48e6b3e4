# SPDX-License-Identifier: BSD-3-Clause
"""200 clients at once, and a broker that dies under them."""

import os
import resource
import selectors
import time

import mqtt
import mqttsn
from harness import PATIENCE, VALGRIND, Failure, Skip, check, equal, main, test, wait_for
from mqttsn import ACCEPTED, CONNACK, PINGRESP, PUBACK, PUBLISH, SUBACK, Client

N = 40 if VALGRIND else 200


class Crowd:
    """Many clients who do the same at the same time."""

    def __init__(self, bench, gateway, n=N):
        self.clients = [bench.closing(Client(gateway.address, f"pump-{i}")) for i in range(n)]

    def all_expect(self, msg_type, timeout=PATIENCE, **fields):
        """The next packet of each, in whatever order they come; returns them by client."""
        end = time.monotonic() + timeout
        packets = {}
        with selectors.DefaultSelector() as selector:
            for client in self.clients:
                selector.register(client.socket, selectors.EVENT_READ, client)
            while len(packets) < len(self.clients):
                left = end - time.monotonic()
                if left <= 0:
                    raise Failure(f"{mqttsn.NAMES[msg_type]} came to {len(packets)} of {len(self.clients)}")
                for key, _ in selector.select(left):
                    packets[key.data] = key.data.expect(msg_type, 0, **fields)
                    selector.unregister(key.fileobj)
        return packets

    def all_ask(self, make, msg_type, timeout=PATIENCE, **fields):
        for client in self.clients:
            client.send(make(client))
        return self.all_expect(msg_type, timeout, **fields)

    def connect(self, keep_alive=600, flags=mqttsn.CLEAN):
        self.all_ask(lambda c: mqttsn.connect(c.id, keep_alive, flags), CONNACK, code=ACCEPTED)
        return self

    def ping(self):
        self.all_ask(lambda c: mqttsn.pingreq(), PINGRESP)


def all_restored(gateway, n=N):
    wait_for(lambda: gateway.process.count_log("broker connection restored$") >= n, f"{n} restored connections")


@test("all connect at once, publish at QoS 1 and get what is sent to all")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "pumps/+")
    crowd = Crowd(bench, bench.gateway(broker)).connect()
    ids = {c: p.fields["topic_id"] for c, p in
           crowd.all_ask(lambda c: mqttsn.register(f"pumps/{c.id}", 1), mqttsn.REGACK, code=ACCEPTED).items()}
    crowd.all_ask(lambda c: mqttsn.publish(ids[c], c.id.encode(), 1, 2), PUBACK, msg_id=2, code=ACCEPTED)
    equal(sorted((m.topic, m.payload) for m in watcher.take(N)),
          sorted((f"pumps/{c.id}", c.id.encode()) for c in crowd.clients), "at the broker")
    crowd.all_ask(lambda c: mqttsn.subscribe("news", 3, 1), SUBACK, code=ACCEPTED)
    mqtt.publish(broker, "news", b"hello")
    for client, packet in crowd.all_expect(PUBLISH).items():
        equal(packet.data, b"hello", client.id)
        client.send(mqttsn.puback(packet.fields["topic_id"], packet.fields["msg_id"]))
    crowd.ping()
    equal(watcher.rest(), [], "nothing comes twice")


def outage(bench, flags, **broker_settings):
    """Kills the broker under all, and starts it again; nobody says CONNECT or SUBSCRIBE afterwards."""
    broker = bench.broker(**broker_settings)
    gateway = bench.gateway(broker, "--set", "timers.hold=120", "--set", "timers.reconnect_least=0.2",
                            "--set", "timers.reconnect_most=1")
    crowd = Crowd(bench, gateway).connect(flags=flags)
    crowd.all_ask(lambda c: mqttsn.subscribe("news", 3, 1), SUBACK, code=ACCEPTED)
    broker.kill()
    wait_for(lambda: gateway.process.count_log("broker connection lost") >= N, "lost connections")
    crowd.ping()
    broker.start()
    all_restored(gateway)
    wait_for(lambda: broker.process.count_log("Sending SUBACK to pump-") >= N, "subscriptions at the new broker")
    mqtt.publish(broker, "news", b"back")
    for client, packet in crowd.all_expect(PUBLISH).items():
        equal(packet.data, b"back", client.id)
        client.send(mqttsn.puback(packet.fields["topic_id"], packet.fields["msg_id"]))
    crowd.ping()
    equal(gateway.counters()["connects_total"], N, "CONNECTs")


@test("the broker is killed and comes back empty: sessions are held, subscriptions restored")
def _(bench):
    outage(bench, mqttsn.CLEAN)


@test("the same with sessions that are not clean")
def _(bench):
    outage(bench, 0)


@test("a broker that stays away: each client is told to connect again")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, "--set", "timers.hold=1", "--set", "timers.reconnect_least=0.2",
                            "--set", "timers.reconnect_most=0.4")
    crowd = Crowd(bench, gateway).connect()
    broker.kill()
    crowd.all_expect(mqttsn.DISCONNECT)
    broker.start()
    crowd.connect()
    crowd.ping()


@test("QoS 1 messages taken by the broker before and after its death are acknowledged, none twice")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, "--set", "timers.reconnect_least=0.2", "--set", "timers.reconnect_most=0.5")
    client = bench.closing(Client(gateway.address, "pump-7")).connect()
    topic_id = client.register("level")
    client.publish(topic_id, b"1", 1)
    broker.kill()
    gateway.wait_log("broker connection lost")
    client.send(mqttsn.publish(topic_id, b"2", 1, 50))
    broker.start()
    watcher = mqtt.Subscriber(bench, broker, "level")
    gateway.wait_log("broker connection restored$")

    def acknowledged():
        packet = client.receive(0.5)
        if packet is None or (packet.type == PUBACK and packet.fields["code"] == mqttsn.CONGESTION):
            client.send(mqttsn.publish(topic_id, b"2", 1, 50, mqttsn.DUP))
            return False
        return packet.type == PUBACK and packet.fields["code"] == ACCEPTED

    wait_for(acknowledged, "PUBACK")
    client.publish(topic_id, b"3", 1)
    payloads = [m.payload for m in wait_for(lambda: len(watcher.all()) >= 1 and watcher.all()[-1].payload == b"3"
                                            and watcher.all(), "message 3")]
    check(payloads.count(b"3") == 1 and payloads[-1] == b"3", f"{payloads}")


# SN12-ERR-05
@test("2000 clients: more connections than select() could watch")
def _(bench):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if VALGRIND or hard < 4096:
        raise Skip("needs 4096 open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))  # for the broker
    gateway = bench.gateway(bench.broker())
    forwarder = bench.closing(Client(gateway.address, "forwarder"))
    nodes = [Client.behind(forwarder, i.to_bytes(2, "big"), f"node-{i}") for i in range(2000)]
    for node in nodes:
        node.connect(keep_alive=600)
    check(len(os.listdir(f"/proc/{gateway.process.pid}/fd")) > 1024, "open files")
    for node in nodes[::100]:
        node.publish(node.register("level"), b"1", 1)
        node.ping_seconds()


main()
