# SPDX-License-Identifier: BSD-3-Clause
"""A ledger of numbered messages: every stream's numbers as they were published, acknowledged and taken."""

import time


class Stream:
    def __init__(self, qos):
        self.qos = qos
        self.begun = []  # when number i was first sent
        self.acknowledged = set()
        self.taken = []  # (number, when)

    def begin(self):
        """The next number."""
        self.begun.append(time.monotonic())
        return len(self.begun) - 1

    def lost(self):
        return sorted(self.acknowledged - {number for number, _ in self.taken})

    def complete(self):
        return len({number for number, _ in self.taken}) == len(self.begun)

    def repeats(self):
        """(number, when it was taken once more)"""
        seen = set()
        found = []
        for number, when in self.taken:
            if number in seen:
                found.append((number, when))
            seen.add(number)
        return found

    def out_of_order(self):
        """How many came, for the first time, behind a later one."""
        last, count, seen = -1, 0, set()
        for number, _ in self.taken:
            if number not in seen:
                count += number < last
                last = max(last, number)
            seen.add(number)
        return count

    def unexplained(self, accidents):
        """Repeats without an accident between the first sending and the second arrival."""
        return [number for number, when in self.repeats()
                if not any(self.begun[number] <= accident <= when for accident in accidents)]


class Ledger:
    def __init__(self):
        self.streams = {}  # (direction, name, QoS) -> Stream
        self.accidents = {}  # direction -> when something happened that may repeat messages

    def stream(self, direction, name, qos):
        return self.streams.setdefault((direction, name, qos), Stream(qos))

    def take(self, direction, name, qos, number):
        self.stream(direction, name, qos).taken.append((number, time.monotonic()))

    def accident(self, *directions):
        for direction in directions:
            self.accidents.setdefault(direction, []).append(time.monotonic())

    def unexplained(self, direction, stream):
        return stream.unexplained(self.accidents.get(direction, ()))

    def complete(self):
        return all(s.complete() for s in self.streams.values())

    def lines(self):
        """A table: what came of each direction and QoS."""
        yield f"{'direction':<20} QoS published    lost repeats unexplained out-of-order"
        for direction, qos in sorted({(d, q) for d, _, q in self.streams}):
            streams = [s for (d, _, q), s in self.streams.items() if (d, q) == (direction, qos)]
            published = sum(len(s.begun) for s in streams)
            lost = sum(len(s.lost()) for s in streams)
            repeats = sum(len(s.repeats()) for s in streams)
            unexplained = sum(len(self.unexplained(direction, s)) for s in streams)
            out_of_order = sum(s.out_of_order() for s in streams)
            yield f"{direction:<20} {qos:>3} {published:>9} {lost:>7} {repeats:>7} {unexplained:>11} {out_of_order:>12}"

    def complaints(self):
        for (direction, name, qos), s in sorted(self.streams.items()):
            where = f"{direction} {name} QoS {qos}"
            missing = sorted(set(range(len(s.begun))) - {number for number, _ in s.taken})
            if s.lost():
                yield f"{where}: lost {s.lost()[:10]}"
            elif missing:
                yield f"{where}: not acknowledged, and not there {missing[:10]}"
            if s.out_of_order():
                yield f"{where}: out of order {[number for number, _ in s.taken][:2000]}"
            if qos == 2 and self.unexplained(direction, s):
                yield f"{where}: twice without a reason {self.unexplained(direction, s)[:10]}"
