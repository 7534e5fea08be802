"""A sheet of a fleet in the lab, without sockets."""

from random import Random

import pytest

from proxyfleet.lab import HandClock
from proxyfleet.lab.sheets import GoogleSheets, Limits, People, Spreadsheet
from proxyfleet.lab.sheets.direct import direct
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.stores.memory_sheet import MemorySheetMemory
from proxyfleet.stores.sheets.caller import Caller, Patience
from proxyfleet.stores.sheets.connecting import connect, named
from proxyfleet.stores.sheets.pace import Limits as Pacing
from proxyfleet.stores.sheets.pace import Pace
from proxyfleet.stores.sheets.sheet import GoogleSheet, Options

HEADINGS = ("Host", "Port", "Username", "Password", "City", "Used for", "Taken by", "Taken at")
NO_LIMITS = Pacing(10**9, 10**9, 10**9, 10**9)


class World:
    """`sheet` is connected to a tab with rows of people; `people` edit it, `memory` is the store's."""

    def __init__(self, *lines, headings=HEADINGS, title="T"):
        self.clock = HandClock(1_800_000_000.0)
        self.book = Spreadsheet(tab=title, clock=self.clock)
        for row, line in enumerate((headings, *lines)):
            for column, value in enumerate(line):
                self.book.type(self.book.tab, row, column, value)
        self.google = GoogleSheets(self.book, limits=Limits(10**9, 10**9), clock=self.clock, guarded=False)
        self.people = People(self.book, Random(1))
        self.memory = MemorySheetMemory()
        self.locks = MemoryStore(self.clock)
        self.caller = Caller(
            direct(self.google),
            pace=Pace(NO_LIMITS),
            patience=Patience(5.0, 60.0),
            rng=Random(1),
            clock=self.clock,
            sleep=self.sleep,
        )

    async def sleep(self, seconds):
        self.clock.advance(max(seconds, 0.0))

    async def connected(self, **options):
        """The sheet; the calls of connecting are forgotten."""
        self.found = await connect(self.caller, named("lab-sheet"), "fleet-1", Random(1))
        self.google.calls.clear()
        self.sheet = self.another(**options)
        return self.sheet

    def another(self, **options):
        """The sheet as another process has it."""
        return GoogleSheet(
            self.caller,
            self.found.place,
            self.memory,
            self.locks,
            options=Options(**options),
            clock=self.clock,
            sleep=self.sleep,
        )

    def verbs(self):
        found = [call.verb for call in self.google.calls]
        self.google.calls.clear()
        return found

    def between(self, edit, kind="write"):
        """Once, just before the next such call is carried out."""
        left = [edit]

        def hook(call):
            if call.kind == kind and left:
                left.pop()()

        self.google.before.append(hook)


@pytest.fixture
def world():
    return World(*([f"20.0.0.{n}", 80, f"u{n}", "", f"city {n}"] for n in range(1, 6)))


def key(n):
    return f"http://u{n}@20.0.0.{n}:80"
