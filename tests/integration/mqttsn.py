# SPDX-License-Identifier: BSD-3-Clause
"""A small MQTT-SN 1.2 client for tests, written from the specification alone: it shares nothing with the gateway's
codec, so that a mistake in one is not repeated by the other.  Section numbers are those of the specification."""

import collections
import socket
import struct
import time

from harness import PATIENCE, Failure

# 5.2.2, table 3
ADVERTISE, SEARCHGW, GWINFO = 0x00, 0x01, 0x02
CONNECT, CONNACK, WILLTOPICREQ, WILLTOPIC, WILLMSGREQ, WILLMSG = 0x04, 0x05, 0x06, 0x07, 0x08, 0x09
REGISTER, REGACK, PUBLISH, PUBACK, PUBCOMP, PUBREC, PUBREL = 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F, 0x10
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = 0x12, 0x13, 0x14, 0x15
PINGREQ, PINGRESP, DISCONNECT = 0x16, 0x17, 0x18
WILLTOPICUPD, WILLTOPICRESP, WILLMSGUPD, WILLMSGRESP = 0x1A, 0x1B, 0x1C, 0x1D

NAMES = {value: name for name, value in list(globals().items()) if name.isupper() and isinstance(value, int)}

# 5.3.4
DUP, RETAIN, WILL, CLEAN = 0x80, 0x10, 0x08, 0x04
NORMAL, PREDEFINED, SHORT = 0, 1, 2

# 5.3.10
ACCEPTED, CONGESTION, INVALID_TOPIC_ID, NOT_SUPPORTED = 0, 1, 2, 3


def qos_bits(qos):
    return (qos & 3) << 5


def frame(msg_type, body=b""):
    """5.2: Length and MsgType before the variable part."""
    if len(body) + 2 < 256:
        return bytes([len(body) + 2, msg_type]) + body
    return struct.pack(">BHB", 1, len(body) + 4, msg_type) + body


def connect(client_id, keep_alive=60, flags=CLEAN, protocol_id=1):
    return frame(CONNECT, struct.pack(">BBH", flags, protocol_id, keep_alive) + client_id.encode())


def register(name, msg_id, topic_id=0):
    return frame(REGISTER, struct.pack(">HH", topic_id, msg_id) + name.encode())


def regack(topic_id, msg_id, code=ACCEPTED):
    return frame(REGACK, struct.pack(">HHB", topic_id, msg_id, code))


def publish(topic_id, data, qos=0, msg_id=0, flags=NORMAL):
    return frame(PUBLISH, struct.pack(">BHH", flags | qos_bits(qos), topic_id, msg_id) + data)


def puback(topic_id, msg_id, code=ACCEPTED):
    return frame(PUBACK, struct.pack(">HHB", topic_id, msg_id, code))


def msg_ack(msg_type, msg_id):
    """PUBREC, PUBREL, PUBCOMP."""
    return frame(msg_type, struct.pack(">H", msg_id))


def subscribe(topic, msg_id, qos=0, msg_type=SUBSCRIBE):
    """@topic: a name, or (PREDEFINED, id), or (SHORT, "ab")."""
    if isinstance(topic, str):
        kind, field = NORMAL, topic.encode()
    elif topic[0] == SHORT:
        kind, field = SHORT, topic[1].encode()
    else:
        kind, field = PREDEFINED, struct.pack(">H", topic[1])
    return frame(msg_type, struct.pack(">BH", kind | qos_bits(qos), msg_id) + field)


def unsubscribe(topic, msg_id):
    return subscribe(topic, msg_id, msg_type=UNSUBSCRIBE)


def will_topic(topic, qos=0, retain=False, msg_type=WILLTOPIC):
    return frame(msg_type, bytes([qos_bits(qos) | (RETAIN if retain else 0)]) + topic.encode())


def will_msg(message, msg_type=WILLMSG):
    return frame(msg_type, message)


def pingreq(client_id=""):
    return frame(PINGREQ, client_id.encode())


def disconnect(duration=None):
    return frame(DISCONNECT, b"" if duration is None else struct.pack(">H", duration))


Packet = collections.namedtuple("Packet", "type fields data")


def _fields(msg_type, body):
    """The fields of what a gateway sends, and the rest."""
    layouts = {
        CONNACK: (">B", "code"),
        WILLTOPICRESP: (">B", "code"),
        WILLMSGRESP: (">B", "code"),
        REGISTER: (">HH", "topic_id msg_id"),
        REGACK: (">HHB", "topic_id msg_id code"),
        PUBLISH: (">BHH", "flags topic_id msg_id"),
        PUBACK: (">HHB", "topic_id msg_id code"),
        PUBREC: (">H", "msg_id"),
        PUBREL: (">H", "msg_id"),
        PUBCOMP: (">H", "msg_id"),
        SUBACK: (">BHHB", "flags topic_id msg_id code"),
        UNSUBACK: (">H", "msg_id"),
    }
    layout, names = layouts.get(msg_type, (">", ""))
    size = struct.calcsize(layout)
    if len(body) < size:
        raise Failure(f"{NAMES.get(msg_type, msg_type)} is too short: {body.hex()}")
    return dict(zip(names.split(), struct.unpack(layout, body[:size]))), body[size:]


ENCAPSULATED = 0xFE


def encapsulate(node_id, datagram):
    """5.5: the Length of the outer header ends with the node id."""
    return bytes([3 + len(node_id), ENCAPSULATED, 0]) + node_id + datagram


def unwrap(datagram):
    """What is inside of the encapsulation, or the datagram itself."""
    return datagram[datagram[0]:] if datagram[1:2] == bytes([ENCAPSULATED]) else datagram


def decode(datagram):
    if len(datagram) >= 2 and datagram[0] > 1:
        length, header = datagram[0], 2
    elif len(datagram) >= 4 and datagram[0] == 1:
        length, header = struct.unpack(">H", datagram[1:3])[0], 4
    else:
        raise Failure(f"no MQTT-SN message: {datagram.hex()}")
    if length != len(datagram):
        raise Failure(f"wrong Length: {datagram.hex()}")
    msg_type = datagram[header - 1]
    fields, rest = _fields(msg_type, datagram[header:])
    may_have_rest = (REGISTER, PUBLISH, GWINFO, ADVERTISE)
    if rest and msg_type not in may_have_rest:
        raise Failure(f"octets left over: {datagram.hex()}")
    return Packet(msg_type, fields, rest)


class Client:
    """A socket with a client id.  Nothing happens by itself: the test says and expects each packet."""

    def __init__(self, gateway_address, client_id="", family=socket.AF_INET):
        self.id = client_id
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.connect(gateway_address)
        self.msg_id = 0
        self.node_id = None

    @classmethod
    def behind(cls, forwarder, node_id, client_id):
        """A client whose packets @forwarder, another one, wraps and unwraps (5.5)."""
        client = cls.__new__(cls)
        client.id, client.socket, client.msg_id, client.node_id = client_id, forwarder.socket, 0, node_id
        return client

    def close(self):
        self.socket.close()

    def next_id(self):
        self.msg_id = self.msg_id % 65535 + 1
        return self.msg_id

    def send(self, datagram):
        if self.node_id is not None:
            datagram = encapsulate(self.node_id, datagram)
        self.socket.send(datagram)

    def receive(self, timeout=PATIENCE):
        """The next packet, or None."""
        self.socket.settimeout(timeout)
        try:
            datagram = self.socket.recv(65536)
        except (socket.timeout, BlockingIOError):
            return None
        if self.node_id is not None:
            header = encapsulate(self.node_id, b"")
            if not datagram.startswith(header):
                raise Failure(f"{self.id}: not for node {self.node_id.hex()}: {datagram.hex()}")
            datagram = datagram[len(header):]
        return decode(datagram)

    def expect(self, msg_type, timeout=PATIENCE, **fields):
        """The next packet, which must be of this type with these fields."""
        packet = self.receive(timeout)
        if packet is None:
            raise Failure(f"{self.id}: no {NAMES[msg_type]} within {timeout} s")
        got = (NAMES.get(packet.type, packet.type), packet.fields, packet.data)
        if packet.type != msg_type:
            raise Failure(f"{self.id}: wanted {NAMES[msg_type]}, got {got}")
        for name, value in fields.items():
            if packet.fields[name] != value:
                raise Failure(f"{self.id}: wanted {NAMES[msg_type]} with {name}={value}, got {got}")
        return packet

    def ask(self, datagram, msg_type, **fields):
        self.send(datagram)
        return self.expect(msg_type, **fields)

    def silent(self):
        """True if the gateway has sent nothing else: a ping that goes after all else comes back first."""
        self.send(pingreq())
        return self.receive().type == PINGRESP

    # --- whole exchanges ---

    def connect(self, keep_alive=60, clean=True, will=None):
        """@will: (topic, message, qos, retain)."""
        flags = (CLEAN if clean else 0) | (WILL if will else 0)
        self.send(connect(self.id, keep_alive, flags))
        if will:
            topic, message, qos, retain = will
            self.expect(WILLTOPICREQ)
            self.send(will_topic(topic, qos, retain))
            self.expect(WILLMSGREQ)
            self.send(will_msg(message))
        self.expect(CONNACK, code=ACCEPTED)
        return self

    def register(self, name):
        """Returns the topic id."""
        msg_id = self.next_id()
        return self.ask(register(name, msg_id), REGACK, msg_id=msg_id, code=ACCEPTED).fields["topic_id"]

    def publish(self, topic_id, data, qos=0, kind=NORMAL, retain=False):
        """The whole exchange of the QoS."""
        msg_id = self.next_id() if qos > 0 else 0
        self.send(publish(topic_id, data, qos, msg_id, kind | (RETAIN if retain else 0)))
        if qos == 1:
            self.expect(PUBACK, topic_id=topic_id, msg_id=msg_id, code=ACCEPTED)
        elif qos == 2:
            self.expect(PUBREC, msg_id=msg_id)
            self.ask(msg_ack(PUBREL, msg_id), PUBCOMP, msg_id=msg_id)

    def subscribe(self, topic, qos=0):
        """Returns the SUBACK's fields."""
        msg_id = self.next_id()
        return self.ask(subscribe(topic, msg_id, qos), SUBACK, msg_id=msg_id, code=ACCEPTED).fields

    def unsubscribe(self, topic):
        msg_id = self.next_id()
        self.ask(unsubscribe(topic, msg_id), UNSUBACK, msg_id=msg_id)

    def take_message(self, timeout=PATIENCE):
        """The next message with its QoS exchange; (flags, topic id, data), and the names that were registered."""
        names = {}
        packet = self.receive(timeout)
        while packet is not None and packet.type == REGISTER:
            names[packet.fields["topic_id"]] = packet.data.decode()
            self.send(regack(packet.fields["topic_id"], packet.fields["msg_id"]))
            packet = self.receive(timeout)
        if packet is None or packet.type != PUBLISH:
            raise Failure(f"{self.id}: wanted a message, got {packet}")
        fields = packet.fields
        qos = fields["flags"] >> 5 & 3
        if qos == 1:
            self.send(puback(fields["topic_id"], fields["msg_id"]))
        elif qos == 2:
            self.ask(msg_ack(PUBREC, fields["msg_id"]), PUBREL, msg_id=fields["msg_id"])
            self.send(msg_ack(PUBCOMP, fields["msg_id"]))
        return fields["flags"], fields["topic_id"], packet.data, names

    def ping_seconds(self, timeout=PATIENCE):
        """How long a PINGRESP takes."""
        begin = time.monotonic()
        self.send(pingreq())
        self.expect(PINGRESP, timeout)
        return time.monotonic() - begin

    def disconnect(self, duration=None):
        self.ask(disconnect(duration), DISCONNECT)
