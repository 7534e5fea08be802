"""Texts of a record: one form for each value, the same way back, secrets as marks."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.core.mirrored import FIELDS, PLACEHOLDER, SECRETS, instant, key_of, money, outgoing, remembered, said
from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, ProxyType, Scheme, Secret, Status
from proxyfleet.services.mirroring.records import changed
from proxyfleet.stores.merging import settled

PLAIN = Proxy(Scheme.HTTP, "192.0.2.1", 8080)
FULL = Proxy(
    Scheme.SOCKS5H, "h.example", 1080, "u", Secret("p"), 7, 3, 1924991999.0, Status.ACTIVE,
    labels=Labels(Kind.ROTATING, ProxyType.MOBILE, "DE", "Bavaria", "Munich", 64500, frozenset({"b", "a"}), "acme", None,
                  "elite", Decimal("4.50"), Decimal("1E+1"), "USD"),
    details=Details(4, 1.5, 2, Secret("https://r.example"), "a note"),
)  # fmt: skip


def test_what_is_not_set_is_empty():
    assert said(PLAIN) == dict.fromkeys(FIELDS, "") | {"scheme": "http"}


def test_every_field_has_one_text():
    assert said(FULL) == {
        "scheme": "socks5h", "password": "p", "capacity": "3", "expires_at": "2030-12-31", "status": "active",
        "tags": "a, b", "type": "mobile", "kind": "rotating", "country": "DE", "region": "Bavaria", "city": "Munich",
        "asn": "64500", "provider": "acme", "anonymity": "elite", "cost_per_month": "4.5", "cost_per_gb": "10",
        "currency": "USD", "max_connections": "4", "min_interval": "1.5", "target_capacity": "2",
        "refresh_url": "https://r.example", "notes": "a note",
    }  # fmt: skip


@pytest.mark.parametrize("proxy", [PLAIN, FULL])
def test_the_texts_make_the_record_again(proxy):
    bare = Proxy(proxy.scheme, proxy.host, proxy.port, proxy.username, id=proxy.id)
    assert settled(changed(bare, said(proxy)), proxy.id) == proxy
    assert said(changed(FULL, said(replace(PLAIN, scheme=Scheme.SOCKS5)))) == said(replace(PLAIN, scheme=Scheme.SOCKS5))


@given(
    st.builds(
        Proxy,
        st.sampled_from(Scheme),
        st.just("h.example"),
        st.integers(1, 65535),
        capacity=st.none() | st.integers(1, 1000),
        expires_at=st.none() | st.integers(946684800, 4102444799).map(float),
        status=st.sampled_from(Status),
        labels=st.builds(
            Labels,
            kind=st.sampled_from(Kind),
            type=st.sampled_from(ProxyType),
            country=st.none() | st.sampled_from(["DE", "US"]),
            tags=st.frozensets(st.text("abcé-", min_size=1, max_size=5), max_size=3),
            cost_per_gb=st.none() | st.decimals(0, 1000, places=3),
            asn=st.none() | st.integers(1, 2**32 - 1),
        ),
    )
)
def test_any_record_survives_its_texts(proxy):
    bare = Proxy(proxy.scheme, proxy.host, proxy.port)
    again = changed(bare, said(proxy))
    assert settled(again, 0) == replace(proxy, labels=again.labels)
    assert said(again) == said(proxy)


def test_keys_tell_identities_apart():
    keys = {
        key_of(("http", "192.0.2.1", 80, None)), key_of(("http", "192.0.2.1", 80, "")), key_of(("https", "192.0.2.1", 80, None)),
        key_of(("http", "192.0.2.1", 80, "a@b/c")), key_of(("http", "2001:db8::1", 80, None)),
    }  # fmt: skip
    assert len(keys) == 5
    assert key_of(("http", "2001:db8::1", 80, "u@h")) == "http://u%40h@[2001:db8::1]:80"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1924991999.0, "2030-12-31"), (1924991999.9, "2030-12-31"), (0.0, "1970-01-01 00:00:00"), (1e20, "1e+20")],
)
def test_instants(seconds, text):
    assert instant(seconds) == text


def test_money_has_no_idle_zeros():
    assert [money(Decimal(text)) for text in ("4.50", "10", "1E+1", "0.0")] == ["4.5", "10", "10", "0"]


def test_secrets_are_remembered_as_marks_of_two_bytes():
    kept = remembered({"password": "hunter2", "refresh_url": "hunter2", "city": "Bonn"}, "fleet")
    assert kept["city"] == "Bonn"
    assert all(len(kept[name]) == 4 and "hunter2" not in kept[name] for name in SECRETS)
    assert kept["password"] != kept["refresh_url"]
    assert kept == remembered({"password": "hunter2", "refresh_url": "hunter2", "city": "Bonn"}, "fleet")
    assert kept["password"] != remembered({"password": "hunter2"}, "other")["password"]
    assert remembered({"password": ""}, "fleet") == {"password": ""}


def test_what_a_new_row_says():
    row = outgoing(FULL, vault=False)
    assert (row["host"], row["port"], row["username"], row["password"]) == ("h.example", "1080", "u", "p")
    assert row["proxy"] == "socks5h://u:p@h.example:1080"
    hidden = outgoing(FULL, vault=True)
    assert (hidden["password"], hidden["refresh_url"]) == (PLACEHOLDER, PLACEHOLDER)
    assert hidden["proxy"] == "socks5h://u@h.example:1080"
    assert outgoing(PLAIN, vault=True)["password"] == ""
    assert outgoing(PLAIN, vault=True)["proxy"] == "http://192.0.2.1:8080"
