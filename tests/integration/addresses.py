# SPDX-License-Identifier: BSD-3-Clause
"""A listener on all addresses of the machine: what it says to a sensor leaves from the address that the sensor speaks to.
The sensors' sockets are connected, so that they hear nobody else."""

import socket
import sqlite3
import subprocess

import mqtt
import mqttsn
from harness import Skip, check, equal, free_udp_address, main, test, wait_for
from mqttsn import CONNACK, DISCONNECT, GWINFO, PINGRESP, PUBLISH, SEARCHGW, Client
from network import move_to_own_network

# Besides those of the loopback interface.
OWN_ADDRESSES = ("192.0.2.1/24", "192.0.2.2/24", "fd00::1/64 nodad", "fd00::2/64 nodad", "fe80::1/64 nodad",
                 "fe80::2/64 nodad")


def at_all(bench, broker, *options, host="0.0.0.0"):
    return bench.gateway(broker, *options, listen=f"{host}:0")


def sensor(bench, gateway, host, name, **options):
    return bench.closing(Client((host, gateway.address[1]), name)).connect(**options)


def own_network():
    try:
        return socket.if_nametoindex("sn0")
    except OSError:
        raise Skip("no network namespace to be had") from None


@test("answers, and messages that come later, leave from the address that was asked")
def _(bench):
    broker = bench.broker()
    gateway = at_all(bench, broker)
    sensors = [sensor(bench, gateway, f"127.0.0.{i}", f"s{i}") for i in (1, 2, 3)]
    for client in sensors:
        client.subscribe("valve", 1)
    mqtt.publish(broker, "valve", b"open")
    for client in sensors:
        equal(client.take_message()[2], b"open", "message")


@test("a sensor that sleeps, and one that does not acknowledge, are spoken to from there too")
def _(bench):
    broker = bench.broker()
    gateway = at_all(bench, broker, "--set", "timers.retry=1")
    client = sensor(bench, gateway, "127.0.0.2", "s")
    client.subscribe("valve", 1)
    client.disconnect(300)
    mqtt.publish(broker, "valve", b"open")
    broker.process.wait_log("Received PUBACK from s ")  # it waits in the gateway
    client.send(mqttsn.pingreq("s"))
    first = client.expect(PUBLISH)
    again = client.expect(PUBLISH)
    equal(again.fields["msg_id"], first.fields["msg_id"], "message id of the repeat")
    client.ask(mqttsn.puback(again.fields["topic_id"], again.fields["msg_id"]), PINGRESP)


@test("a stranger, and one that is refused, hear so from there")
def _(bench):
    gateway = at_all(bench, bench.broker())
    stranger = bench.closing(Client(("127.0.0.3", gateway.address[1])))
    stranger.ask(mqttsn.pingreq(), DISCONNECT)
    stranger.ask(mqttsn.connect("x", protocol_id=9), CONNACK, code=mqttsn.NOT_SUPPORTED)


@test("a node behind a forwarder, the same")
def _(bench):
    broker = bench.broker()
    gateway = at_all(bench, broker)
    relay = bench.closing(Client(("127.0.0.2", gateway.address[1])))
    node = Client.behind(relay, b"\x07", "node").connect()
    node.subscribe("valve", 1)
    mqtt.publish(broker, "valve", b"open")
    equal(node.take_message()[2], b"open", "message")


@test("a sensor that changes over to another address of the gateway is the same, and is answered from there")
def _(bench):
    broker = bench.broker()
    gateway = at_all(bench, broker)
    client = bench.closing(Client(("127.0.0.2", gateway.address[1]), "s"))
    client.connect().subscribe("valve", 1)
    client.socket.connect(("127.0.0.3", gateway.address[1]))
    client.ping_seconds()
    mqtt.publish(broker, "valve", b"open")
    equal(client.take_message()[2], b"open", "message")


def restart(bench, meanwhile):
    """A gateway is killed; the next one speaks first, to a sensor that notices nothing, and is expected to be heard.
    @meanwhile is called with the sensor and the database."""
    broker = bench.broker(persistent_client_expiration="1d")
    listen = f"0.0.0.0:{free_udp_address()[1]}"
    options = ["--state-dir", bench.path("state")]
    gateway = bench.gateway(broker, *options, listen=listen)
    client = sensor(bench, gateway, "127.0.0.2", "s", clean=False)
    client.subscribe("valve", 1)
    gateway.kill()
    meanwhile(client, bench.path("state/state.db"))
    mqtt.publish(broker, "valve", b"open")
    bench.gateway(broker, *options, listen=listen)
    equal(client.take_message()[2], b"open", "message")


@test("after a kill the gateway speaks first, from the address that the sensor knows")
def _(bench):
    restart(bench, lambda client, database: None)


@test("an address that the machine has no more is done without")
def _(bench):
    def lose(client, database):
        _, port = client.socket.getpeername()
        with sqlite3.connect(database) as db:
            equal(db.execute("SELECT local FROM clients").fetchall(), [(f"127.0.0.2:{port}",)], "what was kept")
            db.execute("UPDATE clients SET local = '203.0.113.1:1884'")
        client.socket.connect(("127.0.0.1", port))  # the route leads from there

    restart(bench, lose)


@test("an address that moves away under live sessions stops nobody")
def _(bench):
    own_network()
    broker = bench.broker()
    gateway = at_all(bench, broker, "--set", "timers.retry=1")
    stays = sensor(bench, gateway, "192.0.2.1", "stays")
    leaves = sensor(bench, gateway, "192.0.2.2", "leaves")
    for client in (leaves, stays):
        client.subscribe("valve", 1)
    subprocess.run(["ip", "addr", "del", "192.0.2.2/24", "dev", "sn0"], check=True)
    try:
        mqtt.publish(broker, "valve", b"open")
        equal(stays.take_message()[2], b"open", "message")
    finally:
        subprocess.run(["ip", "addr", "add", "192.0.2.2/24", "dev", "sn0"], check=True)
    equal(leaves.take_message()[2], b"open", "the repeat, when the address is back")


@test("IPv6: the same")
def _(bench):
    own_network()
    broker = bench.broker()
    gateway = at_all(bench, broker, host="[::]")
    hosts = ["::1", "fd00::1", "fd00::2", "fe80::1%sn0", "fe80::2%sn0"]
    sensors = []
    for i, host in enumerate(hosts):
        address = socket.getaddrinfo(host, gateway.address[1], type=socket.SOCK_DGRAM)[0][4]
        client = bench.closing(Client(address, f"s{i}", socket.AF_INET6)).connect()
        client.subscribe("valve", 1)
        sensors.append(client)
    mqtt.publish(broker, "valve", b"open")
    for client in sensors:
        equal(client.take_message()[2], b"open", "message")


def searches(bench, host, group, own):
    """@own: the addresses that GWINFO may come from."""
    index = own_network()
    path = bench.path("gateway.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f'listeners = ( {{ address = "{host}:0"; discovery = true; multicast = "{group}:18831"; '
                'interface = "sn0"; } );\ndiscovery = { interval = 0; };\n')
    gateway = bench.start_gateway("--config", path, "--broker", bench.broker().address).wait_ready()
    to = socket.getaddrinfo(group.strip("[]"), 18831, type=socket.SOCK_DGRAM)[0]
    s = bench.closing(socket.socket(to[0], socket.SOCK_DGRAM))
    if to[0] == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    else:
        s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own[0]))
    s.settimeout(0.5)

    def answer():
        s.sendto(bytes([3, SEARCHGW, 0]), to[4])
        try:
            return s.recvfrom(2048)
        except socket.timeout:  # until the gateway has reached its broker
            return None

    message, source = wait_for(answer, "GWINFO")
    equal(message[1], GWINFO, "answer")
    check(source[0].split("%")[0] in own, f"it comes from {source[0]}, one of the gateway's own addresses")
    equal(source[1], gateway.address[1], "its port")


@test("GWINFO for a search in a group comes from an address that can be asked")
def _(bench):
    searches(bench, "0.0.0.0", "239.255.7.7", ("192.0.2.1", "192.0.2.2"))


@test("IPv6: GWINFO, the same")
def _(bench):
    searches(bench, "[::]", "[ff15::7]", ("fd00::1", "fd00::2", "fe80::1", "fe80::2"))


move_to_own_network(*[f"addr add {a} dev sn0" for a in OWN_ADDRESSES])
main()
