"""What becomes of findings: health, status, measurements beside claims; and nothing for a proxy that is another one by now."""

from dataclasses import replace
from random import Random

import pytest

from proxyfleet.core.checks import Answer, Finding, Place, Said, Seen, Verdict, Visit, Way
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Category, Outcome, Phase
from proxyfleet.core.proxy import Details, Kind, Measured, Status
from proxyfleet.core.selector import Selector
from proxyfleet.lab import HandClock
from proxyfleet.lab.builders import a_proxy, some_proxies
from proxyfleet.services.editing import change_from
from proxyfleet.services.findings import Findings, measured, shown, summed_up
from proxyfleet.services.inventory import edit, fill
from proxyfleet.stores.memory import MemoryStore

NOW = 2_000_000_000.0
DIRECT = Seen("192.0.2.1", {})
GOOD = Said(Way.HTTP, seconds=0.25, seen=Seen("203.0.113.9", {"via": "1.1 x"}))
DEAD = Said(Way.HTTP, Category.CONNECT, Phase.DIAL)


@pytest.fixture
async def world():
    store = MemoryStore(HandClock(NOW))
    await store.put(some_proxies(4, status=Status.PENDING, require_check=True, anonymity="elite"))
    fleet = FleetState(rng=Random(1))
    await fill(fleet, store, NOW)
    return fleet, store, Findings(fleet, store, lambda: NOW)


async def stored(store, number):
    return (await store.some([number]))[0]


async def test_health_learns_and_the_proven_become_active(world):
    fleet, store, findings = world
    await findings.keep([Finding(fleet.get(1), (GOOD,), DIRECT), Finding(fleet.get(2), (DEAD,), DIRECT)])
    assert (fleet.health(1, NOW).successes, fleet.health(2, NOW).failures) == (1, 1)
    assert fleet.get(1).status is Status.ACTIVE
    kept = await stored(store, 1)
    assert (kept.status, kept.details.measured.exit_address) == (Status.ACTIVE, "203.0.113.9")
    assert (kept.labels.anonymity, kept.labels.measured_anonymity) == ("elite", "anonymous")
    assert (await stored(store, 2)).status is Status.PENDING


async def test_our_own_failures_teach_nothing(world):
    fleet, _, findings = world
    await findings.keep([Finding(fleet.get(1), (DEAD._replace(ours=True),), DIRECT)])
    assert fleet.health(1, NOW).attempts == 0


async def test_a_proxy_that_was_changed_or_removed_meanwhile_learns_nothing(world):
    fleet, store, findings = world
    before = [Finding(fleet.get(n), (GOOD,), DIRECT) for n in (1, 2)]
    fleet.replace(replace(fleet.get(1), port=9), NOW)
    fleet.remove(2, NOW)
    await findings.keep(before)
    assert fleet.health(1, NOW).attempts == 0
    assert (await stored(store, 2)).status is Status.PENDING


async def test_one_that_is_removed_while_it_is_written_costs_no_other_its_record(world):
    fleet, store, _ = world

    class Racing:
        worked, some = store.worked, store.some

        async def amend(self, ids, change):
            await store.remove([1])
            return await store.amend(ids, change)

    await Findings(fleet, Racing(), lambda: NOW).keep([Finding(fleet.get(n), (GOOD,), DIRECT) for n in (1, 2)])
    assert (await stored(store, 2)).status is Status.ACTIVE


async def test_what_an_operator_says_while_it_is_written_stands(world):
    fleet, store, _ = world

    class Racing:
        worked, some = store.worked, store.some

        async def amend(self, ids, change):
            await edit(store, [1], change_from(["status=disabled", "notes=by hand"]))
            return await store.amend(ids, change)

    await Findings(fleet, Racing(), lambda: NOW).keep([Finding(fleet.get(1), (GOOD,), DIRECT)])
    after = await stored(store, 1)
    assert (after.status, after.details.notes) == (Status.DISABLED, "by hand")
    assert after.details.measured.exit_address == "203.0.113.9"


def test_a_person_s_word_and_a_rotating_exit_stay():
    off = a_proxy(1, status=Status.DISABLED)
    assert measured(off, Finding(off, (GOOD,), DIRECT)).status is Status.DISABLED
    rotating = a_proxy(1, kind=Kind.ROTATING)
    assert measured(rotating, Finding(rotating, (GOOD,), DIRECT)).details.exit is None
    liar = a_proxy(1, status=Status.PENDING)
    by_another = GOOD._replace(way=Way.SOCKS5)
    assert measured(liar, Finding(liar, (DEAD, by_another), DIRECT)).status is Status.PENDING


def test_how_they_are_shown():
    found = [Finding(proxy, (GOOD if proxy.id < 3 else DEAD,), DIRECT) for proxy in some_proxies(4, username="u")]
    told = summed_up(found)
    assert told["verdicts"] == {verdict.value: 2 if verdict.value in ("works", "dead") else 0 for verdict in Verdict}
    assert told["latency"] == {"p50": 0.25, "p95": 0.25, "p99": 0.25}
    assert (told["exits"], told["shared_exits"]) == (1, 1)
    one = shown(found[0])
    assert one["measured"] == {
        "protocols": ["http"],
        "anonymity": "anonymous",
        "exit_address": "203.0.113.9",
        "country": None,
        "asn": None,
        "network": None,
    }
    assert one["claimed"]["scheme"] == "http"
    assert summed_up([])["latency"]["p50"] is None


def placed(proxy, **place):
    return Finding(proxy, (GOOD._replace(tls=True),), DIRECT, True, Place(**place))


def test_what_was_measured_stays_beside_what_is_claimed():
    claims = replace(a_proxy(1, country="US", asn=7), details=Details(exit_address="203.0.113.1", protocols=("https",)))
    after = measured(claims, placed(claims, country="DE", asn=64500, network="Example Net"))
    assert (after.labels.country, after.labels.measured_country, after.labels.asn) == ("US", "DE", 7)
    details = after.details
    assert (details.exit_address, details.exit, details.protocols) == ("203.0.113.1", GOOD.seen.client, ("https",))
    assert after.details.measured == Measured(GOOD.seen.client, 64500, "Example Net", ("http",), True, True)
    told = {field for field, *_ in placed(claims, country="DE", asn=64500).disagreements}
    assert told == {"country", "asn", "exit_address"}


def test_a_place_belongs_to_its_exit():
    proxy = measured(a_proxy(1), placed(a_proxy(1), country="DE", network="n"))
    again = measured(proxy, Finding(proxy, (GOOD,), DIRECT))
    assert (again.labels.measured_country, again.details.measured.network) == ("DE", "n")
    moved = GOOD._replace(seen=Seen("203.0.113.10", {}))
    after = measured(proxy, Finding(proxy, (moved,), DIRECT))
    assert (after.labels.measured_country, after.details.measured.network) == (None, "")


async def test_a_site_s_word_is_of_the_pair(world):
    fleet, store, findings = world
    shut = Outcome.failed(Category.BANNED, target="shop.example")
    visits = {1: Visit("shop.example", Answer.BANNED, 403, shut), 2: Visit("shop.example", Answer.FAILED)}
    found = [Finding(fleet.get(n), (GOOD,), DIRECT, visit=visit) for n, visit in visits.items()]
    await findings.keep(found)
    told = {one.proxy_id: one.code for one in fleet.explain(Selector.parse("id=1,2"), NOW, target="shop.example")}
    assert told[1] != told[2]
    assert next(one for one in fleet.explain(Selector.parse("id=1"), NOW) if one.proxy_id == 1).eligible
    assert (await stored(store, 1)).details.measured.sites == (("shop.example", "banned"),)
    assert summed_up(found)["site"] == {"accepted": 0, "banned": 1, "rate_limited": 0, "failed": 1}
    assert shown(found[0])["site"] == {"host": "shop.example", "answer": "banned", "status": 403}
