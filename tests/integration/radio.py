# SPDX-License-Identifier: BSD-3-Clause
"""A radio on a serial line, for tests of the forwarder: a pseudo-terminal with nodes behind it, and noise on the line if
wanted.  Its framings are written from RFC 1055 and RFC 1662 alone."""

import os
import random
import select
import socket
import threading
import tty

import mqttsn


def slip_wrap(frame):
    return b"\xc0" + frame.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


def slip_unwrap(octets):
    return octets.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")


def fcs(octets):
    """RFC 1662, appendix C."""
    value = 0xFFFF
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ 0x8408 if value & 1 else value >> 1
    return (value ^ 0xFFFF).to_bytes(2, "little")


def hdlc_wrap(frame):
    frame += fcs(frame)
    return b"~" + frame.replace(b"}", b"}]").replace(b"~", b"}^") + b"~"


def hdlc_unwrap(octets):
    """None if the checksum is wrong."""
    frame = octets.replace(b"}^", b"~").replace(b"}]", b"}")
    return frame[:-2] if len(frame) > 2 and fcs(frame[:-2]) == frame[-2:] else None


FRAMINGS = {"slip": (b"\xc0", slip_wrap, slip_unwrap), "hdlc": (b"~", hdlc_wrap, hdlc_unwrap)}


class Radio:
    """The device is a symbolic link, .device, which unplug() takes away and plug() brings back."""

    def __init__(self, bench, framing="slip", noise=0.0, seed=1):
        self.flag, self.wrap, self.unwrap = FRAMINGS[framing]
        self.framing, self.noise, self.random = framing, noise, random.Random(seed)
        self.bench, self.device = bench, bench.path(f"radio-{seed}")
        self.nodes = {}  # node id: our end of the node's socket
        self.broadcasts = []  # (radius, message)
        self.hurt = 0
        self.buffer = b""
        self.stop_r, self.stop_w = os.pipe()
        self.plug()
        bench.closing(self)

    def plug(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.symlink(os.ttyname(self.slave), self.device)
        self.thread = threading.Thread(target=self.run, args=(self.master,), daemon=True)
        self.thread.start()

    def unplug(self):
        os.write(self.stop_w, b".")
        self.thread.join()
        os.unlink(self.device)
        os.close(self.slave)
        os.close(self.master)

    def close(self):
        self.unplug()
        for end in self.nodes.values():
            end.close()
        os.close(self.stop_r)
        os.close(self.stop_w)

    def node(self, node_id, client_id):
        """A client on the radio."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        client = mqttsn.Client.__new__(mqttsn.Client)
        client.id, client.socket, client.msg_id, client.node_id = client_id, theirs, 0, None
        self.nodes[node_id] = ours
        return self.bench.closing(client)

    def spoil(self, octets):
        """The line loses, doubles and changes octets."""
        out = bytearray()
        for octet in octets:
            what = self.random.randrange(3) if self.random.random() < self.noise else None
            self.hurt += what is not None
            if what == 0:
                octet = self.random.randrange(256)
            if what != 1:
                out.append(octet)
            if what == 2:
                out.append(octet)
        return bytes(out)

    def run(self, master):
        while True:
            ready, _, _ = select.select([self.stop_r, master, *list(self.nodes.values())], [], [], 0.02)
            if self.stop_r in ready:
                os.read(self.stop_r, 1)
                return
            if master in ready:
                self.hear(self.spoil(os.read(master, 4096)))
            for node_id, end in list(self.nodes.items()):
                if end in ready:
                    frame = mqttsn.encapsulate(node_id, end.recv(65536))
                    os.write(master, self.spoil(self.wrap(frame)))

    def hear(self, octets):
        *frames, self.buffer = (self.buffer + octets).split(self.flag)
        for octets in frames:
            frame = self.unwrap(octets) if octets else None
            if frame is None or len(frame) < 3 or frame[0] < 3 or frame[1] != mqttsn.ENCAPSULATED:
                continue
            node_id, message = frame[3:frame[0]], frame[frame[0]:]
            if node_id in self.nodes:
                self.nodes[node_id].send(message)
            elif not node_id:
                self.broadcasts.append((frame[2], message))
