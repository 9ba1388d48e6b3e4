# SPDX-License-Identifier: BSD-3-Clause
"""The status page in a browser, with a gateway, a broker and sensors behind it.

With MQTTSN_TEST_SCREENSHOTS=FOLDER the test of 500 sensors lets them work for five minutes, and leaves there the
pictures that doc/operations.md shows."""

import fnmatch
import json
import math
import os
import time
import urllib.error
import urllib.request

import mqtt
import mqttsn
from browser import Chromium, find_chromium
from harness import PATIENCE, check, equal, free_tcp_port, free_udp_address, main, test, wait_for
from mqttsn import Client

TOKEN = "open sesame, and do it twice"
PICTURES = os.environ.get("MQTTSN_TEST_SCREENSHOTS")

# Each would be seen in window.pwned if the page took it for more than text.
HOSTILE = [
    '<img src=x onerror="window.pwned=1">',
    '"\'><script>window.pwned=1</script>',
    "</title><svg/onload=window.pwned=1>",
    "javascript:window.pwned=1",
    "${window.pwned=1}{{window.pwned=1}}",
    "a/b?c=d&e#f%2e%00 +",
    "../../reload",
    "..",
    "*",
    "насос-7 ポンプ 🌡",
    "gnp\u202eexe.\u2066",
    "__proto__",
    "constructor",
]


class Site:
    """A gateway with the page, at ports that it keeps over a restart, and a broker."""

    def __init__(self, bench, *options, token=TOKEN):
        find_chromium()  # or skip, before anything is started
        self.bench = bench
        self.broker = bench.broker()
        self.port = free_tcp_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.options = list(options) + ["--admin", f"127.0.0.1:{self.port}"]
        if token:
            self.options += ["--set", f"admin.token={token}"]
        self.listen = "%s:%d" % free_udp_address()
        self.start()

    def start(self):
        self.gateway = self.bench.gateway(self.broker, *self.options, listen=self.listen)
        wait_for(lambda: self.ask("status"), "an answer to /status")

    def ask(self, path):
        try:
            request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {TOKEN}"})
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            return None

    def client(self, client_id, **options):
        return self.bench.closing(Client(self.gateway.address, client_id)).connect(**options)

    def browse(self, fragment="", width=1360, height=900, **options):
        page = Chromium(self.bench).page
        page.size(width, height, **options)
        page.go(self.url + fragment)
        return page


def row_of(client_id):
    """An expression of JavaScript: the row of that client."""
    return f"rows.get({json.dumps(client_id)})"


def shown_ids(page):
    return page.evaluate("[...document.querySelectorAll('#rows tr')].map((row) => row.client)")


def open_detail(page, client_id):
    page.wait_for(row_of(client_id), f"a row for {client_id}")
    page.evaluate(f"{row_of(client_id)}.querySelector('button').id = 'to-be-clicked'")
    page.click("#to-be-clicked")
    page.evaluate("document.querySelector('#to-be-clicked').removeAttribute('id')")
    page.wait_for("!document.querySelector('#detail').hidden", "the detail panel")


def live(page):
    page.wait_for("document.querySelector('#trace-state').innerText !== ''", "the trace has begun")


def no_complaints(page):
    equal(page.complaints, [], "what the browser complains about")


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@test("a sensor appears, its detail opens, what it says is shown while it says it")
def _(bench):
    site = Site(bench)
    sensor = site.client("pump-7", will=("plant/alarm", b"pump-7 is gone", 1, True))
    sensor.subscribe("plant/+/command", 1)
    level = sensor.register("plant/pump-7/level")
    page = site.browse()
    page.wait_for(f"{row_of('pump-7')}?.innerText.includes('active')")
    equal(page.text("#health"), "all well", "health")
    check(site.broker.address + ", " in page.text("#about"), "the broker's state")

    open_detail(page, "pump-7")
    page.wait_for("document.querySelector('#detail-lists').innerText.includes('Will')", "what it has")
    for text in ("plant/+/command", "plant/pump-7/level", "plant/alarm"):
        check(text in page.text("#detail-lists"), text)
    live(page)
    sensor.publish(level, b"71.5", 1)
    page.wait_for("document.querySelector('#trace').innerText.includes('71.5')", "the message in the trace")
    page.wait_for("/sensor ← PUBACK/.test(document.querySelector('#trace').innerText)", "the answer in the trace")
    page.wait_for("/broker ← PUBLISH.*71.5/.test(document.querySelector('#trace').innerText)", "the broker's side")

    page.click("#trace-switch")
    page.wait_for("document.querySelector('#trace-switch').innerText === 'Start'")
    sensor.publish(level, b"72.5", 1)
    page.wait_for(f"{row_of('pump-7')}.querySelector('.c-in').innerText === '2'", "two messages are counted")
    check("72.5" not in page.text("#trace"), "a stopped trace stands still")
    page.key("Escape", 27)
    page.wait_for("document.querySelector('#detail').hidden", "the panel closes")
    equal(page.evaluate(f"document.activeElement === {row_of('pump-7')}.querySelector('button')"), True,
          "the focus is back in the table")
    no_complaints(page)


@test("the trace of a sensor keeps its last 500 lines")
def _(bench):
    site = Site(bench)
    sensor = site.client("pump-7")
    page = site.browse("#client=pump-7")
    live(page)
    for _ in range(400):
        sensor.ping_seconds()
    sensor.publish(0x6162, b"the last one", 0, kind=mqttsn.SHORT)
    page.wait_for("document.querySelector('#trace').innerText.includes('the last one')")
    equal(page.evaluate("document.querySelector('#trace').childElementCount"), 500, "lines")
    no_complaints(page)


@test("what comes from the air is text, whatever it looks like")
def _(bench):
    site = Site(bench)
    sensors = [site.client(name, will=(HOSTILE[0], HOSTILE[1].encode(), 0, False)) for name in HOSTILE]
    for sensor in sensors:
        sensor.subscribe(HOSTILE[0].replace("/", "-") + "/x", 1)
        sensor.register(HOSTILE[2])
    page = site.browse()
    for name in HOSTILE:
        open_detail(page, name)
        live(page)
        if name == "..":
            page.wait_for("document.querySelector('#detail-state').innerText.includes('cannot ask')")
        else:
            page.wait_for("document.querySelector('#detail-lists').innerText.includes('<img')", f"detail of {name}")
        sensor = sensors[HOSTILE.index(name)]
        sensor.publish(0x6162, HOSTILE[0].encode(), 1, kind=mqttsn.SHORT)
        page.wait_for("document.querySelector('#trace').innerText.includes('onerror')", f"trace of {name}")
    equal(sorted(shown_ids(page)), sorted(HOSTILE), "client ids")
    shown = page.text("#rows")
    check("насос-7 ポンプ 🌡" in shown, "other scripts stay as they are")
    check("gnp\\u{202e}exe.\\u{2066}" in shown, "what turns the direction of writing is spelled out")
    equal(page.evaluate("document.querySelectorAll('#clients :is(img, svg), #detail :is(img, svg), script').length"), 1,
          "elements that nobody asked for, and the page's script")
    equal(page.evaluate("typeof window.pwned"), "undefined", "window.pwned")
    no_complaints(page)

    page.go(site.url + "#client=%3Cimg%20src=x%20onerror=window.pwned=1%3E&match=%3Cscript%20src&state=%3Cb%3E")
    page.evaluate("location.reload()")
    page.wait_for("document.querySelector('#remark')?.innerText === 'No client is like that.'")
    equal(page.evaluate("typeof window.pwned"), "undefined", "window.pwned by the address")
    equal(site.ask("status")["clients"]["active"], len(HOSTILE), "clients that were not disturbed")


@test("the server's policy lets no inline handler and no foreign script run")
def _(bench):
    site = Site(bench)
    page = site.browse()
    page.wait_for("document.querySelector('#health').innerText === 'all well'")
    no_complaints(page)
    page.evaluate("""document.body.insertAdjacentHTML("beforeend",
        '<img src="x" onerror="window.pwned=1"><b id="bait" onclick="window.pwned=2">x</b>')""")
    page.click("#bait")
    page.evaluate("""{
        const script = document.createElement("script");
        script.textContent = "window.pwned=3";
        document.body.append(script);
    }""")
    wait_for(lambda: page.evaluate("1") and len(page.complaints) >= 3, "three complaints about the policy")
    equal(page.evaluate("typeof window.pwned"), "undefined", "window.pwned")


@test("a phone: nothing sticks out to the side, and a client covers the list")
def _(bench):
    site = Site(bench)
    site.client("x" * 64).subscribe("y" * 200, 0)
    for number in range(20):
        site.client(f"valve-{number}")
    page = site.browse(width=360, height=740, scale=2, mobile=True)
    page.wait_for("document.querySelectorAll('#rows tr').length === 21")
    check(fits(page), "no scrolling to the side")
    check("active" in page.evaluate(f"{row_of('valve-3')}.innerText"), "the state is shown in the row")
    open_detail(page, "x" * 64)
    page.wait_for("document.querySelector('#detail-lists').innerText.includes('yyy')")
    check(fits(page), "no scrolling to the side with the panel")
    box = page.evaluate("document.querySelector('#detail').getBoundingClientRect().toJSON()")
    equal([box["x"], box["y"], box["width"], box["height"]], [0, 0, 360, 740], "the panel")
    equal(page.evaluate("document.querySelector('#clients').inert"), True, "what is covered cannot be reached")
    page.evaluate("history.back()")
    page.wait_for("document.querySelector('#detail').hidden", "the phone's way back closes the panel")
    no_complaints(page)


@test("states and times: asleep with the time left, lost, disconnected, what waits for a sleeper")
def _(bench):
    site = Site(bench)
    sleeper = site.client("sleeper", clean=False)
    sleeper.subscribe("news", 1)
    sleeper.disconnect(600)
    site.client("lost", clean=False, keep_alive=1)
    site.client("gone", clean=False).disconnect()
    mqtt.publish(site.broker, "news", b"wake up")
    page = site.browse()
    page.wait_for(f"/asleep, 1[0-9] min( [0-9]+ s)? left/.test({row_of('sleeper')}?.innerText)")
    page.wait_for(f"/^1 /.test({row_of('sleeper')}.querySelector('.c-queue').innerText)", "its queue")
    page.wait_for(f"{row_of('lost')}.innerText.includes('lost')")
    page.wait_for(f"{row_of('gone')}.innerText.includes('disconnected')")
    page.wait_for("document.querySelector('#problems').innerText.includes('1 sensor is lost')")
    page.wait_for("document.querySelector('#troubles').innerText.includes('Sensors lost')")
    page.click("#problems button")
    page.wait_for("document.querySelectorAll('#rows tr').length === 1", "one that is lost")
    equal(shown_ids(page), ["lost"], "lost clients")
    open_detail(page, "lost")
    page.evaluate("chooseState('')")
    open_detail(page, "sleeper")
    page.wait_for("document.querySelector('#detail-lists').innerText.includes('Waiting for it (1)')")
    no_complaints(page)


@test("actions: only with the token, and after a question")
def _(bench):
    site = Site(bench)
    sensor = site.client("pump-7")
    site.client("pump-8", clean=False).disconnect()
    page = site.browse("#client=pump-7")
    page.wait_for("document.querySelector('#detail-lists').innerText.includes('Will')")
    page.wait_for("!document.querySelector('#detail-actions').hidden")
    page.click("#disconnect")
    page.wait_for("document.querySelector('#ask').open")
    page.key("Escape", 27)
    page.wait_for("!document.querySelector('#ask').open", "no is an answer")
    check(not page.evaluate("document.querySelector('#detail').hidden"), "the panel stays")

    page.click("#disconnect")
    page.wait_for("document.querySelector('#ask').open")
    for wrong in ("ключ", "not the token"):
        page.type(wrong)
        page.click("#ask-do")
        page.wait_for("document.querySelector('#ask-error').innerText.includes('does not accept this token')")
        page.wait_for("document.querySelector('#ask-token').value === ''")
        equal(page.evaluate("sessionStorage.length"), 0, "a wrong token is not kept")
    page.type(TOKEN)
    page.key("Enter", 13, "\r")
    sensor.expect(mqttsn.DISCONNECT)
    page.wait_for("!document.querySelector('#ask').open")
    equal(page.evaluate("[sessionStorage.getItem('token'), localStorage.length, document.cookie]"), [TOKEN, 0, ""],
          "where the token is")

    page.evaluate("openDetail('pump-8')")
    page.wait_for("document.querySelector('#detail-lists').innerText.includes('Will')")
    page.click("#forget")
    page.wait_for("document.querySelector('#ask').open")
    check(page.evaluate("document.querySelector('#ask-label').hidden"), "the token is known now")
    page.click("#ask-do")
    page.wait_for("document.querySelector('#detail-state').innerText.includes('does not know this client')")
    page.evaluate("closeDetail()")
    page.click("#reload")
    page.wait_for("document.querySelector('#ask').open")
    page.click("#ask-do")
    page.wait_for("document.querySelector('#said').innerText.includes('was read again')")
    equal([c for c in page.complaints if " 401 " not in c and " 404 " not in c], [], "complaints")


@test("without a token in the configuration there are no actions")
def _(bench):
    site = Site(bench, token=None)
    site.client("pump-7")
    page = site.browse("#client=pump-7")
    page.wait_for("document.querySelector('#detail-facts').innerText.includes('last heard')")
    equal(page.evaluate("[document.querySelector('#reload').hidden, document.querySelector('#detail-actions').hidden]"),
          [True, True], "hidden")
    no_complaints(page)


@test("a token for reading: the page asks for it, and goes on when it has it")
def _(bench):
    site = Site(bench, "--set", "admin.token_for_reading=true")
    sensor = site.client("pump-7")
    page = site.browse()
    page.wait_for("document.querySelector('#health').innerText === 'the gateway refuses'")
    equal(shown_ids(page), [], "clients that are shown")
    for token in ("not the token", TOKEN):
        page.wait_for("document.querySelector('#problems button')?.innerText.includes('token')")
        page.click("#problems button")
        page.wait_for("document.querySelector('#ask').open")
        page.type(token)
        page.key("Enter", 13, "\r")
        page.wait_for("!document.querySelector('#ask').open")
    page.wait_for("document.querySelector('#health').innerText === 'all well'")
    open_detail(page, "pump-7")
    live(page)
    sensor.publish(0x6162, b"71.5", 1, kind=mqttsn.SHORT)
    page.wait_for("document.querySelector('#trace').innerText.includes('71.5')", "the trace has the token, too")
    equal([c for c in page.complaints if " 401 " not in c], [], "complaints")


@test("the gateway goes and comes back: the page says so, and goes on by itself")
def _(bench):
    site = Site(bench)
    site.client("pump-7")
    page = site.browse("#client=pump-7")
    live(page)
    page.wait_for("document.querySelector('#health').innerText === 'all well'")
    site.gateway.stop()
    page.wait_for("document.querySelector('#problems').innerText.includes('does not answer')")
    page.wait_for("document.querySelector('#trace-state').innerText === 'interrupted'")
    check(page.evaluate(row_of("pump-7") + " !== undefined"), "what was there stays")
    site.start()
    sensor = site.client("pump-7")
    page.wait_for("document.querySelector('#health').innerText === 'all well'")
    live(page)
    page.wait_for("document.querySelector('#trace-state').innerText !== 'interrupted'")
    sensor.publish(0x6162, b"here again", 1, kind=mqttsn.SHORT)
    page.wait_for("document.querySelector('#trace').innerText.includes('here again')")
    check(all("ERR_" in c for c in page.complaints), f"nothing but lost connections: {page.complaints}")


@test("the broker goes and comes back")
def _(bench):
    site = Site(bench, "--set", "timers.reconnect_least=0.2", "--set", "timers.reconnect_most=0.5")
    site.client("pump-7")
    page = site.browse()
    page.wait_for("document.querySelector('#health').innerText === 'all well'")
    site.broker.kill()
    page.wait_for("document.querySelector('#health').innerText === 'broker away'")
    page.wait_for("document.querySelector('#troubles').innerText.includes('Connections to the broker lost')")
    page.wait_for(f"/will try again|connecting/.test({row_of('pump-7')}.innerText)")
    site.broker.start()
    page.wait_for("document.querySelector('#health').innerText !== 'broker away'")
    page.wait_for(f"{row_of('pump-7')}.innerText.includes('connected')")
    no_complaints(page)


@test("a page that nobody sees asks nothing")
def _(bench):
    site = Site(bench)
    page = site.browse()
    page.wait_for("document.querySelector('#health').innerText === 'all well'")
    asked = "performance.getEntriesByType('resource').filter((e) => e.name.endsWith('/status')).length"
    before = page.evaluate(f"""(async () => {{
        Object.defineProperty(document, "hidden", {{ value: true, configurable: true }});
        document.dispatchEvent(new Event("visibilitychange"));
        while (polling) await new Promise((go) => setTimeout(go, 10));
        return {asked};
    }})()""")
    later = page.evaluate(f"new Promise((go) => setTimeout(() => go({asked}), 2 * POLL_MS))")
    equal(later, before, "questions while hidden")
    page.evaluate("delete document.hidden, document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for(f"{asked} > {before}", "it asks again when it is seen")
    no_complaints(page)


KINDS = ["boiler", "door", "meter", "pump", "valve"]


def fate(number):
    """What became of that sensor: each kind has all states."""
    if number % 23 == 7:
        return "lost"
    if number % 11 == 5:
        return "disconnected"
    return "asleep" if number % 4 == 1 else "active"


class Plant:
    """500 sensors in all states; .active are those that can work, .display is one that shows what they say."""

    def __init__(self, site, n=500):
        self.states = {}
        self.active = []
        self.display = None
        for number in range(1, n + 1):
            name = f"{KINDS[number % 5]}-{number:03}"
            self.states[name] = fate(number)
            self.add(site, name, self.states[name])
        self.display = self.active.pop()
        self.display.subscribe((mqttsn.SHORT, "t1"))

    def add(self, site, name, state):
        will = (f"plant/{name}/state", b"gone", 1, True)
        sensor = site.client(name, clean=False, keep_alive=1 if state == "lost" else 3600, will=will)
        if state == "asleep":
            sensor.subscribe("plant/settings", 1)
            sensor.disconnect(3600)
        elif state == "disconnected":
            sensor.disconnect()
        elif state == "active":
            sensor.subscribe(f"plant/{name}/command", 1)
            sensor.temperature = sensor.register(f"plant/{name}/temperature")
            self.active.append(sensor)

    def count(self, state):
        return sum(s == state for s in self.states.values())

    def names(self, pattern):
        return sorted(fnmatch.filter(self.states, pattern))

    def work(self, seconds):
        """Readings, pings, and a few mistakes."""
        end = time.monotonic() + seconds
        number = 0
        while time.monotonic() < end:
            sensor = self.active[number * 7 % len(self.active)]
            sensor.publish(sensor.temperature, f"{20 + number % 50 / 10}".encode(), number % 3)
            if number % 4 == 0:
                sensor.publish(0x7431, b"for the display", kind=mqttsn.SHORT)
                self.display.expect(mqttsn.PUBLISH)
            if number % 5 == 0:
                sensor.ping_seconds()
            if number % 50 == 0:
                sensor.send(b"\x02\x16\x00")
            if number % 211 == 0:
                sensor.ask(mqttsn.publish(99, b"?"), mqttsn.PUBACK, code=mqttsn.INVALID_TOPIC_ID)
            number += 1
            time.sleep(0.02 + 0.015 * math.sin(time.monotonic() / 15))  # a pace: nothing waits for it


def take_pictures(page, site, plant):
    """Of the page with five minutes of work behind it."""
    plant.work(300)
    sensor = min(plant.active, key=lambda s: s.id)  # on the first page
    open_detail(page, sensor.id)
    live(page)
    for reading in (b"71.5", b"71.9", b"72.4"):
        sensor.publish(sensor.temperature, reading, 1)
    mqtt.publish(site.broker, f"plant/{sensor.id}/command", b"valve 30 %")
    sensor.take_message()
    page.wait_for("document.querySelector('#trace').innerText.includes('sensor → PUBACK')")
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(os.path.join(PICTURES, "status-page.png"))
    page.evaluate("closeDetail()")
    page.size(390, 844, 1.5, True)
    page.evaluate("document.querySelector('#trouble').open = false, scrollTo(0, 0)")
    page.screenshot(os.path.join(PICTURES, "status-page-phone.png"))


def range_is(page, text):
    page.wait_for(f"document.querySelector('#range').innerText === '{text}'", text)


@test("500 sensors: pages, search, states, sorting, plots")
def _(bench):
    site = Site(bench, "--state-dir", bench.path("state"))
    plant = Plant(site)
    mqtt.publish(site.broker, "plant/settings", b"{}")
    page = site.browse()
    counts = [500] + [plant.count(s) for s in ("active", "asleep", "awake", "connecting", "lost", "disconnected")]
    page.wait_for("[...document.querySelectorAll('#states strong')].map((s) => s.innerText).join() === "
                  f"'{','.join(map(str, counts))}'", "how many there are in each state")
    range_is(page, "1–50 of 500")
    equal(shown_ids(page), plant.names("*")[:50], "the first page")
    for _ in range(9):
        page.click("#next")
    equal(page.text("#range"), "451–500 of 500", "the last page")
    check(page.evaluate("document.querySelector('#next').disabled"), "there are no more")
    equal(shown_ids(page), plant.names("*")[450:], "the last page")
    page.click("#previous")
    equal(page.text("#range"), "401–450 of 500", "the page before")

    page.click("#match")
    page.type("ve-1")
    found = plant.names("*ve-1*")
    range_is(page, f"1–{len(found)} of {len(found)}")
    equal(shown_ids(page), found, "by a part of the id")
    page.evaluate("chooseMatch('*r-?5?')")
    found = plant.names("*r-?5?")
    range_is(page, f"1–{len(found)} of {len(found)}")
    equal(shown_ids(page), found, "by a pattern")
    page.evaluate("document.querySelector('#match').value = '', chooseMatch('')")
    page.click("[data-state=asleep]")
    range_is(page, f"1–50 of {plant.count('asleep')}")
    page.click("[data-state=asleep]")
    range_is(page, "1–50 of 500")
    page.click("th.c-queue button")
    equal(page.evaluate("document.querySelector('th.c-queue').getAttribute('aria-sort')"), "descending", "sorted")
    check(all(plant.states[name] == "asleep" for name in shown_ids(page)), "the longest queues first")
    page.click("th.c-id button")

    plant.work(3)
    page.wait_for("/^[1-9]/.test(document.querySelector('#plots .rate').innerText)", "a rate")
    page.wait_for("document.querySelector('#plots path').getAttribute('d') !== ''", "a line")
    page.wait_for("document.querySelector('#troubles').innerText.includes('no MQTT-SN')")
    equal(page.evaluate("TROUBLES.map(([name]) => name).filter((name) => !(name in allCounters()))"), [],
          "counters that the page explains and the gateway does not have")
    page.click("#figures summary")
    page.wait_for("document.querySelector('#figures-body').innerText.includes('PUBLISH')", "all counters")
    page.click("#figures summary")
    if PICTURES:
        take_pictures(page, site, plant)
    no_complaints(page)


main()
