"""`async with use_proxy(pool) as proxy:` obtains a proxy, and gives it back however the body ends. The body never runs twice."""

import asyncio
from types import TracebackType

from proxyfleet.clock import Clock, monotonic_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.core.outcome import Category
from proxyfleet.pool.pool import CheckOut, ProxyPool

FIRST_WAIT, LONGEST_WAIT = 0.05, 2.0
CONNECT_NAMES = ("ProxyError", "ConnectError", "ConnectorError", "ConnectionError", "ClientOSError")
PROTOCOL_NAMES = (
    "ProtocolError", "RemoteDisconnected", "ServerDisconnected", "ChunkedEncoding", "ClientPayloadError", "SSLError",
)  # fmt: skip
BROWSER_WORDS = ("net::ERR_PROXY_", "net::ERR_TUNNEL_", "net::ERR_CONNECTION_", "NS_ERROR_PROXY_")
"""What Chromium and Firefox say, in the message of Playwright's one exception."""


class NoProxyAvailable(FleetError):
    """No proxy was eligible in any of the attempts: add proxies, raise `max_concurrent_per_proxy`, or look at their health."""

    code = "no_proxy_available"


class use_proxy:
    """`max_retries` attempts to obtain a proxy, with growing pauses; then `NoProxyAvailable`.

    When the body has not recorded an outcome itself, its end is recorded: a normal end as a success that took as long as
    the body, an exception by its kind. Cancellation and errors that no proxy can cause only give the slot back.
    """

    def __init__(
        self,
        pool: ProxyPool,
        max_retries: int = 3,
        tags: list[str] | None = None,
        *,
        clock: Clock = monotonic_clock,
    ) -> None:
        if max_retries < 1:
            raise ValueError(f"max_retries = {max_retries} is impossible; use 1 or more")
        self._pool = pool
        self._attempts = max_retries
        self._tags = tags
        self._clock = clock
        self._proxy: CheckOut | None = None
        self._began = 0.0

    async def __aenter__(self) -> CheckOut:
        pause = FIRST_WAIT
        for attempt in range(self._attempts):
            if attempt:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_WAIT)
            self._proxy = self._pool.get_proxy(tags=self._tags)
            if self._proxy is not None:
                self._began = self._clock()
                return self._proxy
        raise NoProxyAvailable(
            f"no proxy of {len(self._pool)} was eligible in {self._attempts} attempts; "
            "add proxies, raise max_concurrent_per_proxy or look at get_all_proxy_health()"
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        proxy, self._proxy = self._proxy, None
        if proxy is None or not proxy.open:
            return
        category = None if error is None else category_of(error)
        if error is None:
            self._pool.record_success(proxy, self._clock() - self._began)
        elif category is None:
            self._pool.release_proxy(proxy)
        else:
            self._pool.record_failure(proxy, category.value)


def category_of(error: BaseException) -> Category | None:
    """Whose failure an exception is, by the names that HTTP libraries use; None when no proxy can have caused it."""
    if isinstance(error, asyncio.CancelledError):
        return Category.CLIENT_ABORT
    names = " ".join(kind.__name__ for kind in type(error).__mro__)
    if getattr(error, "status", None) == 407 or "ProxyAuth" in names:
        return Category.AUTHENTICATION
    if isinstance(error, TimeoutError) or "Timeout" in names:
        return Category.TIMEOUT
    if isinstance(error, ConnectionError) or any(name in names for name in CONNECT_NAMES):
        return Category.CONNECT
    if any(name in names for name in PROTOCOL_NAMES):
        return Category.PROTOCOL
    if "NetworkError" in names or "ReadError" in names:
        return Category.NETWORK
    return Category.CONNECT if any(word in str(error) for word in BROWSER_WORDS) else None
