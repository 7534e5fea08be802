"""A running lab on each event loop, and a client that speaks raw bytes to it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvloop

from proxyfleet.lab import Lab

Talk = Callable[..., Awaitable[bytes]]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every asynchronous test of the lab runs on both loops."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    async with Lab(http=2, https=1, socks4=1, socks5=1, rotating=1) as running:
        yield running


@pytest.fixture
def talk() -> Talk:
    """`await talk(port, message, ...)` sends the messages one after the other and gives all bytes until the end."""

    async def speak(port: int, *messages: bytes, quiet: float = 0.0) -> bytes:
        """With `quiet` the answer ends after so many seconds without a byte; b"" then proves silence, not an end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for message in messages:
                writer.write(message)
                await writer.drain()
            answer = bytearray()
            while piece := await asyncio.wait_for(reader.read(65_536), quiet or 5):
                answer += piece
        except TimeoutError:
            if not quiet:
                raise
        finally:
            writer.transport.abort()
        return bytes(answer)

    return speak
