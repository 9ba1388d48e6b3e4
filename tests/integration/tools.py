# SPDX-License-Identifier: BSD-3-Clause
"""mqttsn-pub and mqttsn-sub through the gateway, with a real broker behind it."""

import os
import random
import select
import signal
import socket
import subprocess
import threading
import time

import mqtt
from harness import BUILD, PATIENCE, Failure, check, equal, free_udp_address, gateway_env, main, test, wait_for

SIZES = [0, 1, 247, 248, 249, 255, 256, 1400, 8000]


def payload(size):
    return bytes((size + i * 7) % 256 for i in range(size))


def lines(count):
    return b"".join(b"%d\n" % i for i in range(count))


def numbers(messages):
    return [int(m.payload) for m in messages]


def tool(name, address, *options):
    return [os.path.join(BUILD, "tools", name), "-h", address[0], "-p", str(address[1])] + list(options)


def pub(bench, address, *options, stdin=b"", timeout=PATIENCE):
    """Runs mqttsn-pub to its end; returns its status and what it said."""
    done = subprocess.run(tool("mqttsn-pub", address, *options), input=stdin, timeout=timeout, env=gateway_env(bench),
                          capture_output=True, check=False)
    return done.returncode, done.stderr.decode()


def publish(bench, address, *options, **more):
    equal(pub(bench, address, *options, **more), (0, ""), " ".join(options))


class Sub:
    """An mqttsn-sub whose subscriptions stand when the constructor returns."""

    def __init__(self, bench, address, *options, subscriptions=1):
        self.path = bench.path(f"sub-{len(bench.processes)}.out")
        argv = tool("mqttsn-sub", address, "-d", "-F", "%t\\t%x\\t%q\\t%r", *options)
        with open(self.path, "wb") as out:
            self.process = bench.process(argv, "mqttsn-sub", stdout=out, env=gateway_env(bench))
        wait_for(lambda: self.process.count_log("^< SUBACK") >= subscriptions, "SUBACK")

    def all(self):
        with open(self.path, encoding="utf-8") as f:
            rows = [line.split("\t") for line in f.read().split("\n")[:-1]]
        return [mqtt.Message(t, bytes.fromhex(p), int(q), r == "1") for t, p, q, r in rows]

    def take(self, n):
        """Waits until there are @n messages; returns all."""
        wait_for(lambda: len(self.all()) >= n, f"{n} messages at mqttsn-sub")
        return self.all()


class Relay:
    """Passes datagrams on between clients and a gateway, and loses some, the same in each run."""

    def __init__(self, bench, gateway, loss):
        self.loss = loss
        self.random = random.Random(1)
        self.gateway = gateway.address
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.address = self.front.getsockname()
        self.backs = {}  # client's address -> socket
        self.lost = 0
        self.ended = False
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        bench.closing(self)

    def back(self, client):
        if client not in self.backs:
            self.backs[client] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.backs[client].connect(self.gateway)
        return self.backs[client]

    def is_lost(self):
        lost = self.random.random() < self.loss
        self.lost += lost
        return lost

    def run(self):
        while not self.ended:
            sockets = [self.front] + list(self.backs.values())
            for s in select.select(sockets, [], [], 0.05)[0]:
                try:
                    data, sender = s.recvfrom(65535)
                except ConnectionRefusedError:
                    continue
                if self.is_lost():
                    continue
                if s is self.front:
                    self.back(sender).send(data)
                else:
                    client = next(c for c, b in self.backs.items() if b is s)
                    self.front.sendto(data, client)

    def close(self):
        self.ended = True
        self.thread.join()
        for s in [self.front] + list(self.backs.values()):
            s.close()


# --- mqttsn-pub ---


@test("1000 lines at QoS 1 and 1000 at QoS 2 arrive exactly once and in order")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    for qos in (1, 2):
        watcher = mqtt.Subscriber(bench, broker, f"plant/readings/{qos}")
        publish(bench, gateway.address, "-t", f"plant/readings/{qos}", "-q", str(qos), "-l", stdin=lines(1000))
        got = watcher.take(1000)
        equal(numbers(got), list(range(1000)), f"QoS {qos}")
        equal({m.qos for m in got}, {qos}, "QoS at the broker")
        equal(watcher.rest(), [], "nothing comes twice")


@test("lines at QoS 2 arrive exactly once though every tenth datagram is lost")
def _(bench):
    broker = bench.broker()
    relay = Relay(bench, bench.gateway(broker), 0.1)
    watcher = mqtt.Subscriber(bench, broker, "plant/readings")
    publish(bench, relay.address, "-t", "plant/readings", "-q", "2", "-l", "--retry", "0.05", "--retries", "50",
            stdin=lines(300), timeout=3 * PATIENCE)
    equal(numbers(watcher.take(300)), list(range(300)), "at the broker")
    check(relay.lost > 50, f"only {relay.lost} datagrams were lost")
    equal(watcher.rest(), [], "nothing comes twice")


@test("lines at QoS 1 all arrive though every tenth datagram is lost")
def _(bench):
    broker = bench.broker()
    relay = Relay(bench, bench.gateway(broker), 0.1)
    watcher = mqtt.Subscriber(bench, broker, "plant/readings")
    publish(bench, relay.address, "-t", "plant/readings", "-q", "1", "-l", "--retry", "0.05", "--retries", "50",
            stdin=lines(300), timeout=3 * PATIENCE)
    watcher.take(300)
    wait_for(lambda: numbers(watcher.all())[-1] == 299, "the last line")
    got = numbers(watcher.all())
    equal(sorted(set(got)), list(range(300)), "none is missing")
    equal(sorted(set(got), key=got.index), list(range(300)), "first copies in order")


@test("payloads of 0 to 8000 octets and of 65000, by -m, -n, -s and -f")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    watcher = mqtt.Subscriber(bench, broker, "plant/#")
    for qos in (0, 1, 2):
        for size in SIZES + [65000]:
            publish(bench, gateway.address, "-t", f"plant/{qos}", "-q", str(qos), "-s", stdin=payload(size))
            got = watcher.one()
            equal((got.topic, got.payload, got.qos), (f"plant/{qos}", payload(size), qos), f"{size} octets")
    with open(bench.path("reading"), "wb") as f:
        f.write(payload(300))
    publish(bench, gateway.address, "-t", "plant/f", "-f", bench.path("reading"))
    publish(bench, gateway.address, "-t", "plant/n", "-n")
    publish(bench, gateway.address, "-t", "plant/m", "-m", "23.5")
    equal([(m.topic, m.payload) for m in watcher.take(3)],
          [("plant/f", payload(300)), ("plant/n", b""), ("plant/m", b"23.5")], "at the broker")


@test("-r, --repeat and --repeat-delay")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    begin = time.monotonic()
    publish(bench, gateway.address, "-t", "state", "-m", "on", "-q", "1", "-r", "--repeat", "3", "--repeat-delay", "0.2")
    check(time.monotonic() - begin >= 0.4, "too fast")
    check(mqtt.Subscriber(bench, broker, "state").one().retain, "not retained")


@test("predefined and short topics")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker, "--predefined", "5=plant/alarm")
    watcher = mqtt.Subscriber(bench, broker, "#")
    sub = Sub(bench, gateway.address, "--predefined", "5", "--short", "ab", "-q", "2", subscriptions=2)
    for option, value, text, qos, topic in (("--predefined", "5", "fire", "2", "plant/alarm"),
                                            ("--short", "ab", "s", "1", "ab")):
        publish(bench, gateway.address, option, value, "-m", text, "-q", qos)
        equal(watcher.one()[:2], (topic, text.encode()), "at the broker")
    # A message of QoS 2 takes a round trip more to the gateway: the other may overtake it.
    equal(sorted((m.topic, m.payload, m.qos) for m in sub.take(2)), [("5", b"fire", 2), ("ab", b"s", 1)], "at mqttsn-sub")


@test("QoS -1 needs no connection")
def _(bench):
    broker = bench.broker()
    with open(bench.path("gateway.conf"), "w", encoding="utf-8") as f:
        f.write('listeners = ( { address = "127.0.0.1:0"; qos_minus_one = true; } );\n')
    gateway = bench.start_gateway("--config", bench.path("gateway.conf"), "--broker", broker.address,
                                  "--predefined", "5=plant/alarm", "--set", "gateway.client_id=relay-station").wait_ready()
    broker.process.wait_log("Sending CONNACK to relay-station ")
    watcher = mqtt.Subscriber(bench, broker, "#")
    publish(bench, gateway.address, "--predefined", "5", "-m", "smoke", "-q", "-1")
    publish(bench, gateway.address, "--short", "ab", "-q", "-1", "-l", stdin=lines(10))
    equal([(m.topic, m.payload) for m in watcher.take(11)],
          [("plant/alarm", b"smoke")] + [("ab", b"%d" % i) for i in range(10)], "at the broker")


@test("IPv6, and a host with several addresses")
def _(bench):
    broker = bench.broker()
    watcher = mqtt.Subscriber(bench, broker, "a")
    publish(bench, bench.gateway(broker, listen="[::1]:0").address, "-t", "a", "-m", "6", "-q", "1")
    _, port = bench.gateway(broker).address  # on 127.0.0.1 only
    publish(bench, ("localhost", port), "-t", "a", "-m", "4", "-q", "1")
    equal(numbers(watcher.take(2)), [6, 4], "at the broker")


@test("what the gateway refuses ends with status 2 and says why")
def _(bench):
    gateway = bench.gateway(bench.broker())
    equal(pub(bench, gateway.address, "--predefined", "9", "-m", "x", "-q", "1"),
          (2, "mqttsn-pub: message: refused: invalid-topic-id\n"), "QoS 1")
    equal(pub(bench, gateway.address, "--predefined", "9", "-q", "2", "-l", stdin=b"x\ny\n"),
          (2, "mqttsn-pub: line 1: refused: invalid-topic-id\n"), "QoS 2")
    equal(pub(bench, gateway.address, "--predefined", "9", "-m", "x"),
          (2, "mqttsn-pub: a message of QoS 0 was refused: invalid-topic-id\n"), "QoS 0")
    equal(pub(bench, gateway.address, "--predefined", "9", "-m", "x", "-q", "1", "--quiet"), (2, ""), "--quiet")
    closed = bench.gateway(bench.broker(allow_anonymous="false"))
    equal(pub(bench, closed.address, "-t", "a", "-m", "x"),
          (2, "mqttsn-pub: connection refused: not-supported\n"), "CONNECT")


@test("wrong usage and a gateway that is not there end with status 1")
def _(bench):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        address = silent.getsockname()
        port = address[1]
        equal(pub(bench, address, "-t", "a/#", "-m", "x"),
              (1, "mqttsn-pub: -t: 'a/#' is not a topic name (try --help)\n"), "usage")
        equal(pub(bench, address, "-t", "a", "-m", "x", "--retry", "0.05"),
              (1, f"mqttsn-pub: 127.0.0.1 port {port}: no answer\n"), "silence")
        begin = time.monotonic()
        equal(sub_once(bench, address, "-t", "a", "-W", "0.1"), (27, "", "mqttsn-sub: timed out\n"), "silence, with -W")
        check(time.monotonic() - begin < 2, "it waited for an answer to DISCONNECT")
        equal(pub(bench, address, "-t", "a", "-s", "--max-packet", "100", stdin=payload(101)),
              (1, "mqttsn-pub: standard input: too long for a message\n"), "too long")
    equal(pub(bench, address, "-t", "a", "-m", "x"),
          (1, f"mqttsn-pub: 127.0.0.1 port {port}: Connection refused\n"), "nobody")
    equal(sub_once(bench, address, "-t", "a", "-W", "0.1")[0], 1, "nobody, with -W")
    equal(pub(bench, address, "-t", "a", "-f", bench.path("nothing")),
          (1, f"mqttsn-pub: {bench.path('nothing')}: No such file or directory\n"), "no file")


@test("lines that are too long end with status 1, and tell which")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    watcher = mqtt.Subscriber(bench, broker, "a")
    status, said = pub(bench, gateway.address, "-t", "a", "-q", "1", "-l", "--max-packet", "50",
                       stdin=b"short\n" + b"x" * 44 + b"\nnever\n")
    equal((status, said), (1, "mqttsn-pub: line 2: too long, see --max-packet\n"), "outcome")
    equal(watcher.one().payload, b"short", "at the broker")
    equal(watcher.rest(), [], "after it")


@test("a broker that is away for a while only delays the lines")
def _(bench):
    broker = bench.broker()
    broker.kill()
    gateway = bench.gateway(broker)
    sender = bench.process(tool("mqttsn-pub", gateway.address, "-t", "a", "-m", "late", "-q", "1", "-r", "--wait", "0.2",
                                "--waits", "1000"), "mqttsn-pub", env=gateway_env(bench))
    sender.wait_log("^mqttsn-pub: congestion; trying again in 0.2 s$")
    broker.start()
    watcher = mqtt.Subscriber(bench, broker, "a")
    equal(sender.wait(), 0, "status")
    equal(watcher.one().payload, b"late", "at the broker")


@test("congestion that lasts is a refusal")
def _(bench):
    broker = bench.broker()
    broker.kill()
    status, said = pub(bench, bench.gateway(broker).address, "-t", "a", "-m", "x", "--wait", "0.1", "--waits", "2")
    equal(status, 2, "status")
    equal(said, "mqttsn-pub: congestion; trying again in 0.1 s\n" * 2 + "mqttsn-pub: connection refused: congestion\n",
          "what it said")


class Feeder:
    """An mqttsn-pub -l to which lines are given by and by."""

    def __init__(self, bench, address, *options):
        self.process = bench.process(tool("mqttsn-pub", address, "-l", *options), "mqttsn-pub", stdin=subprocess.PIPE,
                                     env=gateway_env(bench))

    def give(self, text):
        self.process.popen.stdin.write(text)
        self.process.popen.stdin.flush()

    def end(self):
        self.process.popen.stdin.close()
        return self.process.wait()


@test("a gateway that restarts loses no line")
def _(bench):
    broker = bench.broker()
    listen = "%s:%d" % free_udp_address()
    gateway = bench.gateway(broker, listen=listen)
    watcher = mqtt.Subscriber(bench, broker, "plant/readings")
    feeder = Feeder(bench, gateway.address, "-t", "plant/readings", "-q", "1", "--retry", "0.2", "--retries", "100")
    feeder.give(lines(10))
    equal(numbers(watcher.take(10)), list(range(10)), "before")
    gateway.kill()
    feeder.give(b"10\n")
    bench.gateway(broker, listen=listen)
    feeder.process.wait_log("^mqttsn-pub: connection lost: the gateway sent DISCONNECT; connecting again in ")
    feeder.give(b"11\n12\n")
    equal(feeder.end(), 0, "status")
    equal(numbers(watcher.take(3)), [10, 11, 12], "after")
    equal(watcher.rest(), [], "nothing comes twice")


@test("the keep alive is kept while no line comes, and SIGTERM says DISCONNECT")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    watcher = mqtt.Subscriber(bench, broker, "#")
    feeder = Feeder(bench, gateway.address, "-t", "a", "-k", "2", "-i", "feeder", "-d", "--will-topic", "gone")
    feeder.process.wait_log("^< CONNACK rc=accepted$")
    wait_for(lambda: feeder.process.count_log("^< PINGRESP$") >= 2, "pings")
    feeder.process.signal(signal.SIGTERM)
    equal(feeder.process.wait(), 1, "status: not all was done")
    feeder.process.wait_log("^< DISCONNECT$")
    feeder.process.popen.stdin.close()
    gateway.wait_log("feeder: disconnected")
    equal(watcher.rest(), [], "no will")


@test("a will is published when the client is lost")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    watcher = mqtt.Subscriber(bench, broker, "gone")
    sub = Sub(bench, gateway.address, "-t", "a", "-k", "1", "--will-topic", "gone", "--will-payload", "help",
              "--will-qos", "1", "--will-retain")
    sub.process.kill()
    got = watcher.one()
    equal((got.payload, got.qos), (b"help", 1), "will")
    check(mqtt.Subscriber(bench, broker, "gone").one().retain, "not retained")


# --- mqttsn-sub ---


@test("mosquitto_pub to a wildcard: topic, payload, QoS and retain flag arrive")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    mqtt.publish(broker, "plant/old/state", b"kept", qos=1, retain=True)
    sub = Sub(bench, gateway.address, "-t", "plant/+/#", "-q", "2")
    equal(sub.take(1)[0], ("plant/old/state", b"kept", 1, True), "retained")
    for qos in (0, 1, 2):
        for name in ("a", "b", "a"):
            mqtt.publish(broker, f"plant/{name}/{qos}", b"%d" % qos, qos=qos)
    equal(sub.take(10)[1:], [mqtt.Message(f"plant/{name}/{qos}", b"%d" % qos, qos, False)
                             for qos in (0, 1, 2) for name in ("a", "b", "a")], "live")


@test("payloads of 0 to 8000 octets and of 65000 are printed as they came")
def _(bench):
    broker = bench.broker()
    sub = Sub(bench, bench.gateway(broker).address, "-t", "valve/#", "-q", "2")
    wanted = []
    for qos in (0, 1, 2):
        for size in SIZES + [65000]:
            mqtt.publish(broker, f"valve/{qos}", payload(size), qos=qos)
            wanted.append((f"valve/{qos}", payload(size), qos, False))
            equal(sub.take(len(wanted))[-1], wanted[-1], f"{size} octets at QoS {qos}")
    equal(sub.all(), [mqtt.Message(*w) for w in wanted], "nothing comes twice")


@test("200 messages at QoS 2 are printed exactly once though every tenth datagram is lost")
def _(bench):
    broker = bench.broker()
    relay = Relay(bench, bench.gateway(broker, "--set", "timers.retry=0.1", "--set", "timers.retries=50"), 0.1)
    sub = Sub(bench, relay.address, "-t", "valve/+", "-q", "2", "--retry", "0.1", "--retries", "50")
    mqtt.publish_lines(broker, "valve/set", [b"%d" % i for i in range(200)], qos=2)
    equal(numbers(sub.take(200)), list(range(200)), "in order")
    check(relay.lost > 50, f"only {relay.lost} datagrams were lost")


def sub_once(bench, address, *options):
    """Runs mqttsn-sub to its end; returns its status, output and what it said."""
    done = subprocess.run(tool("mqttsn-sub", address, *options), timeout=PATIENCE, env=gateway_env(bench),
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@test("mqttsn-sub ends by -C, -W and -E")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    mqtt.publish(broker, "plant/a", b"1", retain=True)
    mqtt.publish(broker, "plant/b", b"2", retain=True)
    status, out, said = sub_once(bench, gateway.address, "-t", "plant/#", "-v", "-C", "2")
    equal((status, sorted(out.splitlines()), said), (0, ["plant/a 1", "plant/b 2"], ""), "-C")
    equal(sub_once(bench, gateway.address, "-t", "plant/a", "-W", "2", "-N"), (27, "1", "mqttsn-sub: timed out\n"), "-W")
    equal(sub_once(bench, gateway.address, "-t", "plant/a", "-W", "0.3", "-R"), (27, "", "mqttsn-sub: timed out\n"), "-R")
    equal(sub_once(bench, gateway.address, "-t", "plant/#", "-T", "plant/b", "-C", "1")[:2], (0, "1\n"), "-T")
    equal(sub_once(bench, gateway.address, "-t", "x", "-E"), (0, "", ""), "-E")
    equal(sub_once(bench, gateway.address, "--predefined", "9"),
          (2, "", "mqttsn-sub: subscription to predefined topic 9 refused: invalid-topic-id\n"), "refused")


@test("-c keeps the session: what came meanwhile is printed, until -U ends the subscription")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    stay = ["-c", "-i", "display"]
    equal(sub_once(bench, gateway.address, "-t", "valve", "-q", "1", "-E", *stay)[0], 0, "subscribed")
    broker.process.wait_log("Received DISCONNECT from display$")
    mqtt.publish(broker, "valve", b"open")
    equal(sub_once(bench, gateway.address, "-t", "other", "-C", "1", "-v", *stay), (0, "valve open\n", ""), "meanwhile")
    equal(sub_once(bench, gateway.address, "-U", "valve", *stay), (0, "", ""), "-U")
    broker.process.wait_log("Received UNSUBSCRIBE from display$")


@test("--sleep: messages are kept for mqttsn-sub, which fetches them")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    sub = Sub(bench, gateway.address, "-t", "valve/+", "-q", "1", "-i", "sleeper", "--sleep", "0.5", "-C", "20")
    gateway.wait_log("sleeper: asleep for 41 s$")
    for i in range(20):
        mqtt.publish(broker, f"valve/{i % 3}", b"%d" % i)
    equal(numbers(sub.take(20)), list(range(20)), "in order")
    equal(sub.process.wait(), 0, "status")
    check(sub.process.count_log("^> PINGREQ id=sleeper$") >= 1, "never woke")
    gateway.wait_log("sleeper: disconnected$")


@test("SIGINT and SIGTERM end mqttsn-sub with DISCONNECT and status 0")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    for number, name in ((signal.SIGINT, "first"), (signal.SIGTERM, "second")):
        sub = Sub(bench, gateway.address, "-t", "a", "-i", name)
        sub.process.signal(number)
        equal(sub.process.wait(), 0, f"status after signal {number}")
        gateway.wait_log(f"{name}: disconnected")


@test("a second signal does not wait for the gateway's answer")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    sub = Sub(bench, gateway.address, "-t", "a", "--retries", "1000")
    gateway.kill()
    sub.process.signal(signal.SIGTERM)
    sub.process.wait_log("^> DISCONNECT$")
    sub.process.signal(signal.SIGTERM)
    equal(sub.process.wait(), 0, "status")


@test("a reader that went away ends mqttsn-sub, with DISCONNECT")
def _(bench):
    broker = bench.broker()
    gateway = bench.gateway(broker)
    argv = tool("mqttsn-sub", gateway.address, "-t", "a", "-q", "1", "-i", "writer", "-d")
    sub = bench.process(argv, "mqttsn-sub", stdout=subprocess.PIPE, env=gateway_env(bench))
    sub.wait_log("^< SUBACK")
    sub.popen.stdout.close()
    mqtt.publish(broker, "a", b"x")
    equal(sub.wait(), 1, "status")
    equal(sub.count_log("^> PUBACK"), 0, "acknowledgements of what nobody read")
    gateway.wait_log("writer: disconnected")


@test("mqttsn-sub connects and subscribes again after the gateway was restarted")
def _(bench):
    broker = bench.broker()
    listen = "%s:%d" % free_udp_address()
    gateway = bench.gateway(broker, listen=listen)
    sub = Sub(bench, gateway.address, "-t", "valve/#", "-q", "1", "-k", "2", "--retry", "0.2", "--retries", "50")
    mqtt.publish(broker, "valve/1", b"open")
    sub.take(1)
    gateway.kill()
    gateway = bench.gateway(broker, listen=listen)
    sub.process.wait_log("^mqttsn-sub: connection lost: the gateway sent DISCONNECT; connecting again in ")
    wait_for(lambda: sub.process.count_log("^< SUBACK") == 2, "second SUBACK")
    mqtt.publish(broker, "valve/2", b"shut")
    equal(sub.take(2)[1], ("valve/2", b"shut", 1, False), "message")
    equal(sub.process.count_log("^mqttsn-sub: connected again$"), 1, "told")
    gateway.stop()
    sub.process.wait_log("connection lost: the gateway sent DISCONNECT")


@test("mqttsn-sub gives up after some vain tries to connect again")
def _(bench):
    gateway = bench.gateway(bench.broker())
    sub = Sub(bench, gateway.address, "-t", "a", "--retry", "0.5", "--retries", "1", "--reconnects", "1")
    gateway.stop()
    equal(sub.process.wait(), 1, "status")
    equal([line for line in sub.process.log().splitlines() if "connection lost" in line][1:],
          ["mqttsn-sub: connection lost: no answer"], "last words")


main()
