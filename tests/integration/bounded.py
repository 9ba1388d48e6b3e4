# SPDX-License-Identifier: BSD-3-Clause
"""More messages for a sleeper than its queue takes: the gateway stops reading, the broker keeps the rest, and all
arrive in order over many wake-ups (SN12-SLEEP-18).  The sleeper has the strength for NAP messages at a time.

Environment: BOUNDED_MESSAGES, how many.
"""

import os

import mqtt
from events import Events
from harness import VALGRIND, Failure, check, comment, equal, free_udp_address, main, test, wait_for
from sensors import Sensor

MESSAGES = int(os.environ.get("BOUNDED_MESSAGES", "2000" if VALGRIND else "10000"))
QUEUE = 100
NAP = 130
BROKER_WINDOW = 20  # mosquitto's max_inflight_messages


class Sleeper:
    """Asleep; .taken are the numbers that it got."""

    def __init__(self, bench, address):
        self.events = bench.closing(Events())
        self.sensor = bench.closing(Sensor(self.events, address, "sleeper", self.on_message, 1))
        self.taken = []
        self.wakes = 0
        self.finish(self.sensor.connect)
        self.finish(lambda done: self.sensor.subscribe("valve", 1, done))
        self.finish(self.sensor.fall_asleep)

    def on_message(self, sensor, topic, payload, qos):
        equal((topic, qos), ("valve", 1), "topic and QoS")
        self.taken.append(int(payload))

    def finish(self, begin):
        over = []
        begin(lambda: over.append(True))
        if not self.events.run_until(lambda: over, 60):
            raise Failure(f"no answer, after {len(self.taken)} messages")

    def wake(self, n=NAP):
        """Wakes it until PINGRESP or until @n more messages have come; True in the latter case: it is still awake."""
        over = []
        wanted = len(self.taken) + n
        self.wakes += 1
        self.sensor.wake(lambda: over.append(True))
        if not self.events.run_until(lambda: over or len(self.taken) >= wanted, 60):
            raise Failure(f"neither messages nor PINGRESP, after {len(self.taken)} messages")
        return not over


def acknowledged(broker):
    return broker.process.count_log("Received PUBACK from sleeper ")


def fill(broker):
    """Publishes everything; the gateway takes a queue full of it and leaves the rest."""
    equal(mqtt.publish_lines(broker, "valve", [b"%d" % n for n in range(MESSAGES)]), MESSAGES, "messages published")
    wait_for(lambda: acknowledged(broker) >= QUEUE, "a queue full of messages")
    check(acknowledged(broker) <= QUEUE + BROKER_WINDOW, f"{acknowledged(broker)} messages were taken")


def drain(sleeper):
    """Wakes it until all is there."""
    while len(set(sleeper.taken)) < MESSAGES:
        before = len(sleeper.taken)
        if sleeper.wake():
            sleeper.finish(sleeper.sensor.sleep_on)
        elif len(sleeper.taken) == before:
            sleeper.events.run_until(lambda: False, 0.05)
        check(sleeper.wakes < MESSAGES, f"{len(sleeper.taken)} messages in {sleeper.wakes} wake-ups")
    check(sleeper.wakes >= MESSAGES // NAP, f"many wake-ups: {sleeper.wakes}")
    comment(f"{len(sleeper.taken)} messages in {sleeper.wakes} wake-ups")


@test(f"{MESSAGES} messages for a sleeper with a queue of {QUEUE}: all arrive, once and in order")
def _(bench):
    broker = bench.broker(max_queued_messages=0)
    gateway = bench.gateway(broker, "--set", f"limits.queue_messages={QUEUE}")
    sleeper = Sleeper(bench, gateway.address)
    fill(broker)
    drain(sleeper)
    equal(sleeper.taken, list(range(MESSAGES)), "messages")
    equal(gateway.counters().get("messages_dropped_total", 0), 0, "dropped messages")
    equal(sleeper.sensor.noticed, [], "what the sleeper noticed")


@test("the same with a store, and the gateway killed in between: all arrive, in order but for repeats")
def _(bench):
    broker = bench.broker(max_queued_messages=0)
    listen = free_udp_address()

    def start():
        return bench.gateway(broker, "--state-dir", bench.path("state"), "--set", f"limits.queue_messages={QUEUE}",
                             "--set", "timers.retry=1", "--set", "timers.reconnect_least=0.1",
                             listen="%s:%d" % listen)

    gateway = start()
    sleeper = Sleeper(bench, listen)
    fill(broker)
    gateway.kill()
    gateway = start()
    for n in (1, QUEUE // 2):
        check(sleeper.wake(n), "it is in the middle of its awake time")
        gateway.kill()
        gateway = start()
        sleeper.finish(sleeper.sensor.sleep_on)
    drain(sleeper)
    firsts = list(dict.fromkeys(sleeper.taken))
    equal(firsts, list(range(MESSAGES)), "messages, without repeats")
    check(len(sleeper.taken) <= MESSAGES + 3 * BROKER_WINDOW, f"{len(sleeper.taken) - MESSAGES} repeats")
    equal(sleeper.sensor.noticed, [], "what the sleeper noticed")


main()
