#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Wireshark's dissector as a second opinion on the encoder.

Many packets of every type are made here as lines of text together with the fields that tshark has to
see; lines_to_pcap encodes the lines.  tshark 4.0 shows neither QoS, DUP nor Retain of messages other
than PUBLISH, and takes an empty will topic or node id for malformed: there the vectors must do.
"""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile

PORT = 1884
BUILD = os.environ.get("top_builddir", ".")

IDS = (0, 1, 0x1234, 0xFFFF)
TEXTS = (b"a", b"a/+/#", "kü/°C".encode(), b"\x00\xff\"\\\n", b"x" * 23, b"y" * 1000)
# 255 octets is the longest PUBLISH with a Length of one octet.
PAYLOADS = (b"",) + TEXTS + tuple(b"z" * (total - 7) for total in range(253, 259))
CODES = {"accepted": 0, "congestion": 1, "invalid-topic-id": 2, "not-supported": 3, "4": 4, "255": 255}


# A part of a line and what tshark makes of it: (text, {field: octets or bits in hex}).

def number(word, field, octets, values):
    return [(f"{word}={value}", {field: f"{value:0{2 * octets}x}"}) for value in values]


def switch(word, field):
    return [("", {field: "0"}), (word, {field: "1"})]


def quote(octets):
    return '"' + "".join(f"\\x{octet:02x}" for octet in octets) + '"'


def text(field, values, word=""):
    return [(word + quote(value), {field: value.hex()} if value else {}) for value in values]


def always(**fields):
    return [("", {name.replace("_", "."): value for name, value in fields.items()})]


def unseen(*words):
    return [(word, {}) for word in words]


TID = number("tid", "topic.id", 2, IDS)
MID = number("mid", "msg.id", 2, IDS)
RC = [(f"rc={name}", {"return.code": f"{code:02x}"}) for name, code in CODES.items()]
CLIENT_ID = text("client.id", TEXTS, "id=")
NO_TOPIC_TYPE = always(topic_id_type="0")
TOPIC_ID = (
    [(words, {**fields, "topic.id.type": "0"}) for words, fields in TID]
    + [(words.replace("tid", "pre"), {**fields, "topic.id.type": "1"}) for words, fields in TID]
    + [('short="ab"', {"topic.id": "6162", "topic.id.type": "2"})]
    + [("reserved " + words, {**fields, "topic.id.type": "3"}) for words, fields in TID]
)
FILTER = (
    [(words, {**fields, "topic.id.type": "0"}) for words, fields in text("topic.name.or.id", TEXTS)]
    + [(f"pre={i}", {"topic.name.or.id": f"{i:04x}", "topic.id.type": "1"}) for i in IDS]
    + [('short="ab"', {"topic.name.or.id": "6162", "topic.id.type": "2"})]
    + [(f"reserved {quote(b'ab')}", {"topic.name.or.id": "6162", "topic.id.type": "3"})]
)
QOS = [(f"qos={qos}", {"qos": str(qos & 3)}) for qos in (0, 1, 2, -1)]

# Every combination of the parts is tried.
MESSAGES = {
    "ADVERTISE": (0x00, number("gw", "gw.id", 1, (0, 255)), number("duration", "adv.interv", 2, IDS)),
    "SEARCHGW": (0x01, number("radius", "radius", 1, (0, 1, 255))),
    "GWINFO": (0x02, number("gw", "gw.id", 1, (0, 255)), [("", {}), ("addr=c0000201", {"gw.addr": "c0000201"})]),
    "CONNECT": (0x04, switch("will", "will"), switch("clean", "clean.session"), NO_TOPIC_TYPE,
                number("proto", "protocol.id", 1, (1, 2)), number("keepalive", "keep.alive", 2, IDS), CLIENT_ID),
    "CONNACK": (0x05, RC),
    "WILLTOPICREQ": (0x06,),
    "WILLTOPIC": (0x07, NO_TOPIC_TYPE, unseen("qos=0", "qos=1", "qos=2 retain"), text("will.topic", TEXTS)),
    "WILLMSGREQ": (0x08,),
    "WILLMSG": (0x09, text("will.msg", PAYLOADS)),
    "REGISTER": (0x0A, TID, MID, text("topic", TEXTS)),
    "REGACK": (0x0B, TID, MID, RC),
    "PUBLISH": (0x0C, switch("dup", "dup"), QOS, switch("retain", "retain"), TOPIC_ID, MID[1:3],
                text("pub.msg", PAYLOADS)),
    "PUBACK": (0x0D, TID, MID, RC),
    "PUBCOMP": (0x0E, MID),
    "PUBREC": (0x0F, MID),
    "PUBREL": (0x10, MID),
    "SUBSCRIBE": (0x12, unseen("qos=0", "qos=1 dup", "qos=2", "qos=-1"), MID, FILTER),
    "SUBACK": (0x13, NO_TOPIC_TYPE, unseen("qos=0", "qos=1", "qos=2"), TID, MID, RC),
    "UNSUBSCRIBE": (0x14, MID, FILTER),
    "UNSUBACK": (0x15, MID),
    "PINGREQ": (0x16, [("", {})] + CLIENT_ID),
    "PINGRESP": (0x17,),
    "DISCONNECT": (0x18, [("", {})] + number("duration", "sleep.timer", 2, IDS)),
    "WILLTOPICUPD": (0x1A, NO_TOPIC_TYPE, unseen("qos=0", "qos=1", "qos=2 retain"), text("will.topic", TEXTS)),
    "WILLTOPICRESP": (0x1B, RC),
    "WILLMSGUPD": (0x1C, text("will.msg", PAYLOADS)),
    "WILLMSGRESP": (0x1D, RC),
}


def lines_of(name):
    """Yields (line, the fields that tshark has to see)."""
    code, *parts = MESSAGES[name]
    for choice in itertools.product(*parts):
        fields = {"msg.type": f"{code:02x}"}
        for _, more in choice:
            fields.update(more)
        yield " ".join([name] + [words for words, _ in choice if words]), fields


def encapsulated_lines():
    """One message of each type, behind node ids of several lengths."""
    for name in MESSAGES:
        line, fields = list(lines_of(name))[-1]
        for radius, node in itertools.product((0, 3), ("00", "aabb", "0123456789abcdef", "5a" * 252)):
            outer = {"msg.type": "fe", "control.info": str(radius), "wireless.node.id": node}
            yield f"ENCAPSULATED radius={radius} node={node} {line}", {**outer, "inner": fields}


def seen_fields(tree):
    """tshark's tree of one message as {field: hex}."""
    fields = {}
    for name, value in tree.items():
        if name == "mqttsn.msg":
            fields["inner"] = seen_fields(value)
        elif name.endswith("_raw") and name not in ("mqttsn.msg_raw", "mqttsn.msg.len_raw"):
            fields[name[len("mqttsn."):-len("_raw")]] = value[0]
    return fields


def dissect(lines, folder):
    """What tshark says to each line: its layers of the packet."""
    capture = os.path.join(folder, "packets.pcap")
    helper = os.path.join(BUILD, "tests/codec/lines_to_pcap")
    subprocess.run([helper, capture, str(PORT)], input="\n".join(lines).encode(), timeout=300, check=True)
    command = ["tshark", "-r", capture, "-d", f"udp.port=={PORT},mqttsn", "-T", "json", "-x", "-J", "mqttsn"]
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=300, check=True)
    return [packet["_source"]["layers"] for packet in json.loads(run.stdout.decode(errors="replace"))]


def complaint(line, fields, layers):
    """What tshark saw otherwise than said, or None."""
    if "_ws.malformed" in layers:
        return f"malformed: {line}"
    tree = layers["mqttsn"]["mqttsn.msg"]
    total = int(tree["mqttsn.msg.len"])
    octets = len(layers["mqttsn_raw"][0]) // 2
    seen = seen_fields(tree)
    if seen != fields:
        return f"{line}\n  said {fields}\n  seen {seen}"
    if "inner" in fields:
        octets = 3 + len(fields["wireless.node.id"]) // 2
    return None if total == octets else f"{line}: Length is {total}, not {octets}"


def main():
    if shutil.which("tshark") is None:
        print("1..0 # SKIP no tshark here")
        return 0
    groups = {name: list(lines_of(name)) for name in MESSAGES}
    groups["ENCAPSULATED"] = list(encapsulated_lines())
    with tempfile.TemporaryDirectory() as folder:
        packets = dissect([line for cases in groups.values() for line, _ in cases], folder)
    failed = len(packets) != sum(map(len, groups.values()))
    packets = iter(packets)
    print(f"1..{len(groups)}")
    for i, (name, cases) in enumerate(groups.items(), 1):
        found = [complaint(line, fields, layers) for (line, fields), layers in zip(cases, packets)]
        complaints = [text for text in found if text is not None]
        print(f"{'not ok' if complaints else 'ok'} {i} - {name}: {len(found)} packets")
        for text in complaints[:3]:
            print("# " + text.replace("\n", "\n# "))
        failed |= bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
