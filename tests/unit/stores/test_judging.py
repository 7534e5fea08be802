"""Judging a list at once gives what judging it one by one gives."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.stores.test_pages import proxies

from proxyfleet.core.proxy import Details, Labels, Proxy, Scheme, Secret, Status
from proxyfleet.ports import Stored
from proxyfleet.stores.judging import Identity, SameLabels, judged, tells_nothing
from proxyfleet.stores.merging import merged, settled

few = proxies.map(lambda proxy: replace(proxy, port=1 + proxy.port % 2, username=None))


def slowly(wanted: list[Proxy], stored: dict[Identity, Proxy], next_id: int) -> list[Stored]:
    """By the definition."""
    answers = []
    for proxy in wanted:
        known = stored.get(proxy.identity)
        if known is None:
            answer = Stored("added", settled(proxy, next_id))
            next_id += 1
        else:
            after = merged(known, proxy)
            answer = Stored("duplicate", known) if after == known else Stored("updated", after)
        stored[proxy.identity] = answer.proxy
        answers.append(answer)
    return answers


@settings(suppress_health_check=[HealthCheck.too_slow])  # on a busy machine drawing alone takes longer than it allows
@given(st.lists(few, max_size=4, unique_by=lambda proxy: proxy.identity), st.lists(few, max_size=8))
def test_the_same_as_one_by_one(known: list[Proxy], wanted: list[Proxy]) -> None:
    before = {proxy.identity: settled(proxy, nth) for nth, proxy in enumerate(known, start=1)}
    mine, other = dict(before), dict(before)
    assert judged(wanted, mine, 100) == slowly(wanted, other, 100)
    assert mine == other


@given(few, few)
def test_to_tell_nothing_is_to_change_nothing(stored: Proxy, new: Proxy) -> None:
    stored, new = settled(stored, 7), replace(new, scheme=stored.scheme, host=stored.host, port=stored.port)
    for one in (new, replace(stored, id=0), Proxy(stored.scheme, stored.host, stored.port)):
        assert tells_nothing(stored, one, SameLabels()) is (merged(stored, one) == stored)


def test_what_repeats_in_a_list_is_merged_into_the_new_record() -> None:
    first = Proxy(Scheme.HTTP, "a", 1, details=Details())
    again = Proxy(Scheme.HTTP, "a", 1, password=Secret("p"), labels=Labels(country="DE"), status=Status.ACTIVE)
    answers = judged([first, again, again], {}, 7)
    assert [answer.verdict for answer in answers] == ["added", "updated", "duplicate"]
    assert answers[0].proxy == replace(first, id=7, details=None)
    assert answers[2].proxy == replace(again, id=7)
