# SPDX-License-Identifier: BSD-3-Clause
"""Whatever comes from the network, those who speak properly are served.  Random, but the same in every run."""

import random

import mqttsn
from harness import check, equal, main, test
from mqttsn import CONNACK, DISCONNECT, PINGRESP, Client

# Every message of a client and every message of a gateway, each valid.
SAMPLES = [bytes.fromhex(text) for text in (
    "0500010384", "030100", "030201", "070201c0000201", "08040401003c6331", "08040c01003c6331",
    "030500", "0206", "04073077", "0207", "0208", "0509627965", "090a00000001612f62", "070b0001000100",
    "090c20000100026869", "070cd100050007", "080c626162000078", "070d0001000202", "040f0007", "04100007", "040e0007",
    "0812200003612f2b", "0813200000000300", "07120100040005", "0814000005612f2b", "04150005", "0216",
    "04166331", "0217", "0218", "0418003c", "051a007732", "021a", "031b00", "031c78", "031d00",
    "05fe00aabb0216", "05fe00aabb08040401003c6331", "01000416",
)]


class Pelter:
    """A socket that throws without listening."""

    def __init__(self, bench, gateway):
        self.client = bench.closing(Client(gateway.address, "pelter"))
        self.client.socket.setblocking(False)
        self.thrown = 0

    def throw(self, datagram):
        """Never more on the way than the gateway's receive buffer takes."""
        self.client.send(datagram)
        self.thrown += 1

    def drain(self):
        """What came back, as it is."""
        answers = []
        while True:
            try:
                answers.append(self.client.socket.recv(65536))
            except BlockingIOError:
                return answers


def served(witness, gateway):
    """The witness is still connected and can publish; a newcomer can connect."""
    witness.ping_seconds()
    witness.publish(0x6162, b"still here", 1, kind=mqttsn.SHORT)
    newcomer = Client(gateway.address, "newcomer")
    newcomer.connect()
    newcomer.disconnect()
    newcomer.close()


def pelted(bench, datagrams, every=200):
    """Throws all, with a witness who is served in between; returns the gateway and the answers."""
    gateway = bench.gateway(bench.broker())
    witness = bench.closing(Client(gateway.address, "witness")).connect()
    pelter = Pelter(bench, gateway)
    answers = []
    for number, datagram in enumerate(datagrams, 1):
        pelter.throw(datagram)
        if number % every == 0:
            witness.ping_seconds()
            answers += pelter.drain()
    served(witness, gateway)
    answers += pelter.drain()
    return gateway, answers


def codes(answers):
    packets = [mqttsn.decode(mqttsn.unwrap(a)) for a in answers]
    return {p.fields["code"] for p in packets if "code" in p.fields}


@test("random octets of every length")
def _(bench):
    chance = random.Random(1)
    gateway, answers = pelted(bench, [chance.randbytes(chance.randrange(0, 64)) for _ in range(20000)])
    check(codes(answers) <= {0, 1, 2, 3}, f"reserved return codes: {codes(answers)}")
    check(gateway.counters()["malformed_packets_total"] > 15000, "most of it is counted as malformed")


@test("every message cut at every octet, with its own and with an honest Length")
def _(bench):
    cuts = []
    for sample in SAMPLES:
        for n in range(len(sample)):
            cuts.append(sample[:n])
            if n > 1:
                cuts.append(bytes([n]) + sample[1:n])
    _, answers = pelted(bench, cuts)
    for answer in answers:
        check(len(mqttsn.unwrap(answer)) <= 8, f"an answer is short: {answer.hex()}")


# SN12-ERR-02
@test("every message of both directions from a stranger, and every reserved type: no long answer")
def _(bench):
    datagrams = SAMPLES + [mqttsn.frame(msg_type, b"\x01\x02\x03\x04\x05\x06") for msg_type in range(256)]
    _, answers = pelted(bench, [d for d in datagrams if mqttsn.unwrap(d)[1:2] != b"\x04"], every=10)
    for answer in answers:
        check(len(mqttsn.unwrap(answer)) <= 3, f"to somebody without a session: {answer.hex()}")


# SN12-ERR-01
@test("valid messages with mutations, from a peer with a session")
def _(bench):
    chance = random.Random(2)
    datagrams = []
    for _ in range(20000):
        octets = bytearray(chance.choice(SAMPLES))
        for _ in range(chance.randrange(1, 3)):
            octets[chance.randrange(len(octets))] = chance.choice([0, 1, 0x7f, 0x80, 0xfe, 0xff, chance.randrange(256)])
        if chance.random() < 0.5:
            octets[0] = len(octets)
        datagrams.append(mqttsn.connect("pelter") if chance.random() < 0.05 else bytes(octets))
    _, answers = pelted(bench, datagrams)
    check(codes(answers) <= {0, 1, 2, 3}, f"reserved return codes: {codes(answers)}")


@test("the largest datagrams: valid ones, and ones whose Length lies")
def _(bench):
    chance = random.Random(3)
    datagrams = [b"", b"\x00", b"\x01", b"\xff" * 65507]
    for size in (255, 256, 257, 1500, 9000, 65507):
        for msg_type in (0x04, 0x0A, 0x0C, 0x12, 0x07, 0x09, 0x16, 0xFE):
            body = chance.randbytes(size - 4)
            datagrams.append(b"\x01" + size.to_bytes(2, "big") + bytes([msg_type]) + body)
            datagrams.append(b"\x01\xff\xff" + bytes([msg_type]) + body)
            datagrams.append(b"\xff" + bytes([msg_type]) + body)
    pelted(bench, datagrams, every=20)


# SN12-ERR-02
@test("strangers are answered, but only so many in a second")
def _(bench):
    gateway = bench.gateway(bench.broker(), "--set", "limits.stranger_answers=10")
    pelter = Pelter(bench, gateway)
    witness = bench.closing(Client(gateway.address, "witness")).connect()
    for number in range(2000):
        pelter.throw(mqttsn.pingreq())
        if number % 200 == 0:
            witness.ping_seconds()
    witness.ping_seconds()
    answers = pelter.drain()
    check(1 <= len(answers) <= 200, f"{len(answers)} answers")
    equal(set(answers), {mqttsn.disconnect()}, "answers")
    equal(gateway.counters()["stranger_packets_total"], 2000, "strangers' packets")


@test("garbage does not fill the log")
def _(bench):
    gateway = bench.gateway(bench.broker())
    witness = bench.closing(Client(gateway.address, "witness")).connect()
    pelter = Pelter(bench, gateway)
    for number in range(5000):
        pelter.throw(b"\x02\x16\x00")
        if number % 200 == 0:
            witness.ping_seconds()
    witness.ping_seconds()
    check(gateway.process.count_log("malformed packet") <= 40, "few lines")
    gateway.stop()
    told = gateway.process.count_log("127.0.0.1:.*: malformed packet: ")
    check(1 <= told <= 40, f"{told} lines")


@test("a bad CONNECT gets its refusal and makes no session")
def _(bench):
    gateway = bench.gateway(bench.broker())
    client = bench.closing(Client(gateway.address, "odd"))
    for bad in (mqttsn.connect("odd", protocol_id=2), mqttsn.connect(""), mqttsn.connect("x" * 65),
                mqttsn.frame(mqttsn.CONNECT, b"\x04\x01\x00\x3c\xc3\x28")):
        client.ask(bad, CONNACK, code=mqttsn.NOT_SUPPORTED)
        client.ask(mqttsn.pingreq(), DISCONNECT)
    client.connect()
    client.ask(mqttsn.pingreq(), PINGRESP)


main()
