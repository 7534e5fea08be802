"""One HTTP call to a provider, and what is known of it when it fails: certainly not sent, or perhaps (see `ports.calling`).

Speaks to the checked transport itself, not through an httpx client: that one would write addresses, which may hold keys,
into its log, and could follow redirects.
"""

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final

import httpx

from proxyfleet.net.download import cause
from proxyfleet.net.fetching import ENCODINGS, bounded
from proxyfleet.ports.calling import Answer, Lost, NotSent

LARGEST: Final = 32 << 20
"""Bytes of an answer after decompression."""
TO_CONNECT: Final = 15.0
"""Seconds for one connection, TLS included; never more than the whole call may take."""
UNCONNECTED: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
FRESH: Final = httpx.Limits(max_connections=50, max_keepalive_connections=0)
"""For the transport: a kept connection that the other side has closed meanwhile would lose an order for nothing."""
CONNECTING: Final = "connection."
"""How the names of what httpcore traces begin until the first byte of a request is written."""


class Calls:
    """Over `CheckedTransport(policy, limits=FRESH)`, which says which addresses may be dialled; see `ports.calling.Call`."""

    def __init__(self, transport: httpx.AsyncBaseTransport, *, largest: int = LARGEST) -> None:
        self._transport = transport
        self._largest = largest

    async def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout: float,  # noqa: ASYNC109 - the port's name
    ) -> Answer:
        """One attempt within `timeout` seconds. Raises `NotSent` or `Lost`, which hold no other error: those know the address."""
        seen = _Seen()
        try:
            request = self._request(method, url, headers, body, timeout)
            request.extensions["trace"] = seen
            async with asyncio.timeout(timeout):
                return await self._ask(request)
        except TimeoutError:
            unsent, problem = seen.unsent, f"sent no whole answer within {timeout:g} s"
        except (httpx.HTTPError, httpx.InvalidURL, _BadAddress) as error:
            unsent, problem = (
                seen.unsent or isinstance(error, (*UNCONNECTED, httpx.InvalidURL, _BadAddress)),
                _told(error),
            )
        raise NotSent(problem) if unsent else Lost(problem)

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> httpx.Request:
        place = httpx.URL(url)
        if place.scheme != "https" and not (place.scheme == "http" and _is_loopback(place.host)):
            raise _BadAddress("is not asked without TLS; use an address that begins with https://")
        usual = {"User-Agent": "proxyfleet", "Accept": "application/json", "Accept-Encoding": ENCODINGS}
        steps = httpx.Timeout(seconds, connect=min(seconds, TO_CONNECT))
        return httpx.Request(
            method, place, headers=usual | dict(headers), content=body, extensions={"timeout": steps.as_dict()}
        )

    async def _ask(self, request: httpx.Request) -> Answer:
        answer = await self._transport.handle_async_request(request)
        try:
            pieces = [piece async for piece in bounded(answer, self._largest)]
        finally:
            await answer.aclose()
        return Answer(
            answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, b"".join(pieces)
        )


class _BadAddress(ValueError):
    """An address that nothing is sent to."""


class _Seen:
    """How far a request has come: only what was seen to have stopped before its first byte is `unsent`."""

    def __init__(self) -> None:
        self._last = ""

    async def __call__(self, name: str, _: object) -> None:
        self._last = name

    @property
    def unsent(self) -> bool:
        return self._last.startswith(CONNECTING)


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, _BadAddress) else cause(error)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
