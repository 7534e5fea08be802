"""One call to a provider over a real connection: what is not sent, what is lost, and that no address is told."""

import asyncio
import logging
import socket
import traceback
from contextlib import asynccontextmanager

import httpx
import pytest

from proxyfleet.net.calling import FRESH, Calls
from proxyfleet.net.checked import CheckedTransport
from proxyfleet.net.policy import DestinationPolicy
from proxyfleet.ports.calling import Lost, NotSent

KEYED = {"X-Key": "canary"}
PRIVATE = DestinationPolicy(allow_private=True)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Seen: Yes\r\n\r\n{}"


@asynccontextmanager
async def serving(answer: bytes | None, *, stay: bool = False):
    """A server that answers these bytes and closes; None closes at once. Gives its address and what it has received."""
    heard: list[bytes] = []

    async def talk(reader, writer):
        heard.append(await reader.readuntil(b"\r\n\r\n") + (await reader.read(4) if answer == OK else b""))
        writer.write(answer or b"")
        if stay:
            await asyncio.sleep(30)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/canary/list", heard
    finally:
        server.close()


async def asked(url, *, policy=PRIVATE, within=5.0, **limits):
    transport = CheckedTransport(policy, limits=FRESH)
    try:
        return await Calls(transport, **limits)("POST", url, headers=KEYED, body=b"body", timeout=within)
    finally:
        await transport.aclose()


async def test_a_whole_answer():
    async with serving(OK) as (url, heard):
        answer = await asked(url)
    assert (answer.status, answer.body, answer.headers["x-seen"]) == (200, b"{}", "Yes")
    assert heard[0].startswith(b"POST /canary/list HTTP/1.1")
    assert b"X-Key: canary" in heard[0]
    assert heard[0].endswith(b"body")


async def test_a_redirect_is_an_answer_like_any_other():
    async with serving(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as (url, _):
        assert (await asked(url)).status == 302


@pytest.mark.parametrize(
    "answer", [None, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", b"no HTTP at all\r\n\r\n"]
)
async def test_what_was_sent_and_came_to_nothing_is_lost(answer):
    async with serving(answer) as (url, heard):
        with pytest.raises(Lost):
            await asked(url)
    assert len(heard) == 1


async def test_silence_after_sending_is_lost():
    async with serving(b"", stay=True) as (url, heard):
        with pytest.raises(Lost, match=r"within 0.2 s"):
            await asked(url, within=0.2)
    assert heard


async def test_too_much_is_lost():
    async with serving(OK) as (url, _):
        with pytest.raises(Lost, match="larger than 1 bytes"):
            await asked(url, largest=1)


async def test_nobody_there_is_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(NotSent, match="cannot be reached"):
        await asked(f"http://127.0.0.1:{port}/canary")


async def test_a_server_that_accepts_and_never_speaks_tls_has_been_sent_nothing():
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(NotSent):
        await asked(f"https://127.0.0.1:{server.getsockname()[1]}/canary", within=0.2)


@pytest.mark.parametrize(
    "url", ["http://provider.example/canary", "ftp://127.0.0.1/canary", "https://canary:x/", "http://[canary/"]
)
async def test_addresses_that_are_not_asked(url):
    with pytest.raises(NotSent):
        await asked(url)


async def test_an_address_that_the_policy_refuses_is_not_sent():
    async with serving(OK) as (url, heard):
        with pytest.raises(NotSent, match="not a public address"):
            await asked(url, policy=DestinationPolicy())
    assert not heard


async def test_without_proof_that_nothing_was_sent_it_is_lost():
    def fail(request):
        raise httpx.ReadError("canary", request=request)

    with pytest.raises(Lost, match="broke off"):
        await Calls(httpx.MockTransport(fail))("GET", "https://provider.example/canary", headers={}, timeout=5)


async def test_no_error_and_no_log_line_knows_the_key(caplog):
    caplog.set_level(logging.DEBUG)
    async with serving(None) as (url, _):
        with pytest.raises(Lost) as caught:
            await asked(url)
    assert caught.value.__context__ is None
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    async with serving(OK) as (url, _):
        await asked(url)
    assert "canary" not in caplog.text
