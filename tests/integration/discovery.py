# SPDX-License-Identifier: BSD-3-Clause
"""Discovery on real multicast groups (SN12-DISCO-01, SN12-DISCO-02, SN12-DISCO-06,
SN12-DISCO-07, SN12-OPEN-13, SN12-OPEN-16)."""

import os
import random
import socket
import struct
import time

import mqttsn
from harness import Skip, check, equal, main, test, wait_for
from network import move_to_own_network

IPV4 = (socket.AF_INET, "127.0.0.1", "lo")
IPV6 = (socket.AF_INET6, "[fd00::1]", "sn0")  # of a network namespace
RADIUS = 7


class Group:
    """A multicast group as a client sees it: hears what is said there, from where and with which hop limit."""

    def __init__(self, bench, network):
        family, self.host, self.interface = network
        self.family = family
        self.port = random.randrange(20000, 30000)
        self.ip = f"239.255.{random.randrange(1, 255)}.{random.randrange(1, 255)}" if family == socket.AF_INET else \
            f"ff15::{random.randrange(1, 0xffff):x}"
        self.index = self.find_interface()
        self.socket = bench.closing(socket.socket(family, socket.SOCK_DGRAM))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind((self.ip, self.port))
            self.join()
        except OSError as e:
            raise Skip(f"no multicast on {self.interface}: {e}") from None

    def find_interface(self):
        try:
            return socket.if_nametoindex(self.interface)
        except OSError:
            raise Skip("no network namespace to be had") from None

    def join(self):
        packed = socket.inet_pton(self.family, self.ip)
        if self.family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                                   packed + struct.pack("@4si", bytes(4), self.index))
            self.socket.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL
        else:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, packed + struct.pack("@I", self.index))
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)

    def receive(self, timeout):
        """(message, sender, hop limit), or None."""
        self.socket.settimeout(timeout)
        try:
            data, ancillary, _, sender = self.socket.recvmsg(2048, 64)
        except socket.timeout:
            return None
        return data, sender, struct.unpack("@i", ancillary[0][2][:4])[0]

    def speak(self, bench, data):
        """From a port of its own, as a client that searches does; returns the socket."""
        s = bench.closing(socket.socket(self.family, socket.SOCK_DGRAM))
        if self.family == socket.AF_INET:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("@4s4si", bytes(4), bytes(4), self.index))
        else:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.index)
        try:
            s.sendto(data, (self.ip, self.port))
        except OSError as e:
            raise Skip(f"no multicast on {self.interface}: {e}") from None
        s.settimeout(10)
        return s

    def text(self):
        return f"{self.ip}:{self.port}" if self.family == socket.AF_INET else f"[{self.ip}]:{self.port}"


def start(bench, broker, group, *settings, host=None):
    """A gateway with discovery in the group; it advertises every second."""
    path = bench.path("gateway.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f'gateway = {{ id = 42; }};\ndiscovery = {{ interval = 1; }};\ntimers = {{ reconnect_most = 1; }};\n'
                f'listeners = ( {{ address = "{host or group.host}:0"; discovery = true; multicast = "{group.text()}"; '
                f'interface = "{group.interface}"; }} );\n')
    return bench.start_gateway("--config", path, "--broker", broker.address, *settings).wait_ready()


def advertises(bench, network):
    group = Group(bench, network)
    gateway = start(bench, bench.broker(), group)
    message, sender, hops = group.receive(20)
    equal(message, bytes([5, mqttsn.ADVERTISE, 42, 0, 1]), "ADVERTISE")
    equal(sender[1], gateway.address[1], "it comes from the service port")
    equal(hops, 1, "hop limit")
    begin = time.monotonic()
    equal(group.receive(20)[0], message, "the next one")
    check(0.5 < time.monotonic() - begin < 5, "it comes after its Duration")


def answers(bench, network):
    group = Group(bench, network)
    gateway = start(bench, bench.broker(), group, "--set", "discovery.interval=0")
    gateway.wait_log("listening")
    found = []

    def search():
        s = group.speak(bench, bytes([3, mqttsn.SEARCHGW, RADIUS]))
        s.settimeout(0.5)  # until the gateway has reached its broker there is no answer
        try:
            found.append(s.recvfrom(2048))
        except socket.timeout:
            return False
        return True

    wait_for(search, "GWINFO for the searcher")
    equal(found[0][0], bytes([3, mqttsn.GWINFO, 42]), "GWINFO")
    equal(found[0][1][1], gateway.address[1], "it comes from the service port")
    for message, _, hops in iter(lambda: group.receive(10), None):
        if message[1] == mqttsn.GWINFO:
            equal(message, bytes([3, mqttsn.GWINFO, 42]), "GWINFO to the group")
            equal(hops, RADIUS, "its hop limit is the radius that was asked for")
            return
    raise AssertionError("no GWINFO in the group")


@test("ADVERTISE in an IPv4 group")
def _(bench):
    advertises(bench, IPV4)


@test("ADVERTISE in an IPv6 group")
def _(bench):
    advertises(bench, IPV6)


@test("SEARCHGW in an IPv4 group, from any port")
def _(bench):
    answers(bench, IPV4)


@test("SEARCHGW in an IPv6 group, from any port")
def _(bench):
    answers(bench, IPV6)


@test("a wildcard listener does not take its own ADVERTISE for another gateway's")
def _(bench):
    group = Group(bench, IPV4)
    gateway = start(bench, bench.broker(), group, host="0.0.0.0")
    for _ in range(3):
        check(group.receive(20) is not None, "ADVERTISE")
    check("our gateway id" not in gateway.log(), "no clash with itself")


@test("without a broker nothing is advertised, and it resumes with the broker")
def _(bench):
    group = Group(bench, IPV4)
    broker = bench.broker()
    gateway = start(bench, broker, group)
    check(group.receive(20) is not None, "ADVERTISE")
    broker.kill()
    gateway.wait_log("broker")
    wait_for(lambda: group.receive(2.5) is None, "silence")
    broker.start()
    check(group.receive(20) is not None, "ADVERTISE again")


move_to_own_network("addr add fd00::1/64 dev sn0 nodad")
main()
