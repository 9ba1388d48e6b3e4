# SPDX-License-Identifier: BSD-3-Clause
"""The state directory: what a new gateway finds of the one before it, and what stands in the way."""

import contextlib
import os
import re
import sqlite3
import stat
import subprocess

import mqtt
import mqttsn
from harness import Skip, check, equal, free_udp_address, main, test, wait_for
from mqttsn import PUBLISH, REGISTER, Client


class Site:
    """A broker, a state directory, and a gateway that comes back at the same address."""

    def __init__(self, bench, *options):
        self.bench = bench
        self.broker = bench.broker(persistent_client_expiration="1d")
        self.state = bench.path("state")
        self.listen = "%s:%d" % free_udp_address()
        self.options = options
        self.start()

    def start(self, *options):
        self.gateway = self.bench.gateway(self.broker, "--state-dir", self.state, *self.options, *options,
                                          listen=self.listen)
        return self.gateway

    def restart_after_kill(self):
        self.gateway.kill()
        return self.start()

    def restart_after_stop(self):
        equal(self.gateway.stop()[0], 0, "exit status")
        return self.start()

    def client(self, name, **options):
        client = self.bench.closing(Client(self.gateway.address, name))
        return client.connect(**options)


def kept(site, client_id, n):
    """Waits until the gateway has acknowledged @n messages to the broker: these are its own."""
    wait_for(lambda: site.broker.process.count_log(f"Received PUB(ACK|COMP) from {client_id} ") >= n, f"{n} kept")


def drain(client):
    """Wakes a sleeper; its messages, acknowledged at QoS 1."""
    client.send(mqttsn.pingreq(client.id))
    payloads = []
    while True:
        packet = client.receive()
        check(packet is not None, "the awake time ends with PINGRESP")
        if packet.type == mqttsn.PINGRESP:
            return payloads
        if packet.type == REGISTER:
            client.send(mqttsn.regack(packet.fields["topic_id"], packet.fields["msg_id"]))
            continue
        equal(packet.type, PUBLISH, "packet")
        payloads.append(packet.data)
        client.send(mqttsn.puback(packet.fields["topic_id"], packet.fields["msg_id"]))


def sleeper_keeps_its_messages(bench, restart):
    site = Site(bench)
    client = site.client("sleeper", clean=False)
    client.subscribe("valve", 1)
    client.disconnect(300)
    for i in range(5):
        mqtt.publish(site.broker, "valve", str(i).encode(), 1)
    kept(site, "sleeper", 5)
    restart(site)
    equal(drain(client), [b"0", b"1", b"2", b"3", b"4"], "messages after the restart")
    restart(site)
    equal(drain(client), [], "nothing twice")


@test("kill -9: a sleeper's messages are handed out by the next gateway, once")
def _(bench):
    sleeper_keeps_its_messages(bench, Site.restart_after_kill)


@test("SIGTERM: the same")
def _(bench):
    sleeper_keeps_its_messages(bench, Site.restart_after_stop)


@test("kill -9: an active client goes on with its topic ids, without a CONNECT")
def _(bench):
    site = Site(bench)
    listener = site.client("listener")
    client = site.client("sensor")
    topic = client.register("plant/boiler")
    listener.subscribe("plant/#", 1)
    client.publish(topic, b"before", qos=1)
    equal(listener.take_message()[2], b"before", "message")
    check(listener.silent(), "its acknowledgement has arrived")
    site.restart_after_kill()
    wait_for(lambda: site.broker.process.count_log("Sending SUBACK to listener$") >= 2, "subscribed again")
    client.publish(topic, b"after", qos=1)
    equal(listener.take_message()[2], b"after", "message after the restart")


@test("durability off touches no file")
def _(bench):
    site = Site(bench, "--set", "persistence.durability=off")
    site.client("sensor")
    check(not os.path.exists(site.state), "no state directory")


@test("its files are for nobody else")
def _(bench):
    site = Site(bench, "--set", "persistence.durability=power")
    site.client("sensor")
    equal(stat.S_IMODE(os.stat(site.state).st_mode), 0o700, "mode of the directory")
    files = sorted(os.listdir(site.state))
    check("state.db" in files and "lock" in files, f"files: {files}")
    for name in files:
        equal(stat.S_IMODE(os.stat(os.path.join(site.state, name)).st_mode), 0o600, f"mode of {name}")


@test("a second gateway is told who has the state directory")
def _(bench):
    site = Site(bench)
    other = bench.start_gateway("--listen", "127.0.0.1:0", "--broker", site.broker.address, "--state-dir", site.state)
    equal(other.wait(), 1, "exit status")
    check(f"the state directory {site.state} is in use by process {site.gateway.process.pid}" in other.log(), "message")
    site.client("sensor")


@test("a damaged database: refused, or put aside, as the configuration says")
def _(bench):
    site = Site(bench)
    site.client("sensor", clean=False)
    site.gateway.stop()
    database = os.path.join(site.state, "state.db")
    with open(database, "r+b") as f:
        f.write(b"this is no database any more")
    broken = bench.start_gateway("--listen", site.listen, "--state-dir", site.state, "--broker", site.broker.address)
    equal(broken.wait(), 1, "exit status")
    check(f"cannot start: {database}: file is not a database" in broken.log(), "message")
    check("persistence.on_damage" in broken.log(), "the way out is named")
    site.start("--set", "persistence.on_damage=fresh")
    check(f"put aside as {database}.damaged-" in site.gateway.log(), "the new name is told")
    aside = [name for name in os.listdir(site.state) if name.startswith("state.db.damaged-")]
    equal(len(aside), 1, "files put aside")
    with open(os.path.join(site.state, aside[0]), "rb") as f:
        check(f.read().startswith(b"this is no database"), "its content")
    site.client("sensor")


# --- looking after the state ---


def listed(site, *options):
    """The table of --list-sessions: a list of lists of cells."""
    status, out, err = site.bench.run_gateway("--state-dir", site.state, "--list-sessions", *options)
    equal((status, err), (0, ""), "status and complaints of --list-sessions")
    return [re.split(r"  +", line.strip()) for line in out.splitlines()[1:]]


def a_sleeper_and_another(site):
    client = site.client("sleeper", clean=False)
    client.subscribe("valve", 1)
    client.disconnect(300)
    for i in range(3):
        mqtt.publish(site.broker, "valve", b"12345", 1)
    kept(site, "sleeper", 3)
    site.client("sensor", keep_alive=77)
    return client


@test("--list-sessions shows what is kept, beside a running gateway, after kill -9 and after a stop")
def _(bench):
    site = Site(bench)
    client = a_sleeper_and_another(site)
    address = "%s:%d" % client.socket.getsockname()
    for end in (lambda: None, site.gateway.kill, lambda: site.start().stop()):
        end()
        rows = listed(site)
        equal([row[0] for row in rows], ["sensor", "sleeper"], "clients")
        equal(rows[0][3], "77 s", "keep alive")
        equal(rows[1][:3], ["sleeper", "asleep", address], "state and address")
        equal(rows[1][4], "300 s", "sleep")
        check(300 < int(rows[1][5].split()[0]) <= 450, f"deadline {rows[1][5]}")
        equal(rows[1][6:], ["1", "1", "3 (30)", "-"], "subscriptions, topics, messages to it, to the broker")


@test("--forget: on a running gateway")
def _(bench):
    site = Site(bench)
    client = a_sleeper_and_another(site)
    equal(bench.run_gateway("--state-dir", site.state, "--forget", "sleeper"), (0, "", ""), "forgetting")
    equal([row[0] for row in listed(site)], ["sensor"], "clients")
    client.ask(mqttsn.pingreq("sleeper"), mqttsn.DISCONNECT)
    status, _, err = bench.run_gateway("--state-dir", site.state, "--forget", "sleeper")
    equal((status, err), (1, "mqttsn-gateway: there is no session of that id\n"), "forgetting it again")


@test("--forget: on a stopped one")
def _(bench):
    site = Site(bench)
    client = a_sleeper_and_another(site)
    site.gateway.stop()
    equal(bench.run_gateway("--state-dir", site.state, "--forget", "sleeper"), (0, "", ""), "forgetting")
    equal([row[0] for row in listed(site)], ["sensor"], "clients")
    status, _, err = bench.run_gateway("--state-dir", site.state, "--forget", "sleeper")
    equal(status, 1, "forgetting it again")
    check("there is no session of that id" in err, err)
    site.start()
    client.ask(mqttsn.pingreq("sleeper"), mqttsn.DISCONNECT)


@test("the commands need a state directory that is there")
def _(bench):
    status, _, err = bench.run_gateway("--list-sessions")
    equal(status, 2, "status without --state-dir")
    check("there is no state directory" in err, err)
    for command in (["--list-sessions"], ["--forget", "a"]):
        status, _, err = bench.run_gateway("--state-dir", bench.path("nowhere"), *command)
        equal(status, 1, "status")
        check("state.db: No such file or directory" in err, err)
    check(not os.path.exists(bench.path("nowhere")), "nothing is made")


@test("a backup can be taken while the gateway runs")
def _(bench):
    site = Site(bench)
    client = a_sleeper_and_another(site)
    backup = bench.path("backup")
    os.mkdir(backup, 0o700)
    with contextlib.closing(sqlite3.connect(os.path.join(site.state, "state.db"))) as database:
        database.execute("VACUUM INTO ?", (os.path.join(backup, "state.db"),))
    drain(client)
    site.gateway.kill()
    site.state = backup
    site.start()
    equal(drain(client), [b"12345"] * 3, "messages of the backup")


# --- trouble ---


@contextlib.contextmanager
def small_disk(bench):
    """A file system of 400 KB; its folder."""
    mount = bench.path("disk")
    os.mkdir(mount, 0o700)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k,mode=700", "none", mount], check=False,
                      capture_output=True).returncode != 0:
        raise Skip("no right to mount a small disk")
    try:
        yield mount
    finally:
        for gateway in bench.gateways:
            if not gateway.ended:
                gateway.kill()
        subprocess.run(["umount", mount], check=True)


@test("a disk that is read-only: refused")
def _(bench):
    with small_disk(bench) as mount:
        subprocess.run(["mount", "-o", "remount,ro", mount], check=True)
        for state in (mount, os.path.join(mount, "new")):
            gateway = bench.start_gateway("--listen", "127.0.0.1:0", "--state-dir", state)
            equal(gateway.wait(), 1, "exit status")
            check("Read-only file system" in gateway.log(), "message")


@test("a path that is too long for the socket costs --forget on a running gateway, and nothing else")
def _(bench):
    site = Site(bench)
    site.gateway.stop()
    site.state = bench.path("long" * 30)
    site.start().wait_log("/control: File name too long: --forget will need the gateway to be stopped")
    site.client("sensor")
    status, _, err = bench.run_gateway("--state-dir", site.state, "--forget", "sensor")
    equal(status, 1, "status of --forget")
    check("a gateway runs on" in err and "it cannot be asked: File name too long" in err, err)
    site.gateway.stop()
    equal(bench.run_gateway("--state-dir", site.state, "--forget", "sensor"), (0, "", ""), "forgetting")


@test("a disk that is full: said once, served on, and all is kept again when there is room")
def _(bench):
    with small_disk(bench) as mount:
        site = Site(bench, "--set", "persistence.max_size=0")
        site.gateway.stop()
        site.state = os.path.join(mount, "state")
        gateway = site.start()
        client = a_sleeper_and_another(site)
        with open(os.path.join(mount, "ballast"), "wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(512))
        sensor = site.client("late", clean=False)
        names = (f"plant/{n}" for n in range(1000))  # each is a change that is written
        wait_for(lambda: sensor.register(next(names)) and "going on in memory" in gateway.log(), "complaint")
        check("state.db: database or disk is full" in gateway.log(), "its reason")
        sensor.publish(sensor.register("plant"), b"served", qos=1)
        equal(gateway.process.count_log("going on in memory"), 1, "how often it is told")
        os.remove(os.path.join(mount, "ballast"))
        gateway.wait_log("store: works again")
        equal([row[0] for row in listed(site)], ["late", "sensor", "sleeper"], "clients")
        site.restart_after_kill()
        equal(drain(client), [b"12345"] * 3, "messages")
        site.gateway.stop()


main()
