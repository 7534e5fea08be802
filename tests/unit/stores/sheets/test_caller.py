"""Calls with patience: what is repeated, what is not, and what people are told."""

from random import Random

import pytest

from proxyfleet.lab.clock import HandClock
from proxyfleet.stores.sheets.caller import Caller, Patience
from proxyfleet.stores.sheets.calls import Answer, Call, Lost
from proxyfleet.stores.sheets.errors import NoSheetAccess, SheetNotFound, SheetRefused, SheetUnavailable
from proxyfleet.stores.sheets.pace import Limits, Pace

READ, WRITE = Call("GET", "/s", "reading"), Call("POST", "/s", "writing")
OK = Answer(200, {"fine": True})


def error(code, message="", status="", reason=""):
    told = {"code": code, "message": message, "status": status, "details": [{"reason": reason}]}
    return Answer(code, {"error": told})


class Bench:
    """A caller whose time is moved by its own waiting."""

    def __init__(self, *answers, whole=120.0):
        self.clock, self.answers, self.waited = HandClock(0.0), list(answers), []
        pace = Pace(Limits(1000.0, 1000, 1000, 1000))
        self.caller = Caller(
            self.send,
            pace=pace,
            patience=Patience(5.0, whole),
            rng=Random(1),
            clock=self.clock,
            sleep=self.sleep,
            account=lambda: "robot@x",
        )

    async def send(self, call):
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def sleep(self, seconds):
        if seconds > 0:
            self.waited.append(seconds)
            self.clock.advance(seconds)


async def test_an_answer():
    bench = Bench(OK)
    assert await bench.caller.call(READ) == {"fine": True}
    assert (bench.caller.calls, bench.waited) == ({"read": 1, "write": 0}, [])


@pytest.mark.parametrize(
    "trouble", [error(500), error(503), Answer(502, None), Answer(200, None), Lost("cut", sent=True), error(429)]
)
async def test_reads_are_repeated_with_growing_pauses(trouble):
    bench = Bench(trouble, trouble, OK)
    assert await bench.caller.call(READ) == {"fine": True}
    pauses = [one for one in bench.waited if one >= 1.0]
    assert 1.0 <= pauses[0] < 2.0
    assert bench.caller.calls["read"] == 3


@pytest.mark.parametrize(
    ("trouble", "sent"),
    [
        (error(500), True),
        (Answer(503, None), True),
        (Lost("cut", sent=True), True),
        (Lost("no", sent=False), False),
        (error(429), False),
    ],
)
async def test_writes_are_never_repeated(trouble, sent):
    bench = Bench(trouble, OK)
    with pytest.raises(SheetUnavailable) as told:
        await bench.caller.call(WRITE)
    assert (told.value.sent, len(bench.answers)) == (sent, 1)
    assert str(told.value).startswith("writing: ")


async def test_patience_ends():
    bench = Bench(*[error(429)] * 9, whole=20.0)
    with pytest.raises(SheetUnavailable, match="quota"):
        await bench.caller.call(READ)
    assert bench.clock() <= 20.0


async def test_a_full_quota_of_our_own_is_told_at_once():
    bench = Bench(OK)
    bench.caller._pace.hold(1000.0)
    with pytest.raises(SheetUnavailable, match="too many calls wait"):
        await bench.caller.call(READ)
    assert bench.waited == []


async def test_nobody_waits_for_a_google_that_is_away():
    bench = Bench(*[Lost("gone", sent=False)] * 3, OK)
    with pytest.raises(SheetUnavailable, match=r"cannot be reached \(gone\)"):
        await bench.caller.call(READ)
    before = bench.clock()
    with pytest.raises(SheetUnavailable, match=r"has not answered for \d+ s; it is asked again in \d+ s"):
        await bench.caller.call(READ)
    assert (bench.clock(), len(bench.answers)) == (before, 1)
    bench.clock.advance(60.0)
    assert await bench.caller.call(READ) == {"fine": True}


async def test_a_silent_google_is_not_waited_for_for_ever():
    import asyncio

    async def never(_):
        await asyncio.Event().wait()

    caller = Caller(never, patience=Patience(0.01, 0.01), rng=Random(1))
    with pytest.raises(SheetUnavailable, match=r"no answer within 0.01 s") as told:
        await caller.call(WRITE)
    assert told.value.sent


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (error(404), SheetNotFound, "share it with robot@x"),
        (
            error(403, "The caller does not have permission"),
            NoSheetAccess,
            "share the spreadsheet with robot@x as an editor",
        ),
        (error(401), NoSheetAccess, "no permission"),
        (error(403, "x", reason="SERVICE_DISABLED"), NoSheetAccess, "enable it in the Google Cloud console"),
        (error(400, "Unable to parse range: X"), SheetRefused, r"Google refuses it \(Unable to parse range: X\)"),
        (Answer(418, None), SheetRefused, r"\(HTTP 418\)"),
    ],
)
async def test_refusals_name_the_remedy_and_are_not_repeated(answer, kind, words):
    bench = Bench(answer, OK)
    with pytest.raises(kind, match=words):
        await bench.caller.call(READ)
    assert len(bench.answers) == 1
    assert bench.caller.circuit.admits(bench.clock())


async def test_protections_are_recognized():
    bench = Bench(error(400, "Invalid requests[3].updateCells: You are trying to edit a protected cell or object."))
    with pytest.raises(SheetRefused) as told:
        await bench.caller.call(WRITE)
    assert told.value.protected
