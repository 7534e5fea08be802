"""Every line is accounted for, whatever is in the list and however often."""

from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.services import importing
from proxyfleet.services.entries import Additions
from proxyfleet.services.importing import Import
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.wire.text.entry import Entry, Verdict
from proxyfleet.wire.text.reader import read

NOTHING = Additions()


async def imported(text, store=None, **options):
    work = Import(store or MemoryStore(), **options)
    await work.take(read([text.encode()]), "list", NOTHING)
    return work.report


def counts(report):
    return (report.read, report.added, report.updated, report.duplicate, report.ambiguous, report.rejected)


async def test_each_line_has_one_verdict():
    report = await imported("1.1.1.1:80\n1.1.1.1:80\nnonsense\n8.8.8.8:1\n")
    assert counts(report) == (4, 2, 0, 1, 0, {"no_proxy": 1})
    assert [(one.line, one.verdict, one.reason) for one in report.lines] == [
        (2, "duplicate", None),
        (3, "rejected", "no_proxy"),
    ]
    assert report.valid == 3


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(["1.1.1.1:80", "1.1.1.1:81", "u:p@1.1.1.1:80", "u:q@1.1.1.1:80", "x", "1.1.1.1:0", ""]))
)
async def test_counts_add_up_and_a_second_import_adds_nothing(lines):
    store = MemoryStore()
    first = await imported("\n".join(lines), store)
    again = await imported("\n".join(lines), store)
    for report in (first, again):
        assert report.read == report.valid + sum(report.rejected.values()) == sum(1 for line in lines if line)
    assert (again.added, again.updated, again.ambiguous) == (0, 0, 0)


async def test_a_new_password_is_an_update():
    store = MemoryStore()
    await imported("u:p@1.1.1.1:80", store)
    assert counts(await imported("u:q@1.1.1.1:80", store)) == (1, 0, 1, 0, 0, {})


async def test_an_ambiguous_line_is_stored_and_named_without_its_password():
    store = MemoryStore()
    work = Import(store)
    await work.take([Verdict(1, Entry("http", "1.1.1.1", 80, "user", "canary"), None, True)], "list", NOTHING)
    assert counts(work.report) == (1, 0, 0, 0, 1, {})
    assert len([proxy async for batch in store.proxies() for proxy in batch]) == 1
    assert "canary" not in str(work.report.as_json())


async def test_a_dry_run_writes_nothing():
    store = MemoryStore()
    report = await imported("1.1.1.1:80", store, dry_run=True)
    assert report.added == 1
    assert [batch async for batch in store.proxies()] == []


async def test_lines_are_capped_and_the_cap_is_said(monkeypatch):
    monkeypatch.setattr(importing, "LINES_CAP", 3)
    told = (await imported("1.1.1.1:1\n" + "1.1.1.1:1\n" * 2 + "x\n" * 2)).as_json()
    assert [one["verdict"] for one in told["lines"]] == ["duplicate", "rejected", "rejected"]
    assert (told["lines_cap"], told["lines_capped"], told["lines_left_out"]) == (3, True, 1)
    assert (await imported("x\n" * 9)).as_json()["lines_left_out"] == 6


async def test_batches_are_told_and_an_impossible_entry_costs_only_itself(monkeypatch):
    monkeypatch.setattr(importing, "BATCH", 2)
    told = []
    work = Import(MemoryStore(), tell=told.append)
    verdicts = [Verdict(n, Entry("http", "1.1.1.1", port)) for n, port in enumerate((1, 70_000, 3), start=1)]
    await work.take(iter(verdicts), "list", NOTHING)
    assert told == [2, 3]
    assert counts(work.report) == (3, 2, 0, 0, 0, {"bad_value": 1})


async def test_a_list_that_is_known_is_asked_about_before_it_is_put(monkeypatch):
    class Remembering(MemoryStore):
        async def recalled(self, proxies):
            asked.append(len(proxies))
            return {0}

    asked = []
    monkeypatch.setattr(importing, "BATCH", 2)
    lines, store = "".join(f"8.8.8.8:{port}\n" for port in range(1, 7)), Remembering()
    await imported(lines, store)
    assert not asked, "a new list is not asked about"

    report = await imported(lines + "1.1.1.1:80\n", store)
    assert asked == [2, 2, 1]
    assert (report.added, report.duplicate) == (0, 7)
