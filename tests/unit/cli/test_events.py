"""`events`."""

import asyncio

from proxyfleet.cli.events import _line, _shown
from proxyfleet.core.events import Event, Happened, Recorded
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

FULL = Recorded(7, Event(Happened.PAIR_RESTED, 60.0, 3, "shop.example", "banned", 120.0))


def put(home, *events):
    async def work():
        keys = KeySource(default=home / ".config" / "proxyfleet" / "key")
        store = await open_store(f"sqlite:{home}/fleet.db", keys=keys)
        await store.record_events(events)
        await store.close()

    asyncio.run(work())


def test_the_latest_ones_oldest_first(run, fleet, home):
    put(
        home,
        *(Event(Happened.PROXY_PROVEN, float(at), at) for at in range(1, 6)),
        Event(Happened.JOB_STALLED, 9.0, subject="x"),
    )
    rows = run("events", "--limit", "3", "--json").json
    assert [row["at"] for row in rows] == [f"1970-01-01T00:00:0{second}Z" for second in (4, 5, 9)]
    assert [row["what"] for row in rows] == ["proxy_proven", "proxy_proven", "job_stalled"]
    assert [row["what"] for row in run("events", "--kind", "job_stalled", "--json").json] == ["job_stalled"]
    assert "1970-01-01T00:00:09Z  job_stalled" in run("events").out


def test_nothing_and_nowhere(run, fleet):
    done = run("events", "--kind", "job_stalled")
    assert (done.code, done.out) == (0, "")
    assert "nothing has happened yet" in done.err
    assert run("events", "--store", "sqlite:///nowhere.db").code == 3


def test_an_unknown_kind_names_the_known_ones(run):
    done = run("events", "--kind", "odd")
    assert done.code == 2
    assert "source_failed" in done.err


def test_an_event_as_people_and_programs_see_it():
    assert _line(FULL) == "1970-01-01T00:01:00Z  pair_rested           proxy 3 shop.example: banned"
    told = _shown(FULL)
    assert told == told | {"number": 7, "what": "pair_rested", "proxy": 3, "target": "shop.example", "subject": None}
    assert (told["until"], told["count"]) == ("1970-01-01T00:02:00Z", 1)
    nasty = Recorded(1, Event(Happened.SOURCE_FAILED, 0.0, subject="s", reason="\x1b[2J\nforged line"))
    assert _line(nasty).count("?") == 2
    assert "\n" not in _line(nasty)
