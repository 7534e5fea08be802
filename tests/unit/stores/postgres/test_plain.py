"""Which orders go the quick way, and what it settles in one round trip."""

from proxyfleet.core.lease import FOREVER, Holder, Token
from proxyfleet.core.orders import Candidate, Claim, Granted, Reassign, Release, Renew, Renewed, Sweep, Take
from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.stores.postgres import plain
from proxyfleet.stores.postgres.plain import batch_of
from proxyfleet.stores.postgres.store import PostgresStore

ANN = Holder("ann", "a")


def at(pool: int, slot: int = 0) -> Candidate:
    return Candidate(pool, slot, pool, 5, FOREVER)


def test_only_plain_orders_make_a_batch() -> None:
    assert batch_of([Claim(ANN, (at(1),), 60.0), Release(Token(2, 0, 1), None), Renew(Token(3, 0, 1), "ann", 9.0)])
    for order in (
        Claim(ANN, (at(1),), 60.0, wanted=2),
        Claim(ANN, (at(1),), 60.0, resource="site"),
        Claim(ANN, (at(1),), 60.0, key="k"),
        Sweep(principal="ann"),
        Reassign(Token(1, 0, 1), ANN),
        Take(1, "site", ANN),
    ):
        assert batch_of([Claim(ANN, (at(9),), 60.0), order]) is None


def test_lines_are_in_the_order_of_slots_and_each_slot_once() -> None:
    batch = batch_of(
        [
            Claim(ANN, (at(3, 1), at(4)), 60.0),
            Release(Token(3, 0, 7), None),
            Claim(ANN, (at(3, 1),), 60.0),
            Claim(ANN, (at(1),), 60.0),
            Claim(ANN, (), 60.0),
        ]
    )
    assert batch is not None
    assert [line[:4] for line in batch.lines] == [(1, 0, 3, 0), (3, 0, 1, 7), (3, 1, 0, 0)]
    assert (batch.left_out, batch.others) == ([2], [(0, 4), (2, 3)])
    assert batch.alone() == [True, False, False]
    assert batch.answers == {4: Granted(())}


def test_impossible_tokens_are_left_to_the_exact_way() -> None:
    batch = batch_of(
        [Release(Token(1, 0, 0), "ann"), Renew(Token(2, 0, 1), "ann", 0.0), Renew(Token(3, 0, 0), "ann", 5.0)]
    )
    assert batch is not None
    assert (batch.lines, batch.left_out) == ([], [0, 1, 2])


async def test_a_batch_is_settled_in_one_statement(store: PostgresStore) -> None:
    await store.put([Proxy(Scheme.HTTP, f"h{n}", 1, capacity=2) for n in range(4)])
    lane = store.database.claims
    batch = batch_of([Claim(ANN, (at(1),), 60.0), Claim(ANN, (at(2, 1),), 60.0), Claim(ANN, (at(99),), 60.0)])
    assert batch is not None
    settled = await lane.run(lambda connection: plain.decide(connection, batch, "n", 0.0))
    assert settled is not None
    assert set(settled.answers) == {0, 1}, "what is unknown is left alone"
    first = settled.answers[0]
    assert isinstance(first, Granted)
    (lease,) = first.leases
    assert (lease.id, lease.fence, lease.holder, lease.expires - lease.granted) == ("1x0", 1, ANN, 60.0)
    again = batch_of([Claim(ANN, (at(1),), 60.0), Release(Token(2, 1, 1), "ann")])
    assert again is not None
    settled = await lane.run(lambda connection: plain.decide(connection, again, "n", 0.0, contended=True))
    assert settled is not None
    moved, ended = settled.answers[0], settled.answers[1]
    assert isinstance(moved, Granted)
    assert moved.leases[0].id == "1x1", "a taken slot is replaced by a free one of the pool"
    assert isinstance(ended, Renewed)
    assert ended.lease.expires == 0.0


async def test_what_depends_on_an_order_left_alone_is_undone(store: PostgresStore) -> None:
    await store.put([Proxy(Scheme.HTTP, "h", 1, capacity=1)])
    lane = store.database.claims
    full = batch_of([Claim(ANN, (at(1),), 60.0)])
    assert full is not None
    await lane.run(lambda connection: plain.decide(connection, full, "n", 0.0))
    tangled = batch_of([Claim(ANN, (at(1, 3),), 60.0), Release(Token(1, 0, 1), "ann")])
    assert tangled is not None
    assert await lane.run(lambda connection: plain.decide(connection, tangled, "n", 0.0)) is None
    assert [lease.token for lease in (await store.standing()).leases] == ["1x0.1"]
