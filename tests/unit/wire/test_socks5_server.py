"""SOCKS5 as a server reads it: the examples of RFC 1928 and 1929, byte by byte, and everything that is refused."""

import pytest

from proxyfleet.wire.socks import SocksError
from proxyfleet.wire.socks5_server import Ask, Greeting, Login, Socks5Server

HELLO = b"\x05\x01\x00"
HELLO_WITH_LOGIN = b"\x05\x02\x00\x02"
LOGIN = b"\x01\x05alice\x03key"
ASK = b"\x05\x01\x00\x03\x06a.test\x01\xbb"


def said(server, wire, step=None):
    """Everything that comes of `wire`, in pieces of `step` bytes."""
    step = step or len(wire) or 1
    events = []
    for start in range(0, len(wire), step):
        event = server.feed(wire[start : start + step])
        while event is not None:
            events.append(event)
            event = None if isinstance(event, Ask) else server.feed(b"")
    return events


@pytest.mark.parametrize("step", [1, 2, 5, None])
def test_a_handshake_without_login(step):
    server = Socks5Server(demanded=False)
    assert said(server, HELLO + ASK, step) == [Greeting(b"\x05\x00"), Ask(b"a.test:443")]
    assert server.rest == b""


@pytest.mark.parametrize("step", [1, 3, None])
def test_a_handshake_with_login(step):
    server = Socks5Server(demanded=True)
    wire = HELLO_WITH_LOGIN + LOGIN + ASK
    assert said(server, wire, step) == [Greeting(b"\x05\x02"), Login(b"alice", b"key"), Ask(b"a.test:443")]


def test_a_login_is_taken_where_it_is_offered_because_it_may_carry_parameters():
    assert said(Socks5Server(demanded=False), HELLO_WITH_LOGIN) == [Greeting(b"\x05\x02")]


@pytest.mark.parametrize(
    ("address", "authority"),
    [
        (b"\x01\xc0\x00\x02\x01", b"192.0.2.1:443"),
        (b"\x04" + bytes.fromhex("20010db8000000000000000000000001"), b"[2001:db8::1]:443"),
        (b"\x03\x0b2001:db8::1", b"[2001:db8::1]:443"),
        (b"\x03\xff" + b"a" * 255, b"a" * 255 + b":443"),
    ],
)
def test_kinds_of_addresses(address, authority):
    wire = HELLO + b"\x05\x01\x00" + address + b"\x01\xbb"
    assert said(Socks5Server(demanded=False), wire, 1)[-1] == Ask(authority)


def test_early_bytes_are_kept_apart():
    server = Socks5Server(demanded=False)
    said(server, HELLO + ASK + b"\x16\x03early")
    assert server.rest == b"\x16\x03early"


REFUSED = [
    (b"\x04\x01", "socks_malformed", b""),
    (b"\x05\x00", "credentials_missing", b"\x05\xff"),
    (b"\x05\x01\x01", "credentials_missing", b"\x05\xff"),
    (HELLO_WITH_LOGIN + b"\x05\x05alice\x03key", "socks_malformed", b"\x01\x01"),
    (HELLO_WITH_LOGIN + b"\x01\x00\x03key", "socks_malformed", b"\x01\x01"),
    (HELLO_WITH_LOGIN + b"\x01\x05alice\x00", "socks_malformed", b"\x01\x01"),
    (HELLO + b"\x04" + ASK[1:], "socks_malformed", b"\x05\x01\x00\x01"),
    (HELLO + b"\x05\x01\x01" + ASK[3:], "socks_malformed", b"\x05\x01\x00\x01"),
    (HELLO + b"\x05\x01\x00\x03\x00\x01\xbb", "socks_malformed", b"\x05\x01\x00\x01"),
    (HELLO + b"\x05\x02" + ASK[2:], "socks_command", b"\x05\x07\x00\x01"),
    (HELLO + b"\x05\x03" + ASK[2:], "socks_command", b"\x05\x07\x00\x01"),
    (HELLO + b"\x05\x00" + ASK[2:], "socks_command", b"\x05\x07\x00\x01"),
    (HELLO + b"\x05\x01\x00\x02" + ASK[4:], "socks_address_type", b"\x05\x08\x00\x01"),
]


@pytest.mark.parametrize("step", [1, None])
@pytest.mark.parametrize(("wire", "code", "words"), REFUSED)
def test_what_is_refused_and_how(wire, code, words, step):
    with pytest.raises(SocksError) as refused:
        said(Socks5Server(demanded=False), wire, step)
    assert refused.value.code == code
    assert refused.value.last_words.startswith(words)
    assert bool(refused.value.last_words) == bool(words)


def test_a_client_without_login_is_refused_where_one_is_demanded():
    with pytest.raises(SocksError) as refused:
        said(Socks5Server(demanded=True), HELLO)
    assert refused.value.last_words == b"\x05\xff"


def test_a_login_does_not_show_itself():
    assert "key" not in repr(Login(b"alice", b"key"))
