"""SOCKS under any bytes at all: a refusal or an answer, the same for every way of cutting the stream, in bounded memory.

What passes is compared with python-socks, which real clients use.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_socks._protocols import socks4, socks5

from proxyfleet.wire.socks import SocksError
from proxyfleet.wire.socks4_client import Socks4Client
from proxyfleet.wire.socks4_server import Socks4Server
from proxyfleet.wire.socks5_client import Socks5Client
from proxyfleet.wire.socks5_server import Ask, Socks5Server

MANY = settings(max_examples=400, deadline=None)
HELLO = st.sampled_from(
    [b"", b"\x05\x01\x00", b"\x05\x02\x00\x02", b"\x05\x01\x02\x01\x01u\x01p", b"\x05\x03\x00\x01\x02"]
)
ASK = st.sampled_from([b"", b"\x05\x01\x00", b"\x05\x01\x00\x01", b"\x05\x01\x00\x03\x04a.te", b"\x05\x02\x00\x03"])
V4 = st.sampled_from(
    [b"", b"\x04\x01\x00\x50", b"\x04\x01\x00\x50\x00\x00\x00\x07", b"\x04\x02\x00\x50\x01\x02\x03\x04u\x00"]
)
CUTS = st.lists(st.integers(1, 7), min_size=1, max_size=8)


def pieces(wire, cuts):
    at, turn = 0, 0
    while at < len(wire):
        size = cuts[turn % len(cuts)]
        yield wire[at : at + size]
        at, turn = at + size, turn + 1


def heard(server, parts):
    """Everything said, then the rest, or the code of the refusal."""
    events, later = [], b""
    try:
        for part in parts:
            if events and isinstance(events[-1], Ask):
                later += part
                continue
            event = server.feed(part)
            while event is not None:
                events.append(event)
                event = None if isinstance(event, Ask) else server.feed(b"")
    except SocksError as error:
        return events, error.code, error.last_words
    done = bool(events) and isinstance(events[-1], Ask)
    assert done or len(server._held) <= 1024, "a handshake is bounded"
    return events, server.rest + later if done else None, b""


@given(HELLO, ASK, st.binary(max_size=40), CUTS, st.booleans())
@MANY
def test_socks5_servers_do_not_care_how_the_stream_is_cut(hello, ask, tail, cuts, demanded):
    wire = hello + ask + tail
    whole = heard(Socks5Server(demanded=demanded), [wire] if wire else [])
    assert heard(Socks5Server(demanded=demanded), pieces(wire, cuts)) == whole


@given(V4, st.binary(max_size=600), CUTS)
@MANY
def test_socks4_servers_do_not_care_how_the_stream_is_cut(start, tail, cuts):
    wire = start + tail
    assert heard(Socks4Server(), pieces(wire, cuts)) == heard(Socks4Server(), [wire] if wire else [])


def spoken(client, parts):
    out, later = b"", b""
    try:
        for part in parts:
            if client.open:
                later += part
            else:
                out += client.feed(part)
    except SocksError as error:
        return out, error.code
    return out, client.open, client.rest + later


@given(
    st.sampled_from([b"", b"\x05\x00", b"\x05\x02\x01\x00", b"\x05\x02"]),
    st.sampled_from([b"", b"\x05\x00\x00\x01", b"\x05\x00\x00\x03\x02ab", b"\x05\x00\x00\x04", b"\x05\x04"]),
    st.binary(max_size=40),
    CUTS,
)
@MANY
def test_socks5_clients_do_not_care_how_the_stream_is_cut(method, reply, tail, cuts):
    wire = method + reply + tail
    whole = spoken(Socks5Client("a.test", 1, ("u", "p")), [wire] if wire else [])
    cut = spoken(Socks5Client("a.test", 1, ("u", "p")), pieces(wire, cuts))
    assert cut[1:] == whole[1:]
    assert cut[0].startswith(whole[0]), "a refusal that comes in the same bytes may stop what was still to be sent"


@given(st.sampled_from([b"", b"\x00", b"\x00\x5a", b"\x00\x5b"]), st.binary(max_size=20), CUTS)
@MANY
def test_socks4_clients_do_not_care_how_the_stream_is_cut(start, tail, cuts):
    wire = start + tail
    whole = spoken(Socks4Client("a.test", 1), [wire] if wire else [])
    assert spoken(Socks4Client("a.test", 1), pieces(wire, cuts)) == whole


HOSTS = st.sampled_from(["a.test", "192.0.2.1", "2001:db8::1", "x" * 60 + ".test"])
TEXTS = st.text("abc-_:;,", min_size=1, max_size=40)


@given(HOSTS, st.integers(1, 65535), TEXTS, TEXTS)
@MANY
def test_socks5_requests_are_those_of_python_socks(host, port, user, word):
    ours = Socks5Client(host, port, (user, word))
    assert ours.start == socks5.AuthMethodsRequest(user, word).dumps()
    login = ours.feed(b"\x05\x02")
    assert login == socks5.AuthRequest(user, word).dumps()
    assert ours.feed(b"\x01\x00") == socks5.ConnectRequest(host, port).dumps()
    server = Socks5Server(demanded=True)
    heard(server, [ours.start, login])
    assert server.feed(socks5.ConnectRequest(host, port).dumps()).authority.endswith(b":%d" % port)


@given(HOSTS.filter(lambda host: ":" not in host), st.integers(1, 65535), TEXTS)
@MANY
def test_socks4_requests_are_those_of_python_socks(host, port, user):
    theirs = socks4.ConnectRequest(host, port, user).dumps()
    assert Socks4Client(host, port, user).start == theirs
    assert Socks4Server().feed(theirs) == Ask(f"{host}:{port}".encode(), user.encode())


@pytest.mark.parametrize("size", [1 << 16])
def test_endless_text_is_cut_short(size):
    server = Socks4Server()
    with pytest.raises(SocksError):
        server.feed(b"\x04\x01\x00\x50\x01\x02\x03\x04" + b"u" * size)
