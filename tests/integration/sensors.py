# SPDX-License-Identifier: BSD-3-Clause
"""Sensors that live by themselves on an event loop: they publish, take messages and sleep as the specification wants
it, repeat what was not answered, and keep their state whatever becomes of the gateway.  What they should never hear
they note in .noticed."""

import random
import socket

import mqttsn
from harness import Failure
from mqttsn import (ACCEPTED, CONGESTION, CONNACK, DISCONNECT, DUP, PINGRESP, PUBACK, PUBCOMP, PUBLISH, PUBREC,
                    PUBREL, REGACK, REGISTER, SUBACK, WILLMSGREQ, WILLTOPICREQ)

RETRY = 0.4  # seconds: T_retry
WAIT = 0.3  # seconds, after "congestion": T_WAIT
KEEP_ALIVE = 60
SLEEP = 120  # seconds promised; it wakes far earlier


class Request:
    """What was sent and is not answered."""

    def __init__(self, datagram, answers, msg_id, done):
        self.datagram, self.answers, self.msg_id, self.done = datagram, answers, msg_id, done
        self.timer = None


class Sensor:
    """on_message(sensor, topic, payload, qos) is called for each message that it takes."""

    def __init__(self, events, gateway_address, client_id, on_message, seed, retry=RETRY):
        self.events, self.id, self.on_message, self.retry = events, client_id, on_message, retry
        self.random = random.Random(seed)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(gateway_address)
        self.topics = {}  # id -> name
        self.received = set()  # ids of QoS 2 between PUBREC and PUBREL
        self.msg_id = 0
        self.request = None
        self.noticed = []
        self.repeats = self.congestions = 0
        self.late_disconnects = 0  # answers to what was repeated, which may still come
        events.watch(self.socket, self._readable)

    def close(self):
        self.events.forget(self.socket)
        self.socket.close()

    # --- requests: one at a time (section 6.13) ---

    def _send(self, datagram):
        for _ in range(2):  # the first may fail for what was sent before, when nobody was there
            try:
                self.socket.send(datagram)
                return
            except OSError:
                pass

    def next_id(self):
        self.msg_id = self.msg_id % 65535 + 1
        return self.msg_id

    def ask(self, datagram, answers, done, msg_id=None):
        """Repeats @datagram until one of the types in @answers comes, with @msg_id; then calls done(packet)."""
        assert self.request is None, "one request at a time"
        self.request = Request(datagram, answers, msg_id, done)
        self._send(datagram)
        self._wait_for_answer()

    def _wait_for_answer(self):
        request = self.request
        request.timer = self.events.after(self.retry, self.repeat)

    def repeat(self):
        """Sends again what was not answered, if there is something."""
        request = self.request
        if request is None:
            return
        self.events.cancel(request.timer)
        self.repeats += 1
        self.late_disconnects += DISCONNECT in request.answers
        if request.datagram[1] == PUBLISH:
            request.datagram = request.datagram[:2] + bytes([request.datagram[2] | DUP]) + request.datagram[3:]
        self._send(request.datagram)
        self._wait_for_answer()

    def _answered(self, packet):
        request = self.request
        if request is None or packet.type not in request.answers:
            return False
        if request.msg_id is not None and packet.fields.get("msg_id") != request.msg_id:
            return False
        self.events.cancel(request.timer)
        self.request = None
        request.done(packet)
        return True

    # --- what comes ---

    def _readable(self):
        try:
            datagram = self.socket.recv(65536)
        except OSError:
            return
        try:
            self._packet(mqttsn.decode(datagram))
        except Failure as e:
            self.noticed.append(str(e))

    def _packet(self, packet):
        if self._answered(packet):
            return
        fields = packet.fields
        if packet.type == REGISTER:
            self.topics[fields["topic_id"]] = packet.data.decode()
            self._send(mqttsn.regack(fields["topic_id"], fields["msg_id"]))
        elif packet.type == PUBLISH:
            self._message(fields, packet.data)
        elif packet.type == PUBREL:
            self.received.discard(fields["msg_id"])
            self._send(mqttsn.msg_ack(PUBCOMP, fields["msg_id"]))
        elif packet.type == PUBACK and fields["code"] not in (ACCEPTED, CONGESTION):
            self.noticed.append(f"PUBACK with code {fields['code']}")
        elif packet.type == DISCONNECT:
            self._disconnected()

    def _disconnected(self):
        if self.late_disconnects > 0:
            self.late_disconnects -= 1
        else:
            self.noticed.append("DISCONNECT")

    def _message(self, fields, payload):
        topic_id, msg_id, qos = fields["topic_id"], fields["msg_id"], fields["flags"] >> 5 & 3
        if topic_id not in self.topics:
            self.noticed.append(f"a message on topic id {topic_id}, never told")
            self._send(mqttsn.puback(topic_id, msg_id, mqttsn.INVALID_TOPIC_ID))
            return
        if qos < 2 or msg_id not in self.received:
            self.on_message(self, self.topics[topic_id], payload, qos)
        if qos == 1:
            self._send(mqttsn.puback(topic_id, msg_id))
        elif qos == 2:
            self.received.add(msg_id)
            self._send(mqttsn.msg_ack(PUBREC, msg_id))

    # --- what it does ---

    def connect(self, done, will=None, keep_alive=KEEP_ALIVE, clean=False):
        """@will: (topic, message, QoS)."""
        flags = (mqttsn.WILL if will else 0) | (mqttsn.CLEAN if clean else 0)
        datagram = mqttsn.connect(self.id, keep_alive, flags)

        def accepted(packet):
            if packet.fields["code"] == ACCEPTED:
                done()
            else:
                self.congestions += 1
                self.events.after(WAIT, lambda: self.connect(done, will, keep_alive, clean))

        def will_message(packet):
            self.ask(mqttsn.will_msg(will[1]), {CONNACK}, accepted)

        def will_topic(packet):
            self.ask(mqttsn.will_topic(will[0], will[2]), {WILLMSGREQ}, will_message)

        if will:
            self.ask(datagram, {WILLTOPICREQ}, will_topic)
        else:
            self.ask(datagram, {CONNACK}, accepted)

    def subscribe(self, topic_filter, qos, done):
        msg_id = self.next_id()

        def subscribed(packet):
            if packet.fields["code"] != ACCEPTED:
                raise Failure(f"{self.id}: SUBACK with code {packet.fields['code']}")
            if packet.fields["topic_id"] > 0:
                self.topics[packet.fields["topic_id"]] = topic_filter
            done()

        self.ask(mqttsn.subscribe(topic_filter, msg_id, qos), {SUBACK}, subscribed, msg_id)

    def register(self, name, done):
        msg_id = self.next_id()

        def registered(packet):
            self.topics[packet.fields["topic_id"]] = name
            done(packet.fields["topic_id"])

        self.ask(mqttsn.register(name, msg_id), {REGACK}, registered, msg_id)

    def publish(self, topic_id, payload, qos, done):
        """The whole exchange of QoS 1 or 2; done() after it."""
        msg_id = self.next_id()

        def completed(packet):
            done()

        def answered(packet):
            if packet.type == PUBREC:
                self.ask(mqttsn.msg_ack(PUBREL, msg_id), {PUBCOMP}, completed, msg_id)
            elif packet.fields["code"] == ACCEPTED:
                done()
            elif packet.fields["code"] == CONGESTION:
                self.congestions += 1
                self.events.after(WAIT, lambda: self.publish(topic_id, payload, qos, done))
            else:
                self.noticed.append(f"PUBACK with code {packet.fields['code']}")
                done()

        self.ask(mqttsn.publish(topic_id, payload, qos, msg_id), {PUBACK, PUBREC} if qos == 2 else {PUBACK}, answered,
                 msg_id)

    def fall_asleep(self, done, seconds=SLEEP):
        self.ask(mqttsn.disconnect(seconds), {DISCONNECT}, lambda packet: done())

    def sleep_on(self, done, seconds=SLEEP):
        """Ends an awake time before PINGRESP does."""
        self.events.cancel(self.request.timer)
        self.request = None
        self.fall_asleep(done, seconds)

    def disconnect(self, done):
        self.ask(mqttsn.disconnect(), {DISCONNECT}, lambda packet: done())

    def wake(self, done):
        """Takes what waits; done() with PINGRESP."""
        self.ask(mqttsn.pingreq(self.id), {PINGRESP}, lambda packet: done())
