"""Taking many in at once leaves exactly what taking them in one by one leaves."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.core.errors import BadProxy, DuplicateProxy
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.intake import new_ids, slots_in_a_row
from proxyfleet.core.keeping import MOST_ID
from proxyfleet.core.outcome import Outcome
from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, Scheme, Secret, Status
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector

NOW = 1_000.0
LABELS = [
    Labels(),
    Labels(country="DE", tags=frozenset({"a"})),
    Labels(country="US", tags=frozenset({"a", "b"}), provider="p"),
    Labels(kind=Kind.ROTATING, source="s"),
]
DETAILS = [None, None, None, Details(), Details(notes="n"), Details(max_connections=1)]
SECRETS = [Secret("x"), Secret("y")]

records = st.builds(
    Proxy,
    st.sampled_from([Scheme.HTTP, Scheme.HTTP, Scheme.SOCKS5H]),
    st.sampled_from(["1.1.1.1", "8.8.8.8"]),
    st.integers(1, 65535),
    st.sampled_from([None, "u", "u", "v"]),
    st.sampled_from([None, *SECRETS]),
    capacity=st.sampled_from([None, None, 1, 9]),
    expires_at=st.sampled_from([None, None, NOW - 1, NOW, NOW + 50]),
    status=st.sampled_from(list(Status)),
    require_check=st.booleans(),
    labels=st.sampled_from(LABELS),
    details=st.sampled_from(DETAILS),
)


def numbered(proxies: Sequence[Proxy]) -> list[Proxy]:
    """The same with ids from 1 on."""
    return [
        Proxy(
            one.scheme, one.host, one.port, one.username, one.password, number, one.capacity, one.expires_at,
            one.status, one.require_check, one.labels, one.details,
        )
        for number, one in enumerate(proxies, start=1)
    ]  # fmt: skip


def state(fleet: FleetState) -> dict[str, object]:
    """Everything that loading decides, by slot; the order within a posting is nobody's business."""
    postings, records, profiles = fleet._index.postings, fleet._records, fleet._records.profiles
    for posting in (postings.everyone, *postings._by_label.values()):
        assert [posting.places[slot] for slot in posting.members] == list(range(len(posting)))
    size = len(fleet)
    return {
        "rows": bytes(fleet._columns.rows[: size * 160]),
        "proxies": [fleet.get(one) for one in fleet],
        "ids": dict(fleet._by_id),
        "postings": {key: sorted(posting) for key, posting in postings._by_label.items()}
        | {"": sorted(postings.everyone)},
        "profiles": (dict(profiles._numbers), list(profiles._users)),
        "details": dict(records.details),
        "due": (fleet._due.soonest, {*fleet._due._heap}),
        "shared": [one is two for one, two in zip(records._usernames, records._usernames[1:size], strict=False)],
        "report": fleet.report(NOW),
        "explained": sorted(fleet.explain(ANY, NOW)),
    }


def two(proxies: Sequence[Proxy], pieces: int, rules: Rules | None = None) -> tuple[FleetState, FleetState]:
    """One by one, and in pieces."""
    slow, quick = (FleetState(rules, rng=random.Random(1)) for _ in range(2))
    for proxy in proxies:
        slow.add(proxy, NOW)
    step = max(1, len(proxies) // pieces)
    for start in range(0, len(proxies), step):
        quick.add_many(proxies[start : start + step], NOW)
    return slow, quick


@given(st.lists(records, max_size=80), st.integers(1, 3), st.sampled_from([0.3, 0.9]), st.randoms())
def test_the_same_as_one_by_one(proxies: list[Proxy], pieces: int, floor: float, rng: random.Random) -> None:
    proxies = numbered(proxies)
    slow, quick = two(proxies, pieces, Rules(min_score=floor))
    assert state(slow) == state(quick)
    for proxy_id in rng.sample(sorted(slow), len(slow) // 2):
        for fleet in (slow, quick):
            fleet.record(proxy_id, Outcome.succeeded(0.1), NOW)
            if proxy_id % 3:
                fleet.remove(proxy_id, NOW)
    more = [Proxy(Scheme.HTTP, "9.9.9.9", 1, id=1_000 + number, labels=LABELS[number % 4]) for number in range(60)]
    for proxy in more:
        slow.add(proxy, NOW)
    quick.add_many(more, NOW)
    mine, other = (
        {one: (fleet.get(one), fleet.health(one, NOW), fleet._columns.standing[fleet._by_id[one]]) for one in fleet}
        for fleet in (slow, quick)
    )
    assert mine == other
    assert slow.report(NOW) == quick.report(NOW)


def test_a_fleet_that_is_asked_already_takes_newcomers_into_its_views() -> None:
    _, fleet = two(numbered([Proxy(Scheme.HTTP, "1.1.1.1", 80, labels=LABELS[1])] * 40), 1)
    wanted = Selector.parse("tag=a")
    fleet.prepare(wanted, "round_robin")
    fleet.add_many([Proxy(Scheme.HTTP, "1.1.1.1", 80, id=100 + n, labels=LABELS[1]) for n in range(40)], NOW)
    assert len({fleet.pick(wanted, NOW, strategy="round_robin").proxy_id for _ in range(80)}) == 80


@pytest.mark.parametrize(
    ("ids", "error"),
    [([1, 2, 2], DuplicateProxy), ([7, 1], DuplicateProxy), ([0, 1], BadProxy), ([1, MOST_ID + 1], BadProxy)],
)
def test_impossible_ids_change_nothing(ids: list[int], error: type[Exception]) -> None:
    fleet = FleetState(rng=random.Random(1))
    fleet.add(Proxy(Scheme.HTTP, "1.1.1.1", 80, id=7), NOW)
    before = state(fleet)
    with pytest.raises(error):
        fleet.add_many([Proxy(Scheme.HTTP, "1.1.1.1", 80, id=one) for one in ids], NOW)
    assert state(fleet) == before
    fleet.add_many([], NOW)
    assert state(fleet) == before


def test_ids_and_slots() -> None:
    assert new_ids([], (), 9) == []
    spare = [9, 8, 7, 3, 2, 1]
    assert slots_in_a_row(spare, 3) == 1
    assert spare == [9, 8, 7]
    assert slots_in_a_row(spare, 4) is None
    assert slots_in_a_row([9, 8, 6], 3) is None
    assert slots_in_a_row(spare, 0) is None
    assert spare == [9, 8, 7]
