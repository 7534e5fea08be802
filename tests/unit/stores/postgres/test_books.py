"""What was read, what is missing, and with which revision it may be written."""

from proxyfleet.core.lease import FOREVER, Holder, Lease, Token
from proxyfleet.core.orders import Candidate, Claim, GiveBack, Release, Renew, Sweep, Take
from proxyfleet.stores.deciding import Remembered
from proxyfleet.stores.postgres.books import Found, ReadBooks, Wants, wants_of

ANN = Holder("ann")
NOW = 100.0


def row(
    pool: int, slot: int, expires: float = 200.0, resource: str | None = None, revision: int = 4
) -> tuple[object, ...]:
    return (pool, slot, 2, pool, "ann", "", resource, "", 90.0, expires, revision)


def found(*leases: tuple[object, ...], terms: int | None = 2) -> Found:
    known = [] if terms is None else [(1, terms, "static", None, "active", None)]
    return Found(NOW, 1, 0, list(leases), known, [], [("ann", "k", "x", "[[1, 0, 2]]", 900.0)])


def at(pool: int, slot: int = 0, rotating: bool = False) -> Candidate:
    return Candidate(pool, slot, pool, 5, FOREVER, rotating)


def test_what_orders_want_at_least() -> None:
    wants = wants_of(
        [
            Claim(ANN, (at(1), at(2, 3)), 60.0, resource="site", key="k"),
            Claim(ANN, (at(3, 1, rotating=True),), 60.0, resource="site"),
            Renew(Token(4, 0, 1), "ann", 60.0),
            Release(Token(5, 1, 1), None),
            Take(6, "shop", ANN, "s"),
            GiveBack(7, "shop", ANN),
            Sweep(principal="ann"),
        ]
    )
    assert wants.slots == {(1, 0), (2, 3), (3, 1), (4, 0), (5, 1)}
    assert wants.tokens == {(4, 0), (5, 1)}
    assert (wants.crowded, wants.pools, wants.proxies) == ({1, 2, 3}, set(), {1, 2, 3, 6, 7})
    assert wants.pairs == {(1, "site", ""), (2, "site", ""), (6, "shop", "s"), (7, "shop", "")}
    assert (wants.keys, wants.sweeps) == ({("ann", "k")}, [Sweep(principal="ann")])
    assert wants_of([Claim(ANN, (at(1), at(2)), 1.0)], refused=True).pools == {1}


def test_what_was_not_read_is_missing_and_guessed() -> None:
    books = ReadBooks(Wants(slots={(1, 0)}, proxies={9}), found(terms=None))
    assert (books.slot(1, 0), books.terms(9)) == (None, None)
    assert not books.missing
    assert (books.slot(1, 1), books.terms(1), books.hold((1, "site", "")), list(books.running(1, 0, NOW))) == (
        None,
        None,
        None,
        [],
    )
    assert books.missing == Wants(slots={(1, 1)}, proxies={1}, pools={1}, pairs={(1, "site", "")})


def test_beyond_the_capacity_all_is_known_of_crowded_pools() -> None:
    books = ReadBooks(Wants(crowded={1}), found(row(1, 2), row(1, 3, expires=50.0)))
    assert [lease.slot for lease in books.running(1, 2, NOW)] == [2]
    assert not books.missing
    books.running(1, 1, NOW)
    assert books.missing.pools == {1}


def test_pairs_are_known_only_of_leases_that_were_named() -> None:
    wants = Wants(slots={(1, 0)}, tokens={(1, 0)})
    books = ReadBooks(wants, found(row(1, 0, resource="site"), row(2, 0, resource="site")))
    assert books.hold((1, "site", "")) is None
    assert not books.missing
    books.hold((2, "site", ""))
    assert books.missing.pairs == {(2, "site", "")}


def test_what_is_put_is_read_and_gets_the_next_revision() -> None:
    books = ReadBooks(Wants(slots={(1, 0), (1, 1)}), found(row(1, 0)))
    before = books.slot(1, 0)
    assert before is not None
    books.put(before._replace(fence=3))
    books.put(Lease(1, 1, 1, 1, ANN, None, "", NOW, 160.0))
    assert books.slot(1, 0) == before._replace(fence=3)
    assert (books.revision((1, 0)), books.revision((1, 1))) == (5, 0)
    assert set(books.leases) == {(1, 0), (1, 1)}


def test_a_decision_is_good_until_a_lease_it_has_changed_expires() -> None:
    books = ReadBooks(Wants(slots={(1, 0), (1, 1)}), found(row(1, 0), row(1, 1, expires=50.0)))
    assert books.deadline(NOW) == float("inf")
    for slot in (1, 0):
        lease = books.slot(1, slot)
        assert lease is not None
        books.put(lease._replace(expires=0.0))
    assert books.deadline(NOW) == 200.0


def test_sweeps_find_what_was_put_since() -> None:
    books = ReadBooks(Wants(sweeps=[Sweep(principal="ann")]), found(row(2, 0), row(1, 1), row(1, 0, expires=50.0)))
    books.put(Lease(1, 0, 3, 1, ANN, None, "", NOW, 160.0))
    assert [lease.id for lease in books.matching(Sweep(principal="ann"), NOW)] == ["1x0", "1x1", "2x0"]
    assert list(books.matching(Sweep(principal="bob"), NOW)) == []


def test_keys_are_recalled() -> None:
    books = ReadBooks(Wants(keys={("ann", "k")}), found())
    assert books.recall("ann", "k") == Remembered("x", (Token(1, 0, 2),), 900.0)
    books.remember("ann", "l", Remembered("y", (), 1.0))
    assert books.recall("ann", "l") == Remembered("y", (), 1.0)
    assert list(books.keys) == [("ann", "l")]
