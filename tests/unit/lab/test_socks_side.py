"""SOCKS4, 4a and 5, byte for byte."""

import asyncio

import pytest

from proxyfleet.lab import Lab

from .conftest import Talk

GET = b"GET /bytes/3 HTTP/1.1\r\nHost: a.lab\r\nConnection: close\r\n\r\n"
NAME = b"\x05\x01\x00\x03\x05a.lab\x00\x50"
HELLO, LOGIN = b"\x05\x01\x00", b"\x05\x01\x02"
GRANTED4, GRANTED5 = b"\x00\x5a" + bytes(6), b"\x05\x00\x00\x01" + bytes(6)


def failed5(reply: int) -> bytes:
    return bytes((5, reply)) + b"\x00\x01" + bytes(6)


def login(user: bytes, password: bytes) -> bytes:
    return b"\x01" + bytes((len(user),)) + user + bytes((len(password),)) + password


def by_address4(lab: Lab, user: bytes = b"") -> bytes:
    return b"\x04\x01" + lab.target.port.to_bytes(2) + b"\x7f\x00\x00\x01" + user + b"\x00"


async def test_socks5_by_name(lab: Lab, talk: Talk) -> None:
    got = await talk(lab["socks5-1"].port, HELLO, NAME, GET)
    assert got.startswith(b"\x05\x00" + GRANTED5 + b"HTTP/1.1 200 OK")
    assert got.endswith(b"012")
    assert lab.target.requests[-1].proxy == "socks5-1"


@pytest.mark.parametrize("address", [b"\x01\x7f\x00\x00\x01", b"\x03\x09localhost", b"\x03\x09127.0.0.1"])
async def test_socks5_by_address(lab: Lab, talk: Talk, address: bytes) -> None:
    got = await talk(lab["socks5-1"].port, HELLO + b"\x05\x01\x00" + address + lab.target.port.to_bytes(2), GET)
    assert got.endswith(b"012")


async def test_one_byte_at_a_time(lab: Lab) -> None:
    lab["socks5-1"].behave(username="lab", password="pw")
    reader, writer = await asyncio.open_connection("127.0.0.1", lab["socks5-1"].port)
    for byte in LOGIN + login(b"lab", b"pw") + NAME + GET:
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0)
    assert (await asyncio.wait_for(reader.read(), 5)).startswith(b"\x05\x02\x01\x00" + GRANTED5)
    writer.close()


async def test_credentials_are_asked_for_and_checked(lab: Lab, talk: Talk) -> None:
    proxy = lab["socks5-1"]
    proxy.behave(username="lab", password="pw")
    assert await talk(proxy.port, HELLO) == b"\x05\xff"
    assert await talk(proxy.port, LOGIN, login(b"lab", b"no")) == b"\x05\x02\x01\x01"
    assert (await talk(proxy.port, LOGIN, login(b"lab", b"pw"), NAME, GET)).endswith(b"012")
    assert proxy.tally.refused == {407: 2}


async def test_an_open_proxy_takes_credentials_too(lab: Lab, talk: Talk) -> None:
    got = await talk(lab["socks5-1"].port, LOGIN, login(b"any", b"body"), NAME, GET)
    assert got.startswith(b"\x05\x02\x01\x00" + GRANTED5)


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        (b"\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50", 7),
        (b"\x05\x03\x00\x01\x7f\x00\x00\x01\x00\x50", 7),
        (b"\x05\x01\x00\x09\x7f\x00\x00\x01\x00\x50", 8),
        (b"\x05\x01\x00\x01\x08\x08\x08\x08\x00\x50", 2),
        (b"\x05\x01\x00\x04" + b"\x20\x01" + bytes(14) + b"\x00\x50", 2),
        (b"\x05\x01\x00\x03\x03net\x00\x50", 4),
        (b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x01", 5),
    ],
    ids=["bind", "udp", "address type", "not loopback", "not loopback, IPv6", "unknown name", "refused"],
)
async def test_socks5_replies(lab: Lab, talk: Talk, request_: bytes, reply: int) -> None:
    assert await talk(lab["socks5-1"].port, HELLO, request_) == b"\x05\x00" + failed5(reply)


async def test_socks5_errors_on_order(lab: Lab, talk: Talk) -> None:
    lab["socks5-1"].behave(error_rate=1.0, error_reply=6)
    assert await talk(lab["socks5-1"].port, HELLO, NAME) == b"\x05\x00" + failed5(6)
    lab["socks5-1"].behave(error_rate=0.0, banned=["a.lab"])
    assert await talk(lab["socks5-1"].port, HELLO, NAME) == b"\x05\x00" + failed5(2)


async def test_other_versions_are_hung_up_on(lab: Lab, talk: Talk) -> None:
    assert await talk(lab["socks5-1"].port, b"\x04\x01\x00") == b""
    assert await talk(lab["socks4-1"].port, b"\x05\x01\x00\x50\x7f\x00\x00\x01\x00") == b""


async def test_socks4_and_4a(lab: Lab, talk: Talk) -> None:
    by_name = b"\x04\x01\x00\x50\x00\x00\x00\x01user\x00a.lab\x00"
    for request in (by_address4(lab), by_name):
        got = await talk(lab["socks4-1"].port, request[:5], request[5:] + GET)
        assert got.startswith(GRANTED4)
        assert got.endswith(b"012")


async def test_socks4_checks_the_user_id_and_never_a_password(lab: Lab, talk: Talk) -> None:
    lab["socks4-1"].behave(username="lab", password="pw")
    assert (await talk(lab["socks4-1"].port, by_address4(lab, b"lab") + GET)).startswith(GRANTED4)
    assert await talk(lab["socks4-1"].port, by_address4(lab, b"no")) == b"\x00\x5d" + bytes(6)


async def test_socks4_refusals(lab: Lab, talk: Talk) -> None:
    refused = b"\x00\x5b" + bytes(6)
    assert await talk(lab["socks4-1"].port, b"\x04\x01\x00\x50\x08\x08\x08\x08\x00") == refused
    assert await talk(lab["socks4-1"].port, b"\x04\x02\x00\x50\x7f\x00\x00\x01\x00") == refused
    assert await talk(lab["socks4-1"].port, b"\x04\x01\x00\x50\x00\x00\x00\x01" + b"x" * 2000) == b""
