"""SOCKS4 and 4a as a server reads them: the examples of the two papers, byte by byte, and everything that is refused."""

import pytest

from proxyfleet.wire.socks import SocksError
from proxyfleet.wire.socks4_server import Socks4Server
from proxyfleet.wire.socks5_server import Ask

PLAIN = b"\x04\x01\x00\x50\x42\x66\x07\x63Fred\x00"
"""The example of the SOCKS4 paper: Fred wants 66.102.7.99:80."""
NAMED = b"\x04\x01\x01\xbb\x00\x00\x00\x01Fred\x00a.test\x00"


def said(wire, step):
    server = Socks4Server()
    for start in range(0, len(wire), step):
        if (event := server.feed(wire[start : start + step])) is not None:
            return server, event, wire[start + step :]
    return server, None, b""


@pytest.mark.parametrize("step", [1, 4, 64])
def test_the_example_of_the_paper(step):
    assert said(PLAIN, step)[1] == Ask(b"66.102.7.99:80", b"Fred")


@pytest.mark.parametrize("step", [1, 7, 64])
def test_a_name_travels(step):
    assert said(NAMED, step)[1] == Ask(b"a.test:443", b"Fred")


def test_nobody_may_ask():
    assert said(b"\x04\x01\x00\x50\x42\x66\x07\x63\x00", 9)[1] == Ask(b"66.102.7.99:80", b"")


def test_the_longest_texts_pass():
    wire = b"\x04\x01\x01\xbb\x00\x00\x00\x01" + b"u" * 255 + b"\x00" + b"h" * 255 + b"\x00"
    assert said(wire, 1)[1] == Ask(b"h" * 255 + b":443", b"u" * 255)


def test_early_bytes_are_kept_apart():
    server, event, later = said(NAMED + b"early", 64)
    assert (event.authority, server.rest + later) == (b"a.test:443", b"early")


def test_an_address_that_is_all_zeros_announces_no_name():
    assert said(b"\x04\x01\x00\x50\x00\x00\x00\x00\x00", 64)[1] == Ask(b"0.0.0.0:80", b"")


@pytest.mark.parametrize("step", [1, 1000])
@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (b"\x05\x01", "socks_malformed"),
        (b"\x04\x02" + NAMED[2:], "socks_command"),
        (b"\x04\x00" + NAMED[2:], "socks_command"),
        (b"\x04\x01\x01\xbb\x00\x00\x00\x01Fred\x00\x00", "socks_malformed"),
        (PLAIN[:8] + b"u" * 256, "socks_malformed"),
        (PLAIN[:8] + b"u" * 256 + b"\x00", "socks_malformed"),
        (NAMED[:13] + b"h" * 256, "socks_malformed"),
    ],
)
def test_what_is_refused(wire, code, step):
    with pytest.raises(SocksError) as refused:
        said(wire, step)
    assert refused.value.code == code
    assert refused.value.last_words in (b"", b"\x00\x5b" + bytes(6))
