"""The control port: two questions, nothing else."""

import asyncio

import pytest
from tests.integration.gatewaykit import OK, Kit, Peer, answering


async def asked(kit, wire):
    peer = Peer(*await asyncio.open_connection(*kit.gateway.control_address))
    peer.send(wire)
    return await peer.read_all()


@pytest.mark.parametrize(
    ("wire", "start"),
    [
        (b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 live"),
        (b"GET /readyz?verbose HTTP/1.0\r\n\r\n", b"HTTP/1.1 200 ready"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 404 "),
        (b"POST /livez HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 405 "),
        (b"GET /livez HTTP/1.1\r\n bad\r\n\r\n", b"HTTP/1.1 400 "),
        (b"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n", b"HTTP/1.1 404 "),
        (b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n", b"HTTP/1.1 405 "),
    ],
)
async def test_answers(wire, start):
    async with Kit(answering(OK), control=("127.0.0.1", 0)) as kit:
        assert (await asked(kit, wire)).startswith(start)


async def test_a_head_may_come_in_pieces_and_head_has_no_body():
    async with Kit(answering(OK), control=("127.0.0.1", 0)) as kit:
        peer = Peer(*await asyncio.open_connection(*kit.gateway.control_address))
        for byte in b"HEAD /livez HTTP/1.1\r\n\r\n":
            peer.send(bytes([byte]))
            await asyncio.sleep(0)
        assert (await peer.read_all()).endswith(b"\r\n\r\n")


async def test_a_draining_gateway_is_alive_but_not_ready():
    async with Kit(answering(OK), control=("127.0.0.1", 0)) as kit:
        kit.gateway._ctx.draining = True
        assert (await asked(kit, b"GET /livez HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        assert (await asked(kit, b"GET /readyz HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 503 ")
