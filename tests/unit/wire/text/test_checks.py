"""Scheme, host, port and credentials: what passes, and with which reason the rest is refused."""

import ipaddress
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.wire.addresses import is_global
from proxyfleet.wire.text.checks import (
    Draft,
    Rules,
    check_credentials,
    entry_of,
    host_of,
    host_rank,
    is_port,
    port_of,
    scheme_of,
)
from proxyfleet.wire.text.entry import Entry, Extras
from proxyfleet.wire.text.reasons import Refused

PRIVATE = Rules(allow_private=True)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("Proxy.Example.COM", "proxy.example.com"),
        ("proxy.example.com.", "proxy.example.com"),
        ("proxy1", "proxy1"),
        ("a-b.example", "a-b.example"),
        ("xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),
        ("прокси.рф", "xn--h1adldfi.xn--p1ai"),
        ("[2001:DB8:0:0::1]", "2001:db8::1"),
        ("[::ffff:192.0.2.1]", "192.0.2.1"),
        ("[fe80::1%25eth0]", "fe80::1%eth0"),
    ],
)
def test_hosts_become_canonical(text: str, host: str) -> None:
    assert host_of(text, PRIVATE) == host


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("192.0.2.01", "bad_octet"),
        ("001.2.3.4", "bad_octet"),
        ("894.177.237.19", "bad_octet"),
        ("127.1", "bad_host"),
        ("0177.0.0.1", "bad_host"),
        ("2130706433", "bad_host"),
        ("0x7f.1", "bad_host"),
        ("0x7f000001", "bad_host"),
        ("127.0.0.1.5", "bad_host"),
        ("１２７.0.0.1", "bad_host"),
        ("①②⑦.0.0.1", "bad_host"),
        ("a_b.example", "bad_host"),
        ("-a.example", "bad_host"),
        ("a..example", "bad_host"),
        ("", "bad_host"),
        ("a" * 64 + ".example", "bad_host"),
        ("a." * 127 + "example", "bad_host"),
        ("é" * 300, "bad_host"),
        ("[2001:db8::1::2]", "bad_ipv6"),
        ("[192.0.2.1]", "bad_ipv6"),
        ("[fe80::1%eth0]", "bad_ipv6"),
        ("[fe80::1%25]", "bad_ipv6"),
    ],
)
def test_hosts_are_refused_for_their_shape(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        host_of(text, PRIVATE)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "text",
    ["10.0.0.1", "192.0.2.1", "[::1]", "[fe80::1%25eth0]", "[::ffff:10.0.0.1]", "localhost", "x.local", "proxy1"],
)
def test_hosts_that_are_not_global_need_permission(text: str) -> None:
    host_of(text, PRIVATE)
    with pytest.raises(Refused) as refused:
        host_of(text, Rules())
    assert refused.value.code == "not_global"


@pytest.mark.parametrize(
    ("text", "rank"),
    [
        ("192.0.2.1", 2),
        ("999.0.2.1", 2),
        ("gw.example.com", 2),
        ("[::1]", 2),
        ("proxy1", 1),
        ("a-b", 1),
        ("9090", 0),
        ("0x1f", 0),
        ("", 0),
        ("a b", 0),
        ("p@ss", 0),
        ("a..b", 0),
        ("1.2", 0),
        ("[::1", 0),
    ],
)
def test_rank_tells_how_much_a_text_looks_like_a_host(text: str, rank: int) -> None:
    assert host_rank(text) == rank


@pytest.mark.parametrize(
    ("text", "code"), [("", "no_port"), ("0", "bad_port"), ("65536", "bad_port"), ("x", "bad_port")]
)
def test_ports_are_refused(text: str, code: str) -> None:
    assert not is_port(text)
    with pytest.raises(Refused) as refused:
        port_of(text)
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["080", "+80", "８０", "8_0", " 80", "1" * 5000])
def test_ports_have_one_spelling(text: str) -> None:
    assert not is_port(text)
    with pytest.raises(Refused):
        port_of(text)


def test_ports_from_one_to_65535() -> None:
    assert [port_of("1"), port_of("65535")] == [1, 65535]


def test_schemes_in_any_case_and_by_alias() -> None:
    assert [scheme_of("HTTP"), scheme_of("Socks5h"), scheme_of("socks")] == ["http", "socks5h", "socks5"]
    with pytest.raises(Refused, match="unsupported_scheme"):
        scheme_of("vmess")


@pytest.mark.parametrize(
    ("scheme", "username", "password", "code"),
    [
        ("socks5", "u" * 256, "p", "bad_credentials"),
        ("socks5", "u", "p" * 256, "bad_credentials"),
        ("socks5", "é" * 128, "p", "bad_credentials"),
        ("http", "u" * 4097, "p", "bad_credentials"),
        ("http", "us:er", "p", "bad_credentials"),
        ("https", "us:er", "p", "bad_credentials"),
        ("http", None, "p", "bad_credentials"),
        ("http", "u\r\nX: y", "p", "control_characters"),
        ("http", "u", "p\0", "control_characters"),
        ("http", "u", "\ud800", "bad_encoding"),
    ],
)
def test_credentials_that_cannot_be_sent(scheme: str, username: str | None, password: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_credentials(scheme, username, password)
    assert refused.value.code == code


def test_credentials_that_can_be_sent() -> None:
    check_credentials("http", None, None)
    check_credentials("http", "u" * 4096, "")
    check_credentials("socks5", "us:er", "p" * 255)


def test_https_of_a_free_list_is_an_http_proxy_that_can_connect() -> None:
    draft = Draft("192.0.2.1", "80", scheme="https")
    assert entry_of(draft, PRIVATE) == Entry("https", "192.0.2.1", 80)
    listed = entry_of(draft, Rules(allow_private=True, free_list=True))
    assert listed == Entry("http", "192.0.2.1", 80, extras=Extras(protocols=("https",)))


def test_lines_without_a_scheme_take_that_of_the_list() -> None:
    assert entry_of(Draft("192.0.2.1", "80"), Rules("socks4", True)).scheme == "socks4"


@given(st.ip_addresses(v=6))
def test_ipv6_is_as_the_standard_library_prints_it(address: ipaddress.IPv6Address) -> None:
    mapped = address.ipv4_mapped
    expected = str(mapped) if mapped else address.compressed
    for text in (address.compressed, address.exploded, address.compressed.upper()):
        assert host_of(f"[{text}]", PRIVATE) == expected
    with nullcontext() if is_global(address.compressed) else pytest.raises(Refused, match="not_global"):
        host_of(f"[{address.compressed}]", Rules())


@given(st.from_regex(r"[0-9a-f]{0,4}(:[0-9a-f]{0,4}){1,9}", fullmatch=True))
def test_only_legal_ipv6_passes(text: str) -> None:
    try:
        legal: str | None = ipaddress.IPv6Address(text).compressed
    except ValueError:
        legal = None
    if legal is None:
        with pytest.raises(Refused, match="bad_ipv6"):
            host_of(f"[{text}]", PRIVATE)
    else:
        assert host_of(f"[{text}]", PRIVATE) in (legal, str(ipaddress.IPv6Address(text).ipv4_mapped))
