"""Texts into records."""

import pytest

from proxyfleet.core.errors import FleetError
from proxyfleet.core.mirrored import PLACEHOLDER
from proxyfleet.core.proxy import Proxy, Scheme, Secret, Status
from proxyfleet.ports.sheet import SheetRow
from proxyfleet.services.mirroring.records import changed, new_proxy, waits

PROXY = Proxy(Scheme.HTTP, "h", 80, "u", Secret("p"), 7, status=Status.DISABLED)


def test_a_change_keeps_what_it_does_not_name():
    after = changed(PROXY, {"country": "DE", "status": "", "days_left": "5"})
    assert (after.labels.country, after.status, after.password, after.id) == ("DE", Status.PENDING, Secret("p"), 7)
    assert changed(PROXY, {"password": PLACEHOLDER}) == PROXY
    assert changed(PROXY, {"password": ""}).password is None
    with pytest.raises(FleetError):
        changed(PROXY, {"capacity": "0"})


def test_a_new_row():
    row = SheetRow(
        ("socks5", "h", 1080, "u"), (2,), {"scheme": "socks5h", "password": "p", "tags": "a, b", "status": ""}
    )
    proxy = new_proxy(row)
    assert (proxy.scheme, proxy.identity, proxy.password) == (Scheme.SOCKS5H, row.identity, Secret("p"))
    assert proxy.labels.tags == {"a", "b"}
    assert new_proxy(row._replace(said={})).scheme is Scheme.SOCKS5


def test_new_rows_wait_for_what_their_owner_said():
    row = SheetRow(("http", "h", 80, None), (2,), {})
    assert not waits(row)
    assert not waits(row._replace(unread=frozenset({"city", "used_for"})))
    assert waits(row._replace(unread=frozenset({"expires_at"})))
