# SPDX-License-Identifier: BSD-3-Clause
"""Listeners with DTLS.  The clients of these tests speak through dtls_tunnel (SN12-OPEN-21, MAP-CONN-15)."""

import os
import re
import signal
import socket
import subprocess

import mqtt
import mqttsn
from admin_client import Admin
from harness import BUILD, Failure, check, equal, free_udp_address, gateway_env, main, test, wait_for
from mqttsn import CONNACK, NOT_SUPPORTED, Client

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


@test("the longest messages, both ways; what no record holds is dropped")
def _(bench):
    broker = bench.broker()
    gateway = Files(bench, broker).write().start()
    watcher = mqtt.Subscriber(bench, broker, "up")
    client = bench.closing(Client(psk_tunnel(bench, gateway).address, "sensor")).connect()
    payload = bytes(i % 251 for i in range(16384 - 9))  # and the head of a PUBLISH of that length
    client.publish(client.register("up"), payload, 1)
    equal(watcher.take(1)[0].payload, payload, "at the broker")
    client.subscribe("down", 1)
    mqtt.publish(broker, "down", payload + b"x")
    gateway.wait_log("sensor: message dropped")
    mqtt.publish(broker, "down", payload)
    equal(client.take_message()[2], payload, "at the sensor")
    equal("dtls_unsent_messages_total" in gateway.counters(), False, "nothing was lost on the way")


@test("sensors' ciphers: short tags, and a key exchange beside the pre-shared key")
def _(bench):
    gateway = Files(bench, bench.broker()).write().start()
    for cipher in "PSK-AES128-CCM8", "PSK-AES128-GCM-SHA256", "ECDHE-PSK-CHACHA20-POLY1305":
        tunnel = psk_tunnel(bench, gateway, options=("--ciphers", cipher))
        equal(tunnel.cipher, cipher, "the cipher")
        bench.closing(Client(tunnel.address, "sensor")).connect()


@test("what is not safe is refused: DTLS 1.0, ciphers without authenticated encryption")
def _(bench):
    gateway = Files(bench, bench.broker()).write().start()
    tunnel = Tunnel(bench, gateway, "--dtls10", psk=f"sensor:{KEY}")
    equal(tunnel.failure(), "protocol version", "the alert")
    gateway.wait_log(r"DTLS handshake failed: unsupported protocol")
    tunnel = Tunnel(bench, gateway, "--ciphers", "PSK-AES128-CBC-SHA", psk=f"sensor:{KEY}")
    equal(tunnel.failure(), "handshake failure", "the alert")
    gateway.wait_log(r"DTLS handshake failed: no shared cipher")


@test("a wrong key, an unknown identity: no session, and the log says why")
def _(bench):
    gateway = Files(bench, bench.broker()).write(rest="", dtls=None).start(
        "--set", "listeners.0.dtls.handshake_timeout=2")
    equal(Tunnel(bench, gateway, psk=f"nobody:{KEY}").failure(), "unknown PSK identity", "the alert")
    gateway.wait_log(r'127\.0\.0\.1:\d+: DTLS handshake failed: there is no key for the identity "nobody"')
    Tunnel(bench, gateway, psk=f"sensor:{OTHER_KEY}")
    gateway.wait_log(r'DTLS handshake failed: not finished in time: has "sensor" another key than the gateway\?')
    counters = gateway.counters()
    equal(counters["dtls_handshakes_failed_total"], 2, "failed")
    equal("dtls_peers" in counters or "dtls_handshaking" in counters, False, "nobody is left")


def hello(cookie=b"", random=bytes(32)):
    """A ClientHello (RFC 6347, 4.2.1) with one cipher, PSK-AES128-CCM8."""
    body = (b"\xfe\xfd" + random + b"\0" + bytes([len(cookie)]) + cookie + b"\0\x02\xc0\xa8" + b"\x01\0")
    length = len(body).to_bytes(3, "big")
    handshake = b"\x01" + length + (b"\0\1" if cookie else b"\0\0") + bytes(3) + length + body
    sequence = bytes(5) + (b"\1" if cookie else b"\0")
    return b"\x16\xfe\xff" + bytes(2) + sequence + len(handshake).to_bytes(2, "big") + handshake


def ask(bench, gateway, datagram):
    s = bench.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    s.settimeout(20)
    s.sendto(datagram, gateway.address)
    return s, s.recv(2048)


@test("nothing is remembered of who has returned no cookie, and a cookie is good for one address only")
def _(bench):
    gateway = Files(bench, bench.broker()).write().start()
    for i in range(50):
        s, answer = ask(bench, gateway, hello())
        equal((answer[0], answer[13]), (22, 3), "a HelloVerifyRequest")
        check(len(answer) <= len(hello()), "the answer is no longer than the question")
    cookie = answer[28:28 + answer[27]]
    counters = gateway.counters()
    equal(counters["dtls_cookies_total"], 50, "cookies")
    check("dtls_handshaking" not in counters and "dtls_peers" not in counters, "no handshake has begun")
    _, answer = ask(bench, gateway, hello(cookie))
    equal(answer[13], 3, "to another address: another HelloVerifyRequest")
    s.sendto(hello(cookie), gateway.address)
    equal(s.recv(2048)[13], 2, "to its own: ServerHello")
    counters = gateway.counters()
    equal((counters["dtls_handshaking"], counters["dtls_cookies_total"]), (1, 51), "handshakes under way, cookies")


@test("garbage and records of strangers are dropped and counted, and clients notice nothing")
def _(bench):
    gateway = Files(bench, bench.broker()).write().start()
    tunnel = psk_tunnel(bench, gateway)
    client = bench.closing(Client(tunnel.address, "sensor")).connect()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for datagram in (b"", b"\0", mqttsn.connect("clear"), bytes(range(256)) * 5, hello()[:30], hello()[:-1]):
            s.sendto(datagram, gateway.address)
        s.sendto(b"\x17\xfe\xfd\0\1" + bytes(6) + b"\0\x20" + bytes(32), gateway.address)
        s.sendto(b"\x15\xfe\xfd" + bytes(8) + b"\0\2\2\x28", gateway.address)
    tunnel.tell("repeat")  # the last message again
    tunnel.tell("raw 17fefd0001000000000063002000" + "00" * 31)  # a forged one
    tunnel.tell("raw 16fefd0000000000000063000c0e00000000000000000000")  # a handshake in clear
    tunnel.tell("raw 15fefd00000000000000640002" + "0228")  # an alert in clear
    client.ping_seconds()
    check("clear" not in gateway.log(), "what is said in clear is not heard")

    def all_counted():
        counters = gateway.counters()
        return counters.get("dtls_bad_records_total", 0) >= 8 and counters.get("dtls_stranger_records_total") == 2

    wait_for(all_counted, "counted")
    client.ping_seconds()


def lose(bench, gateway, number):
    tunnel = Tunnel(bench, gateway, "--lose", str(number), psk=f"sensor:{KEY}").opened()
    bench.closing(Client(tunnel.address, "sensor")).connect()


@test("a lost flight is sent again: cookie, ServerHello, Finished")
def _(bench):
    gateway = Files(bench, bench.broker()).write().start()
    for number in 1, 2, 3:
        lose(bench, gateway, number)
    equal(gateway.counters()["dtls_handshakes_total"], 3, "handshakes")


@test("a sensor that was switched off begins anew from its address; one that has its keys goes on with them")
def _(bench):
    gateway = Files(bench, bench.broker()).write().start()
    tunnel = psk_tunnel(bench, gateway)
    client = bench.closing(Client(tunnel.address, "sensor")).connect()
    tunnel.tell("again")
    check(not tunnel.opened(2).resumed, "new keys")
    client.ping_seconds()  # the session of MQTT-SN lives by its address
    tunnel.tell("resume")
    check(tunnel.opened(3).resumed, "its keys")
    client.ping_seconds()
    counters = gateway.counters()
    equal((counters["dtls_handshakes_total"], counters["dtls_resumed_total"], counters["dtls_peers"]), (3, 1, 1),
          "handshakes, resumed, peers")


@test("a handshake that others begin in a client's name does not end what it has")
def _(bench):
    gateway = Files(bench, bench.broker()).write().start()
    tunnel = psk_tunnel(bench, gateway)
    client = bench.closing(Client(tunnel.address, "sensor")).connect()
    tunnel.tell("raw " + hello(random=b"x" * 32).hex())  # from its address, but never finished
    wait_for(lambda: gateway.counters()["dtls_cookies_total"] == 2, "the cookie")
    client.ping_seconds()


@test("good-bye is said and heard: by the client, and when the gateway ends")
def _(bench):
    gateway = Files(bench, bench.broker()).write().start()
    first, second = psk_tunnel(bench, gateway), psk_tunnel(bench, gateway)
    equal(gateway.counters()["dtls_peers"], 2, "peers")
    first.tell("close")
    wait_for(lambda: gateway.counters().get("dtls_closed_total") == 1, "heard")
    equal(gateway.counters()["dtls_peers"], 1, "peers")
    gateway.stop()
    second.process.wait_log("^closed")


@test("certificates of both sides: whom the authority has not signed, and who shows none, is refused")
def _(bench):
    files = Files(bench, bench.broker())
    files.certificates()
    path = bench.path
    gateway = files.write(f'cert = "{path("broker.pem")}"; key = "{path("broker-key.pem")}"; '
                          f'ca = "{path("ca.pem")}"; mtu = 300;').start()
    ca = ("--ca", path("ca.pem"))
    tunnel = Tunnel(bench, gateway, *ca, "--cert", path("client.pem"), "--key", path("client-key.pem")).opened()
    client = bench.closing(Client(tunnel.address, "a")).connect()
    tunnel.tell("resume")
    check(tunnel.opened(2).resumed, "resumed")
    client.ping_seconds()
    equal(Tunnel(bench, gateway, *ca).failure(), "handshake failure", "without a certificate")
    gateway.wait_log("DTLS handshake failed: peer did not return a certificate")
    equal(Tunnel(bench, gateway, *ca, "--cert", path("other.pem"), "--key", path("other-key.pem")).failure(),
          "unknown CA", "with one of another authority")
    gateway.wait_log("DTLS handshake failed: its certificate: self-signed certificate")
    equal(Tunnel(bench, gateway, "--ca", path("other.pem")).failure(), "certificate verify failed", "the client's view")
    gateway.wait_log("DTLS handshake failed: the peer says: unknown CA")


@test("the client id must be the identity, where the configuration says so")
def _(bench):
    files = Files(bench, bench.broker(), sensor=KEY, thief=OTHER_KEY)
    files.certificates()
    path = bench.path
    gateway = files.write(f'psk_file = "{files.psk}"; identity_is_client_id = true; cert = "{path("broker.pem")}"; '
                          f'key = "{path("broker-key.pem")}"; ca = "{path("ca.pem")}"; cert_optional = true;').start()
    sensor, thief = psk_tunnel(bench, gateway), psk_tunnel(bench, gateway, "thief", OTHER_KEY)
    owner = bench.closing(Client(sensor.address, "sensor")).connect()
    other = bench.closing(Client(thief.address, "sensor"))
    other.send(mqttsn.connect("sensor"))
    other.expect(CONNACK, code=NOT_SUPPORTED)
    gateway.wait_log("CONNECT refused.*: client id is not the identity that was proved")
    equal(gateway.counters()["connects_refused_total"], 1, "refused")
    owner.disconnect(3600)
    other.send(mqttsn.pingreq("sensor"))
    other.expect(mqttsn.DISCONNECT)  # the sleeper's messages are not for it
    owner.send(mqttsn.pingreq("sensor"))
    owner.expect(mqttsn.PINGRESP)
    bench.closing(Client(thief.address, "thief")).connect()
    with_cert = Tunnel(bench, gateway, "--cert", path("client.pem"), "--key", path("client-key.pem")).opened()
    holder = bench.closing(Client(with_cert.address, "client")).connect()
    for tunnel, client in (with_cert, holder), (sensor, owner):
        tunnel.tell("resume")
        check(tunnel.opened(2).resumed, "resumed")
        client.connect()  # keys of before, identity of before
    nameless = bench.closing(Client(Tunnel(bench, gateway).opened().address, "client"))
    nameless.send(mqttsn.connect("client"))
    nameless.expect(CONNACK, code=NOT_SUPPORTED)


@test("SIGHUP: new keys are good at once, sessions live on; the client whose key is gone is sent away")
def _(bench):
    files = Files(bench, bench.broker(), sensor=KEY, revoked=KEY)
    gateway = files.write(f'psk_file = "{files.psk}"; handshake_timeout = 2;').start()
    sensor, revoked = psk_tunnel(bench, gateway), psk_tunnel(bench, gateway, "revoked")
    client = bench.closing(Client(sensor.address, "sensor")).connect()
    files.write_keys(sensor=KEY, new=OTHER_KEY)
    gateway.process.signal(signal.SIGHUP)
    gateway.wait_log("reload: done")
    revoked.process.wait_log("^closed")
    client.ping_seconds()
    psk_tunnel(bench, gateway, "new", OTHER_KEY)
    sensor.tell("resume")
    check(sensor.opened(2).resumed, "tickets are still good")
    client.ping_seconds()
    files.write_keys(sensor=OTHER_KEY)
    gateway.process.signal(signal.SIGHUP)
    sensor.process.wait_log("^closed")
    sensor.tell("resume")
    gateway.wait_log('not finished in time: has "sensor" another key than the gateway')  # the ticket ends with its key
    equal(gateway.counters()["dtls_resumed_total"], 1, "resumed")


@test("SIGHUP: a listener with another buffer keeps its clients and their keys; a bad file changes nothing")
def _(bench):
    files = Files(bench, bench.broker())
    gateway = files.write().start()
    tunnel = psk_tunnel(bench, gateway)
    client = bench.closing(Client(tunnel.address, "sensor")).connect()
    files.write(rest="receive_buffer = 16384;")
    gateway.process.signal(signal.SIGHUP)
    gateway.wait_log("reload: done")
    client.ping_seconds()
    with open(files.psk, "a", encoding="utf-8") as f:
        f.write("broken:xyz\n")
    gateway.process.signal(signal.SIGHUP)
    gateway.wait_log(re.escape(files.psk) + ":4: listeners.0.dtls: the key has half an octet")
    client.ping_seconds()


@test("SIGHUP: a listener changes from clear to DTLS and back")
def _(bench):
    files = Files(bench, bench.broker())
    gateway = files.write("").start()
    client = bench.closing(Client(files.address, "sensor")).connect()
    files.write()
    gateway.process.signal(signal.SIGHUP)
    gateway.wait_log("reload: done")
    client.send(mqttsn.pingreq())
    tunnel = psk_tunnel(bench, files.address)
    bench.closing(Client(tunnel.address, "other")).connect()
    files.write("", more=', { address = "127.0.0.1:0"; }')
    gateway.process.signal(signal.SIGHUP)
    tunnel.process.wait_log("^closed")
    client.connect()


@test("limits: the peer silent longest makes room; handshakes are bounded; the idle are forgotten")
def _(bench):
    files = Files(bench, bench.broker())
    gateway = files.write(f'psk_file = "{files.psk}"; peers = 2; handshakes = 3; idle = 2;').start()
    first = psk_tunnel(bench, gateway)
    psk_tunnel(bench, gateway)
    psk_tunnel(bench, gateway)
    first.process.wait_log("^closed")
    equal(gateway.counters()["dtls_crowded_out_total"], 1, "crowded out")
    for _ in range(5):
        s, answer = ask(bench, gateway, hello())
        s.sendto(hello(answer[28:28 + answer[27]]), gateway.address)
    wait_for(lambda: gateway.counters().get("dtls_handshakes_refused_total") == 2, "refused")
    equal(gateway.counters()["dtls_handshaking"], 3, "under way")
    wait_for(lambda: gateway.counters().get("dtls_idle_dropped_total") == 2, "idle")


@test("a hundred sensors")
def _(bench):
    keys = {f"s{i}": KEY for i in range(100)}
    gateway = Files(bench, bench.broker(), **keys).write().start()
    tunnels = [Tunnel(bench, gateway, psk=f"{name}:{KEY}") for name in keys]
    clients = [bench.closing(Client(t.opened().address, name)) for t, name in zip(tunnels, keys)]
    for client in clients:
        client.connect()
    for client in clients:
        client.ping_seconds()
    counters = gateway.counters()
    equal((counters["dtls_peers"], counters["connects_total"]), (100, 100), "peers, connects")


@test("more sensors begin at once than handshakes may be under way: all get through")
def _(bench):
    keys = {f"s{i}": KEY for i in range(40)}
    files = Files(bench, bench.broker(), **keys)
    gateway = files.write(f'psk_file = "{files.psk}"; handshakes = 1;').start()
    tunnels = [Tunnel(bench, gateway, psk=f"{name}:{KEY}") for name in keys]
    for tunnel in tunnels:
        tunnel.opened()
    equal(gateway.counters()["dtls_peers"], 40, "peers")


@test("a listener on all addresses answers from the one that was asked, handshakes and messages alike")
def _(bench):
    broker = bench.broker()
    files = Files(bench, broker)
    files.address = ("0.0.0.0", files.address[1])
    files.write().start()
    for host in "127.0.0.2", "127.0.0.3":
        tunnel = psk_tunnel(bench, (host, files.address[1]))  # its socket is connected: it hears nobody else
        client = bench.closing(Client(tunnel.address, host)).connect()
        client.subscribe("a")
        mqtt.publish(broker, "a", b"from the broker")
        equal(client.take_message()[2], b"from the broker", "a message")


@test("a restart: sessions are kept, keys are not; after a new handshake the session goes on without a CONNECT")
def _(bench):
    files = Files(bench, bench.broker())
    options = ["--state-dir", bench.path("state"), "--set", "listeners.0.dtls.identity_is_client_id=true"]
    gateway = files.write().start(*options)
    tunnel = psk_tunnel(bench, gateway)
    client = bench.closing(Client(tunnel.address, "sensor")).connect(clean=False)
    client.subscribe("a", 1)
    gateway.kill()
    gateway = files.start(*options)
    gateway.wait_log("sensor: broker connection restored")
    mqtt.publish(files.broker, "a", b"before it has keys")
    gateway.wait_log('sensor broker > PUBLISH')
    client.send(mqttsn.pingreq())  # with keys that nobody knows any more
    wait_for(lambda: gateway.counters().get("dtls_stranger_records_total") == 1, "a stranger's record")
    tunnel.tell("again")
    tunnel.opened(2)
    equal(client.take_message()[2], b"before it has keys", "what waited")
    client.ping_seconds()
    counters = gateway.counters()
    equal("connects_total" in counters or "dtls_unsent_messages_total" in counters, False, "no CONNECT, nothing in vain")


@test("another identity at an address does not get the session that was there")
def _(bench):
    files = Files(bench, bench.broker(), sensor=KEY, thief=OTHER_KEY)
    gateway = files.write(f'psk_file = "{files.psk}"; identity_is_client_id = true;').start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        bind = s.getsockname()[1]
    first = psk_tunnel(bench, gateway, options=("--bind", f"127.0.0.1:{bind}"))
    bench.closing(Client(first.address, "sensor")).connect()
    first.process.kill()
    second = psk_tunnel(bench, gateway, "thief", OTHER_KEY, ("--bind", f"127.0.0.1:{bind}"))
    gateway.wait_log("sensor: lost: another client has its address")
    thief = bench.closing(Client(second.address, "thief"))
    thief.send(mqttsn.pingreq())
    thief.expect(mqttsn.DISCONNECT)


def tool(bench, name, gateway, *options):
    host, port = gateway.address
    return bench.process([os.path.join(BUILD, "tools", name), "-h", host, "-p", str(port), *options], name,
                         env=gateway_env(bench))


@test("mqttsn-pub and mqttsn-sub, with a pre-shared key and with certificates")
def _(bench):
    files = Files(bench, bench.broker(), pub=KEY, sub=KEY)
    files.certificates()
    gateway = files.write(f'psk_file = "{files.psk}"; cert = "{bench.path("broker.pem")}"; '
                          f'key = "{bench.path("broker-key.pem")}"; ca = "{bench.path("ca.pem")}"; '
                          "identity_is_client_id = true;", rest="qos_minus_one = true;").start("--predefined", "7=a/c")
    certs = ("--cafile", bench.path("ca.pem"), "--cert", bench.path("client.pem"), "--key", bench.path("client-key.pem"))
    sub = tool(bench, "mqttsn-sub", gateway, "-t", "a/#", "-i", "sub", "--psk", KEY, "--psk-identity", "sub", "-v",
               "-C", "3", "-q", "1")
    gateway.wait_log("sub .* < SUBACK")
    psk = ("--psk", KEY, "--psk-identity", "pub")
    equal(tool(bench, "mqttsn-pub", gateway, *psk, "-i", "pub", "-t", "a/b", "-q", "1", "-m", "by key").wait(), 0, "pub")
    equal(tool(bench, "mqttsn-pub", gateway, *certs, "-i", "client", "-t", "a/b", "-m", "by cert").wait(), 0, "pub")
    equal(tool(bench, "mqttsn-pub", gateway, *psk, "--predefined", "7", "-q", "-1", "-m", "QoS -1").wait(), 0, "pub")
    equal(sub.wait(), 0, "sub")
    equal(sorted(sub.log().splitlines()), ["a/b by cert", "a/b by key", "a/c QoS -1"], "what sub heard")
    equal(gateway.counters()["dtls_closed_total"], 4, "good-byes")


@test("mqttsn-pub says why it gets no keys")
def _(bench):
    files = Files(bench, bench.broker(), pub=KEY)
    files.certificates()
    gateway = files.write(f'psk_file = "{files.psk}"; cert = "{bench.path("broker.pem")}"; '
                          f'key = "{bench.path("broker-key.pem")}";').start()
    for options, why in (
            (("--psk", KEY, "--psk-identity", "nobody"), "DTLS: unknown PSK identity"),
            (("--psk", OTHER_KEY, "--psk-identity", "pub", "--retry", "0.2"), "DTLS: no answer, or another key"),
            (("--psk", "zz", "--psk-identity", "pub"), "DTLS: the key is not hexadecimal"),
            (("--cafile", bench.path("other.pem")), "DTLS: unable to get local issuer certificate"),
            (("--cafile", bench.path("nowhere.pem")), "DTLS: the CA file cannot be read")):
        pub = tool(bench, "mqttsn-pub", gateway, *options, "-t", "a", "-m", "x")
        check(pub.wait() != 0, "it failed")
        check(why in pub.log(), f"{why!r} is not {pub.log()!r}")
    elsewhere = tool(bench, "mqttsn-pub", gateway, "--cafile", bench.path("ca.pem"), "-h", "localhost", "-t", "a",
                     "-m", "x")
    check(elsewhere.wait() != 0 and "DTLS: hostname mismatch" in elsewhere.log(), elsewhere.log())
    equal(tool(bench, "mqttsn-pub", gateway, "--cafile", bench.path("ca.pem"), "-h", "localhost", "--insecure", "-t",
               "a", "-m", "x").wait(), 0, "--insecure")


@test("mqttsn-sub begins anew when the gateway has forgotten its keys")
def _(bench):
    broker = bench.broker()
    files = Files(bench, broker)
    options = ("--state-dir", bench.path("state"))
    gateway = files.write().start(*options)
    sub = tool(bench, "mqttsn-sub", gateway, "-t", "a", "-i", "sensor", "-c", "-C", "1", "--psk", KEY,
               "--psk-identity", "sensor")
    gateway.wait_log("sensor .* < SUBACK")
    gateway.stop()
    sub.wait_log("connection lost: DTLS: the gateway said good-bye")
    gateway = files.start(*options)
    gateway.wait_log("sensor: connected")
    gateway.wait_log("sensor .* < SUBACK")
    mqtt.publish(broker, "a", b"again")
    equal(sub.wait(), 0, "sub")
    check("again" in sub.log(), sub.log())


@test("what is counted is shown by the admin server, for DTLS listeners alone")
def _(bench):
    gateway = Files(bench, bench.broker()).write(more=', { address = "127.0.0.1:0"; }').start(
        "--admin", "127.0.0.1:0", listeners=2)
    psk_tunnel(bench, gateway)
    admin = Admin(gateway)
    secure, clear = admin.json("/status")["listeners"]
    equal((secure["dtls"]["peers"], secure["dtls"]["handshakes"], secure["dtls"]["cookies"]), (1, 1, 1), "as JSON")
    equal(clear["dtls"], None, "in clear")
    text = admin.get("/metrics").body.decode()
    host, port = gateway.address
    check(f'mqttsn_dtls_peers{{listener="{host}:{port}"}} 1\n' in text, text)
    equal(text.count("mqttsn_dtls_handshakes_total{"), 1, "one line")
    admin.metrics()  # it can be read


@test("the configuration: what is missing, and what is wrong in the files, is told with its place")
def _(bench):
    files = Files(bench, bench.broker(), ok=KEY)
    with open(files.psk, "a", encoding="utf-8") as f:
        f.write("nocolon\nshort:0011\nbad:zz0102030405060708\nok:" + KEY + "\n")
    files.write(f'psk_file = "{files.psk}"; cert = "{files.psk}"; key = "{files.psk}";')
    status, _, told = bench.run_gateway("--config", files.conf, "--check-config")
    equal(status, 2, "the status")
    for line, what in (4, "must be identity:key"), (5, "the key is too short"), (6, "the key is not hex"), \
                      (7, "the identity has a key already"):
        check(f"{files.psk}:{line}: listeners.0.dtls: {what}" in told, f"line {line}: {told}")
    check(f"{files.psk}: listeners.0.dtls: no certificate can be read" in told, told)
    for dtls, what in ((f'cert = "{files.psk}";', "listeners.0.dtls.cert: needs dtls.key"),
                       (f'ca = "{files.psk}";', "listeners.0.dtls.ca: needs dtls.cert"),
                       ("identity_is_client_id = true;", "identity_is_client_id: needs"),
                       ('psk_file = "/nowhere";', "listeners.0.dtls.psk_file: cannot read")):
        files.write(dtls)
        status, _, told = bench.run_gateway("--config", files.conf, "--check-config")
        equal(status, 2, dtls)
        check(what in told, f"{dtls}: {told}")
    files.write(rest='multicast = "225.1.1.1:1884";')
    check("is not possible with dtls" in bench.run_gateway("--config", files.conf, "--check-config")[2], "multicast")


@test("a warning if everybody can read the keys")
def _(bench):
    files = Files(bench, bench.broker()).write()
    os.chmod(files.psk, 0o644)
    files.start().wait_log(f'listeners.dtls.psk_file: everybody can read "{files.psk}"')


main()
