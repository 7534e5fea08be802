"""Entries of lists become records; claims stay claims."""

from decimal import Decimal

import pytest

from proxyfleet.core.errors import BadProxy
from proxyfleet.core.proxy import Kind, ProxyType, Scheme, Secret, Status
from proxyfleet.services.entries import Additions, proxy_from
from proxyfleet.wire.text.entry import Entry, Extras


def test_a_bare_entry():
    proxy = proxy_from(Entry("socks5h", "1.1.1.1", 1080, "u", ""), Additions(("t",), 7, "list"))

    assert proxy.identity == ("socks5", "1.1.1.1", 1080, "u")
    assert (proxy.scheme, proxy.password, proxy.capacity, proxy.id) == (Scheme.SOCKS5H, Secret(""), 7, 0)
    assert (proxy.labels.tags, proxy.labels.source, proxy.status) == (frozenset({"t"}), "list", Status.PENDING)
    assert proxy.details is None


def test_everything_a_line_can_say():
    extras = Extras(
        country="DE", region="BE", city="Berlin", asn=1, anonymity="elite", exit_address="9.9.9.9", protocols=("http",),
        tags=("a",), provider="p", type="mobile", kind="rotating", expires_at=5.0, capacity=3,
        cost_per_month=Decimal(2), cost_per_gb=Decimal(1), currency="EUR", refresh_url="http://x/y", notes="n",
    )  # fmt: skip
    proxy = proxy_from(Entry("http", "h.example", 80, None, None, extras), Additions(("b",), 9))

    labels, details = proxy.labels, proxy.details
    assert (labels.kind, labels.type, labels.country, labels.city) == (Kind.ROTATING, ProxyType.MOBILE, "DE", "Berlin")
    assert (labels.tags, labels.provider, labels.cost_per_gb) == (frozenset("ab"), "p", Decimal(1))
    assert (labels.measured_country, labels.measured_anonymity) == (None, None)
    assert (details.refresh_url, details.notes, details.exit_address) == (Secret("http://x/y"), "n", "9.9.9.9")
    assert (proxy.capacity, proxy.expires_at) == (3, 5.0)


def test_equal_labels_are_one_object():
    one, two = (proxy_from(Entry("http", "1.1.1.1", port), Additions(("t",))) for port in (1, 2))
    assert one.labels is two.labels


def test_an_impossible_capacity_is_refused():
    with pytest.raises(BadProxy):
        proxy_from(Entry("http", "1.1.1.1", 1), Additions(capacity=-1))
