# SPDX-License-Identifier: BSD-3-Clause
"""The admin server as its users see it, and an independent reader of Prometheus' text format."""

import collections
import http.client
import json
import re
import socket
import urllib.parse

from harness import PATIENCE, check, equal

TOKEN = "an-operator's-secret"

Answer = collections.namedtuple("Answer", "status headers body")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Admin:
    """The admin server of a gateway that was started with --admin."""

    def __init__(self, gateway):
        match = gateway.wait_log(r"admin server on (http://\[?([^\]\s]+?)\]?:(\d+)/|unix:(\S+))$")
        self.path = match[4]
        self.address = (match[2], int(match[3])) if self.path is None else None
        self.url = match[1]

    def connection(self):
        if self.path is not None:
            return UnixConnection(self.path, PATIENCE)
        return http.client.HTTPConnection(*self.address, timeout=PATIENCE)

    def ask(self, method, path, token=None, **headers):
        connection = self.connection()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        connection.close()
        return answer

    def get(self, path, **options):
        return self.ask("GET", path, **options)

    def post(self, path, token=TOKEN, **options):
        return self.ask("POST", path, token=token, **options)

    def json(self, path, **options):
        answer = self.get(path, **options)
        equal(answer.status, 200, path)
        equal(answer.headers["Content-Type"], "application/json", path)
        return json.loads(answer.body)

    def client(self, client_id):
        """What is known about a client, or None."""
        answer = self.get("/clients/" + urllib.parse.quote(client_id, safe=""))
        if answer.status == 404:
            return None
        equal(answer.status, 200, client_id)
        return json.loads(answer.body)

    def clients(self, **parameters):
        """All clients, page by page."""
        found = []
        while True:
            page = self.json("/clients?" + urllib.parse.urlencode(parameters))
            equal(sorted(page), ["clients", "next"], "members of a page")
            found += page["clients"]
            if page["next"] is None:
                return found
            parameters["after"] = page["next"]

    def metrics(self):
        answer = self.get("/metrics")
        equal(answer.status, 200, "/metrics")
        equal(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8", "/metrics")
        return read_metrics(answer.body.decode())

    def raw(self, octets=b""):
        """A connection on which these octets were sent."""
        s = socket.create_connection(self.address, timeout=PATIENCE)
        s.sendall(octets)
        return s

    def stream(self, path):
        """A connection whose answer does not end; the head has been read."""
        s = self.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            octet = s.recv(1)
            check(octet, f"{path}: the head ends: {head!r}")
            head += octet
        check(head.startswith(b"HTTP/1.1 200 "), f"{path}: {head!r}")
        return s


def read_to_end(s):
    octets = b""
    while True:
        more = s.recv(65536)
        if not more:
            return octets
        octets += more


# --- Prometheus' text format 0.0.4, read strictly ---

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? ([0-9]+(?:\.[0-9]+)?)")


def read_metrics(text):
    """A dictionary from (name, labels) to value; labels are a tuple of (name, value) pairs, sorted."""
    check(text.endswith("\n"), "the last line ends")
    values, types, helps, done, family = {}, {}, {}, set(), None
    for line in text[:-1].split("\n"):
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            check(re.fullmatch(NAME, words[2]) and len(words) == 4 and words[3], line)
            check(words[2] not in helps and words[2] not in done, f"twice: {line}")
            helps[words[2]] = words[3]
            done.add(family)
            family = words[2]
        elif line.startswith("# TYPE "):
            equal(words[2], family, "TYPE follows its HELP")
            check(words[2] not in types and words[3] in ("counter", "gauge"), line)
            types[words[2]] = words[3]
        else:
            match = SAMPLE.fullmatch(line)
            check(match, f"no sample: {line}")
            equal(match[1], family, "a sample stands with its family")
            labels = tuple(sorted(re.findall(r'([^=,]+)="((?:[^"\\]|\\.)*)"', match[2] or "")))
            check((family, labels) not in values, f"twice: {line}")
            check(types[family] != "counter" or family.endswith("_total"), f"a counter by another name: {line}")
            values[family, labels] = float(match[3]) if "." in match[3] else int(match[3])
    for name in helps:
        check(name in types and any(n == name for n, _ in values), f"{name} has no samples")
    return values


def value_of(metrics, name, **labels):
    return metrics[name, tuple(sorted(labels.items()))]
