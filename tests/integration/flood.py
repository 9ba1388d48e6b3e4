# SPDX-License-Identifier: BSD-3-Clause
"""One sensor that connects again and again, each time as another client (limits.connects, SN12-CONN-14): what it costs the
broker and the other sensors."""

import select
import time

import mqttsn
from harness import check, equal, main, test, wait_for
from mqttsn import ACCEPTED, CONGESTION, CONNACK, Client

IDS = 3000


class Flood:
    """Connects as a new client with each step."""

    def __init__(self, bench, gateway, patient):
        """@patient: waits for the answer before it goes on."""
        self.client = bench.closing(Client(gateway.address, "flood"))
        self.client.socket.setblocking(False)
        self.patient = patient
        self.said = 0
        self.codes = {ACCEPTED: 0, CONGESTION: 0}

    def step(self):
        self.client.socket.send(mqttsn.connect(f"flood-{self.said}", flags=0))
        self.said += 1
        if self.patient:
            select.select([self.client.socket], [], [], 1)
        self.count_answers()

    def count_answers(self):
        while True:
            try:
                packet = mqttsn.decode(self.client.socket.recv(100))
            except BlockingIOError:
                return
            equal(packet.type, CONNACK, "answer")
            self.codes[packet.fields["code"]] += 1


def others_get_in(bench, patient):
    broker = bench.broker()
    gateway = bench.gateway(broker, "--set", "limits.clients=500")
    old = bench.closing(Client(gateway.address, "old")).connect()
    topic_id = old.register("t")
    flood = Flood(bench, gateway, patient)
    begin = time.monotonic()
    others = 0
    while flood.said < IDS:
        for _ in range(100):
            flood.step()
        old.publish(topic_id, b"x", 1)
        bench.closing(Client(gateway.address, f"other-{others}")).connect()
        others += 1
    seconds = time.monotonic() - begin
    wait_for(lambda: flood.count_answers() or flood.codes[CONGESTION] > IDS / 2, "refusals")
    allowed = 10 * (seconds + 2)
    check(flood.codes[ACCEPTED] <= allowed, f"{flood.codes[ACCEPTED]} sessions in {seconds} s")
    connections = broker.process.count_log("New connection")
    check(connections <= others + 1 + allowed, f"{connections} connections to the broker for {others} sensors")
    counters = gateway.counters()
    check(counters["limit_hits_total"] > IDS / 2, f"counted: {counters}")
    gateway.wait_log("limits.connects")


@test("who connects as one client after the other without a pause is slowed down, the others get in")
def _(bench):
    others_get_in(bench, False)


@test("the same from one that waits for each answer, and would leave a session behind each time")
def _(bench):
    others_get_in(bench, True)


main()
