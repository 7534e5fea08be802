"""What HTTP and SOCKS clients share: the first byte decides, waiting is bounded, and every end is counted once."""

import pytest
from tests.integration.gatewaykit import OK, Kit, answering, get, turns

from proxyfleet.gateway.settings import Limits


@pytest.mark.parametrize(
    ("wire", "answer"),
    [
        (get(), b"HTTP/1.1 200 "),
        (b"\x05\x01\x00", b"\x05\xff"),
        (b"\x04\x02\x00\x50\x01\x02\x03\x04\x00", b"\x00\x5b"),
        (b"\x00\x00", b"HTTP/1.1 400 "),
        (b"\x06\r\n\r\n", b"HTTP/1.1 400 "),
    ],
)
async def test_the_first_byte_says_which_protocol_it_is(wire, answer):
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(wire)
        assert (await client.reader.read(len(answer))).startswith(answer[:2])


async def test_silence_is_ended():
    async with Kit() as kit:
        client = await kit.client()
        await kit.until(lambda: kit.gateway.stats().connections_open)
        await kit.later(10.5)
        assert await client.read_all() == b""
        await kit.until(lambda: kit.gateway.stats().connections_open == 0)


@pytest.mark.parametrize("wire", [b"", b"G", b"\x05\x01"])
async def test_every_connection_is_counted_and_let_go_once(wire):
    async with Kit(limits=Limits(connections=2)) as kit:
        for _ in range(5):
            client = await kit.client()
            client.send(wire)
            await turns()
            client.abort()
            await kit.until(lambda: kit.gateway.stats().connections_open == 0)
        assert kit.gateway.stats().connections == 5
        assert not kit.gateway._ctx.live
