# SPDX-License-Identifier: BSD-3-Clause
"""A small event loop for tests with many clients: sockets and timers, in one thread."""

import heapq
import itertools
import selectors
import time


class Timer:
    def __init__(self, call):
        self.call = call


class Events:
    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.timers = []
        self.order = itertools.count()

    def watch(self, sock, call):
        self.selector.register(sock, selectors.EVENT_READ, call)

    def forget(self, sock):
        self.selector.unregister(sock)

    def after(self, seconds, call):
        """Calls @call once; returns a timer for cancel()."""
        timer = Timer(call)
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.order), timer))
        return timer

    @staticmethod
    def cancel(timer):
        if timer is not None:
            timer.call = None

    def _run_timers(self):
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            timer = heapq.heappop(self.timers)[2]
            if timer.call is not None:
                timer.call()

    def run_until(self, condition, timeout):
        """True when @condition() holds; it is asked after each round."""
        end = time.monotonic() + timeout
        while not condition():
            now = time.monotonic()
            if now >= end:
                return False
            wait = min(self.timers[0][0] - now if self.timers else 0.05, end - now, 0.05)
            for key, _ in self.selector.select(max(wait, 0)):
                key.data()
            self._run_timers()
        return True

    def run_ready(self):
        """Handles all that has arrived already; waits for nothing."""
        while ready := self.selector.select(0):
            for key, _ in ready:
                key.data()

    def close(self):
        self.selector.close()
