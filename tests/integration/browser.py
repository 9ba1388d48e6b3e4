# SPDX-License-Identifier: BSD-3-Clause
"""A headless Chromium, spoken to by its DevTools protocol: JSON over a websocket (RFC 6455), of which only what is
needed for that is here."""

import base64
import json
import os
import shutil
import socket
import struct
import time
import urllib.request

from harness import PATIENCE, Failure, Skip, wait_for

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def find_chromium():
    for name in PROGRAMS:
        path = shutil.which(name)
        if path is not None:
            return path
    raise Skip("chromium is not installed")


class WebSocket:
    """The client's side of one connection that carries text."""

    def __init__(self, url):
        host_port, path = url.removeprefix("ws://").split("/", 1)
        host, port = host_port.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /{path} HTTP/1.1\r\nHost: {host_port}\r\n"
                             "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise Failure(f"no websocket: {head!r}")

    def fill(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise Failure("chromium has closed the connection")
        self.buffer += data

    def octets(self, n):
        while len(self.buffer) < n:
            self.fill()
        octets, self.buffer = self.buffer[:n], self.buffer[n:]
        return octets

    def send(self, text):
        payload = text.encode()
        mask = os.urandom(4)
        if len(payload) < 126:
            size = bytes([0x80 | len(payload)])
        elif len(payload) < 1 << 16:
            size = struct.pack(">BH", 0x80 | 126, len(payload))
        else:
            size = struct.pack(">BQ", 0x80 | 127, len(payload))
        masked = bytes(octet ^ mask[i % 4] for i, octet in enumerate(payload))
        self.socket.sendall(b"\x81" + size + mask + masked)

    def receive(self, timeout):
        """The next message; None if there is none in time."""
        self.socket.settimeout(max(timeout, 0.001))
        message = b""
        try:
            while True:
                first, size = self.octets(2)
                if size == 126:
                    size, = struct.unpack(">H", self.octets(2))
                elif size == 127:
                    size, = struct.unpack(">Q", self.octets(8))
                self.socket.settimeout(PATIENCE)  # the rest is on its way
                message += self.octets(size)
                if first & 0x80:
                    return message.decode()
        except TimeoutError:
            if message:
                raise Failure("chromium has stopped in the middle of a message") from None
            return None

    def close(self):
        self.socket.close()


class Page:
    """One tab.  What its console says at the level of a warning or worse, and every exception, is in .complaints."""

    def __init__(self, url):
        self.socket = WebSocket(url)
        self.last_id = 0
        self.complaints = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def close(self):
        self.socket.close()

    def call(self, method, **parameters):
        """Returns the result of a method of the protocol."""
        self.last_id += 1
        self.socket.send(json.dumps({"id": self.last_id, "method": method, "params": parameters}))
        end = time.monotonic() + PATIENCE
        while True:
            answer = self.take(end - time.monotonic())
            if answer is None:
                raise Failure(f"chromium does not answer to {method}")
            if answer.get("id") == self.last_id:
                if "error" in answer:
                    raise Failure(f"{method}: {answer['error']}")
                return answer["result"]

    def take(self, timeout):
        text = self.socket.receive(timeout)
        if text is None:
            return None
        message = json.loads(text)
        self.note(message.get("method"), message.get("params", {}))
        return message

    def note(self, method, parameters):
        if method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(f"console: {parameters['args']}")
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{parameters['entry']['text']} ({parameters['entry'].get('url', '')})")
        elif method == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog: {parameters['message']}")

    def evaluate(self, expression):
        """The value of an expression of JavaScript; a promise is waited for."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise Failure(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait_for(self, expression, what=None, timeout=PATIENCE):
        """Waits until the expression is true; returns its value."""
        return wait_for(lambda: self.evaluate(expression), what or expression, timeout)

    def size(self, width, height, scale=1, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=mobile)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def go(self, url):
        self.call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete'")

    def text(self, selector):
        """What can be read of the first element that matches; None if there is none."""
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? null")

    def click(self, selector):
        """As a person does: the mouse is pressed and released in the middle of the element."""
        box = self.evaluate(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            if (!element) return null;
            element.scrollIntoView({{block: "nearest"}});
            const box = element.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()""")
        if box is None:
            raise Failure(f"nothing to click: {selector}")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    def type(self, text):
        """Into what has the focus."""
        self.call("Input.insertText", text=text)

    def key(self, name, code, text=""):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name, windowsVirtualKeyCode=code,
                      text=text if kind == "keyDown" else "")

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


OPTIONS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--lang=en",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--log-level=3", "--remote-debugging-port=0",
]


class Chromium:
    """A process of its own, with a profile in the test's folder and one tab, .page."""

    def __init__(self, bench):
        argv = [find_chromium(), *OPTIONS, "--user-data-dir=" + bench.path("chromium"), "about:blank"]
        self.process = bench.process(argv, "chromium", env=dict(os.environ, HOME=bench.folder, LC_ALL="C.UTF-8"))
        self.address = self.process.wait_log(r"DevTools listening on ws://([\d.]+:\d+)/", 60)[1]
        self.page = Page(self.targets()[0]["webSocketDebuggerUrl"])
        bench.closing(self)

    def targets(self):
        def pages():
            with urllib.request.urlopen(f"http://{self.address}/json/list", timeout=PATIENCE) as answer:
                return [t for t in json.load(answer) if t["type"] == "page"]

        return wait_for(pages, "a tab")

    def close(self):
        """Asks it to go, so that its children go with it; else the bench ends it."""
        try:
            self.page.call("Browser.close")
            self.process.wait()
        except (Failure, OSError):
            pass  # it may be quicker than its answer
        self.page.close()
