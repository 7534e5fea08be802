"""What operators see of sources, and their switch."""

from dataclasses import replace

import pytest

from proxyfleet.core.source import Feed, Ledger, Source, SourceEntry
from proxyfleet.services.looking import Look
from proxyfleet.services.refreshing import Round
from proxyfleet.services.sources import described, ledger, looked, looked_at, switch, totals
from proxyfleet.stores.memory import MemoryStore

SOURCE = Source("s", "k", (Feed("http://u:canary@a/"), Feed("http://b/?canary")), "csv", interval=60.0)
TIRED = Ledger(failures=7, next_due=99.0, read=5, attempts=9, last_error="answered 503", last_success=0.0)


async def test_switching_on_begins_with_a_clean_sheet():
    store = MemoryStore()
    await store.put_ledger("s", TIRED)
    await store.switch_source("s", False, "failed 8 times")
    (entry,) = await store.sources()
    await switch(store, entry, True)
    (after,) = await store.sources()
    assert (after.switched, after.because) == (True, None)
    assert after.ledger == replace(TIRED, failures=0, next_due=0.0)
    await switch(store, after, False)
    assert (await store.sources())[0].switched is False


@pytest.mark.parametrize(
    ("on", "switched", "on_request", "expected"),
    [
        (True, True, False, "by itself"),
        (False, None, False, "by hand"),
        (False, False, False, "off"),
        (False, None, True, "on request"),
        (True, True, True, "by itself"),
    ],
)
def test_who_looks_at_it(on, switched, on_request, expected):
    source = replace(SOURCE, on_request=on_request)
    assert looked_at(source, SourceEntry("s", switched=switched), on=on) == expected


def test_a_source_and_its_ledger_without_secrets():
    entry = SourceEntry("s", switched=False, because="failed", ledger=TIRED)
    told = described(SOURCE, entry, on=False) | ledger(SOURCE, entry, on=False)
    assert "canary" not in str(told)
    assert (told["feeds"], told["format"], told["every"], told["because"]) == (2, "csv", 60.0, "failed")
    assert (told["last_success"], told["last_attempt"]) == ("1970-01-01T00:00:00Z", None)
    assert (told["next_due"], told["last_error"], told["failures"]) == ("1970-01-01T00:01:39Z", "answered 503", 7)


def test_a_look_and_a_round_in_numbers():
    good = Look("a", "ok", 10, 3, 2, 1, {"no_proxy": 4}, seconds=0.12345)
    bad = Look("b", "failed", problems=["answered 503", "answered 500"])
    assert looked(good)["rejected"] == 4
    assert looked(good)["seconds"] == 0.123
    assert (looked(bad)["problem"], looked(good)["problem"]) == ("answered 503", None)
    assert totals(Round([good, bad])) == {
        "sources": 2,
        "failed": 1,
        "read": 10,
        "valid": 6,
        "added": 3,
        "updated": 2,
        "duplicate": 1,
        "rejected": 4,
    }
