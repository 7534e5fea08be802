"""From settings to recorded findings, on a store that other nodes read; judges that cannot be right are refused."""

from dataclasses import replace
from random import Random

import pytest

from proxyfleet.assembly.checking import BadJudge, check_all, check_stored, judge_of, judges_of, keep_findings
from proxyfleet.assembly.opening import Opened
from proxyfleet.core.checks import Finding, Said, Seen, Verdict, Way
from proxyfleet.core.events import Happened
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.proxy import Status
from proxyfleet.core.selector import ANY
from proxyfleet.lab import HandClock, Lab
from proxyfleet.lab.builders import a_proxy, proxy_of
from proxyfleet.ports.checks import Judge
from proxyfleet.services.inventory import fill
from proxyfleet.settings.schema import Settings
from proxyfleet.settings.schema_care import ChecksSection
from proxyfleet.stores.memory import MemoryStore


def told(judge, **more):
    return Settings(checks=ChecksSection(judge=judge, **{"timeout": 2.0, **more}))


def test_addresses_of_judges():
    assert judge_of("http://Judge.example") == Judge("judge.example", 80, "/", tls=False)
    assert judge_of("https://[2001:db8::1]:8443/a?b=c") == Judge("2001:db8::1", 8443, "/a?b=c", tls=True)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://a", "http://", "http://u:p@a/", "http://a b/", "http://0177.0.0.1/", "http://a:99999", "http://é/"],
)
def test_addresses_that_are_none(url):
    with pytest.raises(BadJudge) as told:
        judge_of(url)
    assert "p@a" not in str(told.value)


def test_what_the_settings_must_say():
    with pytest.raises(BadJudge, match="proxyfleet judge"):
        judges_of(Settings())
    with pytest.raises(BadJudge, match="https"):
        judges_of(told("http://a", tls_judge="http://b"))


async def test_a_judge_that_far_proxies_cannot_reach_is_refused_before_anybody_is_asked():
    async def keep(_):
        raise AssertionError

    with pytest.raises(BadJudge, match="cannot reach it"):
        await check_all(told("http://127.0.0.1:1"), [a_proxy(1, host="127.0.0.1"), a_proxy(2, host="1.1.1.1")], keep)


@pytest.mark.parametrize("dry_run", [False, True])
async def test_a_store_learns_and_a_dry_run_teaches_it_nothing(dry_run):
    async with Lab(http=2) as lab:
        lab.proxies[1].kill()
        store = MemoryStore()
        await store.put([proxy_of(one, status=Status.PENDING) for one in lab.proxies])
        found = await check_stored(told(f"{lab.target.url}/judge"), Opened(store, store), ANY, dry_run=dry_run)
    assert [one.verdict for one in found] == [Verdict.WORKS, Verdict.DEAD]
    kept = await store.some([1, 2])
    assert [one.status for one in kept] == [Status.PENDING if dry_run else Status.ACTIVE, Status.PENDING]
    _, sums = await store.health_since(0)
    assert len(sums) == (0 if dry_run else 2)


async def test_events_of_a_check_are_kept():
    store, fleet = MemoryStore(HandClock(9.0)), FleetState(rng=Random(1))
    await store.put([a_proxy(1, status=Status.PENDING)])
    await fill(fleet, store, 9.0)
    one = Finding(replace(fleet.get(1)), (Said(Way.HTTP, seen=Seen("1.2.3.4", {})),), Seen("", {}))
    await keep_findings(fleet, store, [one], lambda: 9.0)
    assert [kept.event.what for kept in await store.events(0)] == [Happened.PROXY_PROVEN]


async def test_a_judge_that_only_we_can_reach_harms_nobody():
    async with Lab(http=3) as lab:
        for one in lab.proxies:
            one.behave(error_rate=1.0)
        store = MemoryStore()
        await store.put([proxy_of(one) for one in lab.proxies])
        found = await check_stored(told(f"{lab.target.url}/judge", timeout=0.5), Opened(store, store), ANY)
    assert [one.verdict for one in found] == [Verdict.FAILED] * 3
    assert (await store.health_since(0))[1] == []
