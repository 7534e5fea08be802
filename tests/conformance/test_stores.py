"""The contract of `ports.Store`, run against every store there is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import postgres, redis_server

from proxyfleet.core.errors import BadProxy, DuplicateProxy, UnknownProxy
from proxyfleet.core.proxy import Details, Kind, Labels, Measured, Proxy, ProxyType, Scheme, Secret, Status
from proxyfleet.ports import GatewayUser, Store
from proxyfleet.stores.errors import StoreClosed
from proxyfleet.stores.redis.address import redis_address
from proxyfleet.stores.redis.fleet import claims_in_redis
from proxyfleet.stores.registry import open_store
from proxyfleet.vault import KeySource

FOUND = Measured("203.0.113.9", 64_500, "Netz", ("http", "connect"), True, False, (("shop.example", "banned"),), 1.7e9)
FULL = Proxy(
    Scheme.SOCKS5H,
    "proxy.example",
    1080,
    "üser",
    Secret("pässwörd 密"),
    capacity=7,
    expires_at=1_800_000_000.5,
    status=Status.ACTIVE,
    require_check=True,
    labels=Labels(
        Kind.ROTATING, ProxyType.MOBILE, "DE", "Bavaria", "München", 3320, frozenset({"a b", "ü", "'q'"}), "acme", "list-1",
        "elite", Decimal("12.50"), Decimal("0.70"), "EUR", "AT", "anonymous",
    ),
    details=Details(
        9, 1.5, 2, Secret("https://provider.example/rotate?key=1"), "a\nnote", "2001:db8::1", ("http", "socks5"), FOUND,
    ),
)  # fmt: skip


@pytest.fixture(params=["memory", "sqlite", "postgres", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    async with fresh(request.param, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def fresh(kind: str, directory: Path) -> AsyncIterator[Store]:
    urls = dict.fromkeys(("sqlite", "redis"), f"sqlite:{directory}/data/fleet.db") | {"memory": "memory:"}
    async with postgres.schema() if kind == "postgres" else nullcontext(urls.get(kind)) as url:
        assert url is not None
        opened = await open_store(url, keys=KeySource(default=directory / "keys" / "key"))
        if kind == "redis":
            opened = await claims_in_redis(opened, redis_address(redis_server.fresh_url()))
        try:
            yield opened
        finally:
            await opened.close()


async def everything(store: Store) -> list[Proxy]:
    return [proxy async for batch in store.proxies() for proxy in batch]


def http(host: str, **fields: object) -> Proxy:
    return replace(Proxy(Scheme.HTTP, host, 8080), **fields)


async def test_every_field_comes_back_as_it_was(store: Store) -> None:
    (added,) = await store.put([FULL])
    assert added == ("added", replace(FULL, id=added.proxy.id))
    assert await everything(store) == [added.proxy]


async def test_none_and_the_empty_text_stay_apart(store: Store) -> None:
    given_ = [
        http("a"),
        http("b", password=Secret("")),
        http("a", username=""),
        http("c", details=Details(refresh_url=Secret(""))),
    ]
    assert [stored.verdict for stored in await store.put(given_)] == ["added"] * 4
    back = await everything(store)
    assert [(p.username, p.password) for p in back] == [(None, None), (None, Secret("")), ("", None), (None, None)]
    assert back[3].details == Details(refresh_url=Secret(""))


async def test_ids_grow_and_are_never_used_twice(store: Store) -> None:
    first = await store.put([http("a"), http("b")])
    ids = [stored.proxy.id for stored in first]
    assert 0 < ids[0] < ids[1]
    assert await store.remove([ids[1]]) == 1
    (again,) = await store.put([http("b")])
    assert again.verdict == "added"
    assert again.proxy.id > ids[1]


async def test_identity_is_family_host_port_and_user(store: Store) -> None:
    known = http("a", username="u")
    await store.put([known])
    others = [
        replace(known, scheme=Scheme.HTTPS),
        replace(known, host="b"),
        replace(known, port=81),
        replace(known, username="v"),
        replace(known, username=None),
        replace(known, scheme=Scheme.SOCKS5),
    ]
    assert {stored.verdict for stored in await store.put(others)} == {"added"}
    (same,) = await store.put([replace(known, scheme=Scheme.SOCKS5H)])
    assert same.verdict == "updated"
    assert same.proxy.scheme is Scheme.SOCKS5H


async def test_a_bare_line_keeps_what_is_known(store: Store) -> None:
    (known,) = await store.put([FULL])
    bare = Proxy(FULL.scheme, FULL.host, FULL.port, FULL.username)
    assert await store.put([bare]) == [("duplicate", known.proxy)]
    assert await everything(store) == [known.proxy]


async def test_what_is_told_replaces_what_is_known(store: Store) -> None:
    (known,) = await store.put([FULL])
    news = Proxy(
        FULL.scheme, FULL.host, FULL.port, FULL.username, Secret("new"), labels=Labels(country="FR", tags=frozenset({"x"})),
        details=Details(notes="other"), status=Status.DISABLED,
    )  # fmt: skip
    (updated,) = await store.put([news])
    assert updated.verdict == "updated"
    assert updated.proxy == replace(
        known.proxy,
        password=Secret("new"),
        status=Status.DISABLED,
        labels=replace(FULL.labels, country="FR", tags=frozenset({"x"})),
        details=replace(FULL.details or Details(), notes="other"),
    )
    assert await everything(store) == [updated.proxy]


async def test_repeats_within_one_call_are_judged_in_order(store: Store) -> None:
    labelled = http("a", labels=Labels(country="DE"))
    answers = await store.put([http("a"), http("a"), labelled, http("a"), http("b")])
    assert [stored.verdict for stored in answers] == ["added", "duplicate", "updated", "duplicate", "added"]
    assert len({stored.proxy.id for stored in answers[:4]}) == 1
    assert [p.labels.country for p in await everything(store)] == ["DE", None]


async def test_a_dry_run_answers_the_same_and_writes_nothing(store: Store) -> None:
    await store.put([http("a")])
    batch = [http("a", capacity=3), http("b", password=Secret("p")), http("b")]
    before = await everything(store)
    trial = await store.put(batch, dry_run=True)
    assert await everything(store) == before
    real = await store.put(batch)
    assert trial == real
    assert [stored.verdict for stored in real] == ["updated", "added", "duplicate"]


async def test_change_replaces_whole_records(store: Store) -> None:
    (known,) = await store.put([FULL])
    bare = replace(http("other", password=Secret("q")), id=known.proxy.id)
    await store.change([bare])
    assert await everything(store) == [bare]


async def test_identities_can_be_exchanged(store: Store) -> None:
    one, two = [stored.proxy for stored in await store.put([http("a", password=Secret("1")), http("b")])]
    await store.change([replace(one, host="b"), replace(two, host="a")])
    assert [(p.id, p.host) for p in await everything(store)] == [(one.id, "b"), (two.id, "a")]
    assert (await store.put([http("a")]))[0].proxy.id == two.id


@pytest.mark.parametrize("wrong", ["unknown", "taken", "taken among themselves"])
async def test_change_is_all_or_nothing(store: Store, wrong: str) -> None:
    one, two, three = [stored.proxy for stored in await store.put([http("a"), http("b"), http("c")])]
    spoiled = {
        "unknown": [replace(one, port=1), replace(two, id=999)],
        "taken": [replace(one, port=1), replace(two, host="c")],
        "taken among themselves": [replace(one, host="d"), replace(two, host="d")],
    }[wrong]
    with pytest.raises(UnknownProxy if wrong == "unknown" else DuplicateProxy):
        await store.change(spoiled)
    assert await everything(store) == [one, two, three]


async def test_amending_loses_nobody_else_s_change(store: Store) -> None:
    first, second = (one.proxy for one in await store.put([http("a"), http("b", capacity=3)]))

    def tagged(word: str) -> Callable[[Proxy], Proxy]:
        return lambda proxy: replace(proxy, labels=replace(proxy.labels, tags=proxy.labels.tags | {word}))

    words = [f"t{number}" for number in range(20)]
    told = await asyncio.gather(*(store.amend([first.id, second.id, 99], tagged(word)) for word in words))
    assert told == [2] * 20
    assert [one.labels.tags for one in await everything(store)] == [frozenset(words)] * 2
    assert await store.amend([], tagged("x")) == 0


@pytest.mark.parametrize("wrong", [{"host": "a"}, {"capacity": 0}])
async def test_amending_is_all_or_nothing(store: Store, wrong: dict[str, Any]) -> None:
    first, second = (one.proxy for one in await store.put([http("a"), http("b")]))
    with pytest.raises((DuplicateProxy, BadProxy)):
        await store.amend(
            [first.id, second.id], lambda one: replace(one, **({"capacity": 9} if one.id == first.id else wrong))
        )
    assert await everything(store) == [first, second]


async def test_remove_counts_what_there_was(store: Store) -> None:
    ids = [stored.proxy.id for stored in await store.put([http("a"), http("b"), http("c")])]
    assert await store.remove([ids[0], ids[2], 999]) == 2
    assert [p.host for p in await everything(store)] == ["b"]
    assert await store.remove([]) == 0


async def test_users_and_settings(store: Store) -> None:
    await store.put_user(GatewayUser("zoe", "h1"))
    await store.put_user(GatewayUser("adam", "h2"))
    await store.put_user(GatewayUser("zoe", "h3"))
    assert await store.users() == [GatewayUser("adam", "h2"), GatewayUser("zoe", "h3")]
    assert await store.remove_user("zoe") is True
    assert await store.remove_user("zoe") is False
    await store.put_setting("strategy", "lru")
    await store.put_setting("gone", "x")
    await store.put_setting("gone", None)
    found = await store.settings()
    assert found["strategy"] == "lru"
    assert "gone" not in found


async def test_a_closed_store_says_so(store: Store) -> None:
    await store.close()
    with pytest.raises(StoreClosed, match="open it again"):
        await store.put([http("a")])
    with pytest.raises(StoreClosed):
        await store.users()


async def test_many_proxies_stream_in_order(store: Store) -> None:
    await store.put([http(f"10.0.{n >> 8}.{n & 255}") for n in range(12_000)])
    batches = [batch async for batch in store.proxies()]
    ids = [proxy.id for batch in batches for proxy in batch]
    assert ids == sorted(set(ids))
    assert len(ids) == 12_000
    assert len(batches) > 1


HOSTS = st.sampled_from(["a", "b", "c"])
PROXIES = st.builds(
    Proxy,
    scheme=st.sampled_from([Scheme.HTTP, Scheme.SOCKS5, Scheme.SOCKS5H]),
    host=HOSTS,
    port=st.sampled_from([1, 2]),
    username=st.sampled_from([None, "", "u"]),
    password=st.none() | st.builds(Secret, st.sampled_from(["", "p", "q"])),
    capacity=st.none() | st.integers(1, 3),
    status=st.sampled_from(Status),
    labels=st.builds(
        Labels, country=st.sampled_from([None, "DE"]), tags=st.sampled_from([frozenset(), frozenset({"t"})])
    ),
    details=st.none() | st.builds(Details, notes=st.sampled_from(["", "n"])),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "dry", "change", "remove"]), st.lists(PROXIES, max_size=4), st.integers(1, 6)),
    max_size=8,
)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_it_does_what_memory_does(
    steps: list[tuple[str, list[Proxy], int]], kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("model")
    async with fresh("memory", directory) as model, fresh(kind, directory) as real:
        for step in steps:
            assert await done(real, *step) == await done(model, *step)
            assert await everything(real) == await everything(model)


async def done(store: Store, verb: str, proxies: list[Proxy], first: int) -> object:
    if verb in ("put", "dry"):
        return [stored.verdict for stored in await store.put(proxies, dry_run=verb == "dry")]
    if verb == "remove":
        return await store.remove(range(first, first + 2))
    try:
        return await store.change([replace(proxy, id=first + nth) for nth, proxy in enumerate(proxies)])
    except (UnknownProxy, DuplicateProxy) as error:
        return type(error)
