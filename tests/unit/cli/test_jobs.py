"""`jobs`."""

import asyncio

from proxyfleet.cli.jobs import _row
from proxyfleet.ports import JobRun
from proxyfleet.services.jobs import GRACE


def test_nobody_has_run_yet(run, fleet):
    done = run("jobs")
    assert done.code == 0
    assert "no node has run on this store yet" in done.err
    assert run("jobs", "--json").json == []


def test_a_mistyped_store_is_refused(run):
    assert run("jobs", "--store", "sqlite:///nowhere.db").code == 3


def test_what_each_job_shows():
    job = JobRun("sources", 60.0, 900.0, 100.0, 40.0, 1.5, "ok", "none due", "n1", 40.0)
    row = _row(job, 100.0)
    assert row == row | {"name": "sources", "result": "ok", "took": 1.5, "told": "none due", "node": "n1"}
    assert (row["started"], row["next_run"]) == ("1970-01-01T00:00:40Z", "1970-01-01T00:01:40Z")
    assert _row(job, 101.0 + GRACE)["result"] == "stalled"
    assert _row(JobRun("a", 60.0, 10.0, 100.0), 100.0)["result"] == "waiting"


def test_people_see_a_table_and_what_to_do_about_stalled_ones(run, fleet, home):
    from proxyfleet.stores.registry import open_store
    from proxyfleet.vault import KeySource

    async def put():
        keys = KeySource(default=home / ".config" / "proxyfleet" / "key")
        store = await open_store(f"sqlite:{home}/fleet.db", keys=keys)
        await store.put_job(JobRun("sources", 60.0, 900.0, 100.0, told="none \x1b[31mdue"))
        await store.close()

    asyncio.run(put())
    done = run("jobs")
    assert "stalled" in done.out
    assert "\x1b" not in done.out
    assert "is a node running?" in done.err
