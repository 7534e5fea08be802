"""The dicts under the store in memory agree with each other; what they promise is the contract suite's."""

from dataclasses import replace

import pytest

from proxyfleet.core.proxy import Proxy, Scheme
from proxyfleet.stores.errors import StoreClosed
from proxyfleet.stores.memory_rows import MemoryRows


def test_a_place_holds_whatever_it_speaks() -> None:
    rows = MemoryRows()
    one = Proxy(Scheme.HTTP, "a", 1, id=1)
    for proxy in (one, Proxy(Scheme.SOCKS5, "a", 1, id=2), Proxy(Scheme.HTTP, "a", 1, "u", id=3)):
        rows._write(proxy)
    assert rows._at("a", 1, None) == [1, 2]
    assert rows._at("a", 1, "u") == [3]
    rows._write(replace(one, scheme=Scheme.SOCKS4))
    assert rows._ids == {("socks4", "a", 1, None): 1, ("socks5", "a", 1, None): 2, ("http", "a", 1, "u"): 3}
    assert rows._next == 4


def test_what_is_erased_leaves_nothing() -> None:
    rows = MemoryRows()
    rows._write(Proxy(Scheme.HTTP, "a", 1, id=1))
    assert rows._erase(1)
    assert not rows._erase(1)
    assert (rows._proxies, rows._ids, rows._terms(1)) == ({}, {}, None)


def test_changes_are_counted_only_when_there_are_any() -> None:
    rows = MemoryRows()
    rows._tell([])
    rows._tell([1])
    rows._tell(None)
    assert (rows._changes, list(rows._changed)) == (2, [frozenset({1}), None])


def test_closed_is_closed() -> None:
    rows = MemoryRows()
    rows._check_open()
    rows._closed = True
    with pytest.raises(StoreClosed):
        rows._check_open()
