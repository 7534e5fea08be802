"""SOCKS4 and 4a as a client speaks them, against the papers' bytes and against our own server's side."""

import pytest

from proxyfleet.wire.socks import SocksError, SocksRefused, reply4
from proxyfleet.wire.socks4_client import Socks4Client
from proxyfleet.wire.socks4_server import Socks4Server
from proxyfleet.wire.socks5_server import Ask


def fed(client, wire, step):
    for start in range(0, len(wire), step):
        assert client.feed(wire[start : start + step]) == b""


def test_the_example_of_the_paper():
    assert Socks4Client("66.102.7.99", 80, "Fred").start == b"\x04\x01\x00\x50\x42\x66\x07\x63Fred\x00"


def test_a_name_is_for_the_proxy_to_resolve():
    assert Socks4Client("a.test", 443).start == b"\x04\x01\x01\xbb\x00\x00\x00\x01\x00a.test\x00"


@pytest.mark.parametrize("step", [1, 64])
def test_granted(step):
    client = Socks4Client("a.test", 443)
    fed(client, reply4(0x5A), step)
    assert client.open
    assert client.rest == b""


def test_what_the_target_says_early_is_kept():
    client = Socks4Client("a.test", 443)
    client.feed(reply4(0x5A) + b"220 hi")
    assert client.rest == b"220 hi"


@pytest.mark.parametrize("step", [1, 64])
@pytest.mark.parametrize(
    ("wire", "kind", "code"),
    [
        (reply4(0x5B), SocksRefused, "refused"),
        (reply4(0x5C), SocksRefused, "login_refused"),
        (reply4(0x5D), SocksRefused, "login_refused"),
        (reply4(0x00), SocksError, "socks_malformed"),
        (b"\x04" + reply4(0x5A)[1:], SocksError, "socks_malformed"),
        (b"\x05\x00", SocksError, "socks_malformed"),
        (b"HTTP/1.1 400", SocksError, "socks_malformed"),
    ],
)
def test_no_and_nonsense(wire, kind, code, step):
    client = Socks4Client("a.test", 443)
    with pytest.raises(SocksError) as refused:
        fed(client, wire, step)
    assert (type(refused.value), refused.value.code, client.open) == (kind, code, False)


@pytest.mark.parametrize(
    ("host", "user", "code"),
    [
        ("2001:db8::1", "", "no_ipv6"),
        ("a" * 256, "", "host_too_long"),
        ("a\0b", "", "host_too_long"),
        ("a.test", "u" * 256, "login_too_long"),
        ("a.test", "u\0v", "login_too_long"),
    ],
)
def test_what_the_protocol_cannot_carry(host, user, code):
    with pytest.raises(SocksError) as refused:
        Socks4Client(host, 443, user)
    assert refused.value.code == code


@pytest.mark.parametrize("host", ["a" * 255, "192.0.2.7"])
def test_our_two_sides_understand_each_other(host):
    client, server = Socks4Client(host, 8443, "u" * 255), Socks4Server()
    assert server.feed(client.start) == Ask(f"{host}:8443".encode(), b"u" * 255)
