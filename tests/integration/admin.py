# SPDX-License-Identifier: BSD-3-Clause
"""The admin server: what it shows of real sensors, what it lets whom do, and what it withstands."""

import json
import os
import re
import shutil
import socket
import stat
import subprocess
import time

import mqtt
import mqttsn
from admin_client import TOKEN, Admin, read_to_end, value_of
from harness import PATIENCE, VALGRIND, Failure, Skip, check, equal, main, test, wait_for
from mqttsn import Client

WITH_TOKEN = ("--set", f"admin.token={TOKEN}")


def start(bench, *options, broker=None):
    broker = broker or bench.broker()
    gateway = bench.gateway(broker, "--admin", "127.0.0.1:0", *options)
    return broker, gateway, Admin(gateway)


def sensor(bench, gateway, client_id, **options):
    return bench.closing(Client(gateway.address, client_id)).connect(**options)


# --- what it shows ---

@test("the status is that of the gateway")
def _(bench):
    broker, gateway, admin = start(bench, *WITH_TOKEN)
    before = time.time()
    status = admin.json("/status")
    equal(sorted(status), sorted(["version", "gateway_id", "uptime_s", "now", "broker", "clients", "counters",
                                  "received", "sent", "listeners", "store", "actions"]), "members")
    equal(status["gateway_id"], 1, "gateway id")
    check(abs(status["now"] - before) < 5 and 0 <= status["uptime_s"] < 60, "times")
    equal(status["broker"], {"address": broker.address, "connected": None, "refused": None, "sessions": 0,
                             "sessions_connected": 0, "sessions_shared": 0, "sharing_clients": 0}, "a broker that nobody needed yet")
    equal(sum(status["clients"].values()), 0, "clients")
    equal((status["store"], status["actions"]), (None, True), "store and actions")

    pump = sensor(bench, gateway, "pump-7")
    tid = pump.register("t/1")
    pump.publish(tid, b"1", 1)
    sleeper = sensor(bench, gateway, "sleeper", clean=False)
    sleeper.disconnect(60)
    status = admin.json("/status")
    equal((status["clients"]["active"], status["clients"]["asleep"]), (1, 1), "clients")
    equal((status["broker"]["connected"], status["broker"]["sessions"]), (True, 2), "broker")
    equal((status["received"]["CONNECT"], status["sent"]["PUBACK"]), (2, 1), "packets")
    equal(status["counters"]["publishes_in_total"], 1, "a counter")
    listener, = status["listeners"]
    equal(listener["address"], f"127.0.0.1:{gateway.address[1]}", "listener")
    equal((listener["received"], listener["sent"]), (5, 5), "datagrams")
    check("PINGREQ" not in status["received"], "what was not heard is not listed")


@test("a client is shown as it is")
def _(bench):
    broker, gateway, admin = start(bench)
    equal(admin.client("pump-7"), None, "nobody yet")
    pump = sensor(bench, gateway, "pump-7", keep_alive=120, clean=False, will=("w/t", b"gone", 1, True))
    tid = pump.register("t/1")
    pump.publish(tid, b"1", 1)
    pump.publish(tid, b"2")
    pump.subscribe("cmd/#", 1)
    pump.ping_seconds()
    shown = admin.client("pump-7")
    check(0 <= shown.pop("heard_s") < 10, "heard just now")
    check(120 < shown.pop("left_s") <= 132, "keep alive with its tolerance")
    equal(shown, {
        "id": "pump-7", "state": "active", "peer": "127.0.0.1:%d" % pump.socket.getsockname()[1],
        "queue": {"messages": 0, "octets": 0}, "spool": {"messages": 0, "octets": 0}, "link": "up", "clean": False,
        "shares_link": False,
        "keep_alive": 120, "sleep_duration": 0, "published": 2, "delivered": 0, "congested": False, "in_flight": 0,
        "unanswered": None, "will": {"topic": "w/t", "qos": 1, "retain": True, "octets": 4}, "queued": [],
        "subscriptions": [{"filter": "cmd/#", "qos": 1}], "topics": [{"id": tid, "name": "t/1", "told": True}],
        "whole": True}, "the client")

    pump.disconnect(300)
    for i in range(25):
        mqtt.publish(broker, f"cmd/{i}", b"x" * i)
    wait_for(lambda: admin.client("pump-7")["queue"]["messages"] == 25, "25 messages wait")
    shown = admin.client("pump-7")
    equal((shown["state"], shown["sleep_duration"]), ("asleep", 300), "asleep")
    check(300 < shown["left_s"] <= 330, "sleep with its tolerance")
    equal(len(shown["queued"]), 20, "only so many are listed")
    check(0 <= shown["queued"][0].pop("age_s") < PATIENCE, "age")
    equal(shown["queued"][0], {"topic": "cmd/0", "qos": 1, "octets": 0}, "the oldest")

    pump.send(mqttsn.pingreq("pump-7"))
    wait_for(lambda: (admin.client("pump-7")["unanswered"] or {}).get("type") == "REGISTER", "REGISTER is unanswered")
    equal(admin.client("pump-7")["state"], "awake", "awake")
    for _ in range(25):
        pump.take_message()
    pump.expect(mqttsn.PINGRESP)
    equal(admin.client("pump-7")["delivered"], 25, "delivered")


@test("client ids of any kind come out as valid JSON, and find their client")
def _(bench):
    _, gateway, admin = start(bench)
    ids = ['a"b\\c', "a/b", "a b+c%20", "\u00e4\u20ac\U0001f321", "..", "</script>", "?x=1&y", "'"]
    for client_id in ids:
        sensor(bench, gateway, client_id)
    equal(sorted(c["id"] for c in admin.clients()), sorted(ids), "all of them")
    for client_id in ids:
        equal(admin.client(client_id)["id"], client_id, "one of them")


@test("clients are listed in pages, by state and by pattern")
def _(bench):
    _, gateway, admin = start(bench)
    crowd = [bench.closing(Client(gateway.address, f"{'pump' if i % 2 else 'valve'}-{i}")) for i in range(120)]
    for client in crowd:
        client.connect()
    for client in crowd[:10]:
        client.disconnect(60)
    everyone = sorted(c.id for c in crowd)
    for limit in (1, 7, 100, 500):
        equal(sorted(c["id"] for c in admin.clients(limit=limit)), everyone, f"limit {limit}")
    page = admin.json("/clients?limit=10")
    check(10 <= len(page["clients"]) < 30 and page["next"], "a page is about as long as was asked for")
    one = page["clients"][0]
    equal((one["subscriptions"], one["topics"]), (0, 0), "lists are only counted here")
    equal(len(admin.clients(state="asleep", limit=3)), 10, "sleepers")
    equal(len(admin.clients(match="pump-*", limit=3)), 60, "pumps")
    equal([c["id"] for c in admin.clients(match="pump-7")], ["pump-7"], "one pump")
    equal(len(admin.clients(match="pump-?", state="asleep")), 5, "both")
    for query in ("limit=0", "limit=501", "limit=x", "state=x", "after=-1", "after=xyz", "match=%", "after=100000000"):
        equal(admin.get("/clients?" + query).status, 400, query)
    equal(admin.get("/clients?after=ffffffff").status, 200, "any place is one")


@test("the metrics are in Prometheus' format, and count")
def _(bench):
    broker, gateway, admin = start(bench)
    metrics = admin.metrics()
    equal(value_of(metrics, "mqttsn_packets_total", direction="received", type="CONNECT"), 0, "nothing yet")
    check(value_of(metrics, "process_resident_memory_bytes") > 1 << 20, "memory")
    fds = value_of(metrics, "process_open_fds")
    check(5 < fds < 100, "open files")
    check(abs(value_of(metrics, "process_start_time_seconds") - time.time()) < 120, "start time")
    for i in range(3):
        sensor(bench, gateway, f"pump-{i}").publish(mqttsn_short(), b"x", 1, mqttsn.SHORT)
    metrics = admin.metrics()
    equal(value_of(metrics, "mqttsn_packets_total", direction="received", type="CONNECT"), 3, "CONNECT")
    equal(value_of(metrics, "mqttsn_packets_total", direction="sent", type="PUBACK"), 3, "PUBACK")
    equal(value_of(metrics, "mqttsn_publishes_in_total"), 3, "publishes")
    equal(value_of(metrics, "mqttsn_clients", state="active"), 3, "clients")
    equal(value_of(metrics, "mqttsn_broker_sessions_connected"), 3, "sessions")
    equal(value_of(metrics, "process_open_fds"), fds + 3, "a file for each")
    equal(value_of(metrics, "mqttsn_listener_received_datagrams_total",
                   listener=f"127.0.0.1:{gateway.address[1]}"), 6, "datagrams")
    version = admin.json("/status")["version"]
    equal(value_of(metrics, "mqttsn_build_info", version=version), 1, "version")


def mqttsn_short():
    return int.from_bytes(b"ab", "big")


@test("promtool has nothing to say against the metrics")
def _(bench):
    if shutil.which("promtool") is None:
        raise Skip("promtool is not installed")
    _, _, admin = start(bench)
    done = subprocess.run(["promtool", "check", "metrics"], input=admin.get("/metrics").body, timeout=PATIENCE,
                          capture_output=True, check=False)
    equal((done.returncode, done.stdout + done.stderr), (0, b""), "promtool")


@test("health: the broker comes and goes")
def _(bench):
    broker, gateway, admin = start(bench, "--set", "timers.reconnect_least=0.2", "--set", "timers.reconnect_most=0.5")

    def health():
        answer = admin.get("/healthz")
        report = json.loads(answer.body)
        equal(answer.status, 200 if report["healthy"] else 503, "status and reason agree")
        equal(report["healthy"], report["reason"] is None, "a reason is given")
        return report

    check(health()["healthy"], "nobody has asked the broker for anything")
    pump = sensor(bench, gateway, "pump-7")
    check(health()["healthy"], "all is well")
    broker.kill()
    wait_for(lambda: not health()["healthy"], "it is noticed that the broker is away")
    pump.disconnect()
    stranger = bench.closing(Client(gateway.address, "pump-8"))
    stranger.ask(mqttsn.connect("pump-8"), mqttsn.CONNACK, code=mqttsn.CONGESTION)
    report = health()
    equal((report["healthy"], report["broker"]["connected"]), (False, False), "nobody is left, and nobody gets in")
    broker.start()
    sensor(bench, gateway, "pump-9")
    check(health()["healthy"], "all is well again")


@test("where there is a store, its state is shown; after a restart clients are there, and unheard")
def _(bench):
    broker = bench.broker()
    options = ["--admin", "127.0.0.1:0", "--state-dir", bench.path("state")]
    gateway = bench.gateway(broker, *options)
    admin = Admin(gateway)
    pump = sensor(bench, gateway, "pump-7", clean=False)
    pump.register("t/1")
    pump.disconnect(300)
    store = admin.json("/status")["store"]
    check(store["commits"] > 0 and store["octets"] > 4096, str(store))
    equal((store["error"], store["failures"], store["recoveries"]), (None, 0, 0), "the store")
    metrics = admin.metrics()
    check(value_of(metrics, "mqttsn_store_commits_total") >= store["commits"], "commits")
    equal(value_of(metrics, "mqttsn_store_failing"), 0, "failing")
    equal(admin.json("/healthz")["store"]["error"], None, "health")
    gateway.kill()

    admin = Admin(bench.gateway(broker, *options))
    shown = admin.client("pump-7")
    equal((shown["state"], shown["heard_s"], len(shown["topics"])), ("asleep", None, 1), "the client")
    equal(admin.json("/status")["clients"]["asleep"], 1, "clients by state")


@test("the broker that is shown is the one in use")
def _(bench):
    one, other = bench.broker(), bench.broker()
    gateway = bench.gateway(one, "--set", f"broker.fallbacks={other.address}", "--admin", "127.0.0.1:0")
    admin = Admin(gateway)
    equal(admin.json("/status")["broker"]["address"], one.address, "the first")
    one.kill()
    client = bench.closing(Client(gateway.address, "pump-7"))
    client.send(mqttsn.connect("pump-7"))
    wait_for(lambda: admin.json("/status")["broker"]["address"] == other.address, "the other one is in use")


@test("the page is whole, and may run nothing but itself")
def _(bench):
    _, _, admin = start(bench)
    answer = admin.get("/")
    equal((answer.status, answer.headers["Content-Type"]), (200, "text/html; charset=utf-8"), "the page")
    with open(os.path.join(os.environ.get("top_srcdir", "."), "gateway/admin/page/index.html"), "rb") as f:
        equal(answer.body, f.read(), "the page")
    policy = answer.headers["Content-Security-Policy"]
    check(policy.startswith("default-src 'none'; script-src 'sha256-") and "unsafe" not in policy, policy)
    for name, value in (("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Cache-Control", "no-store"),
                        ("Cross-Origin-Resource-Policy", "same-origin")):
        equal(answer.headers[name], value, name)
    check(not any(name.lower().startswith("access-control") for name in answer.headers), "nobody else may read it")


# --- the live trace ---

class Lines:
    """The lines of a text stream as they come."""

    def __init__(self, stream):
        self.stream = stream
        self.rest = b""

    def next(self):
        while b"\n" not in self.rest:
            more = self.stream.recv(65536)
            check(more, "the stream ends")
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def until(self, pattern):
        """The lines up to the one that matches."""
        lines = [self.next()]
        while not re.search(pattern, lines[-1]):
            lines.append(self.next())
        return lines


@test("the live trace shows what is asked for, as it happens")
def _(bench):
    _, gateway, admin = start(bench)
    everything = Lines(bench.closing(admin.stream("/trace")))
    pumps = Lines(bench.closing(admin.stream("/trace?client=pump-*&type=PUBLISH,PUBACK&direction=in")))
    pump, valve = sensor(bench, gateway, "pump-7"), sensor(bench, gateway, "valve")
    everything.until("valve .* < CONNACK")
    pump.publish(mqttsn_short(), b"one", 1, mqttsn.SHORT)
    everything.until("pump-7 .* < PUBACK")
    valve.publish(mqttsn_short(), b"two", 1, mqttsn.SHORT)
    pump.publish(mqttsn_short(), b"three", 0, mqttsn.SHORT)
    pump.disconnect()
    lines = everything.until("pump-7 .* < DISCONNECT")
    check(any("valve" in line and '"two"' in line for line in lines), f"the valve is heard: {lines}")
    lines = pumps.until("three")
    check(all(" pump-7 " in line and re.search("> PUB(LISH|ACK) ", line) for line in lines), f"pumps only: {lines}")
    check('"one"' in lines[0], f"from the beginning: {lines}")


@test("the live trace as pcapng")
def _(bench):
    _, gateway, admin = start(bench)
    stream = bench.closing(admin.stream("/trace.pcapng?client=pump-7"))
    equal(stream.recv(4, socket.MSG_WAITALL), b"\x0a\x0d\x0d\x0a", "a section begins")
    pump = sensor(bench, gateway, "pump-7")
    pump.publish(mqttsn_short(), b"needle in the stack", 1, mqttsn.SHORT)
    octets = b""
    while b"needle in the stack" not in octets:
        octets += stream.recv(65536)


@test("a trace that cannot be had is refused")
def _(bench):
    _, _, admin = start(bench)
    for query in ("type=NONSENSE", "direction=up", "address=nowhere", "client=%zz", "client=" + "x" * 600):
        equal(admin.get("/trace?" + query).status, 400, query)
    equal(admin.ask("HEAD", "/trace").status, 405, "HEAD")
    streams = [bench.closing(admin.stream("/trace")) for _ in range(16)]
    answer = admin.get("/trace")
    equal((answer.status, json.loads(answer.body)["error"]), (503, "too many streams"), "one more")
    equal(answer.headers.get_all("Content-Type"), ["application/json"], "of one type")
    equal(admin.get("/status").status, 200, "other questions are answered")
    streams.pop().close()
    wait_for(lambda: open_and_close(admin), "a stream becomes free")


def open_and_close(admin):
    with admin.raw(b"GET /trace HTTP/1.0\r\n\r\n") as s:
        return s.recv(12) == b"HTTP/1.1 200"


def blocked_stream(bench, admin, path):
    """Somebody who asks for a stream and does not read it."""
    s = bench.closing(socket.socket())
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(PATIENCE)
    s.connect(admin.address)
    s.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
    return s


@test("readers of the trace that do not read slow nobody down, and are told what they missed")
def _(bench):
    broker, gateway, admin = start(bench)
    watcher = mqtt.Subscriber(bench, broker, "load/#")
    crowd = [bench.closing(Client(gateway.address, f"pump-{i}")) for i in range(10)]
    ids = [c.connect().register(f"load/{c.id}") for c in crowd]
    blocked = [blocked_stream(bench, admin, path) for path in ["/trace"] * 8 + ["/trace.pcapng"] * 7]
    reader = Lines(bench.closing(admin.stream("/trace?client=pump-3&type=PUBLISH&direction=in")))
    before = memory(gateway.process.pid)
    rounds = 40 if VALGRIND else 300
    for i in range(rounds):
        for client, tid in zip(crowd, ids):
            client.send(mqttsn.publish(tid, b"%04d" % i + b"x" * 1000, 1, i + 1))
        for client in crowd:
            client.expect(mqttsn.PUBACK, msg_id=i + 1, code=mqttsn.ACCEPTED)
        check(f'"{i:04d}' in reader.next(), "somebody who reads sees every line")
    equal(len(watcher.take(10 * rounds)), 10 * rounds, "messages at the broker")
    metrics = admin.metrics()
    equal(value_of(metrics, "mqttsn_retransmissions_total"), 0, "nothing had to be sent again")
    equal(value_of(metrics, "mqttsn_publishes_repeated_total"), 0, "nor was it")
    equal(value_of(metrics, "mqttsn_messages_dropped_total"), 0, "nothing is lost")
    if not has_sanitizers():
        grown = memory(gateway.process.pid) - before
        check(grown < 12 * 1024, f"grown by {grown} KiB")
    if not VALGRIND:
        check(value_of(metrics, "mqttsn_trace_reader_lost_packets_total") > 0, "the readers were blocked for long enough")
    late = Lines(blocked[0])
    if not VALGRIND:
        late.until(r"^# \d+ lines lost here")
    crowd[0].disconnect()
    late.until("pump-0 .* < DISCONNECT")


# --- who may do what ---

@test("a client is sent away, with the token only")
def _(bench):
    _, gateway, admin = start(bench, *WITH_TOKEN)
    pump = sensor(bench, gateway, "pump/7", clean=False)
    path = "/clients/pump%2F7/disconnect"
    equal(admin.post(path, token=None).status, 401, "without")
    equal(admin.post(path, token=TOKEN[:-1]).status, 401, "a part of it")
    equal(admin.get(path, token=TOKEN).status, 405, "by GET")
    check(pump.silent(), "nothing has happened")
    equal(admin.post(path).status, 200, "with it")
    pump.expect(mqttsn.DISCONNECT)
    gateway.wait_log(r"pump/7: disconnected: the operator's wish$")
    equal(admin.client("pump/7")["state"], "disconnected", "its session stays")
    equal(admin.post(path).status, 409, "once more")
    equal(admin.post("/clients/pump%2F7/forget").status, 200, "forget")
    equal(admin.client("pump/7"), None, "forgotten")
    equal(admin.post("/clients/pump%2F7/forget").status, 404, "once more")
    equal(admin.post("/clients/nobody/disconnect").status, 404, "nobody")
    pump.connect()


@test("without a token nobody can act")
def _(bench):
    _, gateway, admin = start(bench)
    sensor(bench, gateway, "pump-7")
    for path in ("/clients/pump-7/disconnect", "/clients/pump-7/forget", "/reload"):
        equal(admin.post(path).status, 403, path)
    equal(admin.client("pump-7")["state"], "active", "nothing has happened")
    equal(admin.json("/status")["actions"], False, "it says so")


@test("reload by the operator")
def _(bench):
    path = bench.path("gateway.conf")

    def write(text):
        with open(path, "w", encoding="utf-8") as f:
            f.write(f'admin = {{ token = "{TOKEN}"; }};\n' + text)

    write("")
    _, gateway, admin = start(bench, "--config", path)
    equal(admin.post("/reload", token=None).status, 401, "without the token")
    write('predefined = ({ id = 5; topic = "p/5"; });\ngateway = { id = 9; };\n')
    answer = admin.post("/reload")
    equal((answer.status, json.loads(answer.body)), (200, {"done": "reloaded"}), "reload")
    equal(admin.json("/status")["gateway_id"], 9, "the new number")
    sensor(bench, gateway, "pump-7").publish(5, b"x", 1, mqttsn.PREDEFINED)
    write("limits = { clients = 0; };\n")
    equal(admin.post("/reload").status, 409, "a mistake")
    gateway.wait_log("limits.clients")


@test("where the token is needed for reading, only the page goes without")
def _(bench):
    _, _, admin = start(bench, *WITH_TOKEN, "--set", "admin.token_for_reading=true")
    for path in ("/status", "/clients", "/clients/x", "/metrics", "/healthz"):
        answer = admin.get(path)
        equal((answer.status, answer.headers["WWW-Authenticate"]), (401, "Bearer"), path)
        check(admin.get(path, token=TOKEN).status in (200, 404), path)
    equal(admin.get("/").status, 200, "the page")


@test("pages of other sites get nothing, by whatever name they ask")
def _(bench):
    _, _, admin = start(bench, *WITH_TOKEN)
    for headers in ({"Host": "evil.example.org"}, {"Host": "127.0.0.1.example.org"}, {"Sec_Fetch_Site": "cross-site"},
                    {"Sec_Fetch_Site": "same-site"}):
        equal(admin.get("/status", **headers).status, 403, str(headers))
        equal(admin.post("/reload", token=None, **headers).status, 403, str(headers))
    equal(value_of(admin.metrics(), "mqttsn_admin_refused_total"), 8, "they are counted")
    equal(admin.get("/status", Host="localhost:1").status, 200, "localhost")
    equal(admin.get("/status", Host="gateway.example.org", token=TOKEN).status, 200, "a proxy that has the token")
    equal(admin.ask("OPTIONS", "/status").status, 405, "no preflight is answered")


@test("what is not there, or not by this method")
def _(bench):
    _, _, admin = start(bench)
    for path in ("/x", "/clients/", "/clients/a/b", "/clients//disconnect", "/status/", "//", "/metrics/../status"):
        equal(admin.get(path).status, 404, path)
    equal(admin.get("/clients/%zz").status, 400, "malformed id")
    answer = admin.post("/status", token=None)
    equal((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"), "POST")
    head, get = admin.ask("HEAD", "/clients"), admin.get("/clients")
    equal((head.status, head.body, head.headers["Content-Length"]), (200, b"", get.headers["Content-Length"]), "HEAD")


# --- where it listens ---

@test("a unix socket: for user and group, and an old one gives way")
def _(bench):
    path = bench.path("admin.sock")
    broker = bench.broker()
    gateway = bench.gateway(broker, "--admin", "unix:" + path)
    admin = Admin(gateway)
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o660, "mode")
    equal(admin.json("/status")["gateway_id"], 1, "it answers")
    status, _, errors = bench.run_gateway("--listen", "127.0.0.1:0", "--broker", broker.address, "--admin", "unix:" + path)
    check(status == 1 and "is in use" in errors, errors)
    check(os.path.exists(path), "it is still there")
    gateway.kill()
    check(os.path.exists(path), "left behind")
    gateway = bench.gateway(broker, "--admin", "unix:" + path)
    equal(Admin(gateway).json("/status")["gateway_id"], 1, "it answers again")
    gateway.stop()
    check(not os.path.exists(path), "removed")


@test("only a socket is removed to make way")
def _(bench):
    path = bench.path("precious")
    with open(path, "w", encoding="utf-8") as f:
        f.write("data")
    status, _, errors = bench.run_gateway("--listen", "127.0.0.1:0", "--admin", "unix:" + path)
    check(status == 1 and "is in use" in errors, errors)
    with open(path, encoding="utf-8") as f:
        equal(f.read(), "data", "the file")


@test("it is not opened by accident")
def _(bench):
    path = bench.path("gateway.conf")
    short = bench.path("short")
    with open(short, "w", encoding="utf-8") as f:
        f.write("short\n")
    for text, wrong in (
            ('listen = "0.0.0.0:9884";', r":2: admin.listen: can be reached from elsewhere"),
            ('listen = "[::]:9884"; token = "0123456789abcdef";', r":2: admin.listen: can be reached from elsewhere"),
            ('listen = "192.0.2.1:9884"; allow_remote = true;', r":2: admin.allow_remote: needs admin.token_file"),
            ('listen = "127.0.0.1";', r":2: admin.listen: must be an IP address with a port"),
            ('listen = "localhost:9884";', r":2: admin.listen: must be an IP address with a port"),
            ('listen = "unix:admin.sock";', r":2: admin.listen: the path of the socket must begin with /"),
            (f'listen = "unix:/{"x" * 200}";', r":2: admin.listen: the path of the socket is too long"),
            ('token_for_reading = true;', r":2: admin.token_for_reading: needs admin.token_file"),
            ('token = "short";', r":2: admin.token: "),
            (f'token_file = "{short}";', r":2: admin.token_file: |:2: admin.token: "),
            (f'token_file = "{short}"; token = "0123456789abcdef";', r":2: admin.token_file: admin.token is given too")):
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"admin = {{\n{text} }};\n")
        status, _, errors = bench.run_gateway("--config", path, "--check-config")
        check(status == 2 and re.search(wrong, errors), f"{text}: {status} {errors}")
    status, _, errors = bench.run_gateway("--admin", "0.0.0.0:0", "--check-config")
    check(status == 2 and "--admin: admin.listen: can be reached from elsewhere" in errors, errors)
    gateway = bench.gateway(bench.broker())
    equal(gateway.process.count_log("admin server"), 0, "nothing is opened unasked")


@test("from elsewhere with a token, which is then needed for everything")
def _(bench):
    token_file = bench.path("token")
    with open(token_file, "w", encoding="utf-8") as f:
        f.write(TOKEN + "\n")
    gateway = bench.gateway(bench.broker(), "--admin", "0.0.0.0:0", "--set", "admin.allow_remote=true",
                            "--set", f"admin.token_file={token_file}")
    admin = Admin(gateway)
    equal(admin.get("/status").status, 401, "without it")
    equal(admin.get("/status", token=TOKEN).status, 200, "with it")
    equal(admin.get("/status", token=TOKEN, Host="gateway.example.org").status, 200, "by a name")
    status, printed, _ = bench.run_gateway("--set", f"admin.token={TOKEN}", "--check-config")
    check(status == 0 and TOKEN not in printed, "the token is not printed")


# --- what it withstands ---

def memory(pid, field="VmRSS"):
    """In KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(rf"^{field}:\s+(\d+) kB", f.read(), re.MULTILINE)[1])


def has_sanitizers():
    with open(os.path.join(os.environ.get("top_builddir", "."), "Makefile"), encoding="utf-8") as f:
        return "-fsanitize=" in f.read() or VALGRIND


@test("malformed requests are refused, each with its status")
def _(bench):
    _, gateway, admin = start(bench)
    pump = sensor(bench, gateway, "pump-7")
    for request, status in (
            (b"\r\n\r\n", 400), (b"\x00" * 100 + b"\r\n\r\n", 400), (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            (b"GET / HTTP/3.0\r\n\r\n", 505), (b"GET http://127.0.0.1/ HTTP/1.0\r\n\r\n", 400),
            (b"POST /reload HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello", 413),
            (b"POST /reload HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
            (b"GET / HTTP/1.0\r\nX: " + b"x" * 8192 + b"\r\n\r\n", 431),
            (b"GET /" + b"x" * 200000, 431),
            (b"GET / HTTP/1.0\r\n" + b"X: y\r\n" * 2000 + b"\r\n", 431)):
        with admin.raw(request) as s:
            answer = read_to_end(s)
        check(answer.startswith(b"HTTP/1.1 %d " % status), f"{request[:40]!r}: {answer[:80]!r}")
        check(pump.silent(), "the sensor is served")
    with admin.raw(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\nGET /status HTTP/1.1\r\nHost: localhost\r\n\r\n") as s:
        equal(read_to_end(s).count(b"HTTP/1.1 200 OK"), 1, "one request per connection")
    with admin.raw(b"GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n") as s:
        s.shutdown(socket.SHUT_WR)
        check(read_to_end(s).endswith(b"}\n"), "who has said all still gets the answer")


@test("a crowd that sends nothing, or nearly nothing, does not keep others out")
def _(bench):
    _, gateway, admin = start(bench)
    pump = sensor(bench, gateway, "pump-7")
    before = memory(gateway.process.pid)
    idle = [bench.closing(admin.raw(b"GET / HT")) for _ in range(300)]
    for s in idle[-20:]:
        s.sendall(b"TP/1.1\r\nX: ")
        equal(admin.json("/status")["clients"]["active"], 1, "somebody else is answered")
        check(pump.silent(), "the sensor is served")
    fds = value_of(admin.metrics(), "process_open_fds")
    check(fds < 80, f"{fds} open files for 300 connections")
    if not has_sanitizers():
        grown = memory(gateway.process.pid) - before
        check(grown < 4096, f"grown by {grown} KiB")
    # Whoever is left is ended by the time limit.
    end = time.monotonic() + 10 + PATIENCE
    for s in idle:
        s.settimeout(max(0.1, end - time.monotonic()))
        try:
            equal(s.recv(1), b"", "an answer to half a request")
        except ConnectionError:
            pass
        except TimeoutError:
            raise Failure("a connection without a request is kept") from None


@test("who asks for much and does not read gives way, and takes little memory")
def _(bench):
    _, gateway, admin = start(bench)
    crowd = [bench.closing(Client(gateway.address, f"{'x' * 55}-{i}")) for i in range(50 if VALGRIND else 300)]
    for client in crowd:
        client.connect()
    before = memory(gateway.process.pid)
    silent = []
    for _ in range(100):
        silent.append(blocked_stream(bench, admin, "/clients?limit=500"))
        equal(admin.get("/healthz").status, 200, "somebody else is answered")
    check(crowd[0].silent(), "the sensors are served")
    check(value_of(admin.metrics(), "process_open_fds") < len(crowd) + 80, "open files")
    if not has_sanitizers():
        grown = memory(gateway.process.pid) - before
        check(grown < 16 * 1024, f"grown by {grown} KiB")
    reader = bench.closing(admin.raw(b"GET /clients?limit=500 HTTP/1.0\r\n\r\n"))
    equal(len(json.loads(read_to_end(reader).split(b"\r\n\r\n", 1)[1])["clients"]), len(crowd), "who reads gets all")


@test("sensors are served while many ask for everything")
def _(bench):
    broker, gateway, admin = start(bench)
    watcher = mqtt.Subscriber(bench, broker, "load/#")
    crowd = [bench.closing(Client(gateway.address, f"pump-{i}")) for i in range(20)]
    ids = [c.connect().register(f"load/{c.id}") for c in crowd]
    asked = 0
    for i in range(10):
        pending = []
        for path in ("/clients?limit=500", "/metrics", "/status", "/", "/clients/pump-3", "/nothing"):
            for _ in range(3):
                pending.append(admin.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()))
        for client, tid in zip(crowd, ids):
            client.publish(tid, b"%d" % i, 1)
        for s in pending:
            check(read_to_end(s).startswith(b"HTTP/1.1 "), "an answer")
            s.close()
            asked += 1
    equal(len(watcher.take(200)), 200, "messages")
    equal(value_of(admin.metrics(), "mqttsn_retransmissions_total"), 0, "nothing had to be sent again")



def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@test("without descriptors who connects has to wait, and the sensors notice nothing")
def _(bench):
    if VALGRIND or shutil.which("prlimit") is None:
        raise Skip("needs prlimit, and every descriptor")
    broker, state = bench.broker(), bench.path("state")
    gateway = bench.start_gateway("--listen", "127.0.0.1:0", "--broker", broker.address, "--admin", "127.0.0.1:0",
                                  "--state-dir", state, launcher=["prlimit", "--nofile=36:36"]).wait_ready()
    admin = Admin(gateway)
    client = sensor(bench, gateway, "pump")
    crowd = [bench.closing(admin.raw(b"")) for _ in range(30)]
    gateway.wait_log("admin server: cannot take a connection: Too many open files")
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(PATIENCE)
        caller.connect(state + "/control")
        caller.send(b"forget nobody\n")
        gateway.wait_log("control socket: cannot take a connection: Too many open files")
        before = cpu_seconds(gateway.process.pid)
        time.sleep(1)  # what it costs to be idle
        spent = cpu_seconds(gateway.process.pid) - before
        check(spent < 0.3, f"{spent} s of CPU time in a second in which nothing happens")
        client.ping_seconds()
        for s in crowd:
            s.close()
        equal(caller.recv(100), b"there is no session of that id\n", "an answer at last")
    equal(admin.get("/healthz").status, 200, "somebody else is answered")
    equal(gateway.process.count_log("cannot take a connection"), 2, "lines about it")


main()
