"""What becomes of one proxy that a free source names: the table of cases behind `gather`."""

from dataclasses import replace

import pytest

from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme
from proxyfleet.stores.finding import Found, Judged, judged

NOW = 50.0
STORED = Proxy(Scheme.HTTP, "h", 1, id=9, labels=Labels(source="a"))
FOUND = Found(frozenset({"a"}), True, 1.0)
SOCKS = Proxy(Scheme.SOCKS5, "h", 1, labels=Labels(source="b"))
BOTH = Details(protocols=("http", "socks5"))


def test_a_new_place_is_a_new_proxy() -> None:
    assert judged(SOCKS, [], "b", NOW, trusted=False) == Judged("added", SOCKS, Found(frozenset({"b"}), False, NOW))


@pytest.mark.parametrize("known", [[(STORED, None)], [(STORED, FOUND), (replace(STORED, scheme=Scheme.SOCKS4), None)]])
def test_what_has_an_owner_is_left_alone(known) -> None:
    assert judged(SOCKS, known, "b", NOW, trusted=True) == Judged("duplicate")


def test_another_source_adds_its_claim_and_its_name() -> None:
    told = judged(SOCKS, [(STORED, FOUND)], "b", NOW, trusted=True)
    assert told == Judged("updated", replace(STORED, details=BOTH), replace(FOUND, sources=frozenset("ab")))


def test_the_same_again_is_nothing() -> None:
    again = replace(STORED, id=0, labels=Labels(country="DE"))
    assert judged(again, [(STORED, FOUND)], "a", NOW, trusted=True) == Judged("duplicate")


def test_another_source_that_says_nothing_new_leaves_only_its_name() -> None:
    told = judged(replace(STORED, id=0), [(STORED, FOUND)], "b", NOW, trusted=False)
    assert told == Judged("duplicate", None, replace(FOUND, sources=frozenset("ab")))


def test_trust_wins_once() -> None:
    rumour = replace(FOUND, trusted=False)
    told = judged(SOCKS, [(STORED, rumour)], "b", NOW, trusted=True)
    assert told.proxy == replace(STORED, scheme=Scheme.SOCKS5, labels=Labels(source="b"), details=BOTH)
    assert told.found == Found(frozenset("ab"), True, 1.0)
    assert judged(
        replace(SOCKS, scheme=Scheme.SOCKS4), [(told.proxy, told.found)], "c", NOW, trusted=True
    ).proxy.scheme is (Scheme.SOCKS5)


def test_who_names_late_what_has_worked_is_credited_once() -> None:
    worked = replace(FOUND, worked=7.0)
    assert judged(replace(STORED, id=0), [(STORED, worked)], "b", NOW, trusted=True).credit
    assert not judged(SOCKS, [(STORED, worked)], "a", NOW, trusted=True).credit
