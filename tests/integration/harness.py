# SPDX-License-Identifier: BSD-3-Clause
"""Integration tests: real daemons on loopback, TAP on standard output.

A test is a function that takes a Bench, from which it gets a broker, gateways and clients:

    from harness import main, test

    @test("a ping is answered")
    def _(bench):
        gateway = bench.gateway(bench.broker())
        ...

    main()

All that a bench started is ended with the test, by process id.  A test fails by an exception, and also when a gateway
printed a sanitizer report or did not end with the status that was expected of it; then its folder stays and
the ends of the logs are shown.

Environment:
  top_srcdir, top_builddir   set by make check
  MQTTSN_TEST_VALGRIND=1     run the gateways under valgrind (of a build without sanitizers)
  MQTTSN_TEST_KEEP=1         keep the folders of successful tests, too
"""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

BUILD = os.environ.get("top_builddir", ".")
VALGRIND = bool(os.environ.get("MQTTSN_TEST_VALGRIND"))
KEEP = bool(os.environ.get("MQTTSN_TEST_KEEP"))

# How long anything may take that should happen at once; generous, since it only matters when a test fails.
PATIENCE = 60 if VALGRIND else 20


class Skip(Exception):
    """The test cannot run here; its text says why."""


class Failure(Exception):
    """What was expected did not happen."""


def check(condition, what):
    if not condition:
        raise Failure(what)


def equal(got, wanted, what):
    if got != wanted:
        raise Failure(f"{what}: got {got!r}, wanted {wanted!r}")


def wait_for(condition, what, timeout=PATIENCE):
    """Returns the first true value of condition(); fails after the timeout."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise Failure(f"{what}: did not happen within {timeout} s")
        time.sleep(0.005)


def free_port(kind):
    """Below the range from which the kernel takes the ports of others: those would come and go on it while a daemon is
    down."""
    for _ in range(1000):
        with socket.socket(socket.AF_INET, kind) as s:
            try:
                s.bind(("127.0.0.1", random.randrange(15000, 32000)))
                return s.getsockname()[1]
            except OSError:
                pass
    raise Skip("no free port")


def free_tcp_port():
    return free_port(socket.SOCK_STREAM)


def free_udp_address(host="127.0.0.1"):
    """For who must know the address beforehand, or use it again."""
    return host, free_port(socket.SOCK_DGRAM)


class Process:
    """A child process whose standard error goes to a file."""

    def __init__(self, argv, log_path, env=None, stdin=subprocess.DEVNULL, stdout=None, pass_fds=()):
        self.log_path = log_path
        with open(log_path, "ab") as log:
            self.popen = subprocess.Popen(argv, stdin=stdin, stdout=stdout or log, stderr=log, env=env,
                                          pass_fds=pass_fds)
        self.pid = self.popen.pid

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="backslashreplace") as f:
            return f.read()

    def running(self):
        return self.popen.poll() is None

    def wait_log(self, pattern, timeout=PATIENCE):
        """Waits for a line that matches; returns the match."""

        def found():
            running = self.running()  # before the log is read: its last words count
            match = re.search(pattern, self.log(), re.MULTILINE)
            if match is None and not running:
                raise Failure(f"ended with {self.popen.returncode} before it logged {pattern!r}")
            return match

        return wait_for(found, f"log line {pattern!r}", timeout)

    def count_log(self, pattern):
        return len(re.findall(pattern, self.log(), re.MULTILINE))

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, timeout=PATIENCE):
        """Returns the exit status."""
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failure(f"process {self.pid} did not end within {timeout} s") from None

    def kill(self):
        if self.running():
            self.popen.kill()
        self.popen.wait()


class Broker:
    """A mosquitto on a port of its own, which it keeps over a restart."""

    def __init__(self, bench, **settings):
        if shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin") is None:
            raise Skip("mosquitto is not installed")
        self.bench = bench
        self.host = "127.0.0.1"
        self.process = None
        for _ in range(5):
            self.port = free_tcp_port()
            self.configure(settings)
            if self.start():
                return
        raise Failure("mosquitto does not start")

    def configure(self, settings):
        lines = [f"listener {self.port} {self.host}", "allow_anonymous true", "log_dest stderr", "log_type all"]
        if os.geteuid() == 0:
            lines.append("user root")  # it would give up the right to read the test's folder
        lines += [f"{name} {value}" for name, value in settings.items()]
        self.config_path = self.bench.path(f"mosquitto-{self.port}.conf")
        with open(self.config_path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def start(self):
        """False if another program was quicker to take the port."""
        path = os.environ["PATH"] + ":/usr/sbin"
        self.process = self.bench.process([shutil.which("mosquitto", path=path), "-c", self.config_path], "mosquitto")
        return self.process.wait_log(r"mosquitto version \S+ running|Address already in use")[0].endswith("running")

    def kill(self):
        """As a power failure would: no good-bye, nothing saved."""
        self.process.kill()

    def pause(self):
        self.process.signal(signal.SIGSTOP)

    def resume(self):
        self.process.signal(signal.SIGCONT)


class Gateway:
    """The mqttsn-gateway of the build tree."""

    def __init__(self, bench, *options, env=None, launcher=(), pass_fds=()):
        """@launcher: a command that becomes the gateway in the end."""
        self.bench = bench
        self.process = bench.process(list(launcher) + gateway_command(bench) + list(options), "gateway",
                                     env=gateway_env(bench) | (env or {}), pass_fds=pass_fds)
        self.expected_status = 0
        self.ended = False

    def wait_ready(self, listeners=1):
        """Waits until it listens; .addresses are then those of its listeners."""
        pattern = r"listening on \[?([^\s\]]+?)\]?:(\d+), broker "

        def all_there():
            return self.process.count_log(pattern) >= listeners

        self.process.wait_log(pattern)
        wait_for(all_there, f"{listeners} listening lines")
        self.addresses = [(host, int(port)) for host, port in re.findall(pattern, self.process.log())]
        self.address = self.addresses[0]
        return self

    def log(self):
        return self.process.log()

    def wait_log(self, pattern, timeout=PATIENCE):
        return self.process.wait_log(pattern, timeout)

    def counters(self):
        """The counters of SIGUSR1: a dictionary from name to number."""
        before = self.process.count_log("counter: clients ")
        self.process.signal(signal.SIGUSR1)

        def report():
            """The new one, when all but the lines of the listeners is there."""
            reports = self.log().split("counter: clients ")[1:]
            return len(reports) > before and "lost to a full receive buffer" in reports[-1] and reports[-1]

        last = wait_for(report, "counters")
        return {name: int(value) for name, value in re.findall(r"counter: ([\w ]+?) (\d+)$", last, re.MULTILINE)}

    def stop(self, number=signal.SIGTERM):
        """Ends it by a signal; returns its exit status and how many seconds it took."""
        begin = time.monotonic()
        self.process.signal(number)
        status = self.process.wait()
        self.ended = True
        return status, time.monotonic() - begin

    def wait(self):
        self.ended = True
        return self.process.wait()

    def kill(self):
        self.expected_status = -signal.SIGKILL
        self.process.kill()

    def finish(self):
        """At the end of a test: it must still run, and end well."""
        if not self.ended:
            check(self.process.running() or self.process.popen.returncode == self.expected_status,
                  f"the gateway ended by itself with {self.process.popen.returncode}")
            if self.process.running():
                status, _ = self.stop()
                equal(status, self.expected_status, "exit status of the gateway")


def gateway_command(bench):
    program = os.path.join(BUILD, "mqttsn-gateway")
    if not VALGRIND:
        return [program]
    return [os.path.join(BUILD, "libtool"), "--mode=execute", "valgrind", "--quiet", "--leak-check=full",
            "--errors-for-leak-kinds=definite", "--log-file=" + bench.path("sanitizer.valgrind.%p"), program]


def gateway_env(bench):
    env = dict(os.environ)
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS"):
        given = env.get(name)
        env[name] = (given + ":" if given else "") + "print_stacktrace=1:log_path=" + bench.path("sanitizer")
    return env


class Bench:
    """What one test runs on: a folder, and all that was started in it."""

    def __init__(self, name):
        self.folder = tempfile.mkdtemp(prefix="mqttsn-test-")
        self.name = name
        self.processes = []
        self.gateways = []
        self.closers = []
        self.numbers = {}

    def path(self, name):
        return os.path.join(self.folder, name)

    def process(self, argv, name, **options):
        """Starts a program; its log is NAME-1.log, NAME-2.log, ..."""
        self.numbers[name] = self.numbers.get(name, 0) + 1
        process = Process(argv, self.path(f"{name}-{self.numbers[name]}.log"), **options)
        self.processes.append(process)
        return process

    def closing(self, thing):
        """Has its close() called at the end of the test."""
        self.closers.append(thing)
        return thing

    def broker(self, **settings):
        return Broker(self, **settings)

    def gateway(self, broker, *options, listen="127.0.0.1:0"):
        """A gateway that serves; @broker is a Broker or an address."""
        address = broker if isinstance(broker, str) else broker.address
        return self.start_gateway("--listen", listen, "--broker", address, *options).wait_ready()

    def start_gateway(self, *options, **how):
        gateway = Gateway(self, *options, **how)
        self.gateways.append(gateway)
        return gateway

    def run_gateway(self, *options):
        """For a command that ends by itself: returns its status, standard output and standard error."""
        done = subprocess.run(gateway_command(self) + list(options), env=gateway_env(self), timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def close(self):
        """Ends everything; raises the first failure that shows up in doing so."""
        failure = None
        for thing in reversed(self.closers):
            thing.close()
        for gateway in self.gateways:
            try:
                gateway.finish()
            except Failure as e:
                failure = failure or e
        for process in reversed(self.processes):
            process.kill()
        return failure or self.sanitizer_failure()

    def sanitizer_failure(self):
        for gateway in self.gateways:
            if re.search(r"runtime error:|Sanitizer", gateway.log()):
                return Failure("a sanitizer reported, see the gateway's log")
        for name in sorted(os.listdir(self.folder)):
            if name.startswith("sanitizer") and os.path.getsize(self.path(name)) > 0:
                with open(self.path(name), encoding="utf-8", errors="backslashreplace") as f:
                    return Failure("a sanitizer reported:\n" + f.read())
        return None

    def show_logs(self):
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".log"):
                with open(self.path(name), encoding="utf-8", errors="backslashreplace") as f:
                    lines = f.read().splitlines()
                comment(f"--- {name}, last lines of {len(lines)}:")
                for line in lines[-25:]:
                    comment("  " + line[:400])

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


# --- the tests of a file ---

_tests = []


def test(name):
    def add(function):
        _tests.append((name, function))
        return function

    return add


def comment(text):
    for line in text.splitlines():
        print("# " + line, flush=True)


def run_one(function, name):
    """Returns None, or why the test failed."""
    bench = Bench(name)
    failure = None
    try:
        function(bench)
    except Skip:
        raise
    except Failure as e:
        line = traceback.extract_tb(e.__traceback__)
        failure = f"{e}\n" + "".join(f"  at {f.filename}:{f.lineno}: {f.line}\n" for f in line[1:])
    except Exception:
        failure = traceback.format_exc()
    finally:
        late = bench.close()
        if failure is None and late is not None:
            failure = str(late)
        if failure is not None:
            bench.show_logs()
            comment(f"logs are kept in {bench.folder}")
        elif not KEEP:
            bench.remove()
    return failure


def main():
    wanted = sys.argv[1:]  # parts of names; all without
    tests = [t for t in _tests if not wanted or any(w in t[0] for w in wanted)]
    failed = 0

    print(f"1..{len(tests)}", flush=True)
    for number, (name, function) in enumerate(tests, 1):
        begin = time.monotonic()
        try:
            failure = run_one(function, name)
        except Skip as e:
            print(f"ok {number} - {name} # SKIP {e}", flush=True)
            continue
        if failure is not None:
            failed += 1
            comment(failure)
        print(f"{'not ok' if failure else 'ok'} {number} - {name}", flush=True)
        comment(f"{time.monotonic() - begin:.2f} s")
    sys.exit(1 if failed else 0)
