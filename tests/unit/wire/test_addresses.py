"""Our own table of what is global: the same answers on every Python, stricter than `ipaddress` and never laxer."""

import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.wire.addresses import (
    SUSPECT_FIRST_OCTETS,
    is_global,
    is_global_ipv4,
    is_global_ipv6,
    is_local_name,
    is_name,
    number_of,
    parse_ipv4_strict,
)

DENIED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::f7f7:f7f7",
    "2001:0:808:808::80ff:fffe",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "3fff::1",
    "3fff:fff:ffff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2606:4700::1111%eth0",
]
ALLOWED = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15
168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.3.0 192.88.98.255 192.88.100.0
192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0
223.255.255.255 2606:4700:4700::1111 2a00:1450:4001:800::200e ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1
2001:0:808:808::f7f7:f7f7 2001:200::1 3ffe::1 4000:: 2000::
""".replace("4000::", "").split()
NOT_ADDRESSES = ["", "localhost", "127.1", "0177.0.0.1", "2130706433", "0x7f.1", "127.0.0.01", "①②⑦.0.0.1", "1.2.3.4.5"]


@pytest.mark.parametrize("address", [*DENIED, *NOT_ADDRESSES, "4000::1", "１.1.1.1", "1.1.1.1 ", "[2606:4700::1]"])
def test_denied(address: str) -> None:
    assert not is_global(address)


@pytest.mark.parametrize("address", ALLOWED)
def test_allowed(address: str) -> None:
    assert is_global(address)


@given(st.ip_addresses())
@settings(deadline=None, max_examples=500)
def test_never_laxer_than_the_standard_library(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    carries_ipv4 = address.version == 6 and (
        address.ipv4_mapped or address.sixtofour or address.teredo or int(address) >> 32 in (0, 0x64FF9B << 64)
    )
    if is_global(str(address)) and not carries_ipv4:
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses())
def test_numbers_are_judged_as_their_texts(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    judge = is_global_ipv4 if address.version == 4 else is_global_ipv6
    assert judge(int(address)) == is_global(str(address))


@given(st.ip_addresses(v=4))
def test_first_octets_without_suspicion_are_global(address: ipaddress.IPv4Address) -> None:
    text = str(address)
    assert text.split(".")[0] in SUSPECT_FIRST_OCTETS or is_global(text)


@given(st.ip_addresses(v=4))
def test_strict_parsing_reads_canonical_quads(address: ipaddress.IPv4Address) -> None:
    assert parse_ipv4_strict(str(address)) == int(address)


@pytest.mark.parametrize("text", [*NOT_ADDRESSES, "1.2.3", "1.2.3.256", "1.2.3.4 ", "+1.2.3.4", "1.2.3.4\n", "::1"])
def test_strict_parsing_refuses_everything_else(text: str) -> None:
    assert parse_ipv4_strict(text) is None


@pytest.mark.parametrize(
    "name",
    [
        *("localhost", "localhost.", "a.localhost", "printer.local", "metadata.google.internal", "proxy1"),
        *("nas.home.arpa", "router.lan", "kubernetes.default.svc", "wiki.corp"),
    ],
)
def test_local_names(name: str) -> None:
    assert is_local_name(name)


@pytest.mark.parametrize(
    "name", ["example.com", "local.example.com", "internal.org", "arpa.example", "nothome.arpa", "lan.org"]
)
def test_public_names(name: str) -> None:
    assert not is_local_name(name)


@pytest.mark.parametrize(
    "name", ["a", "a.b-c.example", "_dmarc.example.com", "1e100.net", "xn--p1ai", "0x7f.example", "a" * 63]
)
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "a.", ".a", "a..b", "A", "a b", "a%2e", "1", "a.1", "a.0x1f", "a.0x", "a.-1", "127.1", "a\n"),
        *("ä.example", "①", "a" * 64, ".".join(["a" * 63] * 4)),
    ],
)
def test_what_somebody_could_read_otherwise_is_no_name(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("127.0.0.1", 0x7F000001),
        ("::ffff:127.0.0.1", 0x7F000001),
        ("::127.0.0.1", 0x7F000001),
        ("64:ff9b::7f00:1", 0x7F000001),
        ("2002:7f00:1::", 0x7F000001),
        ("::1", 1),
        ("::", 0),
        ("2606:4700::1", 0x26064700 << 96 | 1),
        ("0177.0.0.1", None),
        ("fe80::1%2", None),
        ("[::1]", None),
        ("a.example", None),
    ],
)
def test_numbers_see_through_what_carries_an_ipv4_address(address: str, number: int | None) -> None:
    assert number_of(address) == number
