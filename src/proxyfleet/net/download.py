"""One conditional GET within bounds, and what came of it as a value: for whatever looks at the same addresses again and again.

Which addresses may be dialled is the transport's business, how often to try the caller's. Texts never show an address.
"""

import asyncio
import email.utils
import ipaddress
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Final

import httpx

from proxyfleet.clock import Clock, wall_clock
from proxyfleet.net.checked import AddressRefused
from proxyfleet.net.fetching import TooLarge, bounded, following
from proxyfleet.net.policy import DestinationPolicy
from proxyfleet.ports import Fetched

CHUNK: Final = 1 << 16
IN_MEMORY: Final = 1 << 20
"""Bytes of an answer that are held in memory; what is more lies in a temporary file."""
PER_HOST: Final = 16
"""Requests to one host at a time."""
AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 530})
"""Statuses that may pass, those of CDNs in front of a site included."""
PASSING: Final = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
"""Mishaps that may pass."""


class ListPolicy(DestinationPolicy):
    """Where lists may be fetched from. Link-local addresses never: nobody publishes there, and clouds keep secrets there."""

    def judge(self, host: str, port: int) -> str | None:
        """As `DestinationPolicy.judge`."""
        return "link_local" if _is_link_local(host) else super().judge(host, port)


def _is_link_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool(address.is_link_local or (mapped is not None and mapped.is_link_local))


class Downloads:
    """Fetches over one pooled client; `largest` is bytes after decompression, `longest` seconds for a whole answer.

    A look that waits for its turn at a host is not yet counted. `now` is UTC seconds, for dates in Retry-After.
    """

    def __init__(
        self, client: httpx.AsyncClient, *, largest: int = 16 << 20, longest: float = 60.0, now: Clock = wall_clock
    ) -> None:
        self._client = client
        self._largest = largest
        self._longest = longest
        self._now = now
        self._turns: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def __call__(
        self, url: str, *, etag: str | None = None, modified: str | None = None
    ) -> AsyncIterator[Fetched]:
        """One attempt; see `ports.Fetch`."""
        wanted = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {"User-Agent": "proxyfleet"} | {name: value for name, value in wanted.items() if value}
        with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
            try:
                async with self._turn(url), asyncio.timeout(self._longest):
                    fetched = await self._get(url, headers, spool)
            except TimeoutError:
                fetched = Fetched("failed", problem=f"took over {self._longest:g} s", again=True)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                fetched = Fetched("failed", problem=cause(error), again=_may_pass(error))
            yield fetched

    def _turn(self, url: str) -> asyncio.Semaphore:
        host = httpx.URL(url).host
        return self._turns.setdefault(host, asyncio.Semaphore(PER_HOST))

    async def _get(self, url: str, headers: dict[str, str], spool: "SpooledTemporaryFile[bytes]") -> Fetched:
        async with following(self._client, url, headers) as answer:
            if answer.status_code != 200:
                return self._other(answer, conditional=len(headers) > 1)
            async for piece in bounded(answer, self._largest):
                spool.write(piece)
        spool.seek(0)
        fields = answer.headers
        return Fetched("ok", _pieces(partial(spool.read, CHUNK)), fields.get("etag"), fields.get("last-modified"))

    def _other(self, answer: httpx.Response, *, conditional: bool) -> Fetched:
        status = answer.status_code
        if status == 304 and conditional:
            return Fetched("unchanged")
        if status == 404:
            return Fetched("absent", problem="answered 404: it is not there (any more)")
        wait = self._wait(answer.headers.get("retry-after", ""))
        return Fetched("failed", problem=_told(status), again=status in AGAIN, retry_after=wait)

    def _wait(self, text: str) -> float | None:
        """Seconds that Retry-After asks for, as a number or as a date."""
        if text.isascii() and text.isdigit():
            return float(text[:9])
        try:
            return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - self._now())
        except (ValueError, OverflowError):
            return None


def _pieces(read: Callable[[], bytes]) -> Iterator[bytes]:
    while piece := read():
        yield piece


def _may_pass(error: Exception) -> bool:
    return isinstance(error, PASSING) and not isinstance(error, AddressRefused)


def _told(status: int) -> str:
    if status == 429:
        return "answered 429: asked too often"
    return f"answered {status}" + (": not for us" if status in (401, 403, 451) else "")


def cause(error: Exception) -> str:
    """httpx's own texts may hold the address with its secrets; those of `net` do not."""
    if isinstance(error, AddressRefused):
        return f"{error}; {_REMEDIES.get(error.code, 'give another address')}"
    if isinstance(error, TooLarge | httpx.TooManyRedirects | httpx.DecodingError):
        return str(error)
    return _WORDS.get(type(error).__name__, f"failed with {type(error).__name__}")


_REMEDIES: Final = {
    "destination_private": "allow private addresses if that is wanted",
    "link_local": "nothing is ever fetched from link-local ones, give another",
    "own_address": "it is one that this node itself listens on, give another",
}
_WORDS: Final = {
    "ConnectError": "cannot be reached",
    "ConnectTimeout": "does not accept connections",
    "ReadTimeout": "sent nothing for too long",
    "ReadError": "broke off",
    "RemoteProtocolError": "broke off, or is no HTTP",
    "InvalidURL": "leads to an address that is no URL",
    "UnsupportedProtocol": "leads to an address that is not http or https",
}
