# SPDX-License-Identifier: BSD-3-Clause
"""The command line and the configuration file: what is printed, and what mistakes look like."""

import re

from harness import check, equal, gateway_command, main, test

OPTIONS = ["--listen", "--broker", "--predefined", "--set", "--config", "--check-config", "--version", "--help"]


def mistakes(bench, *options):
    """Runs it with options that are wrong; returns the messages."""
    status, out, err = bench.run_gateway(*options)
    equal(status, 2, "exit status")
    equal(out, "", "standard output")
    return err


def write(bench, text):
    path = bench.path("gateway.conf")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def understood(bench, *options):
    status, out, err = bench.run_gateway("--check-config", *options)
    equal((status, err), (0, ""), "--check-config")
    return out


@test("--version")
def _(bench):
    status, out, err = bench.run_gateway("--version")
    equal((status, err), (0, ""), "status and messages")
    check(re.fullmatch(r"mqttsn-gateway \d+\.\d+\.\d+\n", out), out)


@test("--help tells every option")
def _(bench):
    status, out, err = bench.run_gateway("--help")
    equal((status, err), (0, ""), "status and messages")
    for option in OPTIONS:
        check(f"  {option}" in out, option)
    check(max(map(len, out.splitlines())) <= 100, "lines fit a terminal")


@test("an unknown option, a missing argument, a stray word: all told, status 2")
def _(bench):
    err = mistakes(bench, "--lisen", "x", "--config")
    check("'--lisen'" in err, err)
    check("'--config'" in err, err)
    check("unexpected argument 'x'" in err, err)
    check("--help" in err, err)


@test("every mistake in the values is told at once")
def _(bench):
    err = mistakes(bench, "--listen", "nonsense", "--broker", "", "--set", "timers.no_such=1", "--set", "novalue",
                   "--set", "limits.clients=0", "--predefined", "0=a", "--predefined", "7=a/#")
    lines = err.splitlines()
    equal(len(lines), 7, "messages:\n" + err)
    equal([line.split(" ")[0].rstrip(":") for line in lines],
          ["--listen", "--broker", "--set", "--set", "--set", "--predefined", "--predefined"], "in their order")


@test("mistakes in the file are told with file and line")
def _(bench):
    path = write(bench, 'timers:\n{\n  retry = "soon";\n  no_such = 1;\n};\nlimits: { clients = -1; };\n')
    err = mistakes(bench, "--config", path)
    for line in (3, 4, 6):
        check(f"{path}:{line}: " in err, f"line {line} in:\n{err}")
    equal(len(err.splitlines()), 3, "messages:\n" + err)


@test("a file that is not there, or is no configuration")
def _(bench):
    err = mistakes(bench, "--config", bench.path("absent.conf"))
    check(bench.path("absent.conf") in err and "No such file" in err, err)
    path = write(bench, "timers: { retry = ;\n")
    check(f"{path}:1: " in mistakes(bench, "--config", path), "syntax error")


@test("two listeners on one address")
def _(bench):
    err = mistakes(bench, "--listen", "127.0.0.1:4711", "--listen", "127.0.0.1:4711")
    check("--listen" in err and "port" in err, err)


@test("a wrong configuration is refused by --check-config as well")
def _(bench):
    mistakes(bench, "--check-config", "--set", "timers.retry=-1")


@test("what --check-config prints reads back to the same")
def _(bench):
    out = understood(bench, "--listen", "127.0.0.1:4711", "--listen", "[::1]:4712", "--broker", "broker.example:8883",
                     "--predefined", "1=plant/alarm", "--predefined", "pump-*:2=plant/${client}/level",
                     "--set", "timers.retry=2.5", "--set", "log.level=debug")
    for text in ("127.0.0.1:4711", "[::1]:4712", "broker.example", "8883", "plant/alarm", "pump-*", "2.5", "debug"):
        check(text in out, f"{text} in:\n{out}")
    equal(understood(bench, "--config", write(bench, out)), out, "read back")


@test("what cannot be written is a failure")
def _(bench):
    with open("/dev/full", "wb") as full:
        process = bench.process(gateway_command(bench) + ["--check-config"], "full", stdout=full)
        equal(process.wait(), 1, "exit status")
    process.wait_log("standard output: No space left on device")


@test("the command line goes over the file, wherever --config stands")
def _(bench):
    path = write(bench, 'timers: { retry = 7; };\nlimits: { clients = 77; };\n')
    options = ["--set", "timers.retry=3", "--config", path]
    first = understood(bench, *options)
    check(re.search(r"retry = 3(\.0)?;", first), first)
    check("clients = 77;" in first, first)
    equal(understood(bench, *options[2:], *options[:2]), first, "the other order")


# SN12-OPEN-16
@test("defaults alone are a configuration, and listen on loopback only")
def _(bench):
    out = understood(bench)
    check("127.0.0.1:1884" in out and "1883" in out, out)
    check(not re.search(r'^[^#]*"(0\.0\.0\.0|\[::\])', out, re.MULTILINE), "no wildcard")


main()
