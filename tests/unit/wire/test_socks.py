"""Words of SOCKS: addresses and answers as bytes."""

import pytest

from proxyfleet.wire.authority import parse_authority
from proxyfleet.wire.http1_head import HeadError
from proxyfleet.wire.socks import Reply, SocksError, SocksRefused, authority_of, literal, reply4, reply5, text_of


def test_answers_have_their_length_and_tell_no_address():
    assert reply4(0x5A) == b"\x00\x5a" + bytes(6)
    assert reply5(Reply.BAD_COMMAND) == b"\x05\x07\x00\x01" + bytes(6)


@pytest.mark.parametrize(
    ("host", "written"),
    [
        (b"a.test", ("a.test", 443)),
        (b"192.0.2.1", ("192.0.2.1", 443)),
        (b"2001:db8::1", ("2001:db8::1", 443)),
    ],
)
def test_what_socks_names_is_read_by_the_strict_reader(host, written):
    assert parse_authority(authority_of(host, 443)) == written


@pytest.mark.parametrize("host", [b"", b"a:80", b"a b", b"a]", b"[::1]", b"0x7f.1", b"::1%eth0", b"a\r\nb", b"u@a"])
def test_what_is_no_host_is_not_made_one(host):
    with pytest.raises(HeadError):
        parse_authority(authority_of(host, 443))


def test_port_zero_is_nobody():
    with pytest.raises(HeadError):
        parse_authority(authority_of(b"a.test", 0))


def test_packed_and_text():
    assert literal("192.0.2.1") == bytes((192, 0, 2, 1))
    assert literal("a.test") is None
    assert text_of(literal("2001:db8::1")) == b"2001:db8::1"


def test_errors_keep_nothing_of_the_input():
    assert str(SocksError("socks_malformed", b"x")) == "socks_malformed"
    assert SocksRefused("refused", 5).reply == 5
