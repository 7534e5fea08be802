"""Only what differs is applied; what was not seen is gone."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.core.proxy import Details, Secret, Status
from proxyfleet.lab.builders import a_proxy, some_proxies
from proxyfleet.services.marks import Marks

CHANGES = (
    {"password": Secret("x")},
    {"username": "u"},
    {"port": 1},
    {"capacity": 9},
    {"expires_at": 5.0},
    {"status": Status.DISABLED},
    {"require_check": True},
    {"details": Details(notes="n")},
    {"labels": a_proxy(1, country="DE").labels},
)


def look(marks, proxies):
    marks.begin()
    return [proxy.id for proxy in marks.changed(proxies)]


def test_every_field_counts():
    marks = Marks()
    assert look(marks, some_proxies(3)) == [1, 2, 3]
    assert look(marks, some_proxies(3)) == []
    for change in CHANGES:
        assert look(marks, [replace(a_proxy(2), **change)]) == [2], change
        assert look(marks, [a_proxy(2)]) == [2]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.dictionaries(st.integers(1, 40), st.integers(1, 3)), max_size=8))
def test_it_agrees_with_a_dictionary(rounds):
    marks, known = Marks(), {}
    for wanted in rounds:
        changed = look(marks, [a_proxy(number, port=port) for number, port in wanted.items()])
        assert changed == [number for number, port in wanted.items() if known.get(number) != port]
        for number in set(known) - set(wanted):
            assert not marks.seen(number)
            marks.forget(number)
        assert all(marks.seen(number) for number in wanted)
        known = wanted
    assert not marks.seen(10_000)
