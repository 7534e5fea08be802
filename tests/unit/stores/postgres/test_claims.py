"""The exact way under contention, and orders that cannot be stored."""

import asyncio
from dataclasses import replace

import pytest

from proxyfleet.core.lease import FOREVER, Holder, Token
from proxyfleet.core.orders import (
    Candidate,
    Claim,
    Decided,
    GiveBack,
    Granted,
    Order,
    Reassign,
    Refused,
    Release,
    Sweep,
    Swept,
    Take,
    Taken,
)
from proxyfleet.core.proxy import Details, Measured, Proxy, Scheme
from proxyfleet.stores.errors import StoreAway, StoreBusy
from proxyfleet.stores.postgres import claims
from proxyfleet.stores.postgres.claims import decide
from proxyfleet.stores.postgres.driver import Connection
from proxyfleet.stores.postgres.store import PostgresStore

ANN, BOB = Holder("ann"), Holder("bob")


def at(pool: int, slot: int = 0) -> Candidate:
    return Candidate(pool, slot, pool, 5, FOREVER)


async def ask(store: PostgresStore, *orders: Order) -> Decided:
    return await decide(store.database.claims, orders, "n", 0.0)


@pytest.fixture
async def fleet(store: PostgresStore) -> PostgresStore:
    await store.put([Proxy(Scheme.HTTP, f"h{n}", 1, capacity=3) for n in range(5)])
    return store


async def test_somebody_in_between_is_noticed_and_all_is_read_again(
    fleet: PostgresStore, other: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another node takes the very slot and the very pair between the look and the writing, twice."""
    write, times = claims.write, 0

    async def disturbed(connection: Connection, *rest: object) -> bool:
        nonlocal times
        times += 1
        if times <= 2:
            await other.decide([Claim(BOB, (at(1, times - 1),), 60.0)], "other")
        return await write(connection, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "write", disturbed)
    decided = await ask(fleet, Claim(ANN, (at(1),), 60.0, resource="site"))
    (answer,) = decided.answers
    assert isinstance(answer, Granted)
    assert [lease.slot for lease in answer.leases] == [2]
    assert times == 3
    assert len((await fleet.standing()).leases) == 3


async def test_a_pair_that_is_taken_in_between_is_refused(
    fleet: PostgresStore, other: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, times = claims.write, 0

    async def disturbed(connection: Connection, *rest: object) -> bool:
        nonlocal times
        times += 1
        if times == 1:
            monkeypatch.setattr(claims, "write", write)
            await other.decide([Take(1, "site", BOB)], "other")
        return await write(connection, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "write", disturbed)
    (answer,) = (await ask(fleet, Take(1, "site", ANN))).answers
    assert isinstance(answer, Refused)
    assert (answer.code, answer.by) == ("resource_taken", BOB)


async def test_terms_that_change_in_between_count(
    fleet: PostgresStore, other: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, times = claims.write, 0

    async def disturbed(connection: Connection, *rest: object) -> bool:
        nonlocal times
        times += 1
        if times == 1:
            await other.remove([1])
        return await write(connection, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "write", disturbed)
    (answer,) = (await ask(fleet, Claim(ANN, (at(1),), 60.0, wanted=2))).answers
    assert isinstance(answer, Granted)
    assert [one.code for one in answer.obstacles] == ["unknown_proxy"]


EXIT = "192.0.2.1"


async def leave_by(store: PostgresStore, *ids: int) -> None:
    measured = Details(measured=Measured(EXIT))
    await store.amend(ids, lambda proxy: replace(proxy, details=measured))


@pytest.mark.parametrize("before", [(1,), ()], ids=["joined by another", "joins another"])
async def test_an_exit_that_is_joined_in_between_counts(
    fleet: PostgresStore, other: PostgresStore, monkeypatch: pytest.MonkeyPatch, before: tuple[int, ...]
) -> None:
    """The other node has seen both behind one exit, and nothing running there."""
    await fleet.amend([1, 2], lambda proxy: replace(proxy, capacity=1))
    await leave_by(fleet, *before)
    write = claims.write

    async def disturbed(connection: Connection, *rest: object) -> bool:
        monkeypatch.setattr(claims, "write", write)
        await leave_by(other, 1, 2)
        (answer,) = (await ask(other, Claim(BOB, (at(2),), 60.0, share_exits=True))).answers
        assert isinstance(answer, Granted)
        assert answer.leases
        return await write(connection, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "write", disturbed)
    (answer,) = (await ask(fleet, Claim(ANN, (at(1),), 60.0, share_exits=True))).answers
    assert isinstance(answer, Granted)
    assert [one.code for one in answer.obstacles] == ["capacity"]
    assert len((await fleet.standing()).leases) == 1


async def test_when_others_are_always_quicker_they_have_to_wait(
    fleet: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, write = 0, claims.write

    async def lost(connection: Connection, *rest: object) -> bool:
        nonlocal tried
        tried += 1
        alone = await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock' "
                                          "AND pid = pg_backend_pid()")  # fmt: skip
        return bool(alone) and await write(connection, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(claims, "write", lost)
    (answer,) = (await ask(fleet, Claim(ANN, (at(1),), 60.0, wanted=2))).answers
    assert isinstance(answer, Granted)
    assert tried == claims.FREE_TRIES + 1


async def test_if_that_fails_as_well_nothing_is_stored(fleet: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> bool:
        return False

    monkeypatch.setattr(claims, "write", never)
    with pytest.raises(StoreBusy):
        await ask(fleet, Claim(ANN, (at(1),), 60.0, wanted=2))
    with pytest.raises(StoreAway) as caught:
        await ask(fleet, Claim(ANN, (at(1),), 60.0), Release(Token(2, 0, 5), "ann"), Claim(ANN, (at(2, 7),), 60.0))
    assert caught.value.lost, "a part of it is stored"
    assert [lease.id for lease in (await fleet.standing()).leases] == ["1x0"]


async def test_two_nodes_that_fight_over_one_pair(fleet: PostgresStore, other: PostgresStore) -> None:
    async def fight(store: PostgresStore, holder: Holder) -> int:
        won = 0
        while won < 25:
            (answer,) = (await store.decide([Take(1, "site", holder)], str(holder))).answers
            if isinstance(answer, Taken):
                won += 1
                await store.decide([GiveBack(1, "site", holder)], str(holder))
        return won

    async with asyncio.timeout(60):
        wins = await asyncio.gather(fight(fleet, ANN), fight(other, BOB))
    (hold,) = await fleet.database.reads.run(lambda one: one.fetch("SELECT version, kind FROM holds"))
    assert tuple(hold) == (2 * sum(wins), "free"), "each change counted once"


@pytest.mark.parametrize("text", ["\0", "\ud800"])
async def test_an_order_that_cannot_be_stored_spoils_no_other(fleet: PostgresStore, text: str) -> None:
    decided = await ask(
        fleet,
        Claim(ANN, (at(1),), 60.0),
        Claim(Holder(text), (at(2),), 60.0),
        Take(1, text, ANN),
        Release(Token(1, 0, 1), text),
        Sweep(principal=text),
        Claim(ANN, (at(3),), 60.0),
        Release(Token(10**30, 0, 1), "ann"),
        Take(10**30, "site", ANN),
        Reassign(Token(1, 2**40, 1), BOB),
    )
    codes = [answer.code if isinstance(answer, Refused) else type(answer).__name__ for answer in decided.answers]
    assert codes == [
        "Granted", "bad_text", "bad_text", "unknown_lease", "Swept", "Granted", "unknown_lease", "unknown_proxy",
        "unknown_lease",
    ]  # fmt: skip
    assert decided.answers[4] == Swept(())
    assert len((await fleet.standing()).leases) == 2


@pytest.mark.parametrize("wanted", [1, 2])
async def test_nobody_decides_while_terms_become_stricter(
    fleet: PostgresStore, connection: Connection, wanted: int
) -> None:
    """Whether quickly or exactly: the change is committed first, and then it counts."""
    async with connection.transaction():
        await connection.execute("SELECT take_terms_lock()")
        asking = asyncio.ensure_future(ask(fleet, Claim(ANN, (at(1), at(1, 1)), 60.0, wanted)))
        await asyncio.sleep(0.2)
        assert not asking.done()
        await connection.execute("UPDATE proxies SET status = 'disabled'")
        await connection.execute("UPDATE inventory_state SET generation = generation + 1")
    (answer,) = (await asking).answers
    assert isinstance(answer, Granted)
    assert {one.code for one in answer.obstacles} == {"disabled"}
