"""Servers on a proxy's port that are no proxies: what free lists are full of.

They hold a connection, answer nonsense and never forward anything.
"""

import asyncio
from collections.abc import Callable
from random import Random
from typing import cast

SSH_BANNER = b"SSH-2.0-OpenSSH_9.2p1\r\n"
SSH_LAST_WORDS = b"Invalid SSH identification string.\r\n"
PAGE = b"<!doctype html><title>Welcome</title><h1>It works!</h1>\n"
HTML = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
    b"Content-Length: " + str(len(PAGE)).encode() + b"\r\n\r\n" + PAGE
)


class Stranger(asyncio.Protocol):
    """Says `banner` at once and `answer` to the first bytes, then closes; an empty answer means silence for ever."""

    def __init__(self, live: set[asyncio.Transport], banner: bytes = b"", answer: bytes = b"") -> None:
        self._live, self._banner, self._answer = live, banner, answer
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._live.add(self._transport)
        if self._banner:
            self._transport.write(self._banner)

    def data_received(self, _: bytes) -> None:
        if self._answer:
            self._transport.write(self._answer)
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._live.discard(self._transport)


def stranger(speech: str, live: set[asyncio.Transport], rng: Random) -> Callable[[], asyncio.Protocol]:
    """A factory for `ssh`, `html`, `garbage` (64 bytes of chance) or `silence`."""
    answers = {
        "ssh": (SSH_BANNER, SSH_LAST_WORDS),
        "html": (b"", HTML),
        "garbage": (b"", rng.randbytes(64)),
        "silence": (b"", b""),
    }
    banner, answer = answers[speech]
    return lambda: Stranger(live, banner, answer)
