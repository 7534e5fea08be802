"""Asks for new exit addresses: calls the refresh URLs of proxies, politely, and forgets what was measured of the old exit.

Which time a proxy was asked last is written down before it is asked, so that neither a crash nor another process makes us
impolite. The URLs are secrets: none is in any answer. Knows no sockets.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

from proxyfleet.clock import Clock
from proxyfleet.core.errors import SecretLost
from proxyfleet.core.proxy import Details, Measured, Proxy
from proxyfleet.services.crowding import crowded

AT_A_TIME: Final = 10
PLAIN: Final = Details()
UNMEASURED: Final = Measured()
Call = Callable[[str], Awaitable[str | None]]
"""Fetches a URL; None when it was answered with success, else why not, in words that do not name it."""


class Turn(StrEnum):
    """What came of it. `too_soon`: it was asked less than the least time ago. `no_url`: it has no refresh URL."""

    ROTATED = "rotated"
    TOO_SOON = "too_soon"
    NO_URL = "no_url"
    FAILED = "failed"


class Rotated(NamedTuple):
    """One proxy, and why it failed."""

    proxy_id: int
    address: str
    turn: Turn
    why: str | None = None


class Book(Protocol):
    """The part of the store that rotation needs."""

    async def some(self, ids: Sequence[int]) -> list[Proxy]: ...
    async def amend(self, ids: Sequence[int], change: Callable[[Proxy], Proxy]) -> int: ...


class Rotating:
    """`rotate` as often as wanted; one at a time in this process. `least`: seconds between two turns of a proxy."""

    def __init__(self, book: Book, clock: Clock, *, least: float) -> None:
        self._book, self._clock, self._least = book, clock, least
        self._lock = asyncio.Lock()

    async def rotate(self, ids: Sequence[int], call: Call) -> list[Rotated]:
        """One answer each, by id; proxies that share a URL share one call. Raises the store's errors."""
        async with self._lock:
            proxies, now = await self._book.some(sorted(ids)), self._clock()
            turns = {one.id: self._turn_of(one, now) for one in proxies}
            due = [one for one in proxies if turns[one.id] is Turn.ROTATED]
            if due:
                await self._book.amend([one.id for one in due], lambda one: _stamped(one, now))
            why = await _called({one.id: _url(one) for one in due}, call)
            turned = [proxy_id for proxy_id, cause in why.items() if cause is None]
            if turned:
                await self._book.amend(turned, _forgotten)
        return [_told(one, turns[one.id], why.get(one.id)) for one in proxies]

    def _turn_of(self, proxy: Proxy, now: float) -> Turn:
        """`ROTATED` for one whose turn it is."""
        details = proxy.details or PLAIN
        if details.refresh_url is None:
            return Turn.NO_URL
        last = (details.measured or UNMEASURED).rotated_at
        return Turn.TOO_SOON if last <= now < last + self._least else Turn.ROTATED


def _url(proxy: Proxy) -> str | None:
    """None where it is lost."""
    url = (proxy.details or PLAIN).refresh_url
    try:
        return None if url is None else url.reveal()
    except SecretLost:
        return None


async def _called(urls: Mapping[int, str | None], call: Call) -> dict[int, str | None]:
    """Why not, by proxy; None where it was answered with success."""
    why: dict[str | None, str | None] = {None: "its refresh URL cannot be opened; is the key there?"}

    async def one_call(url: str) -> None:
        why[url] = await call(url)

    await crowded({url for url in urls.values() if url is not None}, one_call, lambda: AT_A_TIME)
    return {proxy_id: why[url] for proxy_id, url in urls.items()}


def _told(proxy: Proxy, turn: Turn, cause: str | None) -> Rotated:
    return Rotated(proxy.id, proxy.address, turn if cause is None else Turn.FAILED, cause)


def _stamped(proxy: Proxy, now: float) -> Proxy:
    details = proxy.details or PLAIN
    return replace(proxy, details=replace(details, measured=replace(details.measured or UNMEASURED, rotated_at=now)))


def _forgotten(proxy: Proxy) -> Proxy:
    """Whatever is known of the old exit is not true of the new one: where it is, and what sites make of it."""
    details = proxy.details or PLAIN
    measured = replace(details.measured or UNMEASURED, exit_address=None, asn=None, network="", sites=())
    labels = replace(proxy.labels, measured_country=None)
    return replace(proxy, labels=labels, details=replace(details, measured=measured))
