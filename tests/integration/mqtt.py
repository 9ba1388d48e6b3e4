# SPDX-License-Identifier: BSD-3-Clause
"""The MQTT side of a test: mosquitto_pub and mosquitto_sub."""

import collections
import shutil
import subprocess

from harness import PATIENCE, Failure, Skip, wait_for

Message = collections.namedtuple("Message", "topic payload qos retain")


def _program(name):
    path = shutil.which(name)
    if path is None:
        raise Skip(f"{name} is not installed")
    return path


def publish(broker, topic, payload=b"", qos=1, retain=False):
    """Publishes one message; returns when the broker has it."""
    argv = [_program("mosquitto_pub"), "-h", broker.host, "-p", str(broker.port), "-t", topic, "-q", str(qos)]
    argv += ["-s"] if payload else ["-n"]
    argv += ["-r"] if retain else []
    done = subprocess.run(argv, input=payload, timeout=PATIENCE, capture_output=True, check=False)
    if done.returncode != 0:
        raise Failure(f"mosquitto_pub: {done.stderr.decode()}")


def publish_lines(broker, topic, payloads, qos=1):
    """Publishes many messages, which are lines of text, in one session; returns how many."""
    argv = [_program("mosquitto_pub"), "-h", broker.host, "-p", str(broker.port), "-t", topic, "-q", str(qos), "-l"]
    text = b"".join(p + b"\n" for p in payloads)
    done = subprocess.run(argv, input=text, timeout=PATIENCE, capture_output=True, check=False)
    if done.returncode != 0:
        raise Failure(f"mosquitto_pub: {done.stderr.decode()}")
    return len(payloads)


class Subscriber:
    """A subscription of its own session; it stands when the constructor returns."""

    _count = 0

    def __init__(self, bench, broker, topic_filter, qos=2):
        Subscriber._count += 1
        client_id = f"watcher-{Subscriber._count}"
        self.path = bench.path(client_id + ".out")
        argv = [_program("mosquitto_sub"), "-h", broker.host, "-p", str(broker.port), "-i", client_id,
                "-t", topic_filter, "-q", str(qos), "-F", "%t\t%x\t%q\t%r"]
        with open(self.path, "wb") as out:
            self.process = bench.process(argv, client_id, stdout=out)
        broker.process.wait_log(f"Sending SUBACK to {client_id}$")
        self.taken = 0

    def all(self):
        """Every message so far, in order."""
        with open(self.path, encoding="utf-8") as f:
            lines = f.read().split("\n")[:-1]
        messages = []
        for line in lines:
            topic, payload, qos, retain = line.split("\t")
            messages.append(Message(topic, bytes.fromhex(payload), int(qos), retain == "1"))
        return messages

    def take(self, n=1, timeout=PATIENCE):
        """Waits for the next @n messages and returns them."""
        wait_for(lambda: len(self.all()) >= self.taken + n, f"{n} more messages from the broker", timeout)
        messages = self.all()[self.taken:self.taken + n]
        self.taken += n
        return messages

    def one(self, timeout=PATIENCE):
        return self.take(1, timeout)[0]

    def rest(self):
        """The messages that are there and were not taken."""
        return self.all()[self.taken:]
