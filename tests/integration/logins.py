# SPDX-License-Identifier: BSD-3-Clause
"""The logins file: sensors come to the broker as users of their own, or not at all (SN12-OPEN-21, MAP-CONN-15).

The broker knows nobody without a password, and its access rules go by user (%u) and client id (%c)."""

import os
import re
import shutil
import signal
import subprocess

import mqttsn
from harness import PATIENCE, Skip, check, equal, free_udp_address, main, test, wait_for
from mqttsn import ACCEPTED, CONNACK, NOT_SUPPORTED, Client

GENERAL = ("gateway", "general-secret")

ACCESS = """\
pattern readwrite user/%u/#
pattern readwrite client/%c/#
user watcher
topic read #
"""


class Site:
    """A broker with passwords and access rules, a gateway, and its files."""

    def __init__(self, bench):
        self.bench = bench
        self.passwords = bench.path("passwords")
        self.logins = bench.path("logins.conf")
        self.config = bench.path("gateway.conf")
        self.address = free_udp_address()
        self.program = shutil.which("mosquitto_passwd")
        if self.program is None:
            raise Skip("mosquitto_passwd is not installed")
        open(self.passwords, "x", encoding="utf-8").close()
        os.chmod(self.passwords, 0o600)
        for user, password in (GENERAL, ("pumps", "of the pumps"), ("meter-7", "of meters"), ("watcher", "w")):
            self.set_password(user, password)
        with open(bench.path("access"), "x", encoding="utf-8") as f:
            f.write(ACCESS)
        os.chmod(bench.path("access"), 0o600)
        self.broker = bench.broker(allow_anonymous="false", password_file=self.passwords,
                                   acl_file=bench.path("access"))
        self.gateway = None

    def set_password(self, user, password):
        subprocess.run([self.program, "-b", self.passwords, user, password], timeout=PATIENCE, check=True,
                       capture_output=True)

    def write_logins(self, *entries, mode=0o600):
        with open(self.logins, "w", encoding="utf-8") as f:
            f.write("logins = (\n" + ",\n".join(entries) + "\n);\n")
        os.chmod(self.logins, mode)

    def write_config(self, rest=""):
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"""\
listeners = ( {{ address = "{self.address[0]}:{self.address[1]}"; }} );
broker = {{
    host = "{self.broker.host}"; port = {self.broker.port};
    user = "{GENERAL[0]}"; password = "{GENERAL[1]}";
    logins_file = "logins.conf"; {rest}
}};
timers = {{ reconnect_least = 0.1; }};
log = {{ packets = true; }};
""".replace('"logins.conf"', f'"{self.logins}"'))

    def start(self, *options, rest=""):
        self.write_config(rest)
        self.gateway = self.bench.start_gateway("--config", self.config, *options).wait_ready()

    def reload(self, answer="reload: done"):
        before = self.gateway.process.count_log(answer)
        self.gateway.process.signal(signal.SIGHUP)
        wait_for(lambda: self.gateway.process.count_log(answer) > before, answer)

    def reload_broker(self):
        before = self.broker.process.count_log("Reloading config")
        self.broker.process.signal(signal.SIGHUP)
        wait_for(lambda: self.broker.process.count_log("Reloading config") > before, "the broker's reload")

    def client(self, name):
        return self.bench.closing(Client(self.address, name))

    def users(self, name):
        """As whom the client came to the broker, each time."""
        return re.findall(rf"New client connected from \S+ as {name} \(.*u'(.*)'\)", self.broker.process.log())

    def watch(self):
        """Takes what the broker lets through."""
        subscriber = self.client("watcher").connect()
        subscriber.subscribe("#", 1)
        return subscriber


PUMPS = '{ clients = "pump-*"; user = "pumps"; password = "of the pumps"; }'
METERS = '{ clients = "meter-?"; user = "${client}"; password = "of meters"; }'
WATCHER = '{ clients = "watcher"; user = "watcher"; password = "w"; }'


def next_topic(watcher):
    """The topic and payload of the next message."""
    _, topic_id, data, names = watcher.take_message()
    return names[topic_id], data


@test("each sensor is the user that the file gives it, and may do what that user and its id may")
def _(bench):
    site = Site(bench)
    site.write_logins('{ clients = "pump-9"; refuse = true; }', PUMPS, METERS, WATCHER)
    site.start()
    watcher = site.watch()
    pump, meter, other = [site.client(name).connect() for name in ("pump-1", "meter-7", "other")]
    equal([site.users(c.id) for c in (pump, meter, other)], [["pumps"], ["meter-7"], [GENERAL[0]]], "users")
    site.gateway.wait_log('pump-1 broker < CONNECT clean user "pumps"$')
    site.gateway.wait_log("other broker < CONNECT clean$")
    for client, mine, others in ((pump, "user/pumps/a", "user/meter-7/a"), (meter, "user/meter-7/b", "user/pumps/b"),
                                 (other, "client/other/c", "client/pump-1/c")):
        client.publish(client.register(others), b"forbidden", 1)
        client.publish(client.register(mine), b"allowed", 1)
        equal(next_topic(watcher), (mine, b"allowed"), "what the broker let through")
    site.client("pump-9").ask(mqttsn.connect("pump-9"), CONNACK, code=NOT_SUPPORTED)
    site.gateway.wait_log(r"127.0.0.1:\d+ as pump-9: CONNECT refused: refused by broker.logins_file")
    equal(site.users("pump-9"), [], "nothing of it at the broker")


@test("the file can be the list of all that may connect")
def _(bench):
    site = Site(bench)
    site.write_logins('{ clients = "plain"; }', PUMPS)
    site.start(rest='unlisted_clients = "refuse";')
    site.client("pump-1").connect()
    site.client("plain").connect()
    site.client("other").ask(mqttsn.connect("other"), CONNACK, code=NOT_SUPPORTED)
    site.gateway.wait_log(r"127.0.0.1:\d+ as other: CONNECT refused: not listed \(broker.unlisted_clients\)")
    equal([site.users(name) for name in ("pump-1", "plain", "other")], [["pumps"], [GENERAL[0]], []], "users")
    equal(site.gateway.counters()["connects_refused_total"], 1, "counted")


@test("a reload takes a changed password, and sends away who is not admitted any more")
def _(bench):
    site = Site(bench)
    site.write_logins(PUMPS, METERS)
    site.start()
    meter = site.client("meter-7").connect()
    sleeper = site.client("pump-2").connect(clean=False)
    sleeper.disconnect(300)
    site.set_password("pumps", "another")
    site.reload_broker()  # which ends sessions with the old one
    site.client("pump-1").ask(mqttsn.connect("pump-1"), CONNACK, code=NOT_SUPPORTED)
    meter.ping_seconds()
    site.write_logins(PUMPS.replace("of the pumps", "another"), '{ clients = "meter-7"; refuse = true; }')
    site.reload()
    meter.expect(mqttsn.DISCONNECT)
    site.gateway.wait_log("meter-7: disconnected: refused by broker.logins_file")
    site.client("pump-1").connect()
    wait_for(lambda: len(site.users("pump-2")) > 1, "the sleeper's new connection")
    equal(set(site.users("pump-2")), {"pumps"}, "its user")
    sleeper.ask(mqttsn.pingreq("pump-2"), mqttsn.PINGRESP)


@test("a password is changed, first in the file and then at the broker, and no sensor notices")
def _(bench):
    site = Site(bench)
    site.write_logins(PUMPS)
    site.start()
    pump = site.client("pump-1").connect()
    site.write_logins(PUMPS.replace("of the pumps", "another"))
    site.reload()
    site.set_password("pumps", "another")
    site.reload_broker()
    wait_for(lambda: site.users("pump-1") == ["pumps", "pumps"], "the new connection")
    pump.publish(pump.register("user/pumps/a"), b"x", 1)


@test("a restart goes on with the logins as they are then")
def _(bench):
    site = Site(bench)
    state = ("--state-dir", bench.path("state"))
    site.write_logins(PUMPS, METERS)
    site.start(*state)
    pump = site.client("pump-1").connect(clean=False)
    meter = site.client("meter-7").connect()
    site.gateway.kill()
    site.set_password("pumps", "another")
    site.reload_broker()
    site.write_logins(PUMPS.replace("of the pumps", "another"), '{ clients = "meter-7"; refuse = true; }')
    site.start(*state)
    wait_for(lambda: site.users("pump-1") == ["pumps", "pumps"], "the pump's new connection")
    pump.ping_seconds()
    meter.expect(mqttsn.DISCONNECT)
    site.gateway.wait_log("meter-7: disconnected: refused by broker.logins_file")
    equal(site.users("meter-7"), ["meter-7"], "nothing more of it at the broker")


@test("a file with a mistake is told with its line, and the old logins stay")
def _(bench):
    site = Site(bench)
    site.write_logins(PUMPS)
    site.start()
    site.write_logins(PUMPS, '{ clients = "meter-?"; usr = "x"; password = "hidden-1"; }')
    site.reload("reload: the configuration has mistakes, the old one stays")
    site.gateway.wait_log(re.escape(f'{site.logins}:3: logins.1.usr: no such setting; did you mean "user"?'))
    site.client("pump-1").connect()
    equal(site.users("pump-1"), ["pumps"], "user")
    status, out, err = bench.run_gateway("--config", site.config, "--check-config")
    equal((status, out), (2, ""), "--check-config")
    check(f"{site.logins}:3: logins.1.usr: " in err, err)
    os.remove(site.logins)
    site.reload("reload: the configuration has mistakes, the old one stays")
    site.gateway.wait_log(f'broker.logins_file: cannot read "{site.logins}"')
    site.client("pump-2").connect()
    check("hidden-1" not in site.gateway.log() + err, "no password is told")


@test("no password is shown; a file that everybody can read is named")
def _(bench):
    site = Site(bench)
    site.write_logins(PUMPS, mode=0o644)
    site.start()
    warning = f'warning: broker.logins_file: everybody can read "{site.logins}"'
    site.gateway.wait_log(warning)
    site.client("pump-1").connect()
    status, out, err = bench.run_gateway("--config", site.config, "--check-config")
    equal(status, 0, "--check-config")
    check(warning in err, err)
    os.chmod(site.logins, 0o600)
    site.reload()
    equal(site.gateway.process.count_log("everybody can read"), 1, "not any more")
    status, out, err = bench.run_gateway("--config", site.config, "--check-config")
    equal((status, err), (0, ""), "--check-config")
    for text in (out, site.gateway.log()):
        check("of the pumps" not in text and GENERAL[1] not in text, "a password is shown")


@test("a sensor with the gateway's own id does not throw it off the broker")
def _(bench):
    site = Site(bench)
    site.write_logins(PUMPS)
    site.start("--set", "listeners.0.discovery=true", "--set", "gateway.client_id=gw-1")
    site.broker.process.wait_log("Sending CONNACK to gw-1 ")
    site.client("gw-1").ask(mqttsn.connect("gw-1"), CONNACK, code=NOT_SUPPORTED)
    site.client("pump-1").ask(mqttsn.connect("pump-1"), CONNACK, code=ACCEPTED)
    equal(site.users("gw-1"), [GENERAL[0]], "its one session")
    check("gw-1 already connected" not in site.broker.process.log(), "nobody was thrown off")


main()
