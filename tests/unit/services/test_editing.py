"""Changes as operators write them."""

from decimal import Decimal

import pytest

from proxyfleet.core.errors import BadProxy
from proxyfleet.core.proxy import Kind, Scheme, Secret, Status
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.editing import BadChange, change_from


def changed(*assignments, **fields):
    return change_from(assignments).apply(a_proxy(1, **fields))


def test_fields_of_every_record():
    proxy = changed(
        "scheme=socks5", "host=H.example", "port=9", "username=u", "password=p=q", "capacity=3", "status=disabled",
        "kind=rotating", "country=de", "asn=AS7", "cost_per_gb=1.5", "notes=a b", "min_interval=2", "expires_at=2030-01-01",
    )  # fmt: skip
    assert (proxy.scheme, proxy.host, proxy.port, proxy.password) == (Scheme.SOCKS5, "h.example", 9, Secret("p=q"))
    assert (proxy.capacity, proxy.status, proxy.labels.kind, proxy.labels.country) == (
        3,
        Status.DISABLED,
        Kind.ROTATING,
        "DE",
    )
    assert (proxy.labels.asn, proxy.labels.cost_per_gb) == (7, Decimal("1.5"))
    assert (proxy.details.notes, proxy.details.min_interval) == ("a b", 2.0)
    assert proxy.expires_at == 1893542399.0


def test_tags_are_set_added_and_taken():
    assert changed("tags=a,b", tags={"x"}).labels.tags == {"a", "b"}
    assert changed("tag+=a", "tags-=x", tags={"x", "y"}).labels.tags == {"a", "y"}


def test_an_empty_value_unsets():
    proxy = changed(
        "country=", "password=", "username=", "expires_at=", "kind=", country="DE", username="u", password="p"
    )
    assert (proxy.labels.country, proxy.username, proxy.password, proxy.labels.kind) == (None, None, None, Kind.STATIC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("country", "write FIELD=VALUE"),
        ("colour=red", "use one of: scheme"),
        ("country=Germany", "two letters"),
        ("port=", "cannot be empty"),
        ("capacity+=1", "only tags"),
        ("expires_at=12/11/10", "2026-12-31"),
        ("status=odd", "pending"),
        ("refresh_url=file:///etc/canary", r"^refresh_url: no http or https address; write it as https://HOST/PATH$"),
    ],
)
def test_what_cannot_be_read(text, words):
    with pytest.raises(BadChange, match=words):
        change_from([text])


def test_impossible_records_are_refused():
    with pytest.raises(BadProxy):
        changed("port=70000")
