"""Random batches keep the invariants at every instant, whatever the capacities do meanwhile."""

from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.core.lease import FOREVER, Held, Holder, Lease, Token
from proxyfleet.core.orders import Candidate, Claim, GiveBack, Granted, Release, Renew, Sweep, Take
from proxyfleet.stores.deciding import Decider, Terms, lowest_free
from proxyfleet.stores.memory_claims import MemoryBooks

HOLDERS = st.sampled_from([Holder("ann", "1"), Holder("ann", "2"), Holder("bob")])
PROXIES = st.integers(1, 3)
TOKENS = st.builds(Token, PROXIES, st.integers(0, 4), st.integers(1, 6))
RESOURCES = st.sampled_from([None, "site", "shop"])
CANDIDATES = st.builds(lambda p, s: Candidate(p, s, p, 3, FOREVER), PROXIES, st.integers(0, 4))
CLAIMS = st.builds(
    Claim,
    HOLDERS,
    st.lists(CANDIDATES, max_size=4).map(tuple),
    st.floats(1.0, 30.0),
    wanted=st.integers(1, 3),
    all_or_nothing=st.booleans(),
    resource=RESOURCES,
    key=st.sampled_from([None, "k"]),
)
ORDERS = st.one_of(
    CLAIMS,
    st.builds(Renew, TOKENS, st.sampled_from(["ann", "bob"]), st.floats(1.0, 30.0)),
    st.builds(Release, TOKENS, st.sampled_from(["ann", "bob", None])),
    st.builds(Sweep, principal=st.sampled_from(["ann", None]), proxy_id=st.one_of(st.none(), PROXIES)),
    st.builds(Take, PROXIES, st.sampled_from(["site", "shop"]), HOLDERS),
    st.builds(GiveBack, PROXIES, st.sampled_from(["site", "shop"]), HOLDERS, force=st.booleans()),
)
STEPS = st.lists(st.tuples(st.floats(0.0, 12.0), PROXIES, st.integers(1, 4), st.lists(ORDERS, max_size=4)), max_size=12)


@settings(deadline=None, max_examples=150)
@given(steps=STEPS)
def test_capacity_pairs_and_fences(steps: list[tuple[float, int, int, list[object]]]) -> None:
    capacity = dict.fromkeys(range(1, 4), 3)
    books = MemoryBooks(lambda proxy_id: Terms(capacity[proxy_id], FOREVER, False, False))
    now, fences = 1000.0, dict[int, int]()
    for passed, proxy_id, most, orders in steps:
        now += passed
        before = {pool: len(books.running(pool, 0, now)) for pool in capacity}
        capacity[proxy_id] = most
        for order in orders:
            (answer,) = Decider(books, now).decide([order])
            for pool, most_of_pool in capacity.items():
                run = len(books.running(pool, 0, now))
                assert run <= max(most_of_pool, before[pool]), "more run than capacity ever allowed"
                before[pool] = min(before[pool], run)
            if isinstance(answer, Granted) and not answer.repeated:
                check_grant(answer, fences)
        check_pairs(books, now)


def check_grant(answer: Granted, fences: dict[int, int]) -> None:
    for lease in answer.leases:
        assert lease.fence > fences.get(lease.key, 0), "a fence was used twice"
        fences[lease.key] = lease.fence


def check_pairs(books: MemoryBooks, now: float) -> None:
    """Every running reservation has its pair, and no pair has two."""
    reserved = [row for row in books.all_running(now) if row.resource is not None]
    assert len({(row.proxy_id, row.resource) for row in reserved}) == len(reserved)
    for row in reserved:
        hold = books.hold((row.proxy_id, str(row.resource), row.session))
        assert hold is not None
        assert (hold.kind, hold.token, hold.until) == (Held.RESERVATION, row.token, row.expires)
    standing = [hold for hold in books.holds.values() if hold.stands(now) and hold.kind is Held.RESERVATION]
    assert {hold.token for hold in standing} == {row.token for row in reserved}


def test_news_are_the_rows_that_changed() -> None:
    books = MemoryBooks(lambda _: Terms(2, FOREVER, False, False))
    decider = Decider(books, 10.0)
    (answer,) = decider.decide([Claim(Holder("ann"), (Candidate(1, 0, 1, 2, FOREVER),), 60.0, resource="site")])
    assert isinstance(answer, Granted)
    assert [type(row).__name__ for row in decider.news] == ["Lease", "Hold"]
    assert decider.news[0] == answer.leases[0] == Lease(1, 0, 1, 1, Holder("ann"), "site", "", 10.0, 70.0)


def test_lowest_free() -> None:
    assert [lowest_free(set()), lowest_free({0, 1, 3}), lowest_free({1})] == [0, 2, 0]
