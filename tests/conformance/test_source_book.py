"""The contract of `ports.SourceBook`, run against every store that keeps sources."""

from dataclasses import replace
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conformance.claimkit import World
from tests.conformance.worlds import KINDS, opened_world

from proxyfleet.core.lease import Holder, Token
from proxyfleet.core.orders import Candidate, Claim, GiveBack, Release, Take
from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Secret, Status
from proxyfleet.core.source import Feed, Gathered, Ledger, Source, SourceEntry
from proxyfleet.ports import Store
from proxyfleet.stores.errors import StoreClosed

NOW = 1_800_000_000.0
DAY = 86_400.0
OWN = Source(
    "mine",
    "own",
    (
        Feed("https://lists.example/get?key=canary", "socks5", "https://mirror.example/?key=canary", 100, True),
        Feed("http://u:canary@b.example/"),
    ),
    "csv",
    False,
    60.0,
    False,
)


@pytest.fixture
def store(world: World) -> Store:
    return cast(Store, world.inventory)


async def everything(store: Store) -> list[Proxy]:
    return [proxy async for batch in store.proxies() for proxy in batch]


def at(host: str, scheme: Scheme = Scheme.HTTP, **fields: object) -> Proxy:
    return replace(Proxy(scheme, host, 8080), **fields)


async def test_own_sources_come_back_as_they_were(store: Store) -> None:
    assert await store.sources() == []
    await store.put_source(OWN)
    await store.put_source(replace(OWN, name="another", feeds=(Feed("http://c.example/"),)))
    await store.put_source(replace(OWN, interval=90.0))
    assert await store.sources() == [
        SourceEntry("another", own=replace(OWN, name="another", feeds=(Feed("http://c.example/"),))),
        SourceEntry("mine", own=replace(OWN, interval=90.0)),
    ]
    assert await store.remove_source("mine") is True
    assert await store.remove_source("mine") is False
    assert [entry.name for entry in await store.sources()] == ["another"]


async def test_switches_and_ledgers_of_any_name(store: Store) -> None:
    ledger = Ledger(
        10, 9, 8, 80, 0, 3, 2, NOW, NOW - 1, "it timed out", NOW + 5, {"f1": ("etag", None), "f2": (None, "d")}
    )
    await store.put_ledger("built-in", ledger)
    await store.switch_source("built-in", False, "failed 8 times: it timed out")
    await store.switch_source("other", True)
    assert await store.sources() == [
        SourceEntry("built-in", None, False, "failed 8 times: it timed out", ledger),
        SourceEntry("other", None, True),
    ]
    await store.switch_source("built-in", None)
    assert (await store.sources())[0] == SourceEntry("built-in", ledger=ledger)


async def test_a_definition_keeps_switch_and_ledger(store: Store) -> None:
    await store.put_source(OWN)
    await store.put_ledger("mine", Ledger(read=5))
    await store.switch_source("mine", False)
    await store.put_source(replace(OWN, format="json"))
    assert await store.sources() == [SourceEntry("mine", replace(OWN, format="json"), False, None, Ledger(read=5))]


async def test_gathering_knows_a_proxy_by_its_place_and_collects_what_is_claimed(store: Store) -> None:
    first = [at("a", labels=Labels(source="one")), at("b", Scheme.SOCKS4)]
    assert await store.gather(first, "one", NOW) == Gathered(2, 0, 0)
    again = [at("a", Scheme.SOCKS5), at("a", Scheme.SOCKS5), at("b", Scheme.SOCKS4)]
    assert await store.gather(again, "two", NOW) == Gathered(0, 1, 2)
    a, b = await everything(store)
    assert (a.scheme, a.details, a.labels.source) == (Scheme.HTTP, Details(protocols=("http", "socks5")), "one")
    assert (b.scheme, b.details) == (Scheme.SOCKS4, None)
    assert await store.gather([at("a", details=Details(protocols=("http", "https")))], "one", NOW) == Gathered(0, 1, 0)
    assert (await everything(store))[0].details == Details(protocols=("http", "socks5", "https"))


async def test_gathering_fills_in_what_is_unknown_and_changes_nothing_else(store: Store) -> None:
    await store.gather([at("a", labels=Labels(country="DE", source="one"), require_check=True)], "one", NOW)
    news = at("a", labels=Labels(country="FR", city="Paris", source="two"), details=Details(exit_address="8.8.8.8"))
    assert await store.gather([news], "two", NOW) == Gathered(0, 1, 0)
    (known,) = await everything(store)
    assert known.labels == Labels(country="DE", city="Paris", source="one")
    assert known.details == Details(exit_address="8.8.8.8")
    assert known.require_check
    assert await store.gather([news, at("a")], "two", NOW) == Gathered(0, 0, 2)


async def test_a_trusted_source_sets_the_scheme_once(store: Store) -> None:
    await store.gather([at("a", labels=Labels(source="rumour"))], "rumour", NOW, trusted=False)
    told = at("a", Scheme.SOCKS5, labels=Labels(source="sure"))
    assert await store.gather([told], "sure", NOW) == Gathered(0, 1, 0)
    (known,) = await everything(store)
    assert (known.scheme, known.labels.source) == (Scheme.SOCKS5, "sure")
    assert known.details == Details(protocols=("http", "socks5"))
    for name, trusted in (("other", True), ("rumour", False), ("sure", True)):
        await store.gather([at("a", Scheme.SOCKS4)], name, NOW, trusted=trusted)
        assert (await everything(store))[0].scheme is Scheme.SOCKS5


async def test_what_its_owner_has_stored_is_left_alone(store: Store) -> None:
    await store.put([at("a", password=Secret("p"), username="u"), at("b"), at("c"), at("c", Scheme.SOCKS5)])
    before = await everything(store)
    named = [at("a", username="u", labels=Labels(country="DE")), at("b", Scheme.SOCKS5), at("c", Scheme.SOCKS4)]
    assert await store.gather(named, "one", NOW) == Gathered(0, 0, 3)
    assert await everything(store) == before
    assert await store.gather([at("a")], "one", NOW) == Gathered(1, 0, 0), "another user is another proxy"


async def test_what_its_owner_names_later_is_a_find_no_more(store: Store) -> None:
    await store.gather([at("a"), at("b")], "one", NOW - 8 * DAY)
    assert (await store.put([at("a")], dry_run=True))[0].verdict == "duplicate"
    assert len(await store.idle(NOW, 10)) == 2
    assert (await store.put([at("a")]))[0].verdict == "duplicate"
    a, b = await everything(store)
    assert await store.idle(NOW, 10) == [b.id]
    assert await store.retire([a.id, b.id], NOW) == 1


async def test_a_dry_run_tells_the_same_and_writes_nothing(store: Store) -> None:
    await store.gather([at("a")], "one", NOW)
    before, entries, seen = await everything(store), await store.sources(), await store.inventory_news(None)
    batch = [at("a", Scheme.SOCKS5), at("b"), at("b")]
    trial = await store.gather(batch, "two", NOW, dry_run=True)
    assert (await everything(store), await store.sources()) == (before, entries)
    assert (await store.inventory_news(seen.position)).ids == frozenset()
    assert not await store.has_gathered("two")
    assert trial == await store.gather(batch, "two", NOW) == Gathered(1, 1, 1)
    assert await store.has_gathered("two")
    assert not await store.has_gathered("three")


async def test_secrets_of_gathered_proxies_come_back(store: Store) -> None:
    await store.gather([at("a", username="u", password=Secret("p"))], "one", NOW)
    assert (await everything(store))[0].password == Secret("p")


async def test_ever_alive_is_counted_once_for_each_source_that_named_it(store: Store) -> None:
    await store.gather([at("a"), at("b")], "one", NOW)
    await store.gather([at("a")], "two", NOW)
    a, b = [proxy.id for proxy in await everything(store)]
    await store.worked({a: NOW, 999: NOW})
    await store.worked({a: NOW + 1})
    assert {entry.name: entry.ledger.alive for entry in await store.sources()} == {"one": 1, "two": 1}
    await store.gather([at("a"), at("a")], "late", NOW)
    await store.worked({b: NOW})
    assert {entry.name: entry.ledger.alive for entry in await store.sources()} == {"one": 2, "two": 1, "late": 1}
    await store.put_ledger("one", Ledger(read=7, alive=0))
    assert next(entry for entry in await store.sources() if entry.name == "one").ledger == Ledger(read=7, alive=2)


async def test_idle_is_what_neither_came_nor_worked_lately(store: Store) -> None:
    await store.put([at("own")])
    await store.gather([at("old"), at("used"), at("off"), at("older")], "one", NOW - 8 * DAY)
    await store.gather([at("new")], "one", NOW - DAY)
    ids = {proxy.host: proxy for proxy in await everything(store)}
    await store.worked({ids["used"].id: NOW - 2 * DAY})
    await store.change([replace(ids["off"], status=Status.DISABLED)])
    week = NOW - 7 * DAY
    assert await store.idle(week, 10) == [ids["old"].id, ids["older"].id]
    assert await store.idle(week, 1) == [ids["old"].id]
    await store.worked({ids["older"].id: NOW})
    everyone = [proxy.id for proxy in ids.values()]
    assert await store.retire([*everyone, *everyone, 999], week) == 1
    assert sorted(proxy.host for proxy in await everything(store)) == ["new", "off", "older", "own", "used"]


async def test_what_was_retired_or_removed_is_new_again(store: Store) -> None:
    await store.gather([at("a"), at("b")], "one", NOW - 8 * DAY)
    a, b = [proxy.id for proxy in await everything(store)]
    assert await store.retire([a], NOW) == 1
    assert await store.remove([b]) == 1
    assert not await store.has_gathered("one")
    assert await store.gather([at("a"), at("b")], "one", NOW) == Gathered(2, 0, 0)
    assert min(proxy.id for proxy in await everything(store)) > b
    assert await store.idle(NOW - DAY, 10) == []


async def test_a_source_that_was_removed_begins_anew_and_its_proxies_stay_finds(store: Store) -> None:
    await store.gather([at("a")], "one", NOW - 8 * DAY)
    (a,) = await everything(store)
    assert await store.remove_source("one")
    assert await everything(store) == [a]
    assert await store.idle(NOW, 10) == [a.id]
    await store.worked({a.id: NOW})
    await store.gather([at("b")], "two", NOW)
    assert not await store.has_gathered("one"), "nobody inherits what another source has named"
    assert {entry.name: entry.ledger.alive for entry in await store.sources()} == {"two": 0}
    await store.gather([at("a")], "one", NOW)
    assert await store.has_gathered("one")
    assert {entry.name: entry.ledger.alive for entry in await store.sources()} == {"one": 1, "two": 0}


async def test_the_feed_tells_of_proxies_and_of_nothing_else(store: Store) -> None:
    position = (await store.inventory_news(None)).position

    async def told() -> frozenset[int] | None:
        nonlocal position
        news = await store.inventory_news(position)
        position = news.position
        assert not news.users
        return news.ids

    await store.gather([at("a"), at("b")], "one", NOW - 8 * DAY)
    assert await told() == {1, 2}
    await store.gather([at("a"), at("b", Scheme.SOCKS5)], "two", NOW)
    assert await told() == {2}
    await store.gather([at("a"), at("c")], "one", NOW, dry_run=True)
    await store.gather([at("a")], "one", NOW)
    await store.put_ledger("one", Ledger(read=1))
    await store.switch_source("one", False)
    await store.put_source(OWN)
    await store.worked({1: NOW - 8 * DAY})
    await store.put([at("a")], dry_run=True)
    assert await told() == frozenset()
    await store.retire([1, 2], NOW)
    assert await told() == {1, 2}


async def test_what_somebody_holds_is_not_retired(store: Store) -> None:
    await store.gather([at(host) for host in "abcdef"], "one", NOW - 8 * DAY)
    holder = Holder("alice")
    free = [Candidate(proxy_id, 0, proxy_id, 5, float("inf")) for proxy_id in (1, 2, 3)]
    orders = [
        Claim(holder, (free[0],), 60.0),
        Claim(holder, (free[1],), 60.0, resource="shop"),
        Claim(holder, (free[2],), 60.0),
        Take(4, "shop", holder),
        Take(5, "shop", holder),
    ]
    decided = await store.decide(orders, "node")
    await store.decide(
        [Release(Token.parse(decided.answers[2].leases[0].token), None), GiveBack(5, "shop", holder)], "node"
    )
    assert await store.retire([1, 2, 3, 4, 5, 6], NOW) == 3
    assert [proxy.id for proxy in await everything(store)] == [1, 2, 4]


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreClosed):
        await store.sources()
    with pytest.raises(StoreClosed):
        await store.gather([at("a")], "one", NOW)


NAMED = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", "three"]),
        st.booleans(),
        st.lists(
            st.builds(
                at,
                st.sampled_from("abc"),
                st.sampled_from([Scheme.HTTP, Scheme.SOCKS4, Scheme.SOCKS5]),
                username=st.sampled_from([None, "u"]),
                labels=st.builds(Labels, country=st.sampled_from([None, "DE", "FR"])),
            ),
            max_size=6,
        ),
        st.lists(st.integers(1, 8), max_size=3),
    ),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(NAMED)
async def test_all_stores_come_to_the_same(tmp_path_factory: pytest.TempPathFactory, rounds: list) -> None:
    """And no place has two records, every protocol that was named is kept, and nothing known is lost."""
    told = []
    for kind in KINDS:
        async with opened_world(kind, tmp_path_factory.mktemp(kind)) as world:
            told.append(await played(world.inventory, rounds))
    assert all(one == told[0] for one in told[1:])


async def played(store: Store, rounds: list) -> object:
    """What the store answers and holds in the end, after a look at what must always hold."""
    answers = []
    for name, trusted, proxies, alive in rounds:
        answers.append(await store.gather(proxies, name, NOW, trusted=trusted))
        await store.worked(dict.fromkeys(alive, NOW))
    found = await everything(store)
    places = [(proxy.host, proxy.port, proxy.username) for proxy in found]
    assert len(places) == len(set(places))
    for proxy in (proxy for _, _, proxies, _ in rounds for proxy in proxies):
        kept = found[places.index((proxy.host, proxy.port, proxy.username))]
        assert proxy.scheme.value in (kept.details.protocols if kept.details else (kept.scheme.value,))
    return answers, found, await store.sources()
