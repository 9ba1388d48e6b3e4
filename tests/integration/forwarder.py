# SPDX-License-Identifier: BSD-3-Clause
"""The forwarder between nodes on UDP and serial lines, the gateway, and a real broker (SN12-FWD-*)."""

import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import threading
import tty

import mqtt
import mqttsn
from harness import BUILD, PATIENCE, Skip, check, equal, free_udp_address, gateway_env, main, test, wait_for
from mqttsn import (ADVERTISE, DISCONNECT, DUP, GWINFO, PINGRESP, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, REGISTER,
                    SEARCHGW, Client)
from radio import Radio

NODES = 50


class Forwarder:
    """The mqttsn-forwarder of the build tree."""

    def __init__(self, bench, *options):
        self.bench = bench
        self.process = bench.process([os.path.join(BUILD, "mqttsn-forwarder"), *options], "forwarder",
                                     env=gateway_env(bench))
        bench.gateways.append(self)
        self.ended = False
        self.wait_log("forwarding from ")
        ports = re.findall(r"forwarding for udp (\S+):(\d+)", self.log())
        self.addresses = [(host, int(port)) for host, port in ports]

    def log(self):
        return self.process.log()

    def wait_log(self, pattern, timeout=PATIENCE):
        return self.process.wait_log(pattern, timeout)

    def counters(self):
        before = self.process.count_log("counter: gateway received")
        self.process.signal(signal.SIGUSR1)
        wait_for(lambda: self.process.count_log("counter: gateway received") > before, "counters")
        last = self.log().rsplit("counter: nodes ", 1)[1]
        counters = {name: int(value) for name, value in re.findall(r"counter: ([\w ]+?) (\d+)$", last, re.MULTILINE)}
        counters["nodes"] = int(last.split(",")[0])
        return counters

    def node(self, client_id, side=0):
        return self.bench.closing(Client(self.addresses[side], client_id))

    def finish(self):
        check(self.process.running(), "the forwarder runs to the end")
        self.process.signal(signal.SIGTERM)
        equal(self.process.wait(), 0, "exit status of the forwarder")


def gateway_text(gateway):
    return f"{gateway.address[0]}:{gateway.address[1]}"


def wake(client):
    """Takes what waits until PINGRESP; returns the payloads."""
    client.send(mqttsn.pingreq(client.id))
    payloads = []
    while True:
        packet = client.receive()
        check(packet is not None, "the awake time ends with PINGRESP")
        if packet.type == PINGRESP:
            return payloads
        if packet.type == REGISTER:
            client.send(mqttsn.regack(packet.fields["topic_id"], packet.fields["msg_id"]))
            continue
        equal(packet.type, PUBLISH, "packet")
        payloads.append(packet.data)
        client.send(mqttsn.puback(packet.fields["topic_id"], packet.fields["msg_id"]))


def every_flow(broker, watcher, client):
    """Connect with a will, register, publish at each QoS, subscribe and hear, sleep and wake."""
    name = f"n/{client.id}"
    client.connect(will=(f"will/{client.id}", b"gone", 1, False))
    topic_id = client.register(name)
    for qos in (0, 1, 2):
        client.publish(topic_id, f"{client.id} {qos}".encode(), qos)
    messages = watcher.take(3)
    equal([(m.topic, m.payload) for m in messages], [(name, f"{client.id} {q}".encode()) for q in (0, 1, 2)], "messages")
    client.subscribe(f"to/{client.id}", 1)
    mqtt.publish(broker, f"to/{client.id}", b"hello", 1)
    equal(client.take_message()[2], b"hello", "message")
    client.disconnect(300)
    mqtt.publish(broker, f"to/{client.id}", b"later", 1)
    broker.process.wait_log(f"Received PUBACK from {client.id} \\(Mid: 2,")
    equal(client.receive(0), None, "packet to a sleeper")
    equal(wake(client), [b"later"], "messages kept")


@test("50 nodes behind two forwarders, one with UDP and one with a serial line, run every flow")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    radio = Radio(bench)
    near = Forwarder(bench, "--listen", "127.0.0.1:0", "--gateway", gateway_text(gateway))
    far = Forwarder(bench, "--serial", radio.device, "--gateway", gateway_text(gateway))
    watcher = mqtt.Subscriber(bench, broker, "n/#")
    clients = [near.node(f"udp-{i}") for i in range(NODES // 2)]
    clients += [radio.node(struct.pack(">H", i), f"serial-{i}") for i in range(NODES // 2)]
    for client in clients:
        every_flow(broker, watcher, client)
    for client in clients:  # all are there still
        equal(wake(client), [], "messages kept")
    equal((near.counters()["nodes"], far.counters()["nodes"]), (NODES // 2, NODES // 2), "nodes")

    wills = mqtt.Subscriber(bench, broker, "will/#")
    for client in (near.node("lost-udp"), radio.node(b"lost", "lost-serial")):
        client.connect(keep_alive=1, will=(f"will/{client.id}", b"gone", 1, False))
    equal(sorted(m.topic for m in wills.take(2)), ["will/lost-serial", "will/lost-udp"], "wills")
    for forwarder in (near, far):
        equal({name: forwarder.counters().get(name, 0) for name in ("malformed frames", "messages to unknown nodes")},
              {"malformed frames": 0, "messages to unknown nodes": 0}, "drops")


@test("what is said to a node leaves from the address that the node speaks to")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    forwarder = Forwarder(bench, "--listen", "0.0.0.0:0", "--gateway", gateway_text(gateway))
    node = bench.closing(Client(("127.0.0.2", forwarder.addresses[0][1]), "node")).connect()
    node.subscribe("valve", 1)
    mqtt.publish(broker, "valve", b"open")
    equal(node.take_message()[2], b"open", "message")


@test("a client that moves from one forwarder to the other keeps its session, awake or asleep")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    radio = Radio(bench, "hdlc")
    near = Forwarder(bench, "--listen", "127.0.0.1:0", "--gateway", gateway_text(gateway))
    Forwarder(bench, "--serial", radio.device + ",hdlc", "--gateway", gateway_text(gateway))
    there = radio.node(b"\x01\x02", "mover").connect(clean=False)
    there.subscribe("moves", 1)
    here = near.node("mover").connect(clean=False)
    mqtt.publish(broker, "moves", b"awake", 1)
    equal(here.take_message()[2], b"awake", "message after CONNECT at the other forwarder")
    here.disconnect(300)
    mqtt.publish(broker, "moves", b"asleep", 1)
    broker.process.wait_log(r"Received PUBACK from mover \(Mid: 2,")
    equal(wake(there), [b"asleep"], "messages after PINGREQ at the first forwarder")


@test("a node that writes bare messages to its line")
def _(bench):
    gateway = bench.gateway(bench.broker())
    line, device = os.openpty()
    tty.setraw(device)
    forwarder = Forwarder(bench, "--serial", os.ttyname(device) + ",plain,9600", "--set", "serial.0.node_id=0001",
                          "--gateway", gateway_text(gateway), "--set", "log.packets=true")

    def ask(message, answer):
        os.write(line, message)
        got = b""
        while len(got) < len(answer):
            check(select.select([line], [], [], PATIENCE)[0], f"no answer to {message.hex()}")
            got += os.read(line, 4096)
        equal(got, answer, f"answer to {message.hex()}")

    ask(mqttsn.connect("bare"), bytes([3, mqttsn.CONNACK, 0]))
    ask(b"\0\xff\x03\0" + mqttsn.pingreq(), bytes([2, PINGRESP]))
    forwarder.wait_log("ENCAPSULATED radius=0 node=0001 PINGREQ")
    os.close(line)
    os.close(device)


# --- a line with noise ---

def insist(client, datagram, wanted, msg_id):
    """Sends until the answer comes; with DUP after the first time."""
    for _ in range(200):
        client.send(datagram)
        packet = client.receive(0.15)
        while packet is not None:
            if packet.type == wanted and packet.fields.get("msg_id", msg_id) == msg_id:
                return packet
            packet = client.receive(0.15)
        if datagram[1] == PUBLISH:
            datagram = datagram[:2] + bytes([datagram[2] | DUP]) + datagram[3:]
    raise AssertionError(f"no {mqttsn.NAMES[wanted]} for {msg_id}")


def hear_all(client, wanted):
    """What is published to a client over a line with noise: {qos: payloads}, each QoS 2 message once."""
    got, half = {1: [], 2: []}, {}

    def step():
        packet = client.receive(0.5)
        if packet is None:
            return False
        fields = packet.fields
        if packet.type == REGISTER:
            client.send(mqttsn.regack(fields["topic_id"], fields["msg_id"]))
        elif packet.type == PUBLISH and fields["flags"] >> 5 & 3 == 1:
            got[1].append(packet.data)
            client.send(mqttsn.puback(fields["topic_id"], fields["msg_id"]))
        elif packet.type == PUBLISH:
            half[fields["msg_id"]] = packet.data
            client.send(mqttsn.msg_ack(PUBREC, fields["msg_id"]))
        elif packet.type == PUBREL:
            if fields["msg_id"] in half:
                got[2].append(half.pop(fields["msg_id"]))
            client.send(mqttsn.msg_ack(PUBCOMP, fields["msg_id"]))
        return set(got[1]) | set(got[2]) >= set(wanted) and not half

    wait_for(step, "all messages", 60)
    return got


@test("1 % of the octets of a line spoiled: QoS 1 loses nothing, QoS 2 comes exactly once, both ways")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, "--set", "timers.retry=0.2", "--set", "timers.retries=30")
    radio = Radio(bench, "hdlc", noise=0.01)
    forwarder = Forwarder(bench, "--serial", radio.device + ",hdlc", "--gateway", gateway_text(gateway))
    watcher = mqtt.Subscriber(bench, broker, "up/#")
    client = radio.node(b"\x07", "noisy")
    insist(client, mqttsn.connect("noisy", 600), mqttsn.CONNACK, 0)
    topic_ids = [insist(client, mqttsn.register(f"up/{q}", q), mqttsn.REGACK, q).fields["topic_id"] for q in (1, 2)]
    sent = [f"{i}".encode() for i in range(60)]
    for i, payload in enumerate(sent):
        insist(client, mqttsn.publish(topic_ids[0], payload, 1, 10 + i), PUBACK, 10 + i)
        insist(client, mqttsn.publish(topic_ids[1], payload, 2, 500 + i), PUBREC, 500 + i)
        insist(client, mqttsn.msg_ack(PUBREL, 500 + i), PUBCOMP, 500 + i)
    wait_for(lambda: len([m for m in watcher.all() if m.topic == "up/2"]) >= len(sent), "messages of QoS 2")
    heard = {qos: [m.payload for m in watcher.all() if m.topic == f"up/{qos}"] for qos in (1, 2)}
    equal(set(heard[1]), set(sent), "messages of QoS 1")
    equal(heard[2], sent, "messages of QoS 2")

    for qos in (1, 2):
        insist(client, mqttsn.subscribe(f"down/{qos}", 900 + qos, qos), mqttsn.SUBACK, 900 + qos)
    for qos in (1, 2):
        mqtt.publish_lines(broker, f"down/{qos}", [b"%d-%d" % (qos, i) for i in range(20)], qos)
    wanted = {qos: [b"%d-%d" % (qos, i) for i in range(20)] for qos in (1, 2)}
    got = hear_all(client, wanted[1] + wanted[2])
    equal(sorted(set(got[1])), sorted(wanted[1]), "messages of QoS 1 to the node")
    equal(got[2], wanted[2], "messages of QoS 2 to the node")
    check(radio.hurt > 30, f"only {radio.hurt} octets were spoiled")
    check(int(re.findall(r"damaged (\d+)", (forwarder.counters(), forwarder.log())[1])[-1]) > 0, "damage is counted")


# --- what goes away and comes back ---

@test("a gateway that is restarted serves the nodes again, the forwarder does nothing for it")
def _(bench):
    broker = bench.broker()
    listen = "%s:%d" % free_udp_address()
    gateway = bench.gateway(broker, listen=listen)
    radio = Radio(bench)
    forwarder = Forwarder(bench, "--serial", radio.device, "--listen", "127.0.0.1:0", "--gateway", gateway_text(gateway))
    clients = [forwarder.node("udp"), radio.node(b"\x01", "serial")]
    for client in clients:
        client.connect().ping_seconds()
    gateway.kill()
    passed_on = forwarder.counters()["messages to the gateway"]
    for client in clients:
        client.send(mqttsn.pingreq())  # into the void
    wait_for(lambda: forwarder.counters()["messages to the gateway"] == passed_on + len(clients), "both passed on")
    bench.gateway(broker, listen=listen)
    for client in clients:
        client.connect()
        client.publish(client.register("a"), b"x", 1)


@test("a serial device that is unplugged and plugged in again: sessions go on")
def _(bench):
    gateway = bench.gateway(bench.broker())
    radio = Radio(bench)
    forwarder = Forwarder(bench, "--serial", radio.device, "--gateway", gateway_text(gateway))
    client = radio.node(b"\x01", "serial").connect()
    for times in (1, 2):
        radio.unplug()
        wait_for(lambda: forwarder.process.count_log("waiting for it") == times, "the loss is told")
        radio.plug()
        wait_for(lambda: forwarder.process.count_log(": open$") == times + 1, "the device is opened")
        client.ping_seconds()


@test("a gateway that falls silent is left for the next one, and taken again when it is back")
def _(bench):
    broker = bench.broker()
    listen = "%s:%d" % free_udp_address()
    first = bench.gateway(broker, listen=listen)
    second = bench.gateway(broker)
    forwarder = Forwarder(bench, "--listen", "127.0.0.1:0", "--gateway", gateway_text(first),
                          "--gateway", gateway_text(second), "--set", "uplink.probe=0.2", "--set", "uplink.missed=2")
    client = forwarder.node("c").connect()
    first.kill()
    forwarder.wait_log(f"the gateway is now {gateway_text(second)}")
    client.connect().ping_seconds()
    bench.gateway(broker, listen=listen)
    wait_for(lambda: forwarder.process.count_log(f"the gateway is now {gateway_text(first)}") == 2, "the first one again")
    client.connect().ping_seconds()


def receive_type(client, wanted):
    """The next packet of this type."""
    return wait_for(lambda: [p for p in [client.receive(1)] if p is not None and p.type == wanted], f"type {wanted}")[0]


@test("a gateway is found by its multicast; its ADVERTISE and GWINFO reach the nodes")
def _(bench):
    group = f"239.255.77.{os.getpid() % 250 + 1}:{free_udp_address()[1]}"
    probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        probe.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                         struct.pack("4s4si", socket.inet_aton(group.split(":")[0]), bytes(4),
                                     socket.if_nametoindex("lo")))
    except OSError as e:
        raise Skip(f"no multicast on lo: {e}") from None
    finally:
        probe.close()
    discovery = ["--set", "listeners.0.discovery=true", "--set", f"listeners.0.multicast={group}",
                 "--set", "listeners.0.interface=lo", "--set", "discovery.interval=1", "--set", "gateway.id=9"]
    gateway = bench.gateway(bench.broker(), *discovery)
    radio = Radio(bench)
    forwarder = Forwarder(bench, "--serial", radio.device, "--listen", "127.0.0.1:0", "--set", "uplink.discover=true",
                          "--set", f"uplink.multicast={group}", "--set", "uplink.interface=lo",
                          "--set", "uplink.address=127.0.0.1:0", "--set", "uplink.probe=0.2")
    forwarder.wait_log(f"the gateway is now {gateway_text(gateway)}")
    node = forwarder.node("udp")
    node.send(bytes([3, SEARCHGW, 2]))
    receive_type(node, GWINFO)
    receive_type(node, ADVERTISE)  # once known, a node hears it even without a group
    wait_for(lambda: (0, bytes([5, ADVERTISE, 9, 0, 1])) in radio.broadcasts, "ADVERTISE on the radio")
    wait_for(lambda: (2, bytes([3, GWINFO, 9])) in radio.broadcasts, "GWINFO on the radio, with its radius")
    node.connect().ping_seconds()


# --- what comes in that should not, and what an operator asks for ---

class Tap:
    """Stands between a forwarder and its gateway and keeps what they say."""

    def __init__(self, bench, gateway):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.gateway, self.forwarder, self.seen = gateway.address, None, []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        bench.closing(self)

    def run(self):
        while True:
            data, sender = self.socket.recvfrom(65536)
            if sender == self.socket.getsockname():
                return
            if sender != self.gateway:
                self.forwarder = sender
            self.seen.append((sender == self.gateway, data))
            self.socket.sendto(data, self.forwarder if sender == self.gateway else self.gateway)

    def close(self):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def write_pcap(self, path):
        """Raw IPv4 (link type 228), the gateway's port being 1884."""
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 228))
            for from_gateway, data in self.seen:
                ports = (1884, 5000) if from_gateway else (5000, 1884)
                udp = struct.pack(">HHHH", *ports, 8 + len(data), 0) + data
                ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes([10, 0, 0, 1]),
                                 bytes([10, 0, 0, 2])) + udp
                f.write(struct.pack("<IIII", 0, 0, len(ip), len(ip)) + ip)


@test("tshark decodes the encapsulated frames between forwarder and gateway")
def _(bench):
    if shutil.which("tshark") is None:
        raise Skip("tshark is not installed")
    gateway = bench.gateway(bench.broker())
    tap = Tap(bench, gateway)
    radio = Radio(bench)
    Forwarder(bench, "--serial", radio.device, "--gateway", f"127.0.0.1:{tap.port}")
    client = radio.node(b"\xaa\xbb", "seen").connect()
    client.publish(client.register("a/b"), b"x", 2)
    path = bench.path("capture.pcap")
    tap.write_pcap(path)
    done = subprocess.run(["tshark", "-r", path, "-d", "udp.port==1884,mqttsn", "-T", "fields", "-E", "occurrence=a",
                           "-e", "mqttsn.msg.type", "-e", "mqttsn.wireless.node.id", "-e", "_ws.malformed"],
                          capture_output=True, timeout=PATIENCE, check=True)
    lines = [line.split("\t") for line in done.stdout.decode().splitlines()]
    inner = [int(line[0].split(",")[-1], 16) for line in lines]
    equal(inner, [0x04, 0x05, 0x0A, 0x0B, 0x0C, 0x0F, 0x10, 0x0E], "message types that tshark sees")
    check(all(line[0].split(",")[0] == "0xfe" for line in lines), f"each is encapsulated: {lines}")
    check(all(line[2] == "" for line in lines), f"none is malformed: {lines}")


@test("what is malformed, nested, too long or for nobody is dropped and counted")
def _(bench):
    gateway = bench.gateway(bench.broker())
    radio = Radio(bench)
    forwarder = Forwarder(bench, "--serial", radio.device, "--listen", "127.0.0.1:0", "--gateway", gateway_text(gateway),
                          "--set", "serial.0.max_packet=40")
    bad, good = radio.node(b"\x01", "bad"), radio.node(b"\x02", "good")
    bad.send(b"\x03\x16")
    bad.send(mqttsn.encapsulate(b"\x05", mqttsn.pingreq()))
    bad.send(mqttsn.connect("a-client-id-that-is-longer-than-a-frame"))
    bad.send(b"")
    good.connect().ping_seconds()
    equal({name: value for name, value in forwarder.counters().items() if "to the gateway" not in name},
          {"malformed frames": 2, "frames encapsulated twice": 1, "messages longer than max_packet": 1, "nodes": 1,
           "messages to nodes": 2, "changes of the gateway": 1}, "counters")
    forwarder.wait_log("a message of 45 octets is longer than max_packet = 40: dropped")


@test("the configuration is checked, printed, and read again on SIGHUP")
def _(bench):
    path, device = bench.path("forwarder.conf"), bench.path("no-device")

    def write(*settings, framing="slip"):
        with open(path, "w", encoding="utf-8") as f:
            f.write("\n".join(['gateways = ( { address = "127.0.0.1:9"; } );',
                               f'serial = ( {{ device = "{device}"; framing = "{framing}"; }} );', *settings]) + "\n")

    def run(*options):
        return subprocess.run([os.path.join(BUILD, "mqttsn-forwarder"), *options], env=gateway_env(bench), check=False,
                              timeout=PATIENCE, capture_output=True, text=True)

    write("nodes = { limit = 0; };")
    done = run("--config", path, "--check-config")
    equal((done.returncode, done.stdout), (2, ""), "a mistake")
    equal(done.stderr, f"{path}:3: nodes.limit: 0 is out of range (1 to 1000000)\n", "message")
    write("nodes = { limit = 77; };")
    done = run("--config", path, "--check-config")
    check(done.returncode == 0 and "limit = 77;" in done.stdout, done.stderr)
    forwarder = Forwarder(bench, "--config", path)
    write("log = { packets = true; };")
    forwarder.process.signal(signal.SIGHUP)
    forwarder.wait_log("reload: done")
    write("nodes = { limit = 0; };")
    forwarder.process.signal(signal.SIGHUP)
    forwarder.wait_log("reload: the configuration has mistakes")
    write(framing="hdlc")
    forwarder.process.signal(signal.SIGHUP)
    forwarder.wait_log("reload: the old configuration stays")


main()
