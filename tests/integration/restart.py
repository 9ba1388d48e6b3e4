# SPDX-License-Identifier: BSD-3-Clause
"""Restarts of a gateway with a state directory: killed at each step of a turn (gateway/crash_point.h; these tests need
configure --enable-crash-points), killed or stopped at rest.  The sensors keep their state, and repeat what was not
answered; they are told nothing, and need no new CONNECT."""

import concurrent.futures
import signal
import time

import mqtt
from events import Events
from harness import Skip, check, equal, free_udp_address, main, test, wait_for
from mqtt import Subscriber
from sensors import Sensor

PATIENCE = 20
RETRY = 0.5  # seconds, of the gateway that follows a killed one: no sensor may take longer to answer


class Site:
    """A broker, a state directory, a gateway that comes back at the same address, and sensors."""

    def __init__(self, bench, *options):
        self.bench = bench
        self.broker = bench.broker()
        self.events = bench.closing(Events())
        self.state = bench.path("state")
        self.address = free_udp_address()
        self.options = options
        self.gateway = None
        self.taken = []  # (sensor, topic, payload)

    def start(self, crash=None):
        """One that is to crash repeats nothing, for its packets are counted."""
        retry = PATIENCE if crash else RETRY
        env = {"MQTTSN_CRASH": crash} if crash else None
        self.gateway = self.bench.start_gateway(
            "--listen", "%s:%d" % self.address, "--broker", self.broker.address, "--state-dir", self.state,
            "--set", "timers.reconnect_least=0.1", "--set", f"timers.retry={retry}", "--set", "timers.retries=20",
            "--set", "log.packets=true", *self.options, env=env).wait_ready()
        if crash and "a crash point is armed" not in self.gateway.log():
            raise Skip("built without --enable-crash-points")

    def replace(self, crash=None):
        """Kills the gateway if it still lives, and starts another."""
        self.gateway.kill()
        self.start(crash)

    def sensor(self, name):
        """One that repeats only when told to, so that the packets of a test can be counted."""
        return self.bench.closing(Sensor(self.events, self.address, name, self.on_message, name, retry=PATIENCE))

    def on_message(self, sensor, topic, payload, qos):
        self.taken.append((sensor.id, topic, payload))

    def payloads(self, sensor):
        return [payload for name, _, payload in self.taken if name == sensor.id]

    def run(self, condition, what):
        check(self.events.run_until(condition, PATIENCE), f"{what}: did not happen within {PATIENCE} s")

    def wait_log(self, process, pattern):
        """While the sensors live on: one that did not answer would be told again."""
        self.run(lambda: process.count_log(pattern), f"log line {pattern!r}")

    def publish(self, topic, payload, qos=1):
        """At the broker, while the sensors live on."""
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            published = pool.submit(mqtt.publish, self.broker, topic, payload, qos)
            self.run(published.done, f"a message at {topic}")
            published.result()

    def finish(self, begin, *arguments, **more):
        """Runs a request of a sensor, begin(..., done), to its end; returns what done() was told."""
        results = []
        begin(*arguments, done=lambda *result: results.append(result), **more)
        self.run(lambda: results, begin.__name__)
        return results[0][0] if results[0] else None

    def dead(self):
        return not self.gateway.process.running()

    def crash(self):
        """Waits for it.  The sensors have handled then what the gateway sent before, and their answers are lost."""
        self.run(self.dead, "the crash")
        self.events.run_ready()
        equal(self.gateway.process.popen.returncode, -signal.SIGKILL, "exit status")

    def leave(self, sensor):
        """Its DISCONNECT, and the end of its connection with the broker: all that it gave is there."""
        self.finish(sensor.disconnect)
        self.wait_log(self.broker.process, f"Received DISCONNECT from {sensor.id}$")

    def links_up(self, *sensors):
        """Waits until a restarted gateway has its connections for them."""
        for sensor in sensors:
            self.wait_log(self.gateway.process, f"{sensor.id}: broker connection restored")


def after(point):
    """A crash point, and the steps of the turn behind it."""
    return [point] + [f"{point}:{later}" for later in ("handled", "committed", "upstream", "sent")]


def unnoticed(*sensors):
    for sensor in sensors:
        equal(sensor.noticed, [], f"what {sensor.id} noticed")


def cases(site, orders):
    """Starts a gateway for each crash order; yields the order and a new name."""
    site.start()
    for number, order in enumerate(orders):
        site.replace(order)
        yield order, f"c{number}"


# --- from a sensor to the broker ---


def publish_cut(bench, qos, expected):
    """@expected: order -> how often the broker may get what was cut."""
    site = Site(bench)
    watcher = Subscriber(bench, site.broker, "up/#")
    for order, name in cases(site, expected):
        sensor = site.sensor(name)
        site.finish(sensor.connect)
        topic_id = site.finish(sensor.register, f"up/{name}")
        done = []
        sensor.publish(topic_id, b"cut", qos, lambda done=done: done.append(True))
        site.crash()
        site.replace()
        sensor.repeat()
        site.run(lambda done=done: done, f"{order}: acknowledged")
        site.finish(sensor.publish, topic_id, b"next", qos)
        wait_for(lambda name=name: (f"up/{name}", b"next") in [m[:2] for m in watcher.all()], f"{order}: next")
        copies = [m.payload for m in watcher.all() if m.topic == f"up/{name}"]
        equal(copies, [b"cut"] * expected[order] + [b"next"], order)
        unnoticed(sensor)
        site.leave(sensor)


# CONNECT and REGISTER are the first two datagrams.
@test("a QoS 1 publish is cut at each step: the broker has it, twice if only the acknowledgement is missing")
def _(bench):
    before = {"datagram:3": 1, "datagram:3:handled": 1, "datagram:3:committed": 1}
    between = {order: 2 for order in ["datagram:3:upstream", "datagram:3:sent"] + after("published:1")[:4]}
    publish_cut(bench, 1, before | between | {"published:1:sent": 1})


@test("a QoS 2 publish is cut at each step: twice only between the broker's PUBCOMP and the commit")
def _(bench):
    before = {order: 1 for order in after("datagram:3")}
    between = {"published:1": 2, "published:1:handled": 2}
    publish_cut(bench, 2, before | between | {order: 1 for order in after("published:1")[2:] + after("datagram:4")})


@test("publishes taken while the broker is away outlive the gateway, in order")
def _(bench):
    site = Site(bench)
    site.start()
    sensor = site.sensor("a")
    site.finish(sensor.connect)
    topic_id = site.finish(sensor.register, "up/a")
    site.broker.kill()
    site.wait_log(site.gateway.process, "a: broker connection lost")
    for number in range(6):
        site.finish(sensor.publish, topic_id, str(number).encode(), 1 + number % 2)
        site.replace()
    site.gateway.kill()
    site.broker.start()
    watcher = Subscriber(bench, site.broker, "up/#")
    site.start()
    messages = watcher.take(6)
    for qos in (1, 2):  # the broker passes on QoS 2 a round trip later
        equal([int(m.payload) for m in messages if m.qos == qos], list(range(qos - 1, 6, 2)), f"messages of QoS {qos}")
    site.finish(sensor.publish, topic_id, b"last", 1)
    equal(watcher.one().payload, b"last", "last message")
    unnoticed(sensor)


# --- from the broker to a sensor ---


def message_cut(bench, qos, expected, asleep):
    """@expected: order -> how often the sensor may get what was cut.  CONNECT and SUBSCRIBE are the first datagrams,
    DISCONNECT the third of a sleeper."""
    site = Site(bench)
    for order, name in cases(site, expected):
        sensor = site.sensor(name)
        site.finish(sensor.connect)
        site.finish(sensor.subscribe, f"down/{name}/+", qos)
        if asleep:
            site.finish(sensor.fall_asleep)
        woken = []
        site.publish(f"down/{name}/x", b"cut", qos)
        if asleep and order.startswith("datagram"):
            site.wait_log(site.broker.process, f"Received PUBACK from {name} ")
            sensor.wake(lambda woken=woken: woken.append(True))
        site.crash()
        if asleep and order.startswith("message"):
            equal(site.payloads(sensor), [], f"{order}: messages to a sleeper")
        site.replace()
        site.links_up(sensor)
        site.publish(f"down/{name}/x", b"next", qos)
        if asleep:
            site.wait_log(site.broker.process, f"Sending PUBLISH to {name} .*4 bytes")
        if sensor.request:
            sensor.repeat()
            site.run(lambda woken=woken: woken, f"{order}: PINGRESP")
        while b"next" not in site.payloads(sensor):
            if asleep:
                site.finish(sensor.wake)
            site.events.run_until(lambda sensor=sensor: b"next" in site.payloads(sensor), 0.1 if asleep else PATIENCE)
        site.leave(sensor)
        equal(site.payloads(sensor), [b"cut"] * expected[order] + [b"next"], order)
        unnoticed(sensor)


# The sensor takes its topic id (REGACK, the third datagram), then the message (PUBACK or PUBREC, the fourth).
@test("a QoS 1 message for an active sensor is cut at each step: it arrives")
def _(bench):
    once = {"message:1": 1, "message:1:handled": 1, "message:1:upstream": 1, "message:1:sent": 1}
    twice = {"message:1:committed": 2, "datagram:4": 2, "datagram:4:handled": 2}
    message_cut(bench, 1, once | twice | {o: 1 for o in after("datagram:3")[:4]} | {"datagram:3:sent": 2} |
                {o: 1 for o in after("datagram:4")[2:]}, False)


@test("a QoS 2 message for an active sensor is cut at each step: twice only between the commit and the PUBACK")
def _(bench):
    once = ["message:1", "message:1:handled", "message:1:upstream", "message:1:sent"]
    steps = after("datagram:3") + after("datagram:4") + after("datagram:5")
    message_cut(bench, 2, {o: 1 for o in once + steps} | {"message:1:committed": 2}, False)


@test("a QoS 1 message for a sleeper is cut at each step: it waits for the sleeper")
def _(bench):
    once = ["message:1", "message:1:handled", "message:1:upstream", "message:1:sent"]
    message_cut(bench, 1, {o: 1 for o in once} | {"message:1:committed": 2}, True)


@test("a sleeper's wake-up is cut at each step: what waited arrives, at QoS 2 once")
def _(bench):
    steps = [o for n in (4, 5, 6, 7) for o in after(f"datagram:{n}")]
    message_cut(bench, 2, {o: 1 for o in steps}, True)


# --- setting up ---


@test("CONNECT, REGISTER and SUBSCRIBE are cut at each step: repeated, they are answered")
def _(bench):
    site = Site(bench)
    orders = [o for n in (1, 2, 3) for o in after(f"datagram:{n}")] + after("connected:1") + after("subscribed:1")
    for order, name in cases(site, orders):
        sensor = site.sensor(name)
        ids = []

        def told(topic_id, ids=ids, sensor=sensor, name=name):
            ids.append(topic_id)
            sensor.subscribe(f"down/{name}", 1, lambda: ids.append(None))

        sensor.connect(lambda sensor=sensor, name=name, told=told: sensor.register(f"up/{name}", told))
        site.crash()
        site.replace()
        sensor.repeat()
        site.run(lambda ids=ids: len(ids) == 2, f"{order}: SUBACK")
        site.publish(f"down/{name}", b"hello")
        site.run(lambda sensor=sensor: site.payloads(sensor), f"{order}: message")
        site.finish(sensor.publish, ids[0], b"x", 1)
        equal(site.finish(sensor.register, f"up/{name}"), ids[0], f"{order}: topic id")
        unnoticed(sensor)
        site.leave(sensor)


# --- at rest ---


def at_rest(bench, end):
    """Sensors in every state; @end(site) ends the gateway.  Nobody notices, everything goes on."""
    site = Site(bench)
    site.start()
    watcher = Subscriber(bench, site.broker, "#")
    names = ("awake", "asleep", "gone")
    sensors = {name: site.sensor(name) for name in names}
    ids = {}
    for name, sensor in sensors.items():
        site.finish(sensor.connect, will=(f"wills/{name}", b"lost", 1))
        site.finish(sensor.subscribe, f"down/{name}/+", 2)
        ids[name] = site.finish(sensor.register, f"up/{name}")
    site.finish(sensors["asleep"].fall_asleep)
    site.finish(sensors["gone"].disconnect)
    end(site)
    site.start()
    site.links_up(sensors["awake"], sensors["asleep"])
    for name in names:
        site.publish(f"down/{name}/x", b"one", 2)
    site.run(lambda: site.payloads(sensors["awake"]), "message for the one awake")
    site.finish(sensors["awake"].publish, ids["awake"], b"still here", 2)
    equal(site.payloads(sensors["asleep"]), [], "messages to a sleeper")
    wait_for(lambda: site.broker.process.count_log("Received PUBACK from asleep "), "the sleeper's message kept")
    site.finish(sensors["asleep"].wake)
    equal(site.payloads(sensors["asleep"]), [b"one"], "messages for the sleeper")
    site.finish(sensors["gone"].connect)
    site.run(lambda: site.payloads(sensors["gone"]), "message for the one that was gone")
    site.finish(sensors["gone"].publish, ids["gone"], b"back again", 1)
    wait_for(lambda: "up/gone" in [m.topic for m in watcher.all()], "its message")
    unnoticed(*sensors.values())
    return [m.topic for m in watcher.all() if m.topic.startswith("wills/")]


@test("SIGTERM: no sensor notices, no will is published")
def _(bench):
    def stop(site):
        equal(site.gateway.stop()[0], 0, "exit status")

    equal(at_rest(bench, stop), [], "wills")


@test("SIGKILL: no sensor notices, but the broker publishes the wills of those connected")
def _(bench):
    equal(sorted(at_rest(bench, lambda site: site.gateway.kill())), ["wills/asleep", "wills/awake"], "wills")


@test("SIGKILL: a client with CleanSession goes on as well, subscribed again and with its topic ids")
def _(bench):
    site = Site(bench)
    site.start()
    watcher = Subscriber(bench, site.broker, "up/#")
    sensor = site.sensor("a")
    site.finish(sensor.connect, clean=True)
    site.finish(sensor.subscribe, "down/a/+", 1)
    topic_id = site.finish(sensor.register, "up/a")
    site.replace()
    site.wait_log(site.broker.process, r"Sending SUBACK to a$(.|\n)*Sending SUBACK to a$")
    site.publish("down/a/x", b"one")
    site.run(lambda: site.payloads(sensor) == [b"one"], "message")
    site.finish(sensor.publish, topic_id, b"still here", 1)
    equal(watcher.one()[:2], ("up/a", b"still here"), "its own")
    unnoticed(sensor)


@test("a client that stays away over a restart is lost in the end: its will is published")
def _(bench):
    site = Site(bench)
    site.start()
    watcher = Subscriber(bench, site.broker, "wills/#")
    sensor = site.sensor("a")
    site.finish(sensor.connect, will=("wills/a", b"lost", 1), keep_alive=1)
    equal(site.gateway.stop()[0], 0, "exit status")
    site.start()
    equal(watcher.one().payload, b"lost", "will")
    equal(site.gateway.process.count_log("a: lost"), 1, "log lines")


@test("a sleeper's deadline goes on while the gateway is away")
def _(bench):
    site = Site(bench, "--set", "timers.retries=1")
    site.start()
    watcher = Subscriber(bench, site.broker, "wills/#")
    sensor = site.sensor("a")
    site.finish(sensor.connect, will=("wills/a", b"overslept", 1))
    site.finish(sensor.fall_asleep, seconds=2)
    begin = time.monotonic()
    equal(site.gateway.stop()[0], 0, "exit status")
    wait_for(lambda: time.monotonic() - begin > 1.5, "the sleep is half over")
    site.start()
    again = time.monotonic()
    equal(watcher.one().payload, b"overslept", "will")
    check(time.monotonic() - again < 4, "the sleep did not begin again")


main()
