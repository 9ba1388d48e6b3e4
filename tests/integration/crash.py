# SPDX-License-Identifier: BSD-3-Clause
"""The crash test: sensors publish, listen and sleep while the gateway is killed again and again, and the broker is
restarted now and then; a ledger says what came of each message.  `make crashtest` runs the long form.

No QoS 1 or 2 message may be lost or overtake another, no sensor may hear of it, and a QoS 2 message may come twice only
over a kill (and to a sensor over a restart of the broker), which is counted: "unexplained" are those without such.

Environment:
  CRASH_KILLS     how often the gateway is ended, mostly by SIGKILL
  CRASH_BROKER    how often the broker is restarted
  CRASH_SENSORS   how many there are
  CRASH_SEED      of all that is random here; the operating system adds its own chance

The broker is stopped with SIGTERM: mosquitto saves what it has then, so that losses are not its own.
"""

import os
import random
import signal
import threading
import time

from events import Events
from harness import Failure, Skip, check, comment, equal, free_udp_address, main, test, wait_for
from ledger import Ledger
from mqtt_session import Session
from sensors import Sensor

KILLS = int(os.environ.get("CRASH_KILLS", "25"))
BROKER_RESTARTS = int(os.environ.get("CRASH_BROKER", "2"))
SENSORS = int(os.environ.get("CRASH_SENSORS", "12"))
SEED = int(os.environ.get("CRASH_SEED", "0")) or random.randrange(1, 1000000)

SETTINGS = ("timers.retry=0.2", "timers.retries=50", "timers.reconnect_least=0.1", "timers.reconnect_most=0.3",
            "limits.queue_messages=20", "broker.shared_connections=2")
UP, DOWN = "sensor to broker", "broker to sensor"


class Life:
    """What one sensor does all day.  A quarter each: awake all the time; asleep but for its wake-ups; asleep, but
    connecting now and then to publish; and one that only publishes, so that it shares a connection to the broker.
    That has CleanSession, with which a broker that restarts forgets what it had of a QoS 2 message: so it is QoS 1."""

    def __init__(self, town, number):
        self.town = town
        self.name = f"s{number}"
        self.kind = ("awake", "sleeper", "roamer", "reporter")[number % 4]
        self.sensor = Sensor(town.events, town.gateway_address, self.name, town.taken_by_sensor, f"{SEED} {number}")
        self.random = self.sensor.random
        self.turns = 0
        self.topics = {}
        self.ready = False
        self.busy = False
        if self.kind == "reporter":
            self.sensor.connect(self.register, clean=True)
        else:
            self.sensor.connect(lambda: self.sensor.subscribe(f"down/{self.name}/#", 2, self.register))

    def register(self):
        def registered(topic_id):
            self.topics[len(self.topics) + 1] = topic_id
            self.register()

        if len(self.topics) < 2:
            self.sensor.register(f"up/{self.name}/{len(self.topics) + 1}", registered)
            return
        self.ready = True
        self.go_on()

    def go_on(self):
        if self.kind in ("awake", "reporter"):
            self.publish(self.go_on, 0.02)
        else:
            self.sensor.fall_asleep(self.sleep)

    def publish(self, then, pause):
        """One message, a little later, as long as there is to be load."""

        def begin():
            if not self.town.loaded:
                self.town.events.after(0.1, then)
                return
            self.busy = True
            self.turns += 1
            qos = 1 if self.kind == "reporter" else 1 + self.turns % 2
            stream = self.town.ledger.stream(UP, self.name, qos)
            number = stream.begin()

            def done():
                stream.acknowledged.add(number)
                self.busy = False
                then()

            self.sensor.publish(self.topics[qos], str(number).encode(), qos, done)

        self.town.events.after(self.random.uniform(0, 2 * pause), begin)

    def sleep(self):
        self.town.events.after(self.random.uniform(0.1, 0.8), lambda: self.sensor.wake(self.woken))

    def woken(self):
        self.turns += 1
        if self.kind == "roamer" and self.turns % 3 == 0 and self.town.loaded:
            self.sensor.connect(lambda: self.publish(lambda: self.publish(self.go_on, 0.01), 0.01))
        else:
            self.sleep()


class Town(threading.Thread):
    """The sensors, a publisher and a watcher at the broker, in a thread of their own."""

    def __init__(self, broker, gateway_address):
        super().__init__()
        self.events = Events()
        self.ledger = Ledger()
        self.gateway_address = gateway_address
        self.random = random.Random(SEED)
        self.loaded = False  # messages are published
        self.stopping = False
        self.failure = None
        self.watcher = Session(self.events, (broker.host, broker.port), "watcher", self.taken_by_watcher)
        self.watcher.subscribe("up/#", 2)
        self.publisher = Session(self.events, (broker.host, broker.port), "publisher")
        self.lives = [Life(self, number) for number in range(SENSORS)]
        self.listeners = [life for life in self.lives if life.kind != "reporter"]
        self.publish()

    def run(self):
        try:
            self.events.run_until(lambda: self.stopping, 1e6)
        except Exception as e:  # pylint: disable=broad-except
            self.failure = e
        finally:
            for life in self.lives:
                life.sensor.close()
            self.watcher.close()
            self.publisher.close()
            self.events.close()

    def close(self):
        self.stopping = True
        self.join()

    def check(self):
        if self.failure is not None:
            raise Failure(f"the sensors: {self.failure!r}")
        return True

    def ready(self):
        return self.check() and self.watcher.subscribed and all(life.ready for life in self.lives)

    def publish(self):
        """Bursts to one sensor after the other, on topics that are new to it now and then."""
        self.events.after(self.random.uniform(0, 0.05), self.publish)
        if not self.loaded:
            return
        name = self.random.choice(self.listeners).name
        for _ in range(self.random.randrange(1, 6)):
            qos = self.random.choice((1, 2))
            stream = self.ledger.stream(DOWN, name, qos)
            number = stream.begin()
            self.publisher.publish(f"down/{name}/{number // 20}/{qos}", str(number).encode(), qos,
                                   lambda stream=stream, number=number: stream.acknowledged.add(number))

    def taken_by_watcher(self, topic, payload, qos):
        _, name, sent_qos = topic.split("/")
        self.ledger.take(UP, name, int(sent_qos), int(payload))
        if qos != int(sent_qos):
            raise Failure(f"{topic}: came at QoS {qos}")

    def taken_by_sensor(self, sensor, topic, payload, qos):
        _, name, _, sent_qos = topic.split("/")
        if name != sensor.id:
            raise Failure(f"{sensor.id} got {topic}")
        self.ledger.take(DOWN, name, int(sent_qos), int(payload))

    def done(self):
        return (self.check() and self.publisher.idle() and not any(life.busy for life in self.lives)
                and self.ledger.complete())

    def noticed(self):
        return [f"{life.name} ({life.kind}): {what}" for life in self.lives for what in life.sensor.noticed]


class Assassin:
    """Kills the gateway and starts it again."""

    def __init__(self, bench, broker, listen, *options):
        self.bench, self.broker, self.listen = bench, broker, listen
        self.options = [o for s in SETTINGS for o in ("--set", s)] + ["--state-dir", bench.path("state"), *options]
        self.random = random.Random(SEED + 1)
        self.at_points = self.stops = 0
        self.start()

    def start(self, crash=None):
        env = {"MQTTSN_CRASH": crash} if crash else None
        self.gateway = self.bench.start_gateway("--listen", self.listen, "--broker", self.broker.address,
                                                *self.options, env=env).wait_ready()
        self.armed = crash is not None and "a crash point is armed" in self.gateway.log()

    def order(self):
        """A crash point for about every other life."""
        if self.random.random() < 0.5:
            return None
        point = self.random.choice(("datagram", "message", "published", "connected"))
        later = self.random.choice(("handled", "committed", "upstream", "sent"))
        return f"{point}:{self.random.randrange(1, SENSORS if point == 'connected' else 40)}:{later}"

    def replace(self, ledger, last):
        """Another gateway in the place of this one, which is killed or, now and then, stopped in order: that repeats
        nothing at QoS 2.  The last one is to live."""
        if not self.armed and self.random.random() < 0.25:
            self.stop()
        else:
            self.kill(ledger)
        self.forget()
        self.start(None if last else self.order())

    def stop(self):
        self.stops += 1
        time.sleep(self.random.uniform(0, 0.5))
        equal(self.gateway.stop()[0], 0, "exit status of the stopped gateway")

    def kill(self, ledger):
        if self.armed:
            end = time.monotonic() + 1
            while self.gateway.process.running() and time.monotonic() < end:
                time.sleep(0.002)
            self.at_points += not self.gateway.process.running()
        else:
            time.sleep(self.random.uniform(0, 0.5))
        check(self.armed or self.gateway.process.running(), "the gateway ended by itself")
        self.gateway.kill()
        ledger.accident(UP, DOWN)
        equal(self.gateway.process.popen.returncode, -signal.SIGKILL, "exit status of the killed gateway")

    def forget(self):
        """The files of a life that ended as it should would pile up."""
        self.bench.gateways.remove(self.gateway)
        self.bench.processes.remove(self.gateway.process)
        if os.environ.get("CRASH_KEEP_LOGS") is None:
            os.remove(self.gateway.process.log_path)


def restart(broker, ledger):
    """What the gateway's sessions had not acknowledged is told them again, for QoS 2 messages too: a gateway with a
    store subscribes at QoS 1 (gateway/core/subscribe.h)."""
    broker.process.signal(signal.SIGTERM)
    broker.process.wait()
    ledger.accident(DOWN)  # what was begun until now may come twice, and not before
    if not broker.start():
        raise Skip("another program took the broker's port")


@test("nothing acknowledged is lost while the gateway is killed again and again")
def _(bench):
    begin = time.monotonic()
    broker = bench.broker(persistence="true", persistence_location=bench.path(""), max_queued_messages=0)
    address = free_udp_address()
    options = ("--set", "log.packets=true") if os.environ.get("CRASH_KEEP_LOGS") else ()
    assassin = Assassin(bench, broker, "%s:%d" % address, *options)
    town = Town(broker, address)
    town.start()
    bench.closing(town)
    comment(f"CRASH_SEED={SEED}, {KILLS} ends of the gateway, {BROKER_RESTARTS} broker restarts, {SENSORS} sensors")
    wait_for(town.ready, "all sensors ready")
    town.loaded = True
    for i in range(KILLS):
        assassin.replace(town.ledger, i == KILLS - 1)
        if BROKER_RESTARTS > 0 and i % max(KILLS // BROKER_RESTARTS, 1) == KILLS // BROKER_RESTARTS // 2:
            restart(broker, town.ledger)
        town.check()
    town.loaded = False
    try:
        wait_for(town.done, "all messages there", 30)
        time.sleep(0.5)  # what comes twice has the time to
    except Failure as e:
        comment(str(e))
    for line in town.ledger.lines():
        comment(line)
    sensors = [life.sensor for life in town.lives]
    comment(f"{KILLS - assassin.stops} SIGKILLs, {assassin.at_points} of them at a crash point, and "
            f"{assassin.stops} SIGTERMs")
    comment(f"the sensors repeated {sum(s.repeats for s in sensors)} packets and heard congestion "
            f"{sum(s.congestions for s in sensors)} times; {time.monotonic() - begin:.0f} s")
    complaints = list(town.ledger.complaints()) + town.noticed()
    check(not complaints, "\n  ".join(complaints))
    check(town.done(), "all is acknowledged")


main()
