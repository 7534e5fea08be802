"""SOCKS5 as a client speaks it, against the RFC's bytes and against our own server's side."""

import pytest

from proxyfleet.wire.socks import Reply, SocksError, SocksRefused, reply5
from proxyfleet.wire.socks5_client import Socks5Client
from proxyfleet.wire.socks5_server import LOGIN_RIGHT, Ask, Greeting, Login, Socks5Server

ASK = b"\x05\x01\x00\x03\x06a.test\x01\xbb"


def fed(client, wire, step=1):
    return b"".join(client.feed(wire[start : start + step]) for start in range(0, len(wire), step))


@pytest.mark.parametrize("step", [1, 3, 64])
def test_without_login(step):
    client = Socks5Client("a.test", 443)
    assert client.start == b"\x05\x01\x00"
    assert fed(client, b"\x05\x00", step) == ASK
    assert fed(client, reply5(Reply.GRANTED) + b"220 hi", 64) == b""
    assert (client.open, client.rest) == (True, b"220 hi")


@pytest.mark.parametrize("step", [1, 64])
def test_with_login(step):
    client = Socks5Client("192.0.2.1", 80, ("alice", "key"))
    assert client.start == b"\x05\x02\x00\x02"
    assert fed(client, b"\x05\x02", step) == b"\x01\x05alice\x03key"
    assert fed(client, b"\x01\x00", step) == b"\x05\x01\x00\x01\xc0\x00\x02\x01\x00\x50"
    fed(client, b"\x05\x00\x00\x03\x04name\x00\x50", step)
    assert client.open


def test_a_server_may_do_without_the_login():
    client = Socks5Client("2001:db8::1", 443, ("alice", "key"))
    assert fed(client, b"\x05\x00") == b"\x05\x01\x00\x04" + bytes.fromhex("20010db8" + "0" * 23 + "1") + b"\x01\xbb"


def test_all_at_once():
    client = Socks5Client("a.test", 443)
    assert client.feed(b"\x05\x00" + reply5(0) + b"x") == ASK
    assert (client.open, client.rest) == (True, b"x")


@pytest.mark.parametrize("step", [1, 64])
@pytest.mark.parametrize(
    ("wire", "kind", "code", "reply"),
    [
        (b"\x05\xff", SocksRefused, "login_refused", 0xFF),
        (b"\x05\x01", SocksRefused, "login_refused", 1),
        (b"\x05\x02\x01\x01", SocksRefused, "login_refused", 1),
        (b"\x05\x02\x01\x00\x05\x02", SocksRefused, "refused", 2),
        (b"\x05\x00\x05\x05\x00\x01" + bytes(6), SocksRefused, "refused", 5),
        (b"\x05\x00\x05\x00\x01\x01" + bytes(6), SocksError, "socks_malformed", None),
        (b"\x05\x00\x05\x00\x00\x02" + bytes(6), SocksError, "socks_malformed", None),
        (b"\x05\x00\x04\x00", SocksError, "socks_malformed", None),
        (b"\x05\x02\x07\x00", SocksError, "socks_malformed", None),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", SocksError, "socks_malformed", None),
        (b"\x00\x5a" + bytes(6), SocksError, "socks_malformed", None),
    ],
)
def test_no_and_nonsense(wire, kind, code, reply, step):
    client = Socks5Client("a.test", 443, ("alice", "key"))
    with pytest.raises(SocksError) as refused:
        fed(client, wire, step)
    assert type(refused.value) is kind
    assert refused.value.code == code
    assert getattr(refused.value, "reply", None) == reply
    assert not client.open


def test_a_login_that_was_not_offered_is_not_given():
    with pytest.raises(SocksRefused):
        Socks5Client("a.test", 443).feed(b"\x05\x02")


@pytest.mark.parametrize(
    ("host", "login", "code"),
    [
        ("a" * 256, None, "host_too_long"),
        ("", None, "host_too_long"),
        ("a.test", ("u" * 256, "p"), "login_too_long"),
        ("a.test", ("", "p"), "login_too_long"),
        ("a.test", ("u", "p" * 256), "login_too_long"),
        ("a.test", ("ü" * 128, "p"), "login_too_long"),
    ],
)
def test_what_the_protocol_cannot_carry(host, login, code):
    with pytest.raises(SocksError) as refused:
        Socks5Client(host, 443, login)
    assert refused.value.code == code


@pytest.mark.parametrize("login", [None, ("ü" * 127, "p" * 255)])
@pytest.mark.parametrize("host", ["a" * 255, "192.0.2.7", "2001:db8::7"])
def test_our_two_sides_understand_each_other(login, host):
    client, server = Socks5Client(host, 8443, login), Socks5Server(demanded=login is not None)
    assert server.feed(client.start) == Greeting(b"\x05\x02" if login else b"\x05\x00")
    message = client.feed(b"\x05\x02" if login else b"\x05\x00")
    if login:
        assert server.feed(message) == Login(login[0].encode(), login[1].encode())
        message = client.feed(LOGIN_RIGHT)
    assert server.feed(message) == Ask((f"[{host}]:8443" if ":" in host else f"{host}:8443").encode())
    client.feed(reply5(Reply.GRANTED))
    assert client.open
