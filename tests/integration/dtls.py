# SPDX-License-Identifier: BSD-3-Clause
"""Listeners with DTLS.  The clients of these tests speak through dtls_tunnel (SN12-OPEN-21, MAP-CONN-15)."""

import os
import re
import signal
import socket
import subprocess

import mqtt
import mqttsn
from harness import BUILD, Failure, check, equal, free_udp_address, main, test, wait_for
from mqttsn import ACCEPTED, CONNACK, NOT_SUPPORTED, Client

KEY = "000102030405060708090a0b0c0d0e0f"
OTHER_KEY = "ff0102030405060708090a0b0c0d0e0f"


class Files:
    """What a DTLS listener reads, and its configuration."""

    def __init__(self, bench, broker, **keys):
        self.bench = bench
        self.broker = broker
        self.psk = bench.path("psk")
        self.conf = bench.path("gateway.conf")
        self.address = free_udp_address()
        self.write_keys(**(keys or {"sensor": KEY}))

    def write_keys(self, **keys):
        with open(self.psk, "w", encoding="utf-8") as f:
            f.write("# keys of the test\n\n" + "".join(f"{name}:{key}\n" for name, key in keys.items()))
        os.chmod(self.psk, 0o600)

    def certificates(self):
        subprocess.run([os.path.join(os.environ["top_srcdir"], "tests/integration/make-certs"), self.bench.folder,
                        "IP:127.0.0.1"], check=True)

    def write(self, dtls=None, rest="", more=""):
        host, port = self.address
        dtls = dtls if dtls is not None else f'psk_file = "{self.psk}";'
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(f'listeners = ( {{ address = "{host}:{port}"; {rest} dtls = {{ {dtls} }}; }}{more} );\n'
                    f'broker = {{ host = "{self.broker.host}"; port = {self.broker.port}; }};\n'
                    "log = { packets = true; };\n")
        return self

    def start(self, *options, listeners=1):
        return self.bench.start_gateway("--config", self.conf, *options).wait_ready(listeners)


class Tunnel:
    """dtls_tunnel: once it is open, .address is where a client in clear speaks to."""

    def __init__(self, bench, gateway, *options, psk=None):
        host, port = gateway if isinstance(gateway, tuple) else gateway.address
        keys = ["--psk", psk] if psk is not None else []
        program = os.path.join(BUILD, "tests/integration/dtls_tunnel")
        self.process = bench.process([program, *keys, *options, f"{host}:{port}"], "tunnel", stdin=subprocess.PIPE)

    def opened(self, times=1):
        wait_for(lambda: self.process.count_log("^open ") >= times or not self.process.running(), "a handshake")
        lines = re.findall(r"^open (\d+) (\S+)(.*)$", self.process.log(), re.MULTILINE)
        if len(lines) < times:
            raise Failure(f"the handshake failed: {self.process.log()}")
        port, self.cipher, rest = lines[-1]
        self.resumed = "resumed" in rest
        self.address = ("127.0.0.1", int(port))
        return self

    def failure(self):
        self.process.wait()
        match = re.search("^failed: (.*)$", self.process.log(), re.MULTILINE)
        return match and match[1]

    def tell(self, command):
        self.process.popen.stdin.write(command.encode() + b"\n")
        self.process.popen.stdin.flush()


def psk_tunnel(bench, gateway, name="sensor", key=KEY, options=()):
    return Tunnel(bench, gateway, *options, psk=f"{name}:{key}").opened()


@test("a client with a pre-shared key connects, publishes and hears; the trace shows its messages in clear")
def _(bench):
    broker = bench.broker()
    gateway = Files(bench, broker).write().start()
    watcher = mqtt.Subscriber(bench, broker, "#")
    client = bench.closing(Client(psk_tunnel(bench, gateway).address, "sensor")).connect()
    topic = client.register("a/b")
    client.publish(topic, b"encrypted", 1)
    equal([(m.topic, m.payload) for m in watcher.take(1)], [("a/b", b"encrypted")], "at the broker")
    client.ping_seconds()
    check("> CONNECT" in gateway.log(), "the trace")


main()
