"""Postings: which proxies carry a label, found by the smallest set; tags turn dense when they are common."""

from decimal import Decimal

import pytest

from proxyfleet.core.clause import Profile
from proxyfleet.core.postings import Postings
from proxyfleet.core.proxy import Kind, Labels, ProxyType, Scheme
from proxyfleet.core.selector import Selector
from proxyfleet.core.slotset import Sparse

PLAIN = Profile(Scheme.HTTP, Labels())


def of(**labels: object) -> Profile:
    return Profile(Scheme.HTTP, Labels(**labels))


@pytest.fixture
def postings() -> Postings:
    made = Postings()
    made.grow(64)
    return made


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        (Profile(Scheme.SOCKS5, Labels()), "scheme=socks5"),
        (of(kind=Kind.ROTATING), "kind=rotating"),
        (of(type=ProxyType.MOBILE), "type=mobile"),
        (of(country="US"), "country=US"),
        (of(country="DE", measured_country="US"), "country=US"),
        (of(provider="p"), "provider=p"),
        (of(source="s"), "source=s"),
        (of(tags=frozenset({"a", "b"})), "tag=b"),
        (of(cost_per_gb=Decimal(1)), "tier=1/0"),
    ],
)
def test_every_label_that_has_postings_narrows_the_search(postings: Postings, profile: Profile, text: str) -> None:
    for slot in range(5):
        postings.add(slot, PLAIN)
    postings.add(7, profile)
    assert list(postings.smallest(Selector.parse(text))) == [7]
    postings.remove(7, profile)
    assert list(postings.smallest(Selector.parse(text))) == []
    assert sorted(postings.everyone) == list(range(5))


def test_the_smallest_posting_is_taken(postings: Postings) -> None:
    for slot in range(10):
        postings.add(slot, of(country="US", tags=frozenset({"a"} if slot < 2 else ())))
    assert sorted(postings.smallest(Selector.parse("country=US tag=a"))) == [0, 1]
    assert not postings.smallest(Selector.parse("country=US tag=nobody"))


@pytest.mark.parametrize("text", ["", "country!=US", "country=US,DE", "country=", "city=Rome", "free>=1"])
def test_other_questions_look_at_everyone(postings: Postings, text: str) -> None:
    postings.add(1, of(country="US"))
    assert postings.smallest(Selector.parse(text)) is postings.everyone


def test_a_common_tag_turns_dense_and_keeps_its_members(postings: Postings) -> None:
    tagged, posting = of(tags=frozenset({"t"})), Selector.parse("tag=t")
    for slot in range(20, 60):
        postings.add(slot, PLAIN)
    for slot in range(4):
        postings.add(slot, tagged)
    assert isinstance(postings.smallest(posting).places, Sparse)
    postings.add(4, tagged)
    dense = postings.smallest(posting)
    assert not isinstance(dense.places, Sparse)
    assert [slot in dense for slot in range(6)] == [True] * 5 + [False]
    postings.grow(200)
    postings.add(150, tagged)
    postings.remove(0, tagged)
    assert sorted(dense) == [1, 2, 3, 4, 150]


def test_the_values_in_use(postings: Postings) -> None:
    postings.add(1, of(country="US"))
    postings.add(2, of(country="DE"))
    postings.remove(1, of(country="US"))
    assert postings.values("country") == ["DE"]
    assert postings.values("tag") == []
