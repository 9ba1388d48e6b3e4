# SPDX-License-Identifier: BSD-3-Clause
"""The packet trace: a sensor's life in the log, and in pcapng files, which tshark reads."""

import os
import re
import shutil
import signal
import socket
import subprocess

import mqtt
import mqttsn
from harness import PATIENCE, Skip, check, equal, main, test, wait_for
from mqttsn import NAMES, PINGRESP, Client

SECRET = b"attack at dawn"
LONG = 4000  # octets of a payload, so that files fill up


class Life:
    """Everything that a sensor does, from its first packet to its loss; .types is what it said (>) and heard (<)."""

    def __init__(self, bench, broker, gateway, burst=0):
        self.broker = broker
        self.gateway = gateway
        self.client = bench.closing(Client(gateway.address, "pump-7"))
        self.spy()
        client = self.client.connect(60, will=("wills/pump-7", SECRET, 1, False))
        topic = client.register("pump/7/level")
        for qos in (0, 1, 2):
            client.publish(topic, SECRET, qos)
        for _ in range(burst):
            client.publish(topic, b"x" * LONG, 1)
        client.subscribe("valve/7", 1)
        mqtt.publish(broker, "valve/7", b"open")
        client.take_message()
        client.disconnect(300)
        mqtt.publish(broker, "valve/7", b"shut")
        broker.process.wait_log(r"Received PUBACK from pump-7 \(Mid: 2")
        client.send(mqttsn.pingreq("pump-7"))
        client.take_message()
        client.expect(PINGRESP)
        client.connect(1, clean=False)
        gateway.wait_log("pump-7: lost")

    def spy(self):
        """Each waits for the other here: what the sensor sees is the order at the gateway as well."""
        self.types = []
        send, receive = self.client.send, self.client.receive

        def spying_send(datagram):
            self.types.append(">" + NAMES[datagram[3 if datagram[0] == 1 else 1]])
            send(datagram)

        def spying_receive(timeout=PATIENCE):
            packet = receive(timeout)
            if packet is not None:
                self.types.append("<" + NAMES[packet.type])
            return packet

        self.client.send, self.client.receive = spying_send, spying_receive


def tshark(path, port, *options):
    if shutil.which("tshark") is None:
        raise Skip("tshark is not installed")
    argv = ["tshark", "-r", path, "-d", f"udp.port=={port},mqttsn", "-o", "udp.check_checksum:TRUE",
            "-o", "ip.check_checksum:TRUE", *options]
    done = subprocess.run(argv, timeout=PATIENCE, capture_output=True, check=False)
    equal(done.returncode, 0, f"tshark {path}: {done.stderr.decode()}")
    return done.stdout.decode().splitlines()


class Frame:
    FIELDS = ("mqttsn.msg.type", "frame.packet_flags_direction", "frame.comment", "udp.checksum.status", "_ws.malformed",
              "ip.checksum.status", "ip.src", "ip.dst", "ipv6.src", "frame.time_epoch")

    def __init__(self, line):
        values = dict(zip(self.FIELDS, line.split("\t")))
        check(values["mqttsn.msg.type"], f"a message in {line!r}")
        self.name = NAMES[int(values["mqttsn.msg.type"], 0)]
        self.type = {"0x00000001": ">", "0x00000002": "<"}[values["frame.packet_flags_direction"]] + self.name
        self.comment = values["frame.comment"]
        self.source = values["ip.src"] or values["ipv6.src"]
        self.destination = values["ip.dst"]
        self.time = float(values["frame.time_epoch"])
        equal(values["_ws.malformed"], "", f"malformed {self.type}")
        equal(values["udp.checksum.status"], "1", f"UDP checksum of {self.type}")
        if values["ip.src"]:
            equal(values["ip.checksum.status"], "1", f"IP checksum of {self.type}")


def read_file(path, port):
    """The frames of one file; none of them malformed, all checksums good."""
    options = [option for field in Frame.FIELDS for option in ("-e", field)]
    return [Frame(line) for line in tshark(path, port, "-T", "fields", *options)]


def files(path):
    """The file and its older ones, oldest first."""
    found = [path]
    while os.path.exists(f"{path}.{len(found)}"):
        found.append(f"{path}.{len(found)}")
    return found[::-1]


def read_files(path, port):
    return [frame for name in files(path) for frame in read_file(name, port)]


def wait_written(path, port, n):
    """Waits until @n frames are on the disk, which takes up to a second."""

    def enough():
        frames = read_files(path, port)
        return frames if len(frames) >= n else None

    return wait_for(enough, f"{n} frames in {path}")


def story(gateway, client_id="pump-7"):
    """What the log tells about a client, without time and address."""
    lines = re.findall(rf"info: {client_id} (?:127\.0\.0\.1:\d+|broker) [<>] .*$", gateway.log(), re.MULTILINE)
    return [re.sub(r"^info: \S+ (127\.0\.0\.1:\d+ )?", "", line) for line in lines]


@test("a whole life in files that are turned over, in order, nothing malformed")
def _(bench):
    path = bench.path("trace.pcapng")
    broker = bench.broker()
    gateway = bench.gateway(broker, "--set", f"trace.file={path}", "--set", "trace.file_size=65536")
    life = Life(bench, broker, gateway, burst=40)
    frames = wait_written(path, gateway.address[1], len(life.types))
    equal([frame.type for frame in frames], life.types, "messages")
    equal({frame.comment for frame in frames}, {"client=pump-7"}, "comments")
    check(all(a.time <= b.time for a, b in zip(frames, frames[1:])), "time goes on")
    check(abs(frames[-1].time - os.path.getmtime(path)) < PATIENCE, "it is the time of the wall clock")
    check(len(files(path)) >= 3, "more than one file")
    for name in files(path):
        check(os.path.getsize(name) <= 65536, f"size of {name}")


@test("of many files the youngest are kept")
def _(bench):
    path = bench.path("trace.pcapng")
    broker = bench.broker()
    gateway = bench.gateway(broker, "--set", f"trace.file={path}", "--set", "trace.file_size=65536",
                            "--set", "trace.file_count=2")
    life = Life(bench, broker, gateway, burst=50)
    wait_written(path, gateway.address[1], 1)
    wait_for(lambda: read_files(path, gateway.address[1])[-1].type == life.types[-1], "the last message")
    frames = read_files(path, gateway.address[1])
    equal(sorted(n for n in os.listdir(bench.folder) if n.startswith("trace")), ["trace.pcapng", "trace.pcapng.1"], "files")
    check(len(frames) < len(life.types), "the oldest are gone")
    equal([frame.type for frame in frames], life.types[-len(frames):], "messages")


@test("the same life in the log, from air to broker")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, "--set", "log.packets=true")
    Life(bench, broker, gateway)
    text = SECRET.decode()
    equal(story(gateway), [
        "> CONNECT id=pump-7 clean will keepalive=60",
        "< WILLTOPICREQ",
        '> WILLTOPIC qos=1 "wills/pump-7"',
        "< WILLMSGREQ",
        f'> WILLMSG "{text}"',
        f'broker < CONNECT clean will "wills/pump-7" qos=1 len=14 "{text}"',
        "broker > CONNACK",
        "< CONNACK rc=accepted",
        '> REGISTER tid=0 mid=1 "pump/7/level"',
        "< REGACK tid=1 mid=1 rc=accepted",
        f'> PUBLISH qos=0 tid=1 "{text}"',
        f'broker < PUBLISH qos=0 "pump/7/level" len=14 "{text}"',
        f'> PUBLISH qos=1 tid=1 mid=2 "{text}"',
        f'broker < PUBLISH qos=1 token=1 "pump/7/level" len=14 "{text}"',
        "broker > PUBACK token=1",
        "< PUBACK tid=1 mid=2 rc=accepted",
        f'> PUBLISH qos=2 tid=1 mid=3 "{text}"',
        f'broker < PUBLISH qos=2 token=2 "pump/7/level" len=14 "{text}"',
        "broker > PUBACK token=2",
        "< PUBREC mid=3",
        "> PUBREL mid=3",
        "< PUBCOMP mid=3",
        '> SUBSCRIBE qos=1 mid=4 "valve/7"',
        'broker < SUBSCRIBE qos=1 token=3 "valve/7"',
        "broker > SUBACK token=3 qos=1",
        "< SUBACK qos=1 tid=2 mid=4 rc=accepted",
        'broker > PUBLISH qos=1 "valve/7" len=4 "open"',
        '< PUBLISH qos=1 tid=2 mid=1 "open"',
        "> PUBACK tid=2 mid=1 rc=accepted",
        "> DISCONNECT duration=300",
        "< DISCONNECT",
        'broker > PUBLISH qos=1 "valve/7" len=4 "shut"',
        "> PINGREQ id=pump-7",
        '< PUBLISH qos=1 tid=2 mid=2 "shut"',
        "> PUBACK tid=2 mid=2 rc=accepted",
        "< PINGRESP",
        "> CONNECT id=pump-7 keepalive=1",
        "< CONNACK rc=accepted",
        "broker < CLOSE",
    ], "the story")


@test("a broker that goes away and comes back is in the story")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, "--set", "log.packets=true", "--set", "timers.reconnect_least=0.1")
    client = bench.closing(Client(gateway.address, "pump-7")).connect()
    broker.kill()
    gateway.wait_log("pump-7 broker > REFUSED -- ")
    check(broker.start(), "the broker starts again")
    gateway.wait_log("pump-7: broker connection restored")
    check(re.search(r"broker > LOST -- .*broker < CONNECT again.*broker > CONNACK", "\n".join(story(gateway)), re.DOTALL),
          "lost, tried again, there again")
    client.ping_seconds()


@test("what is refused tells why; what is no packet is shown by its octets")
def _(bench):
    path = bench.path("trace.pcapng")
    gateway = bench.gateway(bench.broker(), "--set", "log.packets=true", "--set", f"trace.file={path}")
    stranger = bench.closing(Client(gateway.address))
    stranger.ask(mqttsn.publish(1, b"x", 1, 1), mqttsn.DISCONNECT)
    gateway.wait_log(r'- 127.0.0.1:\d+ > PUBLISH qos=1 tid=1 mid=1 "x" -- no session$')
    frames = wait_written(path, gateway.address[1], 2)
    equal([(f.type, f.comment) for f in frames], [(">PUBLISH", 'verdict="no session"'), ("<DISCONNECT", "")], "frames")
    stranger.send(b"\x02\x0d\x01")
    gateway.wait_log(r"- 127.0.0.1:\d+ > 020d01 -- bad length$")


@test("hidden payloads are nowhere, and all else is")
def _(bench):
    path = bench.path("trace.pcapng")
    broker = bench.broker()
    gateway = bench.gateway(broker, "--set", f"trace.file={path}", "--set", "log.packets=true",
                            "--set", "trace.payloads=false")
    life = Life(bench, broker, gateway)
    frames = wait_written(path, gateway.address[1], len(life.types))
    equal([frame.type for frame in frames], life.types, "messages")
    lengths = tshark(path, gateway.address[1], "-Y", "mqttsn.msg.type == 0x0c", "-T", "fields", "-e", "mqttsn.msg.len")
    equal(lengths, ["21", "21", "21", "11", "11"], "lengths stay")
    with open(path, "rb") as f:
        content = f.read()
    check(b"pump/7/level" in content, "topic names stay")
    for octets in (SECRET, b"open", b"shut"):
        check(octets not in content, f"{octets} in the file")
        check(octets.decode() not in gateway.log(), f"{octets} in the log")
    check('broker < PUBLISH qos=1 token=1 "pump/7/level" len=14 ""...(14)' in gateway.log(), "the length in the log")


@test("a filter by client, message and direction")
def _(bench):
    path = bench.path("trace.pcapng")
    gateway = bench.gateway(bench.broker(), "--set", f"trace.file={path}", "--set", "trace.filter.client=pump-*",
                            "--set", "trace.filter.type=CONNECT,CONNACK,PINGREQ", "--set", "trace.filter.direction=in")
    for name in ("valve-1", "pump-7", "pump-8"):
        bench.closing(Client(gateway.address, name)).connect().ping_seconds()
    frames = wait_written(path, gateway.address[1], 4)
    equal([(f.type, f.comment) for f in frames],
          [(">" + name, f"client=pump-{n}") for n in (7, 8) for name in ("CONNECT", "PINGREQ")], "frames")


@test("a filter that cannot be is a mistake in the configuration")
def _(bench):
    config = bench.path("gateway.conf")
    with open(config, "w", encoding="utf-8") as f:
        f.write('trace = {\n  filter = {\n    type = "PUBLICATION";\n    address = "nowhere";\n  };\n};\n')
    status, _, errors = bench.run_gateway("--config", config)
    equal(status, 2, "exit status")
    check(f"{config}:3: " in errors and f"{config}:4: " in errors, f"file and lines: {errors}")


@test("nodes behind a forwarder are named, and IPv6 is")
def _(bench):
    path = bench.path("trace.pcapng")
    gateway = bench.gateway(bench.broker(), "--set", f"trace.file={path}", listen="[::1]:0")
    forwarder = bench.closing(Client(gateway.address, family=socket.AF_INET6))
    Client.behind(forwarder, b"\x00\x07", "node-7").connect()
    frames = wait_written(path, gateway.address[1], 2)
    equal([(f.type, f.comment, f.source) for f in frames],
          [(">CONNECT", "client=node-7 node=0007", "::1"), ("<CONNACK", "client=node-7 node=0007", "::1")], "frames")


@test("what is said to all goes to the group")
def _(bench):
    path = bench.path("trace.pcapng")
    bench.gateway(bench.broker(), "--set", f"trace.file={path}", "--set", "listeners.0.discovery=true",
                  "--set", "listeners.0.multicast=239.255.77.7:20077", "--set", "listeners.0.interface=lo")
    frames = wait_written(path, 20077, 1)
    equal([(f.type, f.comment, f.destination) for f in frames], [("<ADVERTISE", "", "239.255.77.7")], "frames")


@test("a reload switches the file on and off")
def _(bench):
    path, config = bench.path("trace.pcapng"), bench.path("gateway.conf")
    broker = bench.broker()

    def configure(trace):
        with open(config, "w", encoding="utf-8") as f:
            f.write('listeners = ( { address = "127.0.0.1:0"; } );\n'
                    f'broker = {{ host = "{broker.host}"; port = {broker.port}; }};\n{trace}\n')

    def reload(trace):
        configure(trace)
        done = gateway.process.count_log("reload: done")
        gateway.process.signal(signal.SIGHUP)
        wait_for(lambda: gateway.process.count_log("reload: done") > done, "the reload")

    configure("")
    gateway = bench.start_gateway("--config", config).wait_ready()
    port = gateway.address[1]
    client = bench.closing(Client(gateway.address, "pump-7")).connect()
    check(not os.path.exists(path), "no file yet")
    reload(f'trace = {{ file = "{path}"; }};')
    client.ping_seconds()
    equal([f.type for f in wait_written(path, port, 2)], [">PINGREQ", "<PINGRESP"], "since the reload")
    reload(f'trace = {{ file = "{path}"; filter = {{ direction = "out"; }}; }};')
    client.ping_seconds()
    equal([f.type for f in wait_written(path, port, 3)], [">PINGREQ", "<PINGRESP", "<PINGRESP"], "in the same file")
    reload("")
    client.ping_seconds()
    reload(f'trace = {{ file = "{path}"; }};')
    client.disconnect()
    equal([f.type for f in wait_written(path, port, 5)][3:], [">DISCONNECT", "<DISCONNECT"], "nothing in between")
    equal(len(files(path)), 2, "a new file")


@test("a file that cannot be written troubles nobody, and is told once")
def _(bench):
    gateway = bench.gateway(bench.broker(), "--set", "trace.file=" + bench.path("nowhere/trace.pcapng"))
    client = bench.closing(Client(gateway.address, "pump-7")).connect()
    for _ in range(20):
        client.ping_seconds()
    equal(gateway.process.count_log("trace: cannot open"), 1, "lines about it")


main()
