# SPDX-License-Identifier: BSD-3-Clause
"""A persistent MQTT 3.1.1 session for tests, written from the standard alone: it outlives the broker's restarts,
repeats what was not acknowledged, and takes a QoS 2 message once.  Section numbers are those of the standard."""

import collections
import socket
import struct

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK = range(1, 10)
WINDOW = 20  # publishes in flight
AGAIN = 0.1  # seconds until the next try to connect


def _string(text):
    return struct.pack(">H", len(text)) + text.encode()


def _packet(kind, flags, body):
    """2.2"""
    length, left = b"", len(body)
    while True:
        left, low = divmod(left, 128)
        length += bytes([low | (0x80 if left else 0)])
        if not left:
            return bytes([kind << 4 | flags]) + length + body


class Outbound:
    def __init__(self, topic, payload, qos, done):
        self.topic, self.payload, self.qos, self.done = topic, payload, qos, done
        self.released = False  # PUBREC came


class Session:
    """on_message(topic, payload, qos) is called once the packet is there, before it is acknowledged."""

    def __init__(self, events, address, client_id, on_message=None):
        self.events, self.address, self.id, self.on_message = events, address, client_id, on_message
        self.filters = []
        self.last_id = 0
        self.waiting = collections.deque()
        self.in_flight = collections.OrderedDict()  # message id -> Outbound
        self.received = set()  # ids of QoS 2 between PUBREC and PUBREL
        self.socket = None
        self.up = False
        self.subscribed = False
        self._connect()

    # --- the connection ---

    def _connect(self):
        self.buffer = b""
        self.up = False
        self.socket = socket.socket()
        try:
            self.socket.connect(self.address)  # loopback: at once
        except OSError:
            self.socket.close()
            self.socket = None
            self.events.after(AGAIN, self._connect)
            return
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.events.watch(self.socket, self._readable)
        self._send(CONNECT, 0, _string("MQTT") + bytes([4, 0]) + struct.pack(">H", 0) + _string(self.id))

    def _lost(self):
        if self.socket is None:
            return
        self.events.forget(self.socket)
        self.socket.close()
        self.socket = None
        self.up = self.subscribed = False
        self.events.after(AGAIN, self._connect)

    def _send(self, kind, flags, body):
        if self.socket is None:
            return
        try:
            self.socket.sendall(_packet(kind, flags, body))
        except OSError:
            self._lost()

    def _readable(self):
        try:
            data = self.socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        self.buffer += data
        while self.socket is not None and self._take_packet():
            pass

    def _take_packet(self):
        length, shift, at = 0, 0, 1
        while True:
            if len(self.buffer) <= at:
                return False
            octet = self.buffer[at]
            at += 1
            length |= (octet & 0x7F) << shift
            shift += 7
            if not octet & 0x80:
                break
        if len(self.buffer) < at + length:
            return False
        first, body = self.buffer[0], self.buffer[at:at + length]
        self.buffer = self.buffer[at + length:]
        self._packet(first >> 4, first & 15, body)
        return True

    # --- packets ---

    def _packet(self, kind, flags, body):
        if kind == CONNACK:
            self._accepted(body[1])
        elif kind == PUBLISH:
            self._message(flags >> 1 & 3, body)
        elif kind == SUBACK:
            self.subscribed = True
        elif kind in (PUBACK, PUBREC, PUBREL, PUBCOMP):
            self._acknowledged(kind, struct.unpack(">H", body)[0])

    def _accepted(self, code):
        if code != 0:
            self._lost()
            return
        self.up = True
        if self.filters:
            filters = b"".join(_string(name) + bytes([qos]) for name, qos in self.filters)
            self._send(SUBSCRIBE, 2, struct.pack(">H", self._next_id()) + filters)
        for message_id, out in list(self.in_flight.items()):  # 4.4
            self._say(message_id, out, dup=True)
        self._pump()

    def _message(self, qos, body):
        size = struct.unpack(">H", body[:2])[0]
        topic, rest = body[2:2 + size].decode(), body[2 + size:]
        if qos == 0:
            self.on_message(topic, rest, 0)
            return
        message_id, payload = struct.unpack(">H", rest[:2])[0], rest[2:]
        if qos == 1 or message_id not in self.received:
            self.on_message(topic, payload, qos)
        if qos == 2:
            self.received.add(message_id)
        self._send(PUBACK if qos == 1 else PUBREC, 0, struct.pack(">H", message_id))

    def _acknowledged(self, kind, message_id):
        out = self.in_flight.get(message_id)
        if kind == PUBREL:
            self.received.discard(message_id)
            self._send(PUBCOMP, 0, struct.pack(">H", message_id))
        elif out is not None and kind == PUBREC and out.qos == 2:
            out.released = True
            self._say(message_id, out)
        elif out is not None and kind == (PUBACK if out.qos == 1 else PUBCOMP):
            del self.in_flight[message_id]
            if out.done is not None:
                out.done()
            self._pump()

    # --- what is published ---

    def _next_id(self):
        while True:
            self.last_id = self.last_id % 65535 + 1
            if self.last_id not in self.in_flight:
                return self.last_id

    def _say(self, message_id, out, dup=False):
        if out.released:
            self._send(PUBREL, 2, struct.pack(">H", message_id))
        else:
            flags = out.qos << 1 | (8 if dup else 0)
            self._send(PUBLISH, flags, _string(out.topic) + struct.pack(">H", message_id) + out.payload)

    def _pump(self):
        while self.up and self.waiting and len(self.in_flight) < WINDOW:
            message_id, out = self._next_id(), self.waiting.popleft()
            self.in_flight[message_id] = out
            self._say(message_id, out)

    def publish(self, topic, payload, qos, done=None):
        """At QoS 1 or 2; done() when the broker has it."""
        self.waiting.append(Outbound(topic, payload, qos, done))
        self._pump()

    def subscribe(self, topic_filter, qos):
        """To be called before the connection is up."""
        self.filters.append((topic_filter, qos))

    def idle(self):
        return not self.waiting and not self.in_flight

    def close(self):
        if self.socket is not None:
            self.events.forget(self.socket)
            self.socket.close()
            self.socket = None
